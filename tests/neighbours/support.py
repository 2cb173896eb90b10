"""What the checks share: the program, and a line a check."""

import subprocess
import sys
from pathlib import Path

PROGRAM = Path(sys.argv[1]).resolve()


def run(*arguments):
    subprocess.run([PROGRAM, *map(str, arguments), "--quiet"], check=True)


def check(what, good):
    print(("ok      " if good else "FAILED  ") + what, flush=True)
    if not good:
        sys.exit(1)
