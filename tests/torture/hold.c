/* Runs a command and holds one of its system calls until told: the N-th CALL of a file whose path ends in SUFFIX.
   Makes FLAG.reached when it is held, and lets it go once FLAG.go is there, or after a minute. At the end FLAG.count says how
   many such calls there were.
   hold CALL SUFFIX N FLAG COMMAND…, where CALL is open, read (also pread64) or rename.
   Calls are stopped by the kernel (seccomp), so that those that do not go through libc are held too. Others go on. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef SYS_open
#define SYS_open -1
#define SYS_rename -1
#endif

static void fail(const char *what)
{
    perror(what);
    exit(125);
}

/* Sends a listener for the calls to the other process, then becomes the command. */
static void become(int channel, const int *calls, char **command)
{
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, calls[0], 3, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, calls[1], 2, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, calls[2], 1, 0),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
    };
    struct sock_fprog program = {sizeof filter / sizeof *filter, filter};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
        fail("prctl");
    int listener = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &program);
    if (listener < 0)
        fail("seccomp");
    char byte = 0, control[CMSG_SPACE(sizeof(int))] = {0};
    struct iovec data = {&byte, 1};
    struct msghdr message = {.msg_iov = &data, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    struct cmsghdr *head = CMSG_FIRSTHDR(&message);
    head->cmsg_level = SOL_SOCKET;
    head->cmsg_type = SCM_RIGHTS;
    head->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(head), &listener, sizeof listener);
    if (sendmsg(channel, &message, 0) < 0)
        fail("sendmsg");
    close(listener);
    close(channel);
    execvp(command[0], command);
    fail(command[0]);
}

static int receive(int channel)
{
    char byte, control[CMSG_SPACE(sizeof(int))];
    struct iovec data = {&byte, 1};
    struct msghdr message = {.msg_iov = &data, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    int listener;
    if (recvmsg(channel, &message, 0) < 1 || !CMSG_FIRSTHDR(&message))
        exit(125);
    memcpy(&listener, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof listener);
    return listener;
}

/* The path that a call is about: of an open descriptor, or as it is given. */
static void path_of(const struct seccomp_notif *call, char *path)
{
    char link[64];
    int at = call->data.nr == SYS_open || call->data.nr == SYS_rename ? 0 : 1;
    path[0] = 0;
    if (call->data.nr == SYS_read || call->data.nr == SYS_pread64) {
        snprintf(link, sizeof link, "/proc/%u/fd/%d", call->pid, (int)call->data.args[0]);
        ssize_t length = readlink(link, path, PATH_MAX - 1);
        path[length < 0 ? 0 : length] = 0;
        return;
    }
    /* A renamed file is known by its new name. */
    if (call->data.nr == SYS_rename)
        at = 1;
    if (call->data.nr == SYS_renameat2 || call->data.nr == SYS_renameat)
        at = 3;
    /* In pieces, as what lies behind the path may not be mapped. */
    for (size_t length = 0; length < PATH_MAX - 64; length += 64) {
        struct iovec here = {path + length, 64}, there = {(char *)call->data.args[at] + length, 64};
        ssize_t got = process_vm_readv(call->pid, &here, 1, &there, 1, 0);
        path[length + (got < 0 ? 0 : got)] = 0;
        if (got < 64 || memchr(path + length, 0, 64))
            return;
    }
}

int main(int count, char **words)
{
    if (count < 6) {
        fprintf(stderr, "usage: hold CALL SUFFIX N FLAG COMMAND…\n");
        return 125;
    }
    static const int opens[] = {SYS_openat, SYS_open, SYS_openat2}, reads[] = {SYS_pread64, SYS_read, SYS_read},
                     renames[] = {SYS_renameat2, SYS_renameat, SYS_rename};
    const int *calls = !strcmp(words[1], "open") ? opens : !strcmp(words[1], "read") ? reads : renames;
    const char *suffix = words[2], *flag = words[4];
    long which = strtol(words[3], NULL, 10), seen = 0;
    int channel[2];
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, channel))
        fail("socketpair");
    pid_t child = fork();
    if (child < 0)
        fail("fork");
    if (!child)
        become(channel[1], calls, words + 5);
    close(channel[1]);
    int listener = receive(channel[0]), status = 0, waited = 0;
    char reached[PATH_MAX], go[PATH_MAX], path[PATH_MAX];
    snprintf(reached, sizeof reached, "%s.reached", flag);
    snprintf(go, sizeof go, "%s.go", flag);
    struct seccomp_notif call;
    struct seccomp_notif_resp held = {0}, response = {.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE};
    for (;;) {
        struct pollfd ready = {listener, POLLIN, 0};
        int any = poll(&ready, 1, held.flags ? 5 : 200);
        if (held.flags && (!access(go, F_OK) || waited > 60 * 200)) {
            ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &held);
            held.flags = 0;
        }
        waited += held.flags && !any;
        if (any > 0 && (ready.revents & POLLIN)) {
            memset(&call, 0, sizeof call);
            if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &call))
                continue;
            path_of(&call, path);
            size_t length = strlen(path), end = strlen(suffix);
            response.id = call.id;
            if (length >= end && !strcmp(path + length - end, suffix) && ++seen == which) {
                held = response;
                close(creat(reached, 0666));
            } else {
                ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &response);
            }
        }
        if (waitpid(child, &status, WNOHANG) == child)
            break;
        if (any > 0 && (ready.revents & (POLLHUP | POLLERR)) && !(ready.revents & POLLIN)) {
            waitpid(child, &status, 0);
            break;
        }
    }
    snprintf(path, sizeof path, "%s.count", flag);
    FILE *count_file = fopen(path, "w");
    if (!count_file || fprintf(count_file, "%ld\n", seen) < 0 || fclose(count_file))
        fail(path);
    if (WIFSIGNALED(status)) {
        signal(WTERMSIG(status), SIG_DFL);
        raise(WTERMSIG(status));
    }
    return WEXITSTATUS(status);
}
