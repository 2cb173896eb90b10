"""Writes spread_oracle.json: what datashader's spread and dynspread make of small grids.

Run from anywhere, with numpy 2.4, xarray and datashader 0.19 installed:

    python crates/colorize/tests/generate_spread_oracle.py

Floats are written as the hexadecimal bits of 64-bit ones, big-endian and without separators; NaN where datashader has no value.
"""

import json
from pathlib import Path

import numpy as np
import xarray as xr
from datashader import transfer_functions as tf

RNG = np.random.default_rng(20240301)


def bits(array):
    return np.ascontiguousarray(array).astype(">f8").tobytes().hex()


def aggregate(data):
    return xr.DataArray(data, dims=("y", "x"))


def pages(height, width, share):
    """Counts, and z in steps of 1/1024, whose sums are exact in any order, or of any size."""
    counts = np.where(RNG.random((height, width)) < share, RNG.integers(1, 1000, (height, width)), 0).astype(np.uint32)
    steps = np.where(counts > 0, RNG.integers(-9999, 9999, (height, width)) / 1024, np.nan)
    return {
        "count": counts,
        "steps": steps.astype(np.float32),
        "any": np.where(counts > 0, RNG.normal(0, 1, (height, width)) * 10.0 ** RNG.integers(-6, 6, (height, width)), np.nan),
    }


def spreads():
    rows = []
    for height, width, share in ((9, 14, 0.2), (1, 11, 0.3), (13, 1, 0.3), (5, 6, 0.9)):
        for name, data in pages(height, width, share).items():
            row = {"page": name, "dtype": data.dtype.name, "width": width, "height": height, "cells": bits(data), "spread": []}
            for shape in ("square", "circle"):
                for radius in (1, 2, 4, 15):
                    found = tf.spread(aggregate(data), px=radius, shape=shape, how="add").data
                    row["spread"].append({"shape": shape, "radius": radius, "cells": bits(found)})
            rows.append(row)
    return rows


def radii():
    """The radius is the one whose spread is what dynspread makes."""
    rows = []
    for share in (0.0, 0.001, 0.002, 0.004, 0.008, 0.015, 0.03, 0.06, 0.2, 1.0):
        data = pages(31, 47, share)["count"]
        for threshold, largest in ((0.5, 3), (0.2, 3), (0.9, 6), (0.0, 2), (1.0, 4)):
            found = tf.dynspread(aggregate(data), threshold=threshold, max_px=largest).data
            radius = [px for px in range(largest + 1) if np.array_equal(tf.spread(aggregate(data), px=px).data, found)]
            if not data.any():  # all radii make the same of nothing; dynspread leaves it at 0
                radius = [0]
            if len(radius) == 1:
                rows.append({"width": 47, "height": 31, "occupied": " ".join(map(str, np.flatnonzero(data))), "threshold": threshold,
                             "max_radius": largest, "radius": radius[0]})
    return rows


def main():
    path = Path(__file__).with_name("spread_oracle.json")
    path.write_text(json.dumps({"spread": spreads(), "radii": radii()}, indent=0, separators=(",", ":")) + "\n", encoding="ascii")


if __name__ == "__main__":
    main()
