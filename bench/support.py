"""What the stages of peers.py share: running programs, making the data, and comparisons of which each is a table."""

import json
import os
import shlex
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PEERS = Path(__file__).with_name("peers.py")


@dataclass
class Comparison:
    """Contestants that run in turn, and are compared with the first row of their table.

    Each of `contestants` runs once when it is called, checks its result, and returns the seconds of the rows that it has
    in the table: {row: seconds}. `amount` of work a run, divided by its seconds, is a rate in `unit`. `skipped` says
    why others have no figures: {row: reason}. `below` makes what is to be printed below the table.
    """

    title: str
    unit: str
    amount: float
    contestants: list
    skipped: dict = field(default_factory=dict)
    below: Callable = None


def fail(message):
    sys.exit(f"peers.py: {message}")


def timed(command, **streams):
    """Seconds of the whole process, and what it wrote to standard output if that is a pipe."""
    start = time.perf_counter()
    done = subprocess.run(command, **streams)
    seconds = time.perf_counter() - start
    if done.returncode != 0:
        fail(f"{shlex.join(command)} ended with {done.returncode}")
    return seconds, done.stdout


def run_peer(stage, name, **given):
    """Calls the peer `name` of `stage` with `given` in a process of its own, and returns what it returns."""
    command = [sys.executable, str(PEERS), "--stage", stage, "--peer", name, json.dumps(given)]
    done = subprocess.run(command, stdout=subprocess.PIPE)
    if done.returncode != 0:
        fail(f"{name} ended with {done.returncode}; for lack of memory, perhaps: try fewer --rows")
    return json.loads(done.stdout)


def build(kind, name):
    """Builds a program of the project as it ships, and says where it is."""
    target = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "release"
    subprocess.run(["cargo", "build", "--quiet", "--release", "--locked", kind, name], cwd=ROOT, check=True)
    return target / name if kind == "--bin" else target / "examples" / name


def galaxy(folder, rows):
    """The text of so many rows, made unless it is there."""
    text = folder / f"galaxy-{rows}.txt"
    if not text.exists():
        folder.mkdir(parents=True, exist_ok=True)
        part = text.with_suffix(".part")
        subprocess.run([build("--example", "galaxy"), "--rows", str(rows), "-o", part], check=True)
        part.rename(text)
    return text


def available_memory():
    """Bytes that a process can have, or None where nothing says."""
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
        return next(1024 * int(line.split()[1]) for line in lines if line.startswith("MemAvailable:"))
    except (OSError, StopIteration):
        return None
