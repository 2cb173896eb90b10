"""Writes ticks.json: where matplotlib puts the ticks of axes and colorbars, and what it writes there.

Run from anywhere, with numpy 2.4 and matplotlib 3.11 installed:

    python crates/colorize/tests/generate_ticks_oracle.py [FACTOR]

FACTOR times as many rows make a longer test for once. Floats are written as their shortest decimals, in strings that hold a
list between blanks; labels are parted by bars. The logarithms and powers behind the file are those of NumPy on x86-64
without AVX-512, on glibc 2.36.
"""

import json
import os
import sys
import warnings
from pathlib import Path

os.environ["NPY_DISABLE_CPU_FEATURES"] = "X86_V3 X86_V4 AVX512_ICL AVX512_SPR"

import matplotlib

matplotlib.use("agg")

import matplotlib.colors as mcolors
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.cm import ScalarMappable
from matplotlib.colorbar import Colorbar

warnings.filterwarnings("ignore")
RNG = np.random.default_rng(20240229)
FACTOR = int(sys.argv[1]) if len(sys.argv) > 1 else 1


def numbers(values):
    return " ".join(repr(float(value)) for value in values)


def drawn(axis):
    """Values, labels and positions of the major and of the minor ticks that are drawn, in a flat list."""
    ticks = axis._update_ticks()
    majors = {id(tick) for tick in axis.majorTicks}
    low, high = axis.get_transform().transform(np.sort(axis.get_view_interval()))
    row = []
    for minor in (False, True):
        kept = [tick for tick in ticks if (id(tick) not in majors) == minor]
        values = np.array([tick.get_loc() for tick in kept], float)
        positions = (np.ma.filled(axis.get_transform().transform(values), np.nan) - low) / (high - low)
        row += [numbers(values), "|".join(tick.label1.get_text() for tick in kept),
                " ".join(f"{position:.6f}" for position in positions)]
    return row


def short(value):
    """The value, or one of few digits near it."""
    return float(f"{value:.{RNG.integers(0, 4)}e}") if RNG.random() < 0.7 else float(value)


def pairs(rows):
    """Limits at all scales."""
    for _ in range(rows):
        kind = RNG.integers(0, 8)
        scale = 10.0 ** RNG.uniform(-8, 8)
        base = RNG.choice([-1, 1]) * 10.0 ** RNG.uniform(-5, 12)
        if kind == 0:
            yield short(RNG.normal() * scale), short(RNG.normal() * scale)
        elif kind == 1:
            yield 0.0, short(RNG.choice([-1, 1]) * scale)
        elif kind == 2:
            yield short(base), base + scale
        elif kind == 3:
            base = short(base)
            yield base, base + abs(base) * 10.0 ** RNG.uniform(-15.5, 0)
        elif kind == 4:
            yield base, base
        elif kind == 5:
            low = int(RNG.integers(-100, 100))
            yield float(low), float(low + RNG.integers(1, 200))
        elif kind == 6:
            power = 10.0 ** RNG.uniform(-323, 306)
            yield short(RNG.normal() * power), short(RNG.normal() * power)
        else:
            high = 10.0 ** RNG.uniform(-3, 300)
            yield high, high * (1 + RNG.integers(0, 40) * 2.0 ** -52)
    yield from [(0.0, 0.0), (-0.0, 0.0), (5e-324, 5e-324), (0.0, 1e-300), (-1e-300, 1e-300), (1e300, 1e300), (0.0, 1e300),
                (-1e300, 1e300), (99990.0, 100010.0), (9.999, 10.001), (-10.001, -9.999), (1e6 - 1e-4, 1e6 + 1e-4), (0.0, 1e-5),
                (0.0, 9.9e5), (0.0, 1e6), (1.0, 1.0 + 2.0 ** -52), (8e307, 8.5e307)]


def axes():
    axis = plt.figure().add_subplot().yaxis
    rows, skipped = [], 0
    for low, high in pairs(2000 * FACTOR):
        low, high = sorted((low, high))
        space = int(RNG.choice([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 9, 9, 9, 30]))
        axis.get_tick_space = lambda: space
        axis.axes.set_ylim(low, high)
        limits = sorted(axis.get_view_interval())
        try:
            values, labels, _, *minor = drawn(axis)
        except (ValueError, OverflowError):
            skipped += 1
            continue
        assert minor == ["", "", ""]
        rows.append([numbers([low, high]), space, numbers(limits) if limits != [low, high] else "",
                     values, labels, axis.major.formatter.get_offset()])
    print(f"axes: {len(rows)} rows, matplotlib fails for {skipped}")
    return rows


