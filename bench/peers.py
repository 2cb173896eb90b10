#!/usr/bin/env python3
"""Measures pointillist beside other tools, in turn, on the same data, and prints tables in Markdown.

    bench/peers.py [--stage ingest] [--rows 40000000] [--rounds 5] [--data target/bench]
    bench/peers.py --stage bin2d [--sizes 1024,4096,16384] [...]
    bench/peers.py --stage colorize [--sizes 1024,4096] [...]
    bench/peers.py --stage render [--sizes 1024] [...]

Stages:
  ingest    text to float32 columns: `pointillist ingest` writes them to disk, the others keep them in memory
  bin2d     float32 columns to grids of counts and means; and ours alone, for points in other orders
  colorize  a grid of counts to a PNG
  render    text to a PNG of means

Every round runs each contestant once, in turn, as a process of its own, so that what else the machine does meets all
of them alike; after a pause, in which the system takes back what the one before has left: right after a process that
has held gigabytes, everything takes longer on virtual machines. Files are in the page cache. All cores are used, but
by fast-histogram and datashader, which have one (over a dask frame datashader has more, and took longer with two). A
peer reports the time of its work alone, without its start and its imports. Of ingest, ours is the time of the whole
process. Of bin2d, the peers have the columns in memory and have done the same work once before; ours is the binning of
a fresh process, from mapping the columns to a grid in memory, and beside it the whole process, which also divides sums
by counts and writes the TIFF. Of colorize, the peers in Python have the grid in memory and have done the same work
once before; ours, and GDAL's programs, are whole processes, from file to file. Of render, ours is the time of the
whole process, which keeps columns and grid on disk; the peers keep them in memory and do not count their start,
imports and compilation.

Every result is checked: rows and the sum of x in ingest, points, occupied cells and the sum of means in bin2d, and the
pixels that can be seen in colorize and render.

Builds the program and the data (the galaxy, from the project's example) with cargo where they are missing. Python
packages come from bench/requirements.txt: where those are not installed as pinned, into a venv of its own.
"""

import argparse
import datetime
import importlib.metadata
import json
import os
import platform
import shlex
import statistics
import subprocess
import sys
import time
from pathlib import Path

from bin2d import Bin2d
from colorize import Colorize
from ingest import Ingest
from render import Render
from support import ROOT, fail

REQUIREMENTS = Path(__file__).with_name("requirements.txt")
# Set in the process that the venv was made for: should it still lack something, it says so and does not try again.
INSIDE = "POINTILLIST_BENCH_VENV"


STAGES = {"ingest": Ingest, "bin2d": Bin2d, "colorize": Colorize, "render": Render}


def pinned():
    return dict(line.split("==") for line in REQUIREMENTS.read_text().split())


def missing():
    """What is pinned and not installed."""
    def installed(name):
        try:
            return importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            return None

    return [f"{name}=={version}" for name, version in pinned().items() if installed(name) != version]


def enter_venv(folder):
    """Goes on in a venv that has what is pinned, unless this Python has it already."""
    lacking = missing()
    if not lacking:
        return
    if INSIDE in os.environ:
        fail(f"the venv {folder} lacks {', '.join(lacking)}; remove it and try again")
    python = folder / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", REQUIREMENTS]
    subprocess.run(pip, check=True)
    os.execve(python, [str(python), *sys.argv], {**os.environ, INSIDE: "1"})


def machine():
    model = platform.processor() or platform.machine()
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        model = next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
        vectors = next(line.split() for line in lines if line.startswith("flags"))
        model += "".join(f", {name}" for name in ("avx2", "avx512f") if name in vectors)
    except (OSError, StopIteration):
        pass
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return f"{model}; {cores} cores, {memory:.0f} GiB, {platform.system()} {platform.release()}"


