"""Compares whole pictures of markers, byte for byte, with those that matplotlib's scatter draws.

Usage: scatter.py PROGRAM, where PROGRAM is a built pointillist with the example `scatter` built beside it
(`cargo build --release --package pointillist-scatter --example scatter`). Run by check.py.

A round marker of one colour, drawn alone, also shows its mask: black on white, a pixel is 255 less what is covered.
"""

import itertools
import json
import subprocess
import tempfile
from pathlib import Path

import matplotlib

matplotlib.use("agg")

import matplotlib.pyplot as plt
import numpy as np
from PIL import Image

from support import PROGRAM, check

DRAWING = PROGRAM.parent / "examples" / "scatter"
STARTS = {"white": (255, 255, 255, 255), "black": (0, 0, 0, 255), "none": (255, 255, 255, 0)}
SIZES = 0.001, 0.3, 1, 9, 36, 400
RESOLUTIONS = 72, 100, 150, 300
ALPHAS = 0.004, 0.01, 0.3, 1, None
BOXES = [0, 0, 1, 1], None, [0.1, 0.2, 0.5, 0.33], [-0.1, 0.3, 0.7, 1.2]
LIMITS = ([0, 2], [0, 2]), ([0, 2], [0, 2]), ([2, 0], [-0.3, 1.9]), (None, None)
COLORS = "red", [[0.2, 0.7, 0.4]]


class Picture:
    """Points with their options, and how both sides draw them."""

    def __init__(self, figure, box, limits, back, shape, s):
        self.figure, self.box, self.limits, self.back, self.shape, self.s = figure, box, limits, back, shape, s

    def matplotlibs(self, x, y, frame=False, **options):
        """The canvas, and the colours that the markers have."""
        width, height, dpi = self.figure
        figure = plt.figure(figsize=(width, height), dpi=dpi, facecolor=self.back)
        axes = figure.add_axes(self.box) if self.box else figure.subplots()
        if not frame:
            axes.set_axis_off()
        for limits, set_limits in zip(self.limits, (axes.set_xlim, axes.set_ylim)):
            if limits:
                set_limits(*limits)
        markers = axes.scatter(x, y, s=self.s, marker=self.shape, linewidth=0, **options)
        figure.canvas.draw()
        canvas = np.asarray(figure.canvas.buffer_rgba()).copy()
        plt.close(figure)
        return canvas, markers.get_facecolor()

    def ours(self, process, x, y, colors, shape):
        head = {"figure": self.figure, "axes": self.box, "x": self.limits[0], "y": self.limits[1], "start": STARTS[self.back],
                "shape": self.shape, "s": self.s, "colors": len(colors), "points": len(x)}
        process.stdin.write(json.dumps(head).encode() + b"\n")
        for column in (x, y, colors):
            process.stdin.write(np.asarray(column, "<f8").tobytes())
        process.stdin.flush()
        return np.frombuffer(process.stdout.read(int(np.prod(shape))), np.uint8).reshape(shape)

    def both(self, process, x, y, **options):
        theirs, colors = self.matplotlibs(x, y, **options)
        return theirs, self.ours(process, x, y, colors, theirs.shape)


def data(rng, count):
    """Points on edges of pixels and between them, within the limits and beyond; some are not finite."""
    if rng.random() < 0.5:
        points = rng.integers(-2, 35, (2, count)) / 16
    else:
        points = rng.normal(1, 0.7, (2, count))
    if rng.random() < 0.2:
        points[:, rng.random(count) < 0.1] = rng.choice([np.nan, np.inf, 1e12])
    return points


def check_pictures(process):
    rng = np.random.default_rng(20240229)
    tally = {}
    rounds = itertools.chain.from_iterable(itertools.repeat(tuple(itertools.product(SIZES, RESOLUTIONS, "so", ("one", "each"))), 3))
    for number, (s, dpi, shape, kind) in enumerate(rounds):
        figure = [float(rng.choice([1, 2, 1.37, 10 / 3])), float(rng.choice([1, 2, 1.23, 0.777])), dpi]
        picture = Picture(figure, BOXES[rng.integers(4)], LIMITS[rng.integers(4)], ("white", "black", "none")[number % 3],
                          shape, s)
        pixels = max(s * (dpi / 72) ** 2, 1)
        count = int(min(rng.choice([1, 2, 50, 3000, 200_000]), 2e7 / pixels))
        if kind == "each":
            # Matplotlib is slow here.
            count = min(max(count, 2), 20_000)
        x, y = data(rng, count)
        alphas = rng.random(count), *ALPHAS
        if kind == "one":
            options = {"c": COLORS[rng.integers(2)], "alpha": alphas[rng.integers(1, 6)]}
        else:
            z, rows = rng.normal(size=count), rng.random((count, 3))
            options = {"c": (z, rows)[rng.integers(2)], "alpha": alphas[rng.integers(6)]}
        theirs, ours = picture.both(process, x, y, **options)
        drawn = (theirs != STARTS[picture.back]).any(-1).sum()
        tally.setdefault((shape, kind), []).append(((theirs != ours).any(-1).sum(), drawn))
    for (shape, kind), found in tally.items():
        differ, drawn = np.sum(found, 0)
        check(f"{len(found)} pictures of marker {shape!r}, {kind} color: {drawn:,} pixels are matplotlib's, {differ} are not",
              differ == 0 and drawn > 100_000)


