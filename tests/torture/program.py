"""Runs the program under whatever is done to it, and tells what no run may ever do."""

import os
import re
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path

TIMEOUT = 60  # seconds, of commands that take a fraction of one
# What is printed where the system cannot even load the program, or Rust's library not begin with it.
LOADER = ("error while loading shared libraries", "cannot apply additional memory protection",
          "cannot allocate memory in static TLS",
          "failed to set up alternative stack guard page", "failed to allocate an alternative stack")


@dataclass
class Outcome:
    """How a command ended. `code` is the exit code, or minus the signal."""

    command: str
    code: int
    stdout: bytes
    stderr: str
    hung: bool = False

    @property
    def good(self):
        return self.code == 0 and not self.hung

    @property
    def of_the_loader(self):
        return any(text in self.stderr for text in LOADER)

    def ended(self, sent=()):
        """What is wrong with how it ended, where it was sent none but these signals."""
        if self.hung:
            return [f"did not end: {self.command}"]
        problems = []
        # Rust's own reading of folders takes an error when one is closed for impossible.
        impossible = "unexpected error during closedir" in self.stderr
        if ("panicked at" in self.stderr or self.code == 101) and not impossible:
            problems.append("panicked: " + self.tail)
        if self.code < 0 and -self.code not in sent:
            problems.append(f"ended by {signal.Signals(-self.code).name}: {self.tail}")
        # A shell or strace in between gives signals as exit codes.
        if self.code - 128 in (signal.SIGABRT, signal.SIGBUS, signal.SIGSEGV, signal.SIGILL, signal.SIGXFSZ):
            problems.append(f"exit {self.code}: {self.tail}")
        if self.code > 0 and not self.stderr.strip() and self.code - 128 not in sent:
            problems.append(f"exit {self.code} without a message")
        return problems

    def names(self, *names):
        """What is wrong with a message of failure that should name one of these files."""
        if self.code <= 0 or self.hung or self.of_the_loader or any(name in self.stderr for name in names):
            return []
        return [f"exit {self.code}, and the message names none of {', '.join(names)}: {self.tail}"]

    @property
    def tail(self):
        return " / ".join(self.stderr.strip().splitlines()[-3:])[-400:]


def limited(**limits):
    """A prefix that sets limits by their letters, as ulimit of bash has them: v and f in KiB, n, u."""
    sets = "; ".join(f"ulimit -{letter} {value}" for letter, value in limits.items())
    return ["bash", "-c", sets + '; exec "$@"', "bash"]


class Program:
    """The program, a copy of its own that nobody builds anew meanwhile. Its temporary files go to a folder of their own."""

    def __init__(self, path, temporary):
        self.path, self.temporary = Path(path), Path(temporary)
        self.environment = {"PATH": os.environ["PATH"], "HOME": str(temporary), "TMPDIR": str(temporary), "LC_ALL": "C.UTF-8"}

    def start(self, *arguments, cwd, prefix=(), env=None, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
              stderr=subprocess.PIPE):
        return subprocess.Popen([*map(os.fspath, prefix), self.path, *map(os.fspath, arguments)], cwd=cwd,
                                env={**self.environment, **(env or {})}, stdin=stdin, stdout=stdout, stderr=stderr,
                                start_new_session=True)

    def finish(self, process, timeout=TIMEOUT):
        """Waits for what was started; what does not end in time is ended, with all of its group."""
        hung = False
        try:
            stdout, stderr = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            hung = True
            os.killpg(process.pid, signal.SIGKILL)
            stdout, stderr = process.communicate()
        words = [str(word, "utf-8", "replace") if isinstance(word, bytes) else str(word) for word in process.args]
        return Outcome(re.sub(r"\S*/torture-\w+/(program/)?", "", " ".join(words)), process.returncode, stdout or b"",
                       (stderr or b"").decode("utf-8", "replace"), hung)

    def run(self, *arguments, timeout=TIMEOUT, **how):
        return self.finish(self.start(*arguments, **how), timeout)

    def must(self, *arguments, **how):
        """A run that nothing disturbs, which must succeed for there to be anything to compare with."""
        outcome = self.run(*arguments, **how)
        if not outcome.good:
            raise RuntimeError(f"undisturbed, and yet exit {outcome.code}: {outcome.command}\n{outcome.stderr}")
        return outcome
