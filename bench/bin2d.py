"""Stage bin2d of peers.py: float32 columns to a grid of counts and means."""

import importlib.metadata
import json
import math
import os
import shutil
import subprocess
import time
from pathlib import Path

from support import Comparison, available_memory, build, fail, galaxy, run_peer, timed

# The peers: each is given columns in memory, the cells of an edge and the extent, and returns two functions: one bins,
# which is what is timed, and one makes a tally of what that returned. Grids stay in memory.


def tally(count, mean=None):
    """What results are compared by: points, occupied cells, and the sum of their means. It goes row by row, as a copy
    of a large grid may not fit into memory beside it."""
    import numpy

    points = int(count.sum(dtype="float64"))
    cells = int(sum(numpy.count_nonzero(row) for row in count))
    means = None if mean is None else float(sum(numpy.nansum(row, dtype="float64") for row in mean))
    return points, cells, means


def with_datashader(x, y, z, size, extent):
    import datashader
    import pandas

    table = pandas.DataFrame({"x": x, "y": y, "z": z}, copy=False)
    canvas = datashader.Canvas(size, size, x_range=extent[:2], y_range=extent[2:])

    def work():
        both = datashader.summary(count=datashader.count(), mean=datashader.mean("z"))
        return canvas.points(table, "x", "y", both)

    return work, lambda grid: tally(grid["count"].values, grid["mean"].values)


def with_duckdb(x, y, z, size, extent):
    import duckdb

    connection = duckdb.connect(":memory:")
    # DuckDB finds the variable by its name.
    columns = {"x": x, "y": y, "z": z}
    connection.execute("CREATE TABLE t AS SELECT * FROM columns")
    xmin, xmax, ymin, ymax = extent
    column = f"floor((x::DOUBLE - ({xmin!r})) * {size / (xmax - xmin)!r})::INTEGER"
    row = f"floor((y::DOUBLE - ({ymin!r})) * {size / (ymax - ymin)!r})::INTEGER"
    grid = f"SELECT {row} * {size} + {column} AS cell, count(*) AS points, avg(z) AS mean FROM t GROUP BY cell"
    return (
        lambda: connection.execute(f"CREATE OR REPLACE TABLE grid AS {grid}"),
        lambda _: connection.execute("SELECT sum(points)::BIGINT, count(*), sum(mean) FROM grid").fetchone(),
    )


def with_boost_histogram(x, y, z, size, extent):
    import boost_histogram

    def work():
        axes = (boost_histogram.axis.Regular(size, *extent[at:at + 2]) for at in (0, 2))
        grid = boost_histogram.Histogram(*axes, storage=boost_histogram.storage.Int64())
        # 0 threads are as many as there are cores.
        return grid.fill(x, y, threads=0)

    return work, lambda grid: tally(grid.view())


def with_fast_histogram(x, y, z, size, extent):
    import fast_histogram

    return lambda: fast_histogram.histogram2d(x, y, bins=size, range=(extent[:2], extent[2:])), tally


def measured(bind):
    """A peer as a process of its own calls it: once to be warm (datashader compiles), then for the time."""
    def peer(points, size, extent):
        import numpy

        columns = (numpy.load(Path(points) / f"{name}.npy") for name in "xyz")
        work, result = bind(*columns, size, extent)
        work()
        start = time.perf_counter()
        grid = work()
        seconds = time.perf_counter() - start
        return seconds, *result(grid)

    return peer


# Bytes of memory that a peer takes for a row and for a cell, columns included, as measured.
MEMORY = {
    "datashader": (20, 33),
    "duckdb": (90, 0),
    "boost-histogram": (26, 8 * (os.cpu_count() + 1)),
    "fast-histogram": (13, 8),
}


def uniform(rng, rows):
    return rng.random(rows, "float32"), rng.random(rows, "float32")


def few_cells(rng, rows):
    """Sixteen places, each far smaller than a cell, in random order."""
    places = rng.random((2, 16), "float32") * 0.9 + 0.05
    chosen = rng.integers(0, 16, rows)
    return tuple(place[chosen] + 1e-6 * rng.random(rows, "float32") for place in places)


def sorted_by_x(rng, rows):
    x, y = uniform(rng, rows)
    x.sort()
    return x, y


def scan_lines(rng, rows):
    """Line after line of an instrument that sweeps over x."""
    import numpy

    line, place = numpy.divmod(numpy.arange(rows), math.isqrt(rows))
    x, y = ((at + rng.random(rows, "float32")) / (at.max() + 1) for at in (place, line))
    return x.astype("float32"), y.astype("float32")


# Functions of a generator and a number of rows: x and y from 0 to 1.
ORDERS = {
    "uniform": uniform,
    "all points in few cells": few_cells,
    "sorted by x": sorted_by_x,
    "scan lines": scan_lines,
}