def check_masks(process):
    """Round markers of all sizes, alone: around the middle of a pixel and, as one of two colours, around any place."""
    rng = np.random.default_rng(7)
    for where, color in (("a pixel", "black"), ("a place", ["black", "red"])):
        differ, largest = 0, 0
        for s in np.geomspace(0.1, 40_000, 150):
            dpi = float(rng.choice([*RESOLUTIONS, rng.uniform(30, 400)]))
            inches = float(np.sqrt(s) / 72 * rng.uniform(0.8, 1.5) + 3 / dpi)
            picture = Picture([inches, inches, dpi], BOXES[0], ([0, 1], [0, 1]), "white", "o", s)
            x, y = rng.uniform(0.2, 0.8, (2, 1)) if rng.random() < 0.7 else np.full((2, 1), 0.5)
            if where == "a place":
                x, y = np.append(x, -9), np.append(y, -9)
            theirs, ours = picture.both(process, x, y, c=color)
            difference = np.abs(theirs.astype(int) - ours)
            differ, largest = differ + (difference > 0).any(-1).sum(), max(largest, difference.max())
        check(f"masks of round markers around {where}: {differ} pixels differ, by {largest} at most", differ == 0)


def check_examples(process):
    """Two pictures that people are shown as examples."""
    rng = np.random.default_rng(1)
    x, y = rng.uniform(0, 10, (2, 1_000_000))
    colors = rng.random((x.size, 3))
    for shape in "so":
        picture = Picture([5, 5, 100], BOXES[0], ([0, 10], [0, 10]), "none", shape, 1)
        theirs, ours = picture.both(process, x, y, c=colors, alpha=0.3)
        check(f"a million points of random colors, marker {shape!r}", np.array_equal(theirs, ours))

    x, y = rng.random((2, 500))
    picture = Picture([6.4, 4.8, 100], None, (None, None), "white", "s", 10)
    theirs, ours = picture.both(process, x, y, c="red", frame=True)
    # Within the frame, which is a line of 0.8 points around the axes.
    inside = np.s_[60:-56, 83:-67]
    check("500 red points in axes with a frame", np.array_equal(theirs[inside], ours[inside])
          and (ours[inside] == (255, 0, 0, 255)).all(-1).sum() > 500)


def drawn(folder, columns, options):
    """The picture that the program makes of these columns, and of the same from standard input."""
    text = Path(folder) / "points.txt"
    np.savetxt(text, np.column_stack(columns), fmt="%.17g")
    names = ["x", "y", "z", "r", "g", "b"][:len(columns)]
    output = Path(folder) / "picture.png"
    subprocess.run([PROGRAM, "scatter", text, "-o", output, "--dtype", "f64", "--quiet", "--force",
                    "--columns", ",".join(f"{name}={i + 1}" for i, name in enumerate(names)), *options], check=True)
    return np.asarray(Image.open(output).convert("RGBA")).astype(int)


def check_program():
    """Whole runs of the program, from text to PNG. Of floats, opaque squares are the same; where markers lie over each
    other, Agg's truncation adds up, and the program's rounds once."""
    rng = np.random.default_rng(11)
    largest = {}
    kinds = {"one": ("#1f77b4", []), "z": (None, ["--cmap", "viridis"]), "rgb": (None, ["--rgb", "unit"])}
    with tempfile.TemporaryDirectory() as folder:
        for number, (shape, s, alpha, kind) in enumerate(itertools.product("so", (1, 36, 300), (1, 0.3), kinds)):
            count = (4000, 300)[s == 300]
            # On edges of pixels and between them; nowhere do thousands of rims lie over each other, where Agg stalls.
            x, y = rng.integers(-40, 40, (2, count)) / 16 if number % 2 else rng.normal(0, 1e5, (2, count))
            columns = [x, y, *rng.random((4, count))]
            dpi, box = (72, 100, 150)[number % 3], (BOXES[0], None)[number % 4 == 3]
            picture = Picture([6.4, 4.8, dpi], box, (None, None), "white", shape, s)
            color, options = kinds[kind]
            color = color or (columns[2] if kind == "z" else np.column_stack(columns[3:]))
            theirs, _ = picture.matplotlibs(*columns[:2], frame=box is None, c=color, alpha=alpha)
            left, right, top, bottom = (0, None, 0, None) if box else np.round([82 * dpi / 100, -66 * dpi / 100, 60 * dpi / 100, -55 * dpi / 100]).astype(int)
            for blend in "agg8", "float":
                command = ["--s", str(s), "--alpha", str(alpha), "--marker", {"s": "square", "o": "circle"}[shape], "--dpi", str(dpi),
                           "--blend", blend, *options, *([] if box else ["--figure"])]
                if not box and kind == "z":
                    continue
                difference = np.abs(drawn(folder, columns, command) - theirs)[top:bottom, left:right]
                key = (blend, kind, "opaque squares" if alpha == 1 and shape == "s" else "others")
                largest[key] = max(largest.get(key, 0), difference.max())
    for (blend, kind, which), found in sorted(largest.items()):
        bound = {("agg8", "one"): 0, ("agg8", "rgb"): 0, ("agg8", "z"): 1}.get((blend, kind))
        if bound is None:
            bound = (kind == "z") if which == "opaque squares" else 12
        check(f"the program, --blend {blend}, {kind}, {which}: pixels differ by {found} at most, of {int(bound)} allowed", found <= bound)


check(f"{DRAWING} is built (cargo build --release --package pointillist-scatter --example scatter)", DRAWING.exists())
with subprocess.Popen([DRAWING], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
    check_pictures(process)
    check_masks(process)
    check_examples(process)
    process.stdin.close()
check("the drawing ends well", process.returncode == 0)
check_program()
