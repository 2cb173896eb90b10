"""Writes oracle.json: what matplotlib, datashader and NumPy make of small adversarial inputs.

Run from anywhere, with numpy 2.4, matplotlib 3.11, datashader 0.19 and colorcet 3.2 installed:

    python crates/colorize/tests/generate_oracle.py

Floats are written as the hexadecimal bits of their type, big-endian and without separators; pictures as RGBA bytes in hexadecimal.
The logarithms and powers behind the file are those of glibc 2.36: NumPy is kept from its own kernels for AVX2 and AVX-512.
"""

import json
import os
import warnings
from pathlib import Path

os.environ["NPY_DISABLE_CPU_FEATURES"] = "X86_V3 X86_V4 AVX512_ICL AVX512_SPR"

import colorcet
import matplotlib
import matplotlib.colors as mcolors
import numpy as np
import xarray as xr
from datashader import transfer_functions as tf

warnings.filterwarnings("ignore")
RNG = np.random.default_rng(20240229)
FIRE = mcolors.ListedColormap(colorcet.cm["fire"](np.arange(256)), name="fire")


def bits(array):
    array = np.ascontiguousarray(array)
    return array.astype(array.dtype.newbyteorder(">")).tobytes().hex()


def colormap_names():
    script = Path(__file__).parents[1] / "tables" / "colormaps.txt"
    names = [line.split(" ")[0] for line in script.read_text().splitlines() if not line.startswith("#")]
    return [name for name in names if not name.endswith("_r")]


def colormap(name):
    if name in matplotlib.colormaps:
        return matplotlib.colormaps[name]
    return colorcet.cm[name]


def colormaps():
    """Every map, both ways, at positions that fall on, just below and just above the edges of entries."""
    edges = np.concatenate([np.arange(0, 257, 32) / 256, [1 / 3, 2 / 3, 0.1, 0.7, 0.9]]).astype(np.float32)
    positions = np.concatenate([
        edges, np.nextafter(edges, np.float32(-1)), np.nextafter(edges, np.float32(2)),
        np.array([-np.inf, -1, -1e-30, -0.0, 1.5, np.inf, np.nan], np.float32),
        RNG.random(20, dtype=np.float32),
    ])
    rows = {}
    for name in colormap_names():
        for each in (name, name + "_r"):
            rows[each] = colormap(each)(positions, bytes=True).tobytes().hex()
    return {"positions": bits(positions), "maps": rows}


def lists():
    """Lists of colours, as LinearSegmentedColormap.from_list interpolates them."""
    texts = ["#000,#fff", "#ffffff,#000000", "#f00,#0f0,#00f", "#123456,#89abcdef,#fed,#0f0f0f80",
             ",".join(f"#{value:06x}" for value in RNG.integers(0, 1 << 24, 7)),
             ",".join(f"#{value:08x}" for value in RNG.integers(0, 1 << 32, 100))]
    return [{"text": text,
             "table": mcolors.LinearSegmentedColormap.from_list("", text.split(","))(np.arange(256), bytes=True)
             .tobytes().hex()} for text in texts]


NORMS = {
    "linear": lambda vmin, vmax: mcolors.Normalize(vmin, vmax),
    "log": lambda vmin, vmax: mcolors.LogNorm(vmin, vmax),
    "sqrt": lambda vmin, vmax: mcolors.PowerNorm(1 / 2, vmin, vmax),
    "power:0.3": lambda vmin, vmax: mcolors.PowerNorm(0.3, vmin, vmax),
    "power:2": lambda vmin, vmax: mcolors.PowerNorm(2, vmin, vmax),
    "asinh": lambda vmin, vmax: mcolors.AsinhNorm(1, vmin, vmax),
    "asinh:0.05": lambda vmin, vmax: mcolors.AsinhNorm(0.05, vmin, vmax),
    "symlog:0.5": lambda vmin, vmax: mcolors.SymLogNorm(0.5, vmin=vmin, vmax=vmax, base=10),
    "symlog:3": lambda vmin, vmax: mcolors.SymLogNorm(3, vmin=vmin, vmax=vmax, base=10),
}


def pages():
    mixed = RNG.normal(0, 3, 48)
    mixed[::17] = np.nan
    mixed[5:9] = [0.0, np.inf, -np.inf, -0.0]
    counts = np.floor(RNG.pareto(0.7, 48))
    return {
        "mixed": mixed,
        "counts": counts,
        "narrow": 1000 + RNG.random(48),
        "decades": 10.0 ** RNG.uniform(-8, 8, 48),
    }


