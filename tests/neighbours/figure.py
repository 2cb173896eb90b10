"""Compares figures with those that matplotlib draws around a scatter plot: the box of the axes, ticks, texts, colorbar, and
the pixels of the picture.

Usage: figure.py PROGRAM, where PROGRAM is a built pointillist. Run by check.py.
"""

import subprocess
import tempfile
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree

import matplotlib

matplotlib.use("Agg")

import numpy as np
from matplotlib import colors
from matplotlib import pyplot as plt
from PIL import Image

from support import PROGRAM, check, run

WHITE = (255, 255, 255)

# Size in inches, dots per inch, extent, norm (none for one colour) with its limits and those of the values, title, labels.
FIGURES = [
    ((6.4, 4.8), 100, (0, 1, -5, 5), None, None, None, "", ("x", "y")),
    ((6.4, 4.8), 100, (-2.5, 3e6, 0, 7e-6), None, None, None, "A long title that meets what stands above the axis, and more", ("x", "y")),
    ((4.0, 3.0), 150, (12345678, 12345999, -1e-3, 1e-3), None, None, None, "Ångström (µm²)", ("right ascension", "declination [°]")),
    ((6.4, 4.8), 100, (-1, 1, -1, 1), "linear", (0, 5), (0, 5), "Title", ("x", "y")),
    ((6.4, 4.8), 100, (-1, 1, 1e5, 3e6), "log", (1, 1000), (1, 1000), "", ("x", "y")),
    ((5.0, 4.0), 200, (0, 360, -90, 90), "log", (20, 70), (20, 70), "Sky", ("lon", "lat")),
    ((8.0, 3.7), 72, (0, 1e-9, 0, 1), "linear", (-2e6, 3e6), (-3e6, 5e6), "Pointed", ("a\nb", "c\nd")),
    ((3.3, 2.7), 123, (0, 10, 0, 10), "linear", (0.5, 2), (0, 2), "", ("x", "y")),
]


def points_on_pixels(axes, height, extent, rng):
    """Points that both programs take to the same pixel, whether scatter draws them in one colour or in many."""
    left, bottom, right, top = axes
    first, last = int(np.floor(left + 0.5)), int(np.floor(right + 0.5))
    upper, lower = height - int(np.floor(top + 0.5)), height - int(np.floor(bottom + 0.5))
    x, y = rng.random((2, 40000))
    column, row = left + x * (right - left), height - (bottom + y * (top - bottom))
    cell = first + np.floor(x * (last - first)), lower - 1 - np.floor(y * (lower - upper))
    near = [np.abs(at - cells - 0.25) < 0.2 for at, cells in ((column, cell[0]), (row, cell[1]))]
    keep = np.zeros(len(x), bool)
    keep[np.unique(cell[0] * 100000 + cell[1], return_index=True)[1]] = True
    keep &= near[0] & near[1]
    return extent[0] + x[keep] * (extent[1] - extent[0]), extent[2] + y[keep] * (extent[3] - extent[2])


def image(path):
    with Image.open(path) as picture:
        return np.asarray(picture.convert("RGB")).astype(int)


def box(bbox, height):
    """Columns and rows of the pixels that belong to an area: left, right, top, bottom."""
    left, bottom, right, top = (int(np.floor(edge + 0.5)) for edge in bbox.extents)
    return left, right, height - top, height - bottom


def ink(picture, area):
    """The smallest box around dark pixels, in an area of columns and rows."""
    left, right, top, bottom = area
    rows, columns = np.nonzero(picture[top:bottom, left:right].min(2) < 140)
    return None if len(rows) == 0 else np.array([columns.min(), columns.max(), rows.min(), rows.max()])


def texts_of(figure):
    """All that matplotlib writes."""
    for axes in figure.axes:
        for axis in (axes.xaxis, axes.yaxis):
            for tick in axis._update_ticks():
                yield from (label for label in (tick.label1, tick.label2) if label.get_visible())
            yield from (axis.label, axis.offsetText)
        yield axes.title


def plain(text):
    """Text without the markup of mathtext."""
    if not text.startswith("$"):
        return text
    for old, new in (("$", ""), (r"\mathdefault", ""), (r"\times", "\u2009×\u2009"), ("-", "\u2212"), ("{", ""), ("}", ""), ("^", "")):
        text = text.replace(old, new)
    return text


def marks(line):
    """Where a line across ticks is dark."""
    return np.nonzero(line.max(1) < 90)[0].tolist()


