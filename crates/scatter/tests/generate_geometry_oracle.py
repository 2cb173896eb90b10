"""Writes geometry.json: canvases, axes, limits and places of points as matplotlib computes them, to the bit.

Run from anywhere, with numpy 2.4 and matplotlib 3.11 installed:

    python crates/scatter/tests/generate_geometry_oracle.py [FACTOR]

FACTOR times as many rows make a longer test for once. Floats are written as their shortest decimals, in strings that hold a
list between blanks.
"""

import json
import sys
import warnings
from pathlib import Path

import matplotlib

matplotlib.use("agg")

import matplotlib.pyplot as plt
import numpy as np

warnings.filterwarnings("ignore")
RNG = np.random.default_rng(20240301)
FACTOR = int(sys.argv[1]) if len(sys.argv) > 1 else 1


def numbers(values):
    return " ".join(repr(float(value)) for value in np.ravel(values))


def figures():
    """Inches and dots an inch of all kinds, small enough to be drawn in no time."""
    for _ in range(60 * FACTOR):
        dpi = RNG.choice([72, 100, 150, 300, 96.5, RNG.uniform(20, 400)])
        sides = RNG.choice([6.4, 4.8, 1, 2.5, 10 / 3, RNG.uniform(0.2, 6)], 2)
        yield max(sides[0], 2 / dpi), max(sides[1], 2 / dpi), dpi


def limits():
    """Limits as they are set, in either direction, or None."""
    kind = RNG.integers(6)
    if kind < 2:
        return None
    low, high = RNG.normal(0, 10.0 ** RNG.integers(-6, 9), 2)
    if kind == 3:
        low, high = np.round([low, high], 1)
    if kind == 4:
        low, high = RNG.integers(-9, 10, 2) / 8
    if kind == 5:
        high = low * (1 + RNG.choice([0, 1e-16, 3e-16, 1e-15, 2e-15]))
    return float(low), float(high)


def values(count):
    """Data of which limits are made."""
    kind = RNG.integers(8)
    if kind == 0:
        return np.full(count, RNG.choice([0, 1e-300, 1e-290, -5, 0.1, 1e300, -1.7e308, RNG.normal()]))
    if kind == 1:
        return 1 + RNG.integers(0, 9, count) * 1e-16 * RNG.choice([1, 10, 100, 1000])
    if kind == 2:
        return RNG.integers(-8, 9, count) / 8
    if kind == 3:
        data = RNG.normal(size=count)
        data[RNG.random(count) < 0.5] = RNG.choice([np.nan, np.inf, -np.inf])
        return data
    if kind == 4:
        return RNG.choice([-1.7e308, 1.7e308], count)
    return RNG.normal(RNG.normal(0, 100), 10.0 ** RNG.integers(-9, 9), count)


def drawn(width, height, dpi):
    figure = plt.figure(figsize=(width, height), dpi=dpi)
    box = None
    if RNG.random() < 0.7:
        box = [0, 0, 1, 1] if RNG.random() < 0.4 else RNG.uniform([-0.2, -0.2, 0.1, 0.1], [0.6, 0.6, 1.2, 1.2]).tolist()
    axes = figure.add_axes(box) if box else figure.subplots()
    set_x, set_y = limits(), limits()
    if set_x:
        axes.set_xlim(*set_x)
    if set_y:
        axes.set_ylim(*set_y)
    count = int(RNG.choice([1, 2, 8]))
    x, y = values(count), values(count)
    points = axes.scatter(x, y, marker="s", linewidth=0)
    ends = [*axes.get_xlim(), *axes.get_ylim()]
    matrix = axes.transData.get_affine().get_matrix()
    # On a lattice within the axes, of which many lie on the edges of pixels.
    steps = RNG.integers(0, 9, (20, 2)) / 8
    places = np.array([ends[0], ends[2]]) + steps * np.array([ends[1] - ends[0], ends[3] - ends[2]])
    # Limits as far apart as floats go leave no finite place.
    places[~np.isfinite(places)] = 0
    assert matrix[0, 1] == matrix[1, 0] == 0
    return {
        "figure": numbers([width, height, dpi]),
        "axes": numbers(box or []),
        "set_x": numbers(set_x or []),
        "set_y": numbers(set_y or []),
        "x": numbers(x),
        "y": numbers(y),
        "canvas": numbers(figure.canvas.get_width_height()),
        "bounds": numbers(axes.bbox.bounds),
        "clip": numbers(points.get_clip_box().extents),
        "limits": numbers(ends),
        "matrix": numbers([matrix[0, 0], matrix[1, 1], matrix[0, 2], matrix[1, 2]]),
        "places": numbers(places),
        "display": numbers(axes.transData.transform(places)),
    }


def main():
    rows = []
    for figure in figures():
        rows.append(drawn(*figure))
        plt.close("all")
    text = "[\n" + ",\n".join(json.dumps(row) for row in rows) + "\n]\n"
    Path(__file__).with_name("geometry.json").write_text(text)


main()