def commit():
    describe = ["git", "describe", "--always", "--dirty", "--abbrev=7"]
    done = subprocess.run(describe, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    return done.stdout.strip() or "unknown"


def measure(comparison, rounds, pause):
    """The seconds of every row, a round each."""
    times = {}
    # One more round, the first, brings files into the page cache and does not count.
    for number in range(rounds + 1):
        for run in comparison.contestants:
            time.sleep(pause)
            for name, seconds in run().items():
                print(f"{comparison.title}: round {number}: {name}: {seconds:.3f} s", file=sys.stderr, flush=True)
                if number > 0:
                    times.setdefault(name, []).append(seconds)
    return times


def table(comparison, times):
    first = next(iter(times.values()))
    lines = [
        f"| {comparison.title} | median s | least s | {comparison.unit} | median to the first's "
        "| least and most of pairs |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    for name, own in times.items():
        median = statistics.median(own)
        ratio = median / statistics.median(first)
        pairs = [theirs / mine for theirs, mine in zip(own, first)]
        lines.append(
            f"| {name} | {median:.3f} | {min(own):.3f} | {comparison.amount / median:.2f} | {ratio:.2f} "
            f"| {min(pairs):.2f}, {max(pairs):.2f} |"
        )
    lines += [f"| {name}: {why} | | | | | |" for name, why in comparison.skipped.items()]
    return "\n".join(lines)


def edges(text):
    """Cells of an edge, one number a grid."""
    sizes = [int(size) for size in text.split(",")]
    if min(sizes) < 1:
        raise ValueError
    return sizes


def header(given, stage):
    """What was measured, where, when and how."""
    versions = ", ".join([f"Python {platform.python_version()}"] + [f"{n} {v}" for n, v in pinned().items()])
    lines = {
        "date": datetime.datetime.now(datetime.timezone.utc).date(),
        "machine": machine(),
        "commit": commit(),
        "versions": versions,
        "data": f"{given.rows:,} rows, {stage.data}, in the page cache",
        "command": f"`{shlex.join(['bench/peers.py', *sys.argv[1:]])}`, rounds in turn: {given.rounds}, after one that "
        "does not count",
        "ours": f"`{shlex.join(stage.command).replace(str(ROOT) + '/', '')}`",
    }
    return "\n".join(["| | |\n|---|---|", *(f"| {name} | {text} |" for name, text in lines.items())])


def arguments():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--stage", choices=STAGES, default="ingest", help="what is measured [ingest]")
    parser.add_argument("--rows", type=int, default=40_000_000, metavar="N", help="points [40000000]")
    parser.add_argument("--rounds", type=int, default=5, metavar="N", help="runs that count, after one that does not [5]")
    parser.add_argument("--pause", type=float, default=3, metavar="S", help="seconds before every run [3]")
    parser.add_argument("--sizes", type=edges, metavar="N,...",
                        help="cells of an edge of the grids [bin2d: 1024,4096,16384; colorize: 1024,4096; render: 1024]")
    parser.add_argument("--data", type=Path, default=ROOT / "target" / "bench", metavar="DIR",
                        help="where data is made and kept [target/bench]")
    parser.add_argument("--venv", type=Path, default=ROOT / "target" / "bench-venv", metavar="DIR",
                        help="where packages are installed, if need be [target/bench-venv]")
    parser.add_argument("--peer", nargs=2, metavar=("NAME", "GIVEN"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.rows < 1 or given.rounds < 1:
        parser.error("--rows and --rounds count from 1")
    if not 0 <= given.pause <= 3600:
        parser.error("--pause is 0 to 3600 seconds")
    sizes = getattr(STAGES[given.stage], "sizes", None)
    if given.sizes and not sizes:
        parser.error(f"--stage {given.stage} has no --sizes")
    given.sizes = given.sizes or sizes
    return given


def main():
    given = arguments()
    if given.peer:
        name, how = given.peer
        print(json.dumps(STAGES[given.stage].peers[name](**json.loads(how))))
        return
    enter_venv(given.venv.absolute())
    given.data = given.data.absolute()
    stage = STAGES[given.stage](given)
    try:
        print(header(given, stage), flush=True)
        for comparison in stage.comparisons:
            print("\n" + table(comparison, measure(comparison, given.rounds, given.pause)), flush=True)
            if comparison.below:
                print("\n" + comparison.below(), flush=True)
    finally:
        stage.clean()


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
    except (OSError, subprocess.CalledProcessError) as error:
        fail(error)
