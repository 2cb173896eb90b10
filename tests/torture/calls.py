"""Which system calls a command makes, and commands that are disturbed at one of them (with strace)."""

import re
from collections import Counter

# Where Rust's own start begins; what is called before is the loader's.
STARTED = "poll"


def traced(calls, *injections):
    """A prefix that injects faults into these calls. (Not with --seccomp-bpf, with which strace sends no signals.)"""
    return ["strace", "-f", "-qq", "-o", "/dev/null", "-e", f"trace={calls}",
            *(word for injection in injections for word in ("-e", f"inject={injection}"))]


def record(stage, calls, log, *prefix):
    """How often a stage calls each, as ranges of numbers: strace counts the calls of each thread, and those of the loader
    come first."""
    stage.reset()
    stage.program.must(*stage.arguments, cwd=stage.folder, prefix=[
        *prefix, "strace", "-f", "-qq", "-o", log, "-e", f"trace={','.join(calls)},{STARTED}"])
    counts, loaded = {}, None
    for line in log.read_text(errors="replace").splitlines():
        match = re.match(r"(\d+) +(\w+)\(", line)
        if match:
            thread, call = match.groups()
            if call == STARTED and loaded is None:
                loaded = Counter(counts[thread]) if thread in counts else Counter()
            counts.setdefault(thread, Counter())[call] += 1
    most = {call: max(count[call] for count in counts.values()) for call in calls}
    return {call: range((loaded or Counter())[call] + 1, most[call] + 1) for call in calls if most[call]}


def evenly(numbers, most):
    """At most so many of a range, the first and the last among them."""
    numbers = list(numbers)
    if len(numbers) <= most:
        return numbers
    return sorted({numbers[round(at * (len(numbers) - 1) / (most - 1))] for at in range(most)})