def compare(folder, number, size, dpi, extent, norm, limits, data, title, labels):
    rng = np.random.default_rng(number)
    figure, axes = plt.subplots(figsize=size, dpi=dpi)
    height = int(figure.bbox.height)
    bar = None
    if norm:
        extend = {(True, True): "both", (True, False): "min", (False, True): "max", (False, False): "neither"}
        scale = colors.LogNorm(*limits) if norm == "log" else colors.Normalize(*limits)
        mappable = plt.cm.ScalarMappable(scale, "viridis")
        ends = extend[data[0] < limits[0], data[1] > limits[1]]
        bar = figure.colorbar(mappable, ax=axes, label="values", extend=ends)
    figure.canvas.draw()
    x, y = points_on_pixels(axes.bbox.extents, height, extent, rng)
    z = rng.uniform(*data, len(x)) if norm else np.zeros(len(x))
    if norm:
        z[:2] = data
    style = {"c": z, "cmap": "viridis", "norm": scale} if norm else {"color": "#1f77b4"}
    axes.scatter(x, y, s=(72 / dpi) ** 2, marker="s", linewidth=0, **style)
    axes.set(xlim=extent[:2], ylim=extent[2:], title=title, xlabel=labels[0], ylabel=labels[1])
    theirs_path, ours_path, svg = (folder / name for name in ("theirs.png", "ours.png", "ours.svg"))
    figure.savefig(theirs_path)

    np.save(folder / "points.npy", np.column_stack([x, y, z]))
    options = ["--dtype=f64", "--extent=" + ",".join(map(repr, extent)), "--figure", "--figsize=%r,%r" % size, f"--dpi={dpi}",
               f"--title={title}", f"--xlabel={labels[0]}", f"--ylabel={labels[1]}", "--zlabel=values"]
    options += [f"--norm={norm}", f"--vmin={limits[0]}", f"--vmax={limits[1]}"] if norm else ["--color=#1f77b4"]
    for path in (ours_path, svg):
        run("render", folder / "points.npy", "-o", path, "--force", *options)
    ours, theirs = image(ours_path), image(theirs_path)
    name = "%gx%g inches at %g, %s" % (*size, dpi, norm or "one colour")
    check(f"{name}: figures are of one size", ours.shape == theirs.shape)

    left, right, top, bottom = box(axes.bbox, height)
    width = 1 + int(np.ceil(0.8 * dpi / 72))
    inner = np.s_[top + width:bottom - width, left + width:right - width]
    # matplotlib rounds the colours of a scatter plot's points, but not those of pictures.
    allowed = 1 if norm else 0
    check(f"{name}: pixels of the picture are the scatter plot's", np.abs(ours[inner] - theirs[inner]).max() <= allowed
          and np.any(ours[inner] != WHITE, axis=2).sum() > 2000)
    frame = np.ones(ours.shape[:2], bool)
    frame[inner] = False
    near = np.s_[top - 2:bottom + 3, left - 3:right + 3]
    # Lines have soft edges, which are not as soft in both; a line that is missing is a larger difference.
    difference = np.abs(ours - theirs).max(2) * frame
    check(f"{name}: the frame is where matplotlib has it", difference[near].max() < 128)
    length = int(2 * dpi / 72)
    for what, line in (("x", np.s_[bottom + length, left - 3:right + 4]), ("y", np.s_[top - 3:bottom + 4, left - length])):
        found = marks(ours[line])
        check(f"{name}: ticks of {what} stand on the same pixels", found == marks(theirs[line]) and len(found) > 1)
    if bar:
        sides = box(bar.ax.bbox, height)
        line = np.s_[top - 3:bottom + 4, sides[1] + int(np.ceil(dpi / 72))]
        found = marks(ours[line])
        check(f"{name}: ticks of the colorbar stand on the same pixels", found == marks(theirs[line]) and len(found) > 1)
        area = np.s_[sides[2] + width:sides[3] - width, sides[0] + width:sides[1] - width]
        check(f"{name}: the colorbar has the same colours", np.abs(ours[area] - theirs[area]).max() <= 2)
        around = sides[0] - 9, sides[1] + 2, int(height * 0.1), int(height * 0.9)
        boxes = ink(ours, around), ink(theirs, around)
        check(f"{name}: the colorbar is where matplotlib has it", np.abs(boxes[0] - boxes[1]).max() <= (data != limits))

    texts = [text for text in texts_of(figure) if text.get_text()]
    expected = Counter(line for text in texts for line in plain(text.get_text()).split("\n"))
    found = Counter("".join(text.itertext()) for text in ElementTree.parse(svg).iter("{http://www.w3.org/2000/svg}text"))
    check(f"{name}: the same {sum(found.values())} texts", found == expected)
    for text in texts:
        extents = text.get_window_extent()
        area = [int(v) for v in (extents.x0 - 3, extents.x1 + 4, height - extents.y1 - 3, height - extents.y0 + 4)]
        area = np.clip(area, 0, [ours.shape[1], ours.shape[1], height, height])
        boxes = ink(ours, area), ink(theirs, area)
        # FreeType rounds the width of every letter to pixels.
        allowed = 2 + len(text.get_text()) / 20
        check(f"{name}: {plain(text.get_text())!r} is where matplotlib writes it",
              boxes[0] is boxes[1] or np.abs(boxes[0] - boxes[1]).max() <= allowed)
    plt.close(figure)


with tempfile.TemporaryDirectory() as folder:
    for number, case in enumerate(FIGURES):
        compare(Path(folder), number, *case)
