"""Runs commands where there is no room for what they write."""

import contextlib
import math
import os
import re
import subprocess

from program import limited

STAGES = "ingest", "ingest gzip", "ingest array", "bin2d", "bin2d text", "merge", "colorize", "figure", "figure pdf", \
    "render cached", "scatter", "scatter text"
# Whose outputs have a size that is known before, or at least when room runs out.
SAYS_NEED = "ingest array", "bin2d", "merge"
PAGE = 4096


@contextlib.contextmanager
def mounted(folder, size):
    """A file system of this many bytes."""
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "torture", folder], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


def bytes_of(folder):
    """What a folder takes, in whole pages."""
    return sum(PAGE * math.ceil(path.stat().st_size / PAGE) if path.is_file() else PAGE for path in folder.rglob("*"))


def sizes(need):
    """From too small to more than enough, close together where it is just right."""
    shares = [0.02, 0.1, 0.25, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 1.0, 1.02, 1.05, 1.1, 1.3, 2.0]
    return sorted({PAGE * max(2, round(need * share / PAGE)) for share in shares})


def torment(t):
    filled(t)
    files(t)


def filled(t):
    folder = t.folder("disk")
    for name in STAGES:
        row = t.row(f"{name}, disk of some size", "right output or a clear error, old output kept, nothing left")
        if os.geteuid():
            row.skip("needs root")
            continue
        stage = t.stages[name]
        stage.reset(old=False)
        stage.run()
        new = bytes_of(stage.folder)
        before = bytes_of(stage.snapshot)
        trials = [(False, size) for size in sizes(new)] + [(True, before + size) for size in sizes(new)]
        for old, size in t.choose(trials, 3):
            with mounted(folder, size):
                full = stage.at(folder)
                try:
                    full.reset(old)
                except OSError:
                    row.trial([], "old did not fit")
                    continue
                outcome = full.run()
                problems = full.judge(outcome, old)
                if outcome.code and name in SAYS_NEED and not re.search(r"takes [^\n]*\d.*free", outcome.stderr):
                    problems.append(f"the message says not what is needed and what is free: {outcome.tail}")
                subprocess.run(["mount", "-o", f"remount,size={size + 8 * new + 8 * before}", folder], check=True)
                problems += full.again()
            row.trial(problems, "refused" if outcome.code else "made", what=f"{size} bytes: {outcome.command}")


def files(t):
    for name in STAGES:
        stage = t.stages[name]
        row = t.row(f"{name}, limit of a file's size", "right output or a clear error, old output kept, nothing left")
        for kilobytes in t.choose((0, 1, 4, 16, 64, 128, 200, 256, 400, 1024), 2):
            old = t.random.random() < 0.7
            stage.reset(old)
            outcome = stage.run(prefix=limited(f=kilobytes))
            # With no room for a single byte the message itself may still be written, as it goes to a pipe.
            row.trial(stage.judge(outcome, old) + stage.again(), "refused" if outcome.code else "made",
                      what=f"{kilobytes} KiB: {outcome.command}")