NORMS = {
    "linear": lambda vmin, vmax: mcolors.Normalize(vmin, vmax),
    "log": lambda vmin, vmax: mcolors.LogNorm(vmin, vmax),
    "sqrt": lambda vmin, vmax: mcolors.PowerNorm(1 / 2, vmin, vmax),
    "power:0.3333333333333333": lambda vmin, vmax: mcolors.PowerNorm(1 / 3, vmin, vmax),
    "power:0.3": lambda vmin, vmax: mcolors.PowerNorm(0.3, vmin, vmax),
    "power:2": lambda vmin, vmax: mcolors.PowerNorm(2, vmin, vmax),
    "asinh": lambda vmin, vmax: mcolors.AsinhNorm(1, vmin, vmax),
    "asinh:0.05": lambda vmin, vmax: mcolors.AsinhNorm(0.05, vmin, vmax),
    "asinh:300": lambda vmin, vmax: mcolors.AsinhNorm(300, vmin, vmax),
    "symlog:1": lambda vmin, vmax: mcolors.SymLogNorm(1, vmin=vmin, vmax=vmax, base=10),
    "symlog:0.05": lambda vmin, vmax: mcolors.SymLogNorm(0.05, vmin=vmin, vmax=vmax, base=10),
    "symlog:300": lambda vmin, vmax: mcolors.SymLogNorm(300, vmin=vmin, vmax=vmax, base=10),
}


def limits_of(norm, rows):
    for i in range(rows):
        kind = RNG.integers(0, 4)
        if norm == "log":
            low = short(10.0 ** RNG.uniform(-300, 290)) if kind == 0 else short(10.0 ** RNG.uniform(-6, 6))
            high = low * 10.0 ** RNG.uniform(0.01, 1.5 if kind == 1 else 15)
            yield low, short(high) if short(high) > low else high
        elif kind == 0:
            yield 0.0, short(10.0 ** RNG.uniform(-4, 8))
        elif kind == 1:
            yield short(-10.0 ** RNG.uniform(-4, 6)), short(10.0 ** RNG.uniform(-4, 6))
        elif kind == 2:
            low = short(RNG.normal() * 10.0 ** RNG.uniform(-4, 6))
            yield low, low + 10.0 ** RNG.uniform(-4, 6)
        else:
            high = short(10.0 ** RNG.uniform(-4, 6))
            yield -high * RNG.choice([1, 0.9, 0.5]), high
    yield from [(1.0, 1.0), (1.0, 1000.0), (0.001, 10.0), (1.0, 10.0), (2.0, 9.0)]
    if norm != "log":
        yield from [(0.0, 0.0), (-5.0, -5.0), (0.0, 1e-300), (-1000.0, 1000.0), (-1.0, 1.0), (0.0, 1000.0)]


def bars():
    rows, skipped = [], 0
    for text, norm in NORMS.items():
        for vmin, vmax in limits_of(text, (150 if text == "log" else 30) * FACTOR):
            space = int(RNG.choice([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 9, 9, 9, 30]))
            figure = plt.figure()
            ax = figure.add_subplot()
            ax.yaxis.get_tick_space = lambda: space
            try:
                bar = Colorbar(ax, ScalarMappable(norm(vmin, vmax), "viridis"))
                row = drawn(ax.yaxis)
            except (ValueError, OverflowError, ZeroDivisionError, AssertionError):
                skipped += 1
                continue
            finally:
                plt.close(figure)
            limits = [bar.norm.vmin, bar.norm.vmax]
            rows.append([text, numbers([vmin, vmax]), space, numbers(limits) if limits != [vmin, vmax] else "",
                         *row, ax.yaxis.major.formatter.get_offset()])
    print(f"bars: {len(rows)} rows, matplotlib fails for {skipped}")
    return rows


def inverses():
    positions = np.concatenate([np.linspace(-0.1, 1.1, 13), [0.0, 1.0, 1 / 3, 0.999]])
    rows = []
    for text, norm in NORMS.items():
        for vmin, vmax in ((0.5, 20.0), (1.0, 1e6), (-30.0, 7000.0)):
            if text != "log" or vmin > 0:
                rows.append([text, numbers([vmin, vmax]), numbers(norm(vmin, vmax).inverse(positions))])
    return {"positions": numbers(positions), "norms": rows}


def spaces():
    """The length of axes and the size of their labels, in points, and for how many ticks there is room."""
    rows = []
    for width, height, size in ((6.4, 4.8, 10), (12, 3, 7.5), (2, 9, 14), (5, 5, 0)):
        figure, ax = plt.subplots(figsize=(width, height), dpi=150)
        ax.tick_params(labelsize=size)
        box = ax.get_window_extent()
        rows.append([numbers([box.width / 150 * 72, box.height / 150 * 72, size]),
                     ax.xaxis.get_tick_space(), ax.yaxis.get_tick_space()])
    return rows


def main():
    oracle = {"axes": axes(), "bars": bars(), "inverses": inverses(), "spaces": spaces()}
    text = json.dumps(oracle, separators=(",", ":")).replace("],[", "],\n[").replace(r"$\\mathdefault{", "${")
    Path(__file__).with_name("ticks.json").write_text(text + "\n", encoding="ascii")


if __name__ == "__main__":
    main()
