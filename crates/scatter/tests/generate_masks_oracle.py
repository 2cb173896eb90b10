"""Writes masks.json: what round markers of matplotlib's scatter cover, pixel by pixel.

Run from anywhere, with numpy 2.4 and matplotlib 3.11 installed:

    python crates/scatter/tests/generate_masks_oracle.py

Each row is one black marker on white, drawn alone on a canvas of its own: the place of its point, from the left and from the top,
the canvas' sides and the marker's diameter, all in pixels, and how much of each pixel is covered, in hexadecimal. A marker of one colour
lies around a whole pixel; one of several around any place, and may be cut off by the canvas.
"""

import json
from pathlib import Path

import matplotlib

matplotlib.use("agg")

import matplotlib.pyplot as plt
import numpy as np

RNG = np.random.default_rng(20240302)


def covers(side, place, diameter, color):
    # At 72 dots an inch a point is a pixel; the second marker, for a second colour, is far away.
    figure = plt.figure(figsize=(side / 72, side / 72), dpi=72)
    axes = figure.add_axes([0, 0, 1, 1])
    axes.set_axis_off()
    axes.set(xlim=(0, side), ylim=(0, side))
    x, up = place[0], side - place[1]
    axes.scatter([x, -9000], [up, -9000], s=diameter**2, c=color, marker="o", linewidth=0)
    figure.canvas.draw()
    red = np.asarray(figure.canvas.buffer_rgba())[..., 0]
    plt.close(figure)
    assert red.shape == (side, side)
    return (255 - red.astype(np.uint8)).tobytes().hex()


def main():
    rows = []
    for diameter in [0.2, 0.4, 0.75, 0.999, 1, 1.001, 1.5, 2, 2.5, 3, 4.7, 6, 8.125, 11, 14.9, 20, 27.3]:
        diameter = float(np.sqrt(diameter**2))
        side = int(diameter) + 6
        place = (side // 2 + RNG.uniform(-0.5, 0.5, 2)).tolist()
        rows.append(["one", side, *place, diameter, covers(side, place, diameter, "black")])
        for spread in (0.3, 0.5):
            place = RNG.uniform(side * (0.5 - spread), side * (0.5 + spread), 2).tolist()
            rows.append(["each", side, *place, diameter, covers(side, place, diameter, ["black", "red"])])
    text = "[\n" + ",\n".join(json.dumps(row) for row in rows) + "\n]\n"
    Path(__file__).with_name("masks.json").write_text(text)


main()
