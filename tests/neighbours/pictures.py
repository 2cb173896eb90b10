"""Compares pictures, pixel for pixel, with those that matplotlib and datashader make of the same grids.

Usage: pictures.py PROGRAM exact|native, where PROGRAM is a built pointillist. Run by check.py.

NumPy has kernels of its own for logarithms and powers where the processor has AVX-512, and for one of them where it has
AVX2; elsewhere it calls the C library, as pointillist always does. `exact` keeps NumPy from its own ones, and no pixel
may differ. `native` leaves them, and a few pixels may have the neighbouring colour.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

EXACT = sys.argv[2] == "exact"
if EXACT:
    # Before NumPy is imported. It does not mind names that this processor lacks.
    os.environ["NPY_DISABLE_CPU_FEATURES"] = "X86_V3 X86_V4 AVX512_ICL AVX512_SPR"

import colorcet
import matplotlib
import numpy as np
import tifffile
import xarray
from datashader import transfer_functions
from matplotlib import colors
from matplotlib import pyplot as plt
from matplotlib.cm import ScalarMappable
from PIL import Image

from support import PROGRAM, check, run

matplotlib.use("Agg")


# Norms of matplotlib, as functions of the limits, by our names.
NORMS = {
    "linear": colors.Normalize,
    "log": colors.LogNorm,
    "sqrt": lambda vmin, vmax: colors.PowerNorm(0.5, vmin, vmax),
    "power:0.3": lambda vmin, vmax: colors.PowerNorm(0.3, vmin, vmax),
    "power:0.3333333333333333": lambda vmin, vmax: colors.PowerNorm(1 / 3, vmin, vmax),
    "power:2": lambda vmin, vmax: colors.PowerNorm(2, vmin, vmax),
    "power:2.5": lambda vmin, vmax: colors.PowerNorm(2.5, vmin, vmax),
    "asinh": lambda vmin, vmax: colors.AsinhNorm(1, vmin, vmax),
    "asinh:0.02": lambda vmin, vmax: colors.AsinhNorm(0.02, vmin, vmax),
    "symlog:0.5": lambda vmin, vmax: colors.SymLogNorm(0.5, vmin=vmin, vmax=vmax, base=10),
    "symlog:30": lambda vmin, vmax: colors.SymLogNorm(30, vmin=vmin, vmax=vmax, base=10),
}
# Functions of datashader's shade, by our names.
HOWS = {"linear": "linear", "log1p": "log", "cbrt": "cbrt", "eq_hist": "eq_hist"}


class Grid:
    """Pages made to order. `values`: float64 of shape (height, width), the z of every point in a cell, from the top;
    `counts`: the points in each cell. Pages are of type `dtype`."""

    def __init__(self, path, values, counts, dtype):
        height, width = values.shape
        points, cell = path.with_suffix(".npy"), np.repeat(np.arange(values.size), counts.ravel())
        np.save(points, np.column_stack([cell % width + 0.5, height - cell // width - 0.5, values.ravel()[cell]]))
        run("bin2d", points, "-o", path, "--dtype", f"f{8 * np.dtype(dtype).itemsize}", "--reduce", "count,max",
            f"--size={width}x{height}", f"--extent=0,{width},0,{height}")
        points.unlink()
        self.path, self.label = path, f"{width}x{height} cells of {np.dtype(dtype).name}"
        self.pages = {name: tifffile.imread(path, key=key) for key, name in enumerate(("count", "max"))}
        expected = np.where(counts > 0, values, np.nan).astype(dtype)
        check(f"{self.label}: the grid is as it was made", self.pages["max"].dtype == dtype
              and np.array_equal(self.pages["count"], counts)
              and np.array_equal(self.pages["max"], expected, equal_nan=True))

    def picture(self, *arguments):
        """RGBA, as PIL reads it."""
        out = self.path.with_suffix(".png")
        run("colorize", self.path, "-o", out, "--force", *arguments)
        with Image.open(out) as picture:
            return np.asarray(picture.convert("RGBA"))


def grids(folder):
    """Values of both signs, near each other, and over decades; zeros, infinite ones, cells without points, and cells in
    which no z is a number; as 32- and 64-bit pages, small ones and one for which colours are looked up."""
    rng = np.random.default_rng(12)
    for name, (height, width), values in (
        ("mixed", (157, 231), lambda shape: rng.normal(0, 300, shape)),
        ("narrow", (300, 1), lambda shape: 1000 + rng.random(shape)),
        ("decades", (480, 640), lambda shape: 10 ** rng.uniform(-3, 5, shape)),
        ("one", (1, 1), lambda shape: np.full(shape, 7.25)),
    ):
        made = values((height, width))
        counts = np.floor(rng.pareto(1, made.shape)).clip(0, 2000).astype(int)
        if name == "mixed":
            odd = rng.integers(0, 100, made.shape)
            for at, value in enumerate((0, -0.0, np.inf, -np.inf, np.nan, np.nan, 0.5, -0.5, 30)):
                made[odd == at] = value
        if name == "decades":
            made[rng.random(made.shape) < 0.01] = np.nan
            counts[1, 1] = 200_000
        counts[0, 0] = 1
        for dtype in (np.float32, np.float64):
            yield name, Grid(folder / f"{name}-{np.dtype(dtype).name}.tiff", made, counts, dtype)


def mapped(values, norm, cmap):
    with np.errstate(all="ignore"):
        return ScalarMappable(norm, cmap).to_rgba(values, bytes=True)


def known_map(name):
    """The colormap of this name, where the name is matplotlib's or colorcet's."""
    return matplotlib.colormaps[name] if name in matplotlib.colormaps else colorcet.cm[name]


class Tally:
    """How many pixels differed in pictures that were compared."""

    def __init__(self):
        self.found, self.pixels = 0, 0

    def compare(self, what, pairs):
        """Checks that pictures, ours and theirs through a colormap, have the same pixels; with `native`, that those which
        differ have the neighbouring colour, and leaves it to `finish` how many they are."""
        found, pixels, near = 0, 0, True
        for ours, theirs, cmap in pairs:
            differ = (ours != theirs).any(axis=2)
            found, pixels = found + int(differ.sum()), pixels + differ.size
            table = cmap(np.arange(cmap.N), bytes=True)
            for pair in np.stack([ours[differ], theirs[differ]], axis=1):
                a, b = (np.flatnonzero((table == color).all(axis=1)) for color in pair)
                near &= bool(np.abs(a[:, None] - b).min(initial=2) <= 1)
        check(f"{what}: {found} of {pixels} pixels differ{'' if near else ', by more than a colour'}",
              near and (found == 0 or not EXACT))
        self.found, self.pixels = self.found + found, self.pixels + pixels

    def finish(self):
        """Values near each other, whose logarithms differ in the last bits only, make for most of them."""
        check(f"{self.found} of {self.pixels} pixels differ", self.found <= self.pixels * (0 if EXACT else 1e-5))


def limits(values, text):
    """Those of the data, some within, some beyond, and equal ones."""
    good = values[np.isfinite(values) & ((values > 0) | (text != "log"))]
    low, high = float(good.min()), float(good.max())
    inner = [float(limit) for limit in np.percentile(good, [20, 80])]
    yield (low, high), []
    for vmin, vmax in (inner, (low / 2 if text == "log" else low - 0.1, high * 1.1 + 0.3), (inner[0], inner[0])):
        yield (vmin, vmax), [f"--vmin={vmin!r}", f"--vmax={vmax!r}"]


def check_names():
    listed = subprocess.run([PROGRAM, "colormaps", "--json"], check=True, capture_output=True).stdout
    names = json.loads(listed)["colormaps"]
    base = {name for name in matplotlib.colormaps if not name.endswith("_r") and not name.startswith("cet_")}
    check(f"all {len(base)} colormaps of matplotlib are there", base <= set(names))
    lower = {name.lower() for name in base}
    uniform = {name for name in colorcet.cm if not name.endswith("_r") and not name.startswith(("cet_", "glasbey"))
               and name.lower() not in lower}
    check(f"all {len(uniform)} perceptually uniform colormaps of colorcet are there", uniform <= set(names))
    check("and no others are", set(names) == base | uniform)
    return names


def check_colormaps(grid, names):
    values = grid.pages["max"]
    vmin, vmax = np.percentile(values[np.isfinite(values)], [10, 90]).tolist()
    arguments = ["--by=max", f"--vmin={vmin!r}", f"--vmax={vmax!r}"]
    wrong = []
    for name in (each + end for each in names for end in ("", "_r")):
        theirs = mapped(values, colors.Normalize(vmin, vmax), known_map(name))
        if not np.array_equal(grid.picture(*arguments, f"--cmap={name}"), theirs):
            wrong.append(name)
    check(f"{grid.label}: {2 * len(names)} colormaps, to the byte{' but ' if wrong else ''}{', '.join(wrong)}", not wrong)
    path = grid.path.with_suffix(".imsave.png")
    plt.imsave(path, values, cmap="RdBu_r", vmin=vmin, vmax=vmax)
    with Image.open(path) as theirs:
        same = np.array_equal(grid.picture(*arguments, "--cmap=RdBu_r"), theirs.convert("RGBA"))
    check(f"{grid.label}: plt.imsave, to the byte", same)


def check_norms(grid, tally):
    """Through maps of 256, 510 and 20 colours, and one that is made of a list."""
    listed = colors.LinearSegmentedColormap.from_list("", ["#001020", "#f08000", "#fff"])
    maps = [("viridis", known_map("viridis")), ("twilight_r", known_map("twilight_r")), ("tab20", known_map("tab20")),
            ("#001020,#f08000,#fff", listed)]
    for page in ("max", "count"):
        values = np.where(grid.pages["count"] > 0, grid.pages[page], np.nan)
        for number, (text, norm) in enumerate(NORMS.items()):
            pairs = []
            for at, ((vmin, vmax), given) in enumerate(limits(values, text)):
                name, cmap = maps[(number + at) % len(maps)]
                theirs = mapped(values, norm(vmin, vmax), cmap)
                if vmin == vmax:
                    # matplotlib draws NaN as any number there.
                    theirs[np.isnan(values)] = 0
                ours = grid.picture(f"--by={page}", f"--norm={text}", f"--cmap={name}", *given)
                pairs.append((ours, theirs, cmap))
            tally.compare(f"{grid.label}: {page} by {text}", pairs)


def shaded(values, **how):
    """What datashader makes of a page, without the colour of transparent pixels."""
    image = transfer_functions.shade(xarray.DataArray(values, dims=("y", "x")), **how)
    rgba = image.values.view(np.uint8).reshape(*values.shape, 4)
    return np.where(rgba[..., 3:] > 0, rgba, 0)


def datashaders(grid):
    """Pages in the type that datashader has them in: counts are of uint32, everything else is of float64."""
    return ("count", grid.pages["count"].astype(np.uint32)), ("max", grid.pages["max"].astype(float))


def check_shade(grid, tally):
    """With limits found and given. There are none for eq_hist to be given."""
    for page, values in datashaders(grid):
        for norm, how in HOWS.items():
            pairs = []
            for span in (None,) if how == "eq_hist" else (None, (2, 700)):
                given = [f"--vmin={span[0]}", f"--vmax={span[1]}"] if span else []
                for name in ("viridis", "fire"):
                    cmap = known_map(name)
                    ours = grid.picture(f"--by={page}", f"--norm={norm}", f"--cmap={name}", *given)
                    pairs.append((ours, shaded(values, how=how, cmap=cmap, span=span), cmap))
            tally.compare(f"{grid.label}: {page} as datashader's {how}", pairs)


def check_smooth(grid):
    """Lists of colours as datashader takes them, the first one being its default, with limits found and given."""
    rng = np.random.default_rng(5)
    lists = [["#add8e6", "#00008b"]] + [[f"#{color:06x}" for color in rng.integers(0, 1 << 24, n)] for n in range(2, 7)]
    maps = [(",".join(colors), colors) for colors in lists]
    maps += [(",".join(colorcet.fire), colorcet.fire), ("fire", colorcet.fire), ("fire_r", colorcet.fire[::-1])]
    for page, values in datashaders(grid):
        for norm, how in HOWS.items():
            for span in (None,) if how == "eq_hist" else (None, (2, 700), (1, 6)):
                given = [f"--vmin={span[0]}", f"--vmax={span[1]}"] if span else []
                found = levels = 0
                for text, listed in maps:
                    ours = grid.picture(f"--by={page}", f"--norm={norm}", f"--cmap=smooth:{text}", *given)
                    apart = np.abs(ours.astype(int) - shaded(values, how=how, cmap=listed, span=span)).max(axis=2)
                    found, levels = found + int((apart > 0).sum()), max(levels, int(apart.max()))
                # Of 32-bit values ours are equalized in 32 bits, datashader's were made 64-bit ones.
                allowed = 1e-5 * len(maps) * values.size if how == "eq_hist" and grid.pages[page].itemsize == 4 else 0
                check(f"{grid.label}: {page} as datashader's {how} through {len(maps)} lists, span {span}: {found} pixels differ"
                      f" by {levels} at most", levels <= 1 and found <= allowed)


def check_lists(grid):
    """A list that is not smooth has a table of 256 colours, as matplotlib makes it: that is a level at most
    between two colours, as datashader's default has them, and in a palette no more than neighbours are apart."""
    steps = np.abs(np.diff(known_map("fire")(np.arange(256), bytes=True).astype(int), axis=0))
    for page, values in datashaders(grid):
        for norm, how in HOWS.items():
            for name, listed, apart in (("#add8e6,#00008b", ["lightblue", "darkblue"], 1),
                                        ("fire", colorcet.fire, steps.max())):
                ours = grid.picture(f"--by={page}", f"--norm={norm}", f"--cmap={name}")
                levels = np.abs(ours.astype(int) - shaded(values, how=how, cmap=listed)).max()
                check(f"{grid.label}: {page} as datashader's {how} through {len(listed)} colours: at most {levels} levels apart",
                      levels <= apart)


def check_opacity(grid):
    """One colour, whose opacity datashader truncates between 40 and 255; ours is rounded."""
    _, values = datashaders(grid)[0]
    for norm, how in HOWS.items():
        ours = grid.picture("--color=#ff8800", f"--alpha-norm={norm}", f"--alpha-range={39.5 / 255!r},{254.5 / 255!r}")
        found = int((ours != shaded(values, how=how, cmap="#ff8800")).any(axis=2).sum())
        check(f"{grid.label}: opacity as datashader's {how}: {found} pixels differ", found == 0)


if __name__ == "__main__":
    tally = Tally()
    with tempfile.TemporaryDirectory() as folder:
        names = check_names()
        for kind, grid in grids(Path(folder)):
            check_norms(grid, tally)
            if kind == "decades":
                check_shade(grid, tally)
            if kind == "decades" and EXACT:
                check_smooth(grid)
                check_lists(grid)
                check_opacity(grid)
            if kind == "mixed" and EXACT:
                check_colormaps(grid, names)
    tally.finish()
