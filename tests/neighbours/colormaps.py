"""Compares colormaps that are not named: color tables with gdaldem, lists of colors with matplotlib."""

import subprocess

import numpy as np
import rasterio
import tifffile
from matplotlib.colors import LinearSegmentedColormap
from PIL import Image

from support import check, run

# Knots that the values hit, descending, in words and with opacity; `nv` first, as GDAL sorts it nowhere else.
RELIEF = """\
nv 10 20 30 40
40 white
33.25 235:220:175
7.5,240,250,150,200
0 50 180 50 0
-12	0 0 255
-40 1 2 3
"""
SHARES = """\
nv 10 20 30 40
0% 255 0 7
25% green
50% 30 30 30 128
100% 0 200 255
"""
# Of tables of GMT, gdaldem takes these.
SEGMENTS = """\
# COLOR_MODEL = RGB
-40 0 0 130 -5 0 255 255
-5 255 255 200 0 128 100 7
0 0 100 0 40 255 255 255
N 10 20 30
"""


def gdaldem(grid, table, out):
    subprocess.run(["gdaldem", "color-relief", grid, table, out, "-alpha", "-q"], check=True)
    with rasterio.open(out) as picture:
        return np.moveaxis(picture.read(), 0, 2).astype(int)


def is_truncating(folder):
    """Whether this GDAL, as all to 3.10, adds 0.45 before it truncates, where later ones add a half."""
    with rasterio.open(folder / "one.tif", "w", driver="GTiff", width=1, height=1, count=1, dtype="float32",
                       transform=rasterio.Affine(1, 0, 0, 0, -1, 1)) as grid:
        grid.write(np.float32([[[10.52]]]))
    (folder / "one.txt").write_text("0 0 0 0\n100 100 100 100\n")
    return gdaldem(folder / "one.tif", folder / "one.txt", folder / "out.tif")[0, 0, 0] == 10


def to_nearest(rows, value):
    """What must be added to bytes that GDAL made with 0.45 so that they are the nearest ones: 0 or 1."""
    rows = sorted(rows)
    at = np.array([row[0] for row in rows], np.float64)
    colors = np.array([row[1:] for row in rows], np.float64)
    above = np.clip(np.searchsorted(at, value), 1, len(at) - 1)
    share = ((value - at[above - 1]) / (at[above] - at[above - 1]))[..., None]
    exact = colors[above - 1] + share * (colors[above] - colors[above - 1])
    inside = ((value > at[0]) & (value < at[-1]))[..., None]
    return np.where(inside, np.floor(exact + 0.5) - np.floor(exact + 0.45), 0)


def check_color_tables(folder):
    rng = np.random.default_rng(13)
    size = 400
    z = rng.uniform(-50, 50, (size, size)).astype(np.float32)
    z[rng.random(z.shape) < 0.1] = np.nan
    z.ravel()[rng.permutation(z.size)[:5000]] = np.repeat(np.float32([-40, -12, 0, 7.5, 33.25]), 1000)
    # A point in the middle of every cell, in the rows of a picture. What is NaN has no point.
    y, x = np.mgrid[size:0:-1, 0:size]
    table = np.column_stack([x.ravel() + 0.5, y.ravel() - 0.5, z.ravel()]).astype(np.float32)
    path, points, grid = folder / "relief.npy", folder / "relief.points", folder / "relief.tiff"
    np.save(path, table[~np.isnan(table[:, 2])])
    run("ingest", path, "-o", points, "--force")
    run("bin2d", points, "-o", grid, "--size", size, f"--extent=0,{size},0,{size}", "--reduce", "mean")
    check("the grid of heights is the array", np.array_equal(tifffile.imread(grid, key=0), z, equal_nan=True))
    truncating = is_truncating(folder)
    empty = np.isnan(z)
    low, high = z[~empty].min(), z[~empty].max()
    share = lambda part: float(low) + part * (float(high) - float(low))
    for name, text, rows in (
        ("relief.txt", RELIEF, [(40, 255, 255, 255, 255), (33.25, 235, 220, 175, 255), (7.5, 240, 250, 150, 200),
                                (0, 50, 180, 50, 0), (-12, 0, 0, 255, 255), (-40, 1, 2, 3, 255)]),
        ("shares.txt", SHARES, [(share(0), 255, 0, 7, 255), (share(.25), 0, 255, 0, 255), (share(.5), 30, 30, 30, 128),
                                (share(1), 0, 200, 255, 255)]),
        ("segments.cpt", SEGMENTS, None),
    ):
        file, ours, theirs = folder / name, folder / "ours.png", folder / "theirs.tif"
        file.write_text(text)
        run("colorize", grid, "-o", ours, "--cmap", file)
        theirs = gdaldem(grid, file, theirs)
        with Image.open(ours) as picture:
            ours = np.asarray(picture.convert("RGBA")).astype(int)
        check(f"cells without a point are transparent through {name}", not ours[empty].any())
        if rows is None:
            # GMT rounds to the nearest byte, and gdaldem blurs the edge of a segment by less than a float32.
            edge = (z == -5) | (z == 0)
            outside = (z < -40) | (z > 40)
            good = np.abs(ours - theirs)[~empty & ~edge & ~outside].max() <= 1
            check(f"colours through {name} are gdaldem's to a byte", good)
            continue
        expected = theirs + (to_nearest(rows, z.astype(np.float64)) if truncating else 0)
        different = int((ours != expected)[~empty].any(axis=1).sum())
        check(f"{name}: {different} pixels differ from gdaldem color-relief", different == 0)


def check_lists(folder):
    """Lists of colors with positions, some of them twice, at the middle of every entry."""
    rng = np.random.default_rng(14)
    x = np.arange(256) + 0.5
    path, points, grid, out = (folder / f"list.{end}" for end in ("npy", "points", "tiff", "png"))
    np.save(path, np.column_stack([x, np.full(256, 0.5), x / 256]).astype(np.float32))
    run("ingest", path, "-o", points)
    run("bin2d", points, "-o", grid, "--size", "256x1", "--extent=0,256,0,1")
    for number in range(2, 22):
        positions = np.sort(rng.random(number).round(3))
        positions[[0, -1]] = 0, 1
        if number > 4:
            positions[3] = positions[2]
        colors = [f"#{color:06x}" for color in rng.integers(0, 1 << 24, number)]
        text = ",".join(f"{color}@{position!r}" for color, position in zip(colors, positions.tolist()))
        run("colorize", grid, "-o", out, "--cmap", text, "--vmin", 0, "--vmax", 1)
        expected = LinearSegmentedColormap.from_list("list", list(zip(positions, colors)))(np.arange(256), bytes=True)
        with Image.open(out) as picture:
            same = np.array_equal(np.asarray(picture.convert("RGBA"))[0], expected)
        check(f"a list of {number} colors with positions is matplotlib's from_list", same)
