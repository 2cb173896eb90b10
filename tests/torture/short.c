/* Cuts reads and writes short and interrupts them, as the system is allowed to at any time.
   gcc -shared -fPIC -o short.so short.c -ldl; LD_PRELOAD=short.so SHORT_SEED=7 [SHORT_EINTR=1] PROGRAM … */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

static atomic_ullong calls;

/* The next of a sequence of numbers that follows from the seed. */
static uint64_t chance(void)
{
    const char *seed = getenv("SHORT_SEED");
    uint64_t x = (atomic_fetch_add(&calls, 1) + 1 + 1000003 * (seed ? strtoull(seed, NULL, 10) : 0)) * 0x9e3779b97f4a7c15;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
    x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
    return x ^ (x >> 31);
}

static size_t cut(size_t length)
{
    uint64_t number = chance();
    if (length < 2)
        return length;
    switch (number & 3) {
    case 0:
        return 1 + (number >> 8) % (length < 7 ? length : 7);
    case 1:
        return 1 + (number >> 8) % length;
    case 2:
        return (length + 1) / 2;
    default:
        return length;
    }
}

static int interrupted(void)
{
    if (!getenv("SHORT_EINTR") || chance() % 3)
        return 0;
    errno = EINTR;
    return 1;
}

#define NEXT(name) __typeof__(&name) next = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

ssize_t read(int file, void *to, size_t length)
{
    NEXT(read);
    return interrupted() ? -1 : next(file, to, cut(length));
}

ssize_t write(int file, const void *from, size_t length)
{
    NEXT(write);
    return interrupted() ? -1 : next(file, from, cut(length));
}

ssize_t pread64(int file, void *to, size_t length, off64_t at)
{
    NEXT(pread64);
    return interrupted() ? -1 : next(file, to, cut(length), at);
}

ssize_t pwrite64(int file, const void *from, size_t length, off64_t at)
{
    NEXT(pwrite64);
    return interrupted() ? -1 : next(file, from, cut(length), at);
}

ssize_t readv(int file, const struct iovec *to, int count)
{
    NEXT(readv);
    return interrupted() ? -1 : next(file, to, count > 1 ? 1 : count);
}

ssize_t writev(int file, const struct iovec *from, int count)
{
    NEXT(writev);
    return interrupted() ? -1 : next(file, from, count > 1 ? 1 : count);
}
