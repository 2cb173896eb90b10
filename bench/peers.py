#!/usr/bin/env python3
"""Measures pointillist beside other tools, in turn, on the same data, and prints one table in Markdown.

    bench/peers.py [--stage ingest] [--rows 40000000] [--rounds 5] [--data target/bench]

Stages:
  ingest   text to float32 columns: `pointillist ingest` writes them to disk, the others keep them in memory

Every round runs each contestant once, in turn, as a process of its own, so that what else the machine does meets all of
them alike. The text is in the page cache; all cores are used. A peer reports the time of its reading alone, without
its start and its imports; ours is the time of the whole process. Every result is checked: rows, and the sum of x.

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
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
REQUIREMENTS = Path(__file__).with_name("requirements.txt")
# Set in the process that the venv was made for: should it still lack something, it says so and does not try again.
INSIDE = "POINTILLIST_BENCH_VENV"


# Peers of ingest: each reads `x y z` a line into float32 columns in memory and returns seconds, rows and the sum of x.
# What is imported within is not timed.


def read_pandas(path):
    import pandas

    start = time.perf_counter()
    table = pandas.read_csv(path, sep=" ", header=None, names=["x", "y", "z"], dtype="float32", engine="c")
    seconds = time.perf_counter() - start
    return seconds, len(table), float(table["x"].astype("float64").sum())


def read_polars(path):
    import polars

    schema = {name: polars.Float32 for name in ("x", "y", "z")}
    start = time.perf_counter()
    table = polars.read_csv(path, separator=" ", has_header=False, new_columns=list(schema), schema_overrides=schema)
    seconds = time.perf_counter() - start
    return seconds, table.height, table["x"].cast(polars.Float64).sum()


def read_pyarrow(path):
    import pyarrow
    import pyarrow.compute
    import pyarrow.csv

    read = pyarrow.csv.ReadOptions(column_names=["x", "y", "z"])
    parse = pyarrow.csv.ParseOptions(delimiter=" ")
    convert = pyarrow.csv.ConvertOptions(column_types={name: pyarrow.float32() for name in ("x", "y", "z")})
    start = time.perf_counter()
    table = pyarrow.csv.read_csv(path, read_options=read, parse_options=parse, convert_options=convert)
    seconds = time.perf_counter() - start
    return seconds, table.num_rows, pyarrow.compute.sum(table["x"].cast(pyarrow.float64())).as_py()


def read_duckdb(path):
    import duckdb

    connection = duckdb.connect(":memory:")
    columns = "{'x': 'FLOAT', 'y': 'FLOAT', 'z': 'FLOAT'}"
    quoted = str(path).replace("'", "''")
    start = time.perf_counter()
    # A table, not a view: every number is read.
    connection.execute(f"CREATE TABLE t AS SELECT * FROM read_csv('{quoted}', delim=' ', header=false, columns={columns})")
    seconds = time.perf_counter() - start
    return seconds, *connection.execute("SELECT count(*), sum(x::DOUBLE) FROM t").fetchone()


PEERS = {"polars": read_polars, "duckdb": read_duckdb, "pandas": read_pandas, "pyarrow": read_pyarrow}


class Ingest:
    """Text to float32 columns."""

    title = "text to float32 columns"
    ours = "pointillist ingest, columns on disk"

    def __init__(self, arguments):
        self.program = build("--bin", "pointillist")
        self.text = galaxy(arguments.data, arguments.rows)
        self.points = arguments.data / f"peers-{os.getpid()}.points"
        self.rows = arguments.rows
        self.bytes = self.text.stat().st_size
        self.sum = None
        self.contestants = {self.ours: self.run_ours, "cat FILE > /dev/null": self.run_cat}
        for name in PEERS:
            version = importlib.metadata.version(name)
            self.contestants[f"{name} {version}, in memory"] = lambda name=name: self.run_peer(name)

    def command(self):
        return [str(self.program), "ingest", str(self.text), "-o", str(self.points), "--force", "--quiet"]

    def run_ours(self):
        seconds = timed(self.command())
        import numpy

        x = numpy.load(self.points / "x.npy", mmap_mode="r")
        self.check(self.ours, len(x), float(x.sum(dtype="float64")))
        return seconds

    def run_cat(self):
        with open(os.devnull, "wb") as null:
            return timed(["cat", str(self.text)], stdout=null)

    def run_peer(self, name):
        command = [sys.executable, __file__, "--peer", name, str(self.text)]
        done = subprocess.run(command, stdout=subprocess.PIPE)
        if done.returncode != 0:
            fail(f"{name} ended with {done.returncode}; for lack of memory, perhaps: try fewer --rows")
        seconds, rows, total = json.loads(done.stdout)
        self.check(name, rows, total)
        return seconds

    def check(self, name, rows, total):
        """Ours comes first, and the others must agree with it, to a unit in the last place of every x."""
        if self.sum is None:
            self.sum = total
        if rows != self.rows or not abs(total - self.sum) <= 1.2e-7 * self.rows:
            fail(f"{name} read {rows} rows with sum {total}; there are {self.rows}, with sum {self.sum}")

    def clean(self):
        shutil.rmtree(self.points, ignore_errors=True)


STAGES = {"ingest": Ingest}


def timed(command, **streams):
    start = time.perf_counter()
    done = subprocess.run(command, **streams)
    seconds = time.perf_counter() - start
    if done.returncode != 0:
        fail(f"{shlex.join(command)} ended with {done.returncode}")
    return seconds


def fail(message):
    sys.exit(f"peers.py: {message}")


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


def table(stage, times, rounds):
    ours = times[stage.ours]
    lines = [
        f"| {stage.title} | median s | least s | GB/s | median to ours | least of pairs |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    for name, own in times.items():
        median = statistics.median(own)
        ratio = median / statistics.median(ours)
        pairs = min(theirs / mine for theirs, mine in zip(own, ours))
        lines.append(
            f"| {name} | {median:.3f} | {min(own):.3f} | {stage.bytes / 1e9 / median:.2f} | {ratio:.2f} | {pairs:.2f} |"
        )
    return "\n".join(lines)


def arguments():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--stage", choices=STAGES, default="ingest", help="what is measured [ingest]")
    parser.add_argument("--rows", type=int, default=40_000_000, metavar="N", help="lines of text [40000000]")
    parser.add_argument("--rounds", type=int, default=5, metavar="N", help="runs that count, after one that does not [5]")
    parser.add_argument("--data", type=Path, default=ROOT / "target" / "bench", metavar="DIR",
                        help="where the text is made and kept [target/bench]")
    parser.add_argument("--venv", type=Path, default=ROOT / "target" / "bench-venv", metavar="DIR",
                        help="where packages are installed, if need be [target/bench-venv]")
    parser.add_argument("--peer", nargs=2, metavar=("NAME", "FILE"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.rows < 1 or given.rounds < 1:
        parser.error("--rows and --rounds count from 1")
    return given


def main():
    given = arguments()
    if given.peer:
        name, path = given.peer
        print(json.dumps(PEERS[name](Path(path))))
        return
    enter_venv(given.venv.absolute())
    given.data = given.data.absolute()
    stage = STAGES[given.stage](given)
    times = {name: [] for name in stage.contestants}
    try:
        # One more round, the first, brings the text into the page cache and does not count.
        for number in range(given.rounds + 1):
            for name, run in stage.contestants.items():
                seconds = run()
                print(f"round {number}: {name}: {seconds:.3f} s", file=sys.stderr, flush=True)
                if number > 0:
                    times[name].append(seconds)
    finally:
        stage.clean()
    versions = ", ".join([f"Python {platform.python_version()}"] + [f"{n} {v}" for n, v in pinned().items()])
    date = datetime.datetime.now(datetime.timezone.utc).date()
    print("| | |\n|---|---|")
    print(f"| date | {date} |\n| machine | {machine()} |\n| commit | {commit()} |\n| versions | {versions} |")
    print(f"| data | {given.rows:,} rows, {stage.bytes / 1e9:.3f} GB, in the page cache |")
    print(f"| command | `{shlex.join(['bench/peers.py', *sys.argv[1:]])}`, rounds in turn: {given.rounds}, after one that does not count |")
    print(f"| ours | `{shlex.join(stage.command()).replace(str(ROOT) + '/', '')}` |\n")
    print(table(stage, times, given.rounds))


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
    except (OSError, subprocess.CalledProcessError) as error:
        fail(error)
