"""Compares pictures of points drawn as markers, pixel for pixel, with those of datashader's spread and dynspread.

Usage: spread.py PROGRAM exact, where PROGRAM is a built pointillist. Run by check.py.
"""

import json
import subprocess
import tempfile
from pathlib import Path

# Before NumPy, which it keeps from its own logarithms.
from pictures import Grid, Tally, datashaders, known_map, shaded

import numpy as np
import xarray
from datashader import transfer_functions

from support import PROGRAM, check

RADII = 1, 2, 3, 7, 40
# How datashader merges what lies under markers, by our names of pages.
HOWS = {"count": "add", "max": "max"}


def grids(folder):
    """From a few points that stand alone to crowds, with the shares of cells that have points."""
    rng = np.random.default_rng(16)
    for height, width, share in ((157, 231, 0.0003), (300, 280, 0.004), (200, 331, 0.012), (90, 700, 0.05), (301, 203, 0.9),
                                 (1, 50, 0.1), (70, 1, 0.1)):
        occupied = rng.random((height, width)) < share
        occupied[height // 2, width // 3] = True
        counts = np.where(occupied, np.floor(1 + rng.pareto(0.7, occupied.shape)).clip(1, 5000), 0).astype(int)
        for dtype in (np.float32, np.float64):
            name = f"{width}x{height}-{np.dtype(dtype).name}.tiff"
            yield Grid(folder / name, rng.normal(0, 300, occupied.shape), counts, dtype)


def aggregate(values):
    return xarray.DataArray(values, dims=("y", "x"))


def has_range(values):
    """Whether occupied cells differ: where they do not, datashader divides by zero."""
    found = values[values > 0] if values.dtype == np.uint32 else values[~np.isnan(values)]
    return found.min() < found.max()


def check_spread(grid, tally):
    for page, values in datashaders(grid):
        for shape in ("circle", "square"):
            pairs = []
            for number, radius in enumerate(RADII):
                spread = transfer_functions.spread(aggregate(values), px=radius, shape=shape, how=HOWS[page])
                if not has_range(spread.values):
                    continue
                name = ("viridis", "fire")[number % 2]
                ours = grid.picture(f"--by={page}", "--norm=log1p", f"--cmap={name}", f"--spread={radius}", f"--marker={shape}")
                cmap = known_map(name)
                pairs.append((ours, shaded(spread.values, how="log", cmap=cmap), cmap))
            tally.compare(f"{grid.label}: {page} as datashader's spread, {shape}", pairs)


def check_dynspread(grid, tally):
    """Gives the radius that was chosen."""
    cmap, radii = known_map("viridis"), set()
    for page, values in datashaders(grid):
        for shape in ("circle", "square"):
            spread = transfer_functions.dynspread(aggregate(values), shape=shape, how=HOWS[page])
            ours = grid.picture(f"--by={page}", "--norm=log1p", "--dynspread", f"--marker={shape}")
            tally.compare(f"{grid.label}: {page} as datashader's dynspread, {shape}",
                          [(ours, shaded(spread.values, how="log", cmap=cmap), cmap)])
            info = subprocess.run([PROGRAM, "info", "--json", grid.path.with_suffix(".png")], check=True, capture_output=True)
            radii.add(json.loads(info.stdout)["record"]["picture"]["marker"]["radius"])
    check(f"{grid.label}: dynspread chooses one radius", len(radii) == 1)
    return radii.pop()


if __name__ == "__main__":
    tally = Tally()
    with tempfile.TemporaryDirectory() as folder:
        radii = set()
        for grid in grids(Path(folder)):
            check_spread(grid, tally)
            radii.add(check_dynspread(grid, tally))
        check("dynspread has chosen every radius from 0 to 3", radii == {0, 1, 2, 3})
    tally.finish()
