"""Compares points that are composited in their colors with straight NumPy in 64 bits, and with matplotlib's scatter.

Usage: over.py PROGRAM, where PROGRAM is a built pointillist. Run by check.py.
"""

import json
import subprocess
import tempfile
from pathlib import Path

import matplotlib
import numpy as np
import tifffile

matplotlib.use("agg")
from matplotlib import pyplot as plt
from PIL import Image

from support import PROGRAM, check, run

PAGES = ["over-red", "over-green", "over-blue", "over-alpha"]


def composited(x, y, rgba, width, height, extent):
    """Row after row, from the top; the cells are those of numpy.histogram2d. Points of which a channel is no number are
    left out."""
    xmin, xmax, ymin, ymax = extent
    x_edges = np.linspace(xmin, xmax, width + 1).astype(x.dtype)
    y_edges = np.linspace(ymin, ymax, height + 1).astype(y.dtype)
    columns, rows = (np.searchsorted(edges, values, side="right") - 1 for edges, values in ((x_edges, x), (y_edges, y)))
    columns[x == x_edges[-1]], rows[y == y_edges[-1]] = width - 1, height - 1
    inside = (columns >= 0) & (columns < width) & (rows >= 0) & (rows < height) & np.isfinite(rgba).all(axis=1)
    pixels = np.zeros((height, width, 4))
    for column, row, (r, g, b, a) in zip(columns[inside], height - 1 - rows[inside], rgba[inside]):
        pixels[row, column] = np.array([r * a, g * a, b * a, a]) + pixels[row, column] * (1 - a)
    return pixels


def read(path):
    with tifffile.TiffFile(path) as file:
        pages = {json.loads(page.description)["page"]: page for page in file.pages}
        about = json.loads(file.pages[0].description)
        check("every page says what it holds", all("in row order" in json.loads(pages[name].description)["values"]
                                                   for name in PAGES))
        return np.stack([pages[name].asarray() for name in PAGES], axis=-1).astype(np.float64), about


def write(path, x, y, rgba):
    """As text, from which the same 32-bit floats are read."""
    np.savetxt(path, np.column_stack([x, y, rgba]).astype(np.float64), fmt="%.9g")


def check_numbers(folder):
    rng = np.random.default_rng(41)
    count, size, extent = 200_000, (70, 50), (-1.0, 3.0, 0.0, 2.0)
    x, y = rng.normal(1, 1, count).astype(np.float32), rng.normal(1, 0.7, count).astype(np.float32)
    columns = "--columns", "x=1,y=2,r=3,g=4,b=5,a=6"
    for what, colors, opacity in (("faint", "unit", 0.01), ("any", "unit", 1.0), ("opaque", "byte", 1.0)):
        rgba = rng.random((count, 4)).astype(np.float32)
        if colors == "byte":
            rgba = np.floor(rgba * 256).clip(0, 255).astype(np.float32)
            rgba[:, 3] = np.where(rng.random(count) < 0.7, 255, rgba[:, 3])
        rgba[::977, 1] = np.nan
        write(folder / "p.txt", x, y, rgba)
        scaled = rgba.astype(np.float64) / (255 if colors == "byte" else 1)
        scaled[:, 3] *= opacity
        expected = composited(x, y, scaled, *size, extent)
        ours = []
        for inputs in ((folder / "p.points",), (folder / "p.txt", *columns)):
            if len(inputs) == 1:
                run("ingest", folder / "p.txt", "-o", inputs[0], *columns, "--force")
            run("bin2d", *inputs, "-o", folder / "p.tiff", "--size", "70x50", "--extent", "-1,3,0,2", "--force",
                "--reduce", "count,over", "--opacity", opacity, "--colors", colors)
            pages, about = read(folder / "p.tiff")
            ours.append(pages)
        off = np.abs(ours[0] - expected).max()
        check(f"{what} points are composited as NumPy does, largest difference {off:.1e}", off < (2e-5 if opacity < 1 else 1e-6))
        check(f"{what} points give the same pages from text", np.array_equal(ours[0], ours[1]))
        inside = (x >= -1) & (x <= 3) & (y >= 0) & (y <= 2)
        check(f"points without a color are counted ({what})",
              about["composited"]["undrawn"] == np.sum(inside & np.isnan(rgba[:, 1]))
              and about["composited"]["premultiplied"] is True)

        gain = 7 if opacity < 1 else 1
        run("colorize", folder / "p.tiff", "-o", folder / "p.png", "--gain", gain)
        picture = np.asarray(Image.open(folder / "p.png").convert("RGBA")).astype(int)
        alpha = ours[0][..., 3]
        straight = ours[0][..., :3] / np.where(alpha > 0, alpha, 1)[..., None]
        shown = np.minimum(1, alpha * gain)
        bytes_of = np.floor(np.dstack([straight.clip(0, 1), shown]) * 255 + 0.5).astype(int)
        bytes_of[bytes_of[..., 3] == 0] = 0
        off = np.abs(picture - bytes_of).max()
        check(f"colorize draws {what} points as NumPy rounds them, largest difference {off}", off <= 1)


def check_scatter(folder):
    """A marker of one pixel, centred in a cell, is that cell: then scatter with a color for every point draws the same
    points in the same order, in 8 bits that are cut off at each."""
    rng = np.random.default_rng(42)
    width, height, count, dpi = 60, 40, 5000, 100
    columns, rows = rng.integers(0, width, count), rng.integers(0, height, count)
    for what, low in (("opaque", 1.0), ("half-transparent", 0.3)):
        rgba = np.column_stack([rng.integers(0, 256, (count, 3)) / 255, rng.uniform(low, 1, count)]).astype(np.float32)
        figure = plt.figure(figsize=(width / dpi, height / dpi), dpi=dpi)
        axes = figure.add_axes([0, 0, 1, 1])
        axes.axis("off")
        axes.set(xlim=(0, width), ylim=(0, height))
        axes.scatter(columns + 0.5, rows + 0.5, c=rgba, s=(72 / dpi) ** 2, marker="s", linewidth=0)
        figure.patch.set_color("white")
        figure.canvas.draw()
        theirs = np.asarray(figure.canvas.buffer_rgba()).astype(int)
        plt.close(figure)
        write(folder / "s.txt", columns + 0.5, rows + 0.5, rgba)
        run("bin2d", folder / "s.txt", "-o", folder / "s.tiff", "--columns", "x=1,y=2,r=3,g=4,b=5,a=6", "--reduce", "over",
            "--colors", "unit", "--extent", f"0,{width},0,{height}", "--size", f"{width}x{height}", "--force")
        run("colorize", folder / "s.tiff", "-o", folder / "s.png", "--background", "white")
        ours = np.asarray(Image.open(folder / "s.png").convert("RGBA")).astype(int)
        off = np.abs(ours - theirs)
        # Each of a pixel's points takes up to a level, and the next ones let less of that through.
        limit = 0 if low == 1 else 3
        check(f"{what} points are those of matplotlib's scatter, largest difference {off.max()} of 255, {(off > 0).any(axis=2).mean():.0%} of pixels",
              off.max() <= limit)


with tempfile.TemporaryDirectory() as name:
    check_numbers(Path(name))
    check_scatter(Path(name))
    refused = subprocess.run([PROGRAM, "colorize", Path(name) / "s.tiff", "-o", Path(name) / "s.png", "--cmap", "magma"],
                             capture_output=True, text=True)
    check("a colormap for points in their colors is refused", refused.returncode == 2 and "--cmap" in refused.stderr)
