"""Lets system calls fail, one after another, and reads and writes end early."""

import os

from calls import evenly, record, traced

STAGES = "ingest", "ingest gzip", "ingest array", "bin2d", "bin2d text", "merge", "colorize", "figure", "render", \
    "render cached", "scatter", "scatter text"
# The errors that a call may give. An interrupted call is tried again, or reported.
FAULTS = {
    "read": ("EIO", "EINTR", "EAGAIN", "ENOMEM"), "pread64": ("EIO", "EINTR", "ENOMEM"),
    "write": ("EIO", "ENOSPC", "EINTR", "EAGAIN"),
    "pwrite64": ("EIO", "ENOSPC", "EINTR", "EDQUOT"), "openat": ("EMFILE", "EIO", "ENOMEM", "EACCES", "EINTR"),
    "rename": ("EIO", "ENOSPC"), "renameat": ("EIO", "ENOSPC"), "renameat2": ("EIO", "ENOSPC", "EINVAL"),
    "fsync": ("EIO", "ENOSPC"),
    "fdatasync": ("EIO", "ENOSPC"), "sync_file_range": ("EIO",), "fallocate": ("EIO", "ENOSPC", "EINTR", "EOPNOTSUPP"),
    "mmap": ("ENOMEM",), "mprotect": ("ENOMEM",), "clone3": ("EAGAIN", "ENOMEM"), "ftruncate": ("EIO", "ENOSPC", "EINTR"),
    "close": ("EIO", "EINTR"), "statx": ("EIO", "ENOMEM", "EACCES"), "unlink": ("EIO",), "unlinkat": ("EIO",),
    "mkdir": ("EIO", "ENOSPC"),
    "flock": ("EIO", "ENOLCK", "EINTR"), "getdents64": ("EIO",),
}
# Calls that have no file to be named, or any file of the system's.
NAMELESS = "mmap", "mprotect", "clone3", "close", "openat", "read", "write"
# Those that may fail for good from one moment on, as those of a disk that is gone.
FOR_GOOD = "pread64", "pwrite64", "openat", "ftruncate", "fsync", "fdatasync", "renameat2", "rename", "renameat", "clone3"
# Below these, calls are retried for ever by the standard library, as they should be.
RETRIED = "EINTR", "EAGAIN"
POINTS = 40  # of the calls of one kind, at most so many are disturbed


def torment(t):
    for name in STAGES:
        stage = t.stages[name]
        ranges = record(stage, FAULTS, t.root / "calls.log")
        trials = []
        for call, numbers in ranges.items():
            for error in FAULTS[call]:
                trials += [(call, error, str(number)) for number in evenly(numbers, POINTS)]
                if call in FOR_GOOD and (error not in RETRIED or call == "clone3"):
                    trials += [(call, error, f"{number}+") for number in evenly(numbers, POINTS // 4)]
        row = t.row(f"{name}, a system call fails", "right output or a clear error, old output kept, all right next time")
        for call, error, when in t.choose(trials, 22):
            stage.reset()
            outcome = stage.run(prefix=traced(call, f"{call}:error={error}:when={when}"), timeout=30)
            problems = []
            if not outcome.of_the_loader:
                # The temporary output cannot be removed where that is what fails.
                tidy = call not in ("unlink", "unlinkat", "openat", "getdents64", "statx", "close", "flock")
                problems = stage.judge(outcome, named=call not in NAMELESS, tidy=tidy)
                if call == "write" and outcome.code > 0 and not outcome.stderr:
                    problems = [problem for problem in problems if "without a message" not in problem]
            row.trial(problems + stage.again(), "failed" if outcome.code else "succeeded", what=f"{call} {when} {error}")
    cut(t)


def cut(t):
    for name in STAGES:
        stage = t.stages[name]
        row = t.row(f"{name}, reads and writes end early or are interrupted", "right output")
        for turn in t.times(1, 20):
            stage.reset()
            environment = {"LD_PRELOAD": os.fspath(t.shims["short"]), "SHORT_SEED": str(t.random.randrange(1 << 30))}
            if turn % 2 or t.random.random() < 0.5:
                environment["SHORT_EINTR"] = "1"
            outcome = stage.run(env=environment)
            problems = stage.judge(outcome)
            if not outcome.good:
                problems.append(f"exit {outcome.code}: {outcome.tail}")
            row.trial(problems, what=" ".join(f"{key}={value}" for key, value in environment.items()))
