"""Stage render of peers.py: text to a PNG of means."""

import importlib.metadata
import os
import shutil
import time

from colorize import occupied
from support import Comparison, build, fail, galaxy, run_peer, timed

# The peers: each reads `x y z` a line, finds the bounds, and writes the mean z of every cell through viridis to `png`.
# It returns the seconds of that; what is imported and compiled before is not timed.


def with_datashader(text, png, size):
    import datashader
    import matplotlib
    import numpy
    import pandas
    import polars
    from datashader import transfer_functions

    canvas, viridis = datashader.Canvas(size, size), matplotlib.colormaps["viridis"]

    def draw(columns):
        frame = pandas.DataFrame(columns, copy=False)
        grid = canvas.points(frame, "x", "y", datashader.mean("z"))
        transfer_functions.shade(grid, cmap=viridis, how="linear").to_pil().save(png)

    draw({name: numpy.arange(9, dtype="float32") for name in "xyz"})
    schema = {name: polars.Float32 for name in "xyz"}
    start = time.perf_counter()
    table = polars.read_csv(text, separator=" ", has_header=False, new_columns=list(schema), schema_overrides=schema)
    draw({name: table[name].to_numpy() for name in "xyz"})
    return time.perf_counter() - start


def with_duckdb(text, png, size):
    import duckdb
    import matplotlib
    import numpy
    from matplotlib import pyplot

    matplotlib.use("Agg")
    connection = duckdb.connect(":memory:")
    columns = "{'x': 'FLOAT', 'y': 'FLOAT', 'z': 'FLOAT'}"
    quoted = text.replace("'", "''")
    start = time.perf_counter()
    connection.execute(f"CREATE TABLE t AS SELECT * FROM read_csv('{quoted}', delim=' ', header=false, columns={columns})")

    def cell(axis, low, high):
        return f"least({size - 1}, floor(({axis}::DOUBLE - {low!r}) * {size / (high - low)!r}))::INTEGER"

    bounds = connection.execute("SELECT min(x), max(x), min(y), max(y) FROM t").fetchone()
    row, column = cell("y", *bounds[2:]), cell("x", *bounds[:2])
    means = connection.execute(f"SELECT {row} AS y, {column} AS x, avg(z) AS z FROM t GROUP BY ALL").fetchnumpy()
    grid = numpy.full((size, size), numpy.nan)
    grid[size - 1 - means["y"], means["x"]] = means["z"]
    # Left alone, it lets a NaN be both limits.
    pyplot.imsave(png, grid, cmap="viridis", vmin=means["z"].min(), vmax=means["z"].max())
    return time.perf_counter() - start


class Render:
    """Text to a PNG of means."""

    peers = {"polars and datashader": with_datashader, "duckdb and matplotlib": with_duckdb}
    sizes = [1024]

    def __init__(self, arguments):
        self.program = build("--bin", "pointillist")
        self.text = galaxy(arguments.data, arguments.rows)
        self.made = arguments.data / f"peers-{os.getpid()}"
        self.made.mkdir(parents=True, exist_ok=True)
        self.png = self.made / "picture.png"
        self.seen = {}
        gigabytes = self.text.stat().st_size / 1e9
        self.data = f"{gigabytes:.3f} GB of text"
        self.command = self.rendering(arguments.sizes[0])
        self.comparisons = [self.beside(size, gigabytes) for size in arguments.sizes]

    def beside(self, size, gigabytes):
        peers = [lambda name=name: self.run_peer(name, size) for name in self.peers]
        return Comparison(f"text to a PNG of {size} x {size}", "GB/s", gigabytes, [lambda: self.run_ours(size), *peers])

    def rendering(self, size):
        return [str(self.program), "render", str(self.text), "-o", str(self.png), f"--cache-dir={self.made}", f"--size={size}",
                "--quiet"]

    def run_ours(self, size):
        seconds, _ = timed(self.rendering(size))
        self.check("pointillist", size)
        # Columns and grid would be used again.
        shutil.rmtree(self.made)
        self.made.mkdir()
        return {"pointillist render, whole process, columns and grid written": seconds}

    def run_peer(self, name, size):
        seconds = run_peer("render", name, text=str(self.text), png=str(self.png), size=size)
        self.check(name, size)
        self.png.unlink()
        versions = " and ".join(f"{each} {importlib.metadata.version(each)}" for each in name.split(" and "))
        return {versions: seconds}

    def check(self, name, size):
        """Ours comes first, and the others must show as many cells, but for one in a thousand: they round edges in
        their own ways."""
        width, height, seen = occupied(self.png)
        expected = self.seen.setdefault(size, seen)
        if (width, height) != (size, size) or not abs(seen - expected) <= expected / 1000:
            fail(f"{name} shows {seen} cells of {width} x {height}; ours {expected} of {size} x {size}")

    def clean(self):
        shutil.rmtree(self.made, ignore_errors=True)
