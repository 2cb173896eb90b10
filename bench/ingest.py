"""Stage ingest of peers.py: text to float32 columns."""

import importlib.metadata
import os
import shutil
import time

from support import Comparison, build, fail, galaxy, run_peer, timed

# The peers: each reads `x y z` a line into float32 columns in memory and returns seconds, rows and the sum of x.
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
    quoted = path.replace("'", "''")
    start = time.perf_counter()
    # A table, not a view: every number is read.
    connection.execute(f"CREATE TABLE t AS SELECT * FROM read_csv('{quoted}', delim=' ', header=false, columns={columns})")
    seconds = time.perf_counter() - start
    return seconds, *connection.execute("SELECT count(*), sum(x::DOUBLE) FROM t").fetchone()


class Ingest:
    """Text to float32 columns."""

    peers = {"polars": read_polars, "duckdb": read_duckdb, "pandas": read_pandas, "pyarrow": read_pyarrow}

    def __init__(self, arguments):
        self.program = build("--bin", "pointillist")
        self.text = galaxy(arguments.data, arguments.rows)
        self.points = arguments.data / f"peers-{os.getpid()}.points"
        self.rows = arguments.rows
        self.sum = None
        gigabytes = self.text.stat().st_size / 1e9
        self.data = f"{gigabytes:.3f} GB of text"
        self.command = [str(self.program), "ingest", str(self.text), "-o", str(self.points), "--quiet"]
        peers = [lambda name=name: self.run_peer(name) for name in self.peers]
        self.comparisons = [
            Comparison("text to float32 columns", "GB/s", gigabytes, [self.run_ours, self.run_cat, *peers])
        ]

    def run_ours(self):
        # Into a new folder: to remove what an older run left is no work of this one.
        self.clean()
        seconds, _ = timed(self.command)
        import numpy

        x = numpy.load(self.points / "x.npy", mmap_mode="r")
        self.check("pointillist", len(x), float(x.sum(dtype="float64")))
        return {"pointillist ingest, columns on disk": seconds}

    def run_cat(self):
        with open(os.devnull, "wb") as null:
            return {"cat FILE > /dev/null": timed(["cat", str(self.text)], stdout=null)[0]}

    def run_peer(self, name):
        seconds, rows, total = run_peer("ingest", name, path=str(self.text))
        self.check(name, rows, total)
        return {f"{name} {importlib.metadata.version(name)}, in memory": seconds}

    def check(self, name, rows, total):
        """Ours comes first, and the others must agree with it, to a unit in the last place of every x."""
        if self.sum is None:
            self.sum = total
        if rows != self.rows or not abs(total - self.sum) <= 1.2e-7 * self.rows:
            fail(f"{name} read {rows} rows with sum {total}; there are {self.rows}, with sum {self.sum}")

    def clean(self):
        shutil.rmtree(self.points, ignore_errors=True)
