"""Ends commands at random moments, and at chosen system calls."""

import signal
import statistics
import time

from calls import evenly, record, traced

STAGES = "ingest", "bin2d", "merge", "colorize", "render", "render cached", "scatter", "scatter text"
ASKED = signal.SIGTERM, signal.SIGINT, signal.SIGQUIT, signal.SIGXCPU, signal.SIGUSR1
# Calls that change what is on the disk; a kill comes before one.
CALLS = "openat", "rename", "renameat", "renameat2", "pwrite64", "write", "ftruncate", "unlink", "fsync", "fdatasync", \
    "flock", "mkdir"


def at_a_moment(t, stage, number, duration, old):
    stage.reset(old)
    process = stage.start()
    time.sleep(t.random.uniform(0, duration))
    process.send_signal(number)
    return t.program.finish(process)


def torment(t):
    for name in STAGES:
        stage = t.stages[name]
        durations = []
        for _ in range(3):
            stage.reset()
            began = time.monotonic()
            stage.run()
            durations.append(time.monotonic() - began)
        duration = statistics.median(durations)
        row = t.row(f"{name}, SIGKILL at a random moment", "old or new output; all right and nothing left after the next run")
        for _ in t.times(8, 110):
            old = t.random.random() < 0.7
            outcome = at_a_moment(t, stage, signal.SIGKILL, duration, old)
            problems = stage.judge(outcome, old, sent=(signal.SIGKILL,), tidy=False)
            row.trial(problems + stage.again(), "in time" if outcome.code else "too late", what=outcome.command)
        row = t.row(f"{name}, SIGKILL before a system call",
                    "old or new output; all right and nothing left after the next run")
        ranges = record(stage, CALLS, t.root / "calls.log")
        for call, which in t.choose([(call, which) for call, numbers in ranges.items() for which in evenly(numbers, 12)], 6):
            stage.reset()
            outcome = stage.run(prefix=traced(call, f"{call}:signal=SIGKILL:when={which}"))
            killed = outcome.code in (-signal.SIGKILL, 128 + signal.SIGKILL)
            problems = stage.judge(outcome, sent=(signal.SIGKILL,), tidy=False)
            row.trial(problems + stage.again(), "in time" if killed else "never reached", what=f"{call} {which}")
        row = t.row(f"{name}, SIGTERM, INT, QUIT, XCPU, USR1 at a random moment or call",
                    "old or new output, and nothing left at once")
        for turn in t.times(8, 60):
            number = t.random.choice(ASKED)
            old = t.random.random() < 0.7
            if turn % 2:
                outcome, what = at_a_moment(t, stage, number, duration, old), "at a moment"
            else:
                call = t.random.choice(list(ranges))
                which = t.random.choice(ranges[call])
                stage.reset(old)
                outcome = stage.run(prefix=traced(call, f"{call}:signal={number.name}:when={which}"))
                what = f"{call} {which}"
            problems = stage.judge(outcome, old, sent=(number,))
            row.trial(problems + stage.again(), "in time" if outcome.code else "too late", what=f"{number.name}, {what}")
    without_exchange(t)


def without_exchange(t):
    """Where a file system cannot exchange two folders, the old one is moved away first: for a moment there is none."""
    calls = "rename", "renameat", "renameat2"
    for name in "ingest", "render", "scatter text":
        stage = t.stages[name]
        row = t.row(f"{name}, folders cannot be exchanged, SIGKILL before a rename",
                    "all right and nothing left after the next run")
        for call, which in t.choose([(call, which) for call in calls for which in range(1, 5)], 4):
            stage.reset()
            refused = [] if call == "renameat2" else ["renameat2:error=EINVAL"]
            outcome = stage.run(prefix=traced(",".join(calls), *refused, f"{call}:signal=SIGKILL:when={which}"))
            killed = outcome.code in (-signal.SIGKILL, 128 + signal.SIGKILL)
            row.trial(outcome.ended(sent=(signal.SIGKILL,)) + stage.again(), "in time" if killed else "never reached",
                      what=f"{call} {which}")
        row = t.row(f"{name}, folders cannot be exchanged", "right output, nothing left")
        for error in t.choose(("EINVAL", "ENOSYS", "EOPNOTSUPP"), 2):
            stage.reset()
            outcome = stage.run(prefix=traced("renameat2", f"renameat2:error={error}"))
            row.trial(stage.judge(outcome) + [f"exit {outcome.code}: {outcome.tail}"] * (not outcome.good) + stage.again(),
                      what=error)
