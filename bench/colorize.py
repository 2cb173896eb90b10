"""Stage colorize of peers.py: a grid of counts to a PNG."""

import importlib.metadata
import json
import os
import shutil
import subprocess
import time
from pathlib import Path

from support import Comparison, build, fail, galaxy, run_peer, timed

# The peers: each is given the counts in memory as it likes them best, and the PNG to write, and returns a function that
# writes it, which is what is timed.


def with_datashader(counts, png):
    import colorcet
    import numpy
    import xarray
    from datashader import transfer_functions

    grid = xarray.DataArray(counts.astype(numpy.uint32), dims=("y", "x"))
    return lambda: transfer_functions.shade(grid, cmap=colorcet.fire, how="log").to_pil().save(png)


def with_matplotlib(counts, png):
    import matplotlib
    import numpy
    from matplotlib import colors, pyplot

    matplotlib.use("Agg")
    # As LogNorm finds them. It draws nothing where there is no point.
    limits = float(counts[counts > 0].min()), float(counts.max())
    counts = counts.astype(numpy.float32)
    return lambda: pyplot.imsave(png, colors.LogNorm(*limits)(counts), cmap="viridis")


def measured(bind):
    """A peer as a process of its own calls it: once to be warm, then for the time."""
    def peer(grid, png):
        import tifffile

        work = bind(tifffile.imread(grid, key=0), png)
        work()
        start = time.perf_counter()
        work()
        return time.perf_counter() - start

    return peer


def occupied(png):
    """Width, height and the number of pixels that can be seen."""
    import numpy
    from PIL import Image

    Image.MAX_IMAGE_PIXELS = None
    with Image.open(png) as picture:
        return *picture.size, int(numpy.count_nonzero(numpy.asarray(picture.convert("RGBA"))[..., 3]))


class Colorize:
    """A grid of counts to a PNG."""

    peers = {"datashader": measured(with_datashader), "matplotlib": measured(with_matplotlib)}
    sizes = [1024, 4096]

    def __init__(self, arguments):
        self.program = build("--bin", "pointillist")
        self.rows = arguments.rows
        self.made = arguments.data / f"peers-{os.getpid()}"
        self.made.mkdir(parents=True, exist_ok=True)
        self.png = self.made / "picture.png"
        self.occupied, self.bytes = {}, {}
        has_small = "--png" in timed([str(self.program), "colorize", "--help"], stdout=subprocess.PIPE)[1].decode()
        try:
            text, points = galaxy(arguments.data, arguments.rows), self.made / "galaxy.points"
            timed([str(self.program), "ingest", str(text), "-o", str(points), "--quiet"])
            self.comparisons = []
            for size in arguments.sizes:
                grid = self.made / f"{size}.tiff"
                timed([str(self.program), "bin2d", str(points), "-o", str(grid), f"--size={size}", "--quiet"])
                self.comparisons.append(self.beside(grid, size, has_small))
            shutil.rmtree(points)
        except BaseException:
            self.clean()
            raise
        self.data = "counts and means of the galaxy"
        self.command = self.coloring(self.made / f"{arguments.sizes[0]}.tiff", ["--by", "count"])

    def beside(self, grid, size, has_small):
        ways = {"by count": ["--by", "count"], "by mean": ["--by", "mean"]}
        if has_small:
            ways["by count, --png small"] = ["--by", "count", "--png", "small"]
        contestants = [lambda item=item: self.run_ours(*item, grid, size) for item in ways.items()]
        contestants += [lambda name=name: self.run_peer(name, grid, size) for name in self.peers]
        skipped = {}
        if shutil.which("gdaldem"):
            ramp = self.write_ramp(grid)
            contestants.append(lambda: self.run_gdal(grid, ramp, size))
        else:
            skipped["gdaldem"] = "not installed"
        title = f"{size} x {size} to PNG"
        return Comparison(title, "Mpixel/s", size**2 / 1e6, contestants, skipped, lambda: self.table_of_sizes(size))

    def coloring(self, grid, how):
        return [str(self.program), "colorize", str(grid), "-o", str(self.png), "--force", "--quiet", *how]

    def run_ours(self, name, how, grid, size):
        return self.done(f"pointillist colorize {name}, whole process", timed(self.coloring(grid, how))[0], size)

    def run_peer(self, name, grid, size):
        seconds = run_peer("colorize", name, grid=str(grid), png=str(self.png))
        work = {"datashader": "shade and to_pil().save", "matplotlib": "imsave with LogNorm"}[name]
        return self.done(f"{name} {importlib.metadata.version(name)}, {work}, grid in memory", seconds, size)

    def run_gdal(self, grid, ramp, size):
        """As other programs do it, from file to file, in two steps: a PNG can only be copied from a finished grid."""
        shaded = self.made / "shaded.tiff"
        color = ["gdaldem", "color-relief", "-q", "-alpha", f"GTIFF_DIR:1:{grid}", str(ramp), str(shaded)]
        seconds = timed(color)[0] + timed(["gdal_translate", "-q", "-of", "PNG", str(shaded), str(self.png)])[0]
        shaded.unlink()
        # It leaves a file of metadata beside the picture.
        self.png.with_name(self.png.name + ".aux.xml").unlink(missing_ok=True)
        return self.done("gdaldem color-relief and gdal_translate, whole processes", seconds, size)

    def write_ramp(self, grid):
        """The table that gdaldem is to interpolate in: viridis over the logarithm, in 256 steps."""
        import matplotlib
        import numpy
        import tifffile

        stops = numpy.geomspace(1, tifffile.memmap(grid, page=0, mode="r").max(), 256)
        colors = matplotlib.colormaps["viridis"](numpy.arange(256), bytes=True)
        lines = [f"{stop!r} {' '.join(map(str, color))}" for stop, color in zip(stops.tolist(), colors.tolist())]
        ramp = grid.with_suffix(".txt")
        ramp.write_text("\n".join(["nv 0 0 0 0", "0 0 0 0 0", *lines]) + "\n")
        return ramp

    def done(self, name, seconds, size):
        """Checks the picture: as many pixels can be seen as there are cells with points, which ours says first."""
        self.bytes.setdefault(size, {})[name] = self.png.stat().st_size
        width, height, seen = occupied(self.png)
        expected = self.occupied.setdefault(size, seen)
        if (width, height, seen) != (size, size, expected):
            fail(f"{name} has {seen} pixels of {width} x {height}; ours has {expected} of {size} x {size}")
        self.png.unlink()
        return {name: seconds}

    def table_of_sizes(self, size):
        bytes = self.bytes[size]
        first = next(iter(bytes.values()))
        lines = [f"| {size} x {size}, size of the PNG | MB | to the first's |", "|---|---:|---:|"]
        lines += [f"| {name} | {own / 1e6:.2f} | {own / first:.2f} |" for name, own in bytes.items()]
        return "\n".join(lines)

    def clean(self):
        shutil.rmtree(self.made, ignore_errors=True)