def norms(pages):
    """Positions and pictures, at the limits found in the data and at ones inside and outside of them."""
    rows = []
    for page, values in pages.items():
        for dtype in (np.float32, np.float64):
            data = values.astype(dtype)
            for text, norm in NORMS.items():
                finite = data[np.isfinite(data) & ((data > 0) | (text != "log"))]
                low, high = float(finite.min()), float(finite.max())
                inner = float(np.percentile(finite, 20)), float(np.percentile(finite, 80))
                outer = (low / 2 if text == "log" else low - 0.1), high * 1.1 + 0.3
                for vmin, vmax in ((low, high), inner, outer):
                    positions = norm(vmin, vmax)(data)
                    rgba = matplotlib.colormaps["viridis"](positions, bytes=True)
                    rows.append({
                        "page": page, "dtype": np.dtype(dtype).name, "norm": text,
                        "limits": bits(np.array([vmin, vmax])),
                        "positions": bits(np.ma.filled(positions.astype(np.float64), np.nan)),
                        "rgba": rgba.tobytes().hex(),
                    })
    return rows


def percentiles():
    rows = []
    for dtype in (np.float32, np.float64):
        for size in (1, 2, 3, 10, 101):
            data = RNG.normal(5, 100, size).astype(dtype)
            for clip in ((0, 100), (1, 99), (2.5, 97.5), (50, 50), (33.3, 66.7)):
                vmin, vmax = np.percentile(data, clip)
                rows.append({"dtype": np.dtype(dtype).name, "values": bits(data), "clip": clip,
                             "limits": bits(np.array([vmin, vmax], np.float64))})
    return rows


def shaded():
    """datashader's shade with a matplotlib colormap."""
    rows = []
    counts = np.floor(RNG.pareto(0.5, 400)).clip(0, 4e9)
    for name, data in {
        "counts": counts.clip(0, 60000).astype(np.uint32),
        "wide counts": counts.astype(np.uint32),
        "f32": np.where(counts > 0, RNG.normal(0, 5, 400), np.nan).astype(np.float32),
        "f64": np.where(counts > 0, RNG.lognormal(0, 4, 400), np.nan),
        "narrow f32": (1000 + RNG.random(400)).astype(np.float32),
    }.items():
        values = data if data.dtype.kind == "f" else np.where(data == 0, np.nan, data.astype(np.float64))
        row = {"name": name, "dtype": values.dtype.name, "values": bits(values), "rgba": {}}
        for norm, how in (("eq_hist", "eq_hist"), ("log1p", "log"), ("cbrt", "cbrt"), ("linear", "linear")):
            # datashader computes in the type of the values, but those that it makes itself are of no 32-bit float.
            if norm == "eq_hist" or data.dtype != np.float32:
                image = tf.shade(xr.DataArray(data.reshape(20, 20), dims=("y", "x")), cmap=FIRE, how=how)
                row["rgba"][norm] = image.data.astype("<u4").tobytes().hex()
        rows.append(row)
    return rows


def smooth():
    """datashader's shade with lists of colours, with spans found and given."""
    rows = []
    counts = np.floor(RNG.pareto(0.5, 100)).clip(0, 60000)
    lists = {"#add8e6,#00008b": ["lightblue", "darkblue"], "#123456,#f80000,#00ff80,#80fe01,#ffffff": None,
             "fire": colorcet.fire, "fire_r": colorcet.fire[::-1]}
    for data in (counts.astype(np.uint32), np.where(counts > 0, RNG.lognormal(3, 2, 100), np.nan)):
        pictures = []
        for norm, how in (("eq_hist", "eq_hist"), ("log1p", "log"), ("cbrt", "cbrt"), ("linear", "linear")):
            for span in (None,) if how == "eq_hist" else (None, (2, 90)):
                for text, colors in lists.items():
                    image = tf.shade(xr.DataArray(data.reshape(10, 10), dims=("y", "x")), cmap=colors or text.split(","),
                                     how=how, span=span)
                    rgba = image.data.astype("<u4").tobytes().hex()
                    pictures.append({"map": text, "norm": norm, "span": span, "rgba": rgba})
        rows.append({"values": bits(np.where(data == 0, np.nan, data.astype(np.float64))), "pictures": pictures})
    return rows


def main():
    values = pages()
    oracle = {
        "colormaps": colormaps(),
        "lists": lists(),
        "pages": {name: bits(page) for name, page in values.items()},
        "norms": norms(values),
        "percentiles": percentiles(),
        "shaded": shaded(),
        "smooth": smooth(),
    }
    path = Path(__file__).with_name("oracle.json")
    path.write_text(json.dumps(oracle, indent=0, separators=(",", ":")) + "\n", encoding="ascii")


if __name__ == "__main__":
    main()