class Bin2d:
    """Columns to a grid of counts and means."""

    peers = {
        "datashader": measured(with_datashader),
        "duckdb": measured(with_duckdb),
        "boost-histogram": measured(with_boost_histogram),
        "fast-histogram": measured(with_fast_histogram),
    }
    sizes = [1024, 4096, 16384]

    def __init__(self, arguments):
        self.program = build("--bin", "pointillist")
        self.rows = arguments.rows
        self.expected = {}
        self.made = arguments.data / f"peers-{os.getpid()}"
        self.grid = self.made / "grid.tiff"
        self.made.mkdir(parents=True, exist_ok=True)
        try:
            galaxy_points = self.made / "galaxy.points"
            bounds = self.ingest(galaxy_points, galaxy(arguments.data, arguments.rows))
            # Beyond the points, as tools do not agree on what lies on the edge; and quarters, of which edges between 2^n cells
            # are the same in 32 bits, where ours are, as in 64, where theirs are.
            extent = [number for low, high in bounds for number in
                      (math.floor(4 * low) / 4, (math.floor(4 * high) + 1) / 4)]
            orders = {name: self.make(name, order) for name, order in ORDERS.items()}
            self.comparisons = []
            for size in arguments.sizes:
                self.comparisons += [
                    self.beside(galaxy_points, size, extent, "count,mean", ["datashader", "duckdb"]),
                    self.beside(galaxy_points, size, extent, "count", ["boost-histogram", "fast-histogram"]),
                    self.of_orders(orders, size),
                ]
        except BaseException:
            self.clean()
            raise
        self.data = f"extent {extent}"
        self.command = self.binning(galaxy_points, arguments.sizes[0], extent, "count,mean")

    def beside(self, points, size, extent, reduce, peers):
        contestants, skipped = [lambda: self.run_ours(points, size, extent, reduce)], {}
        for name in peers:
            of_row, of_cell = MEMORY[name]
            needed, free = of_row * self.rows + of_cell * size**2, available_memory()
            if free is not None and needed > free:
                skipped[name] = f"needs about {needed / 1e9:.0f} GB of memory, {free / 1e9:.0f} GB are free"
            else:
                contestants.append(lambda name=name: self.run_peer(name, points, size, extent, reduce))
        return self.comparison(f"{size} x {size}, {reduce.replace(',', ' and ')}", contestants, skipped)

    def of_orders(self, orders, size):
        def run(name, points):
            # Twice, as the first one also pays for memory that the one before it had no use for and a virtual machine
            # may have given back to its host.
            for _ in range(2):
                seconds, _ = self.bin(points, size, [0.0, 1.0, 0.0, 1.0], "count,mean")
            return {f"pointillist bin2d, {name}": seconds}

        contestants = [lambda item=item: run(*item) for item in orders.items()]
        return self.comparison(f"{size} x {size}, count and mean, by order of the rows", contestants, {})

    def comparison(self, title, contestants, skipped):
        return Comparison(title, "Mpoints/s", self.rows / 1e6, contestants, skipped)

    def binning(self, points, size, extent, reduce):
        # One word, as an extent may begin with a minus.
        region = "--extent=" + ",".join(map(repr, extent))
        return [
            str(self.program), "bin2d", str(points), "-o", str(self.grid), "--reduce", reduce, "--size", str(size),
            region, "--force", "--quiet", "--json",
        ]

    def bin(self, points, size, extent, reduce):
        """Seconds of binning, and of the whole process."""
        import tifffile

        whole, printed = timed(self.binning(points, size, extent, reduce), stdout=subprocess.PIPE)
        pages = (tifffile.memmap(self.grid, page=page, mode="r") for page in range(reduce.count(",") + 1))
        self.check("pointillist", points, size, *tally(*pages))
        # Else what is left of it goes to the disk while the next one runs.
        self.grid.unlink()
        return json.loads(printed)["seconds_binning"], whole

    def run_ours(self, points, size, extent, reduce):
        binning, whole = self.bin(points, size, extent, reduce)
        return {"pointillist bin2d, binning": binning, "pointillist bin2d, whole process, TIFF written": whole}

    def run_peer(self, name, points, size, extent, reduce):
        seconds, *result = run_peer("bin2d", name, points=str(points), size=size, extent=extent)
        self.check(name, points, size, *result)
        return {f"{name} {importlib.metadata.version(name)}": seconds}

    def check(self, name, points, size, total, cells, means):
        """Ours, with means, comes first, and the others must agree with it: in all points and occupied cells, and in
        the means as far as float32 goes, in which ours are written."""
        expected_cells, expected_means = self.expected.setdefault((points, size), (cells, means))
        if (total, cells) != (self.rows, expected_cells):
            fail(f"{name} has {total} points in {cells} cells; there are {self.rows} in {expected_cells}")
        if means is not None and not abs(means - expected_means) <= 1.2e-7 * cells:
            fail(f"{name} has means with sum {means}; ours have {expected_means}")

    def ingest(self, points, *inputs):
        """Makes `points` and says the bounds of x and of y."""
        command = [str(self.program), "ingest", *map(str, inputs), "-o", str(points), "--quiet", "--json"]
        facts = json.loads(timed(command, stdout=subprocess.PIPE)[1])
        return [(column["min"], column["max"]) for column in facts["columns"][:2]]

    def make(self, name, order):
        """A .points folder of points in this order."""
        import numpy

        rng = numpy.random.default_rng(5)
        columns = {"x": None, "y": None, "z": rng.random(self.rows, "float32")}
        columns["x"], columns["y"] = order(rng, self.rows)
        files = [self.made / f"{column}.npy" for column in columns]
        for file, values in zip(files, columns.values()):
            numpy.save(file, values)
        points = self.made / f"{name.replace(' ', '-')}.points"
        self.ingest(points, *files)
        for file in files:
            file.unlink()
        return points

    def clean(self):
        shutil.rmtree(self.made, ignore_errors=True)
