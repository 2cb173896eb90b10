"""Writes colormaps.txt, the byte tables of every colormap pointillist knows.

Run from anywhere, with matplotlib 3.11 and colorcet 3.2 installed:

    python crates/colorize/tables/generate.py

The tables are those of `matplotlib.colormaps` and, for names that matplotlib does not use, of
`colorcet.cm`. A byte is `(lut * 255).astype(uint8)`, truncated, as matplotlib's `bytes=True` has it.

Format of colormaps.txt, one map a line:
    # comment
    NAME HEX      RRGGBB per entry, without separators
    NAME =OTHER   another name of OTHER
A reversed map NAME_r has a line of its own only where matplotlib's own differs from the reversed table:
it evaluates `1 - x` anew for maps made of linear segments, which moves a few bytes by one.
"""

from pathlib import Path

import colorcet
import matplotlib
import numpy as np

HEADER = f"""\
# Colormap tables, written by generate.py from matplotlib {matplotlib.__version__} and colorcet {colorcet.__version__}. Do not edit.
#
# Sources and licences of the tables:
# - matplotlib's own: matplotlib licence (PSF based), (c) Matplotlib Development Team.
# - magma, inferno, plasma, viridis: CC0, N. J. Smith, S. van der Walt, E. Firing.
# - cividis: J. R. Nunez, C. R. Anderton, R. S. Renslow, doi:10.1371/journal.pone.0199239.
# - twilight: CC0, B. Bechtold. turbo: Apache-2.0, (c) Google LLC.
# - berlin, managua, vanimo: MIT, F. Crameri, doi:10.5281/zenodo.1243862.
# - ColorBrewer maps (Blues, BrBG, ... YlOrRd, Accent, Dark2, Paired, Pastel1-2, Set1-3):
#   Apache-style licence, (c) 2002 C. Brewer, M. Harrower and The Pennsylvania State University.
# - tab10, tab20, tab20b, tab20c: Tableau, BSD-style permission. okabe_ito: M. Okabe, K. Ito.
# - {{colorcet}}:
#   colorcet, CC-BY 4.0, P. Kovesi, arXiv:1509.03700, and the colorcet authors.
"""

# The named, continuous maps of colorcet. Left out: the ones that share a name with matplotlib in whatever
# case (blues, coolwarm, gray, rainbow) and the categorical ones.
COLORCET = """
bgy bgyw bjy bkr bky bmw bmy bwy colorwheel cwr dimgray fire gouldian gwv isolum kb kbc kbgyw kg kgy kr rainbow4
""".split()

# Second spellings in matplotlib's registry.
ALIASES = {"gist_gray": "gray", "gist_grey": "gray", "grey": "gray", "Grays": "Greys", "gist_yerg": "gist_yarg"}


def table(colormap):
    """The entries of a colormap as bytes; refuses what an opaque RGB table cannot say."""
    lut = colormap(np.arange(colormap.N), bytes=True)
    assert (lut[:, 3] == 255).all(), f"{colormap.name} is not opaque"
    ends = (colormap.get_under() * 255).astype(np.uint8), (colormap.get_over() * 255).astype(np.uint8)
    assert (ends[0] == lut[0]).all() and (ends[1] == lut[-1]).all(), f"{colormap.name} has extremes"
    assert (colormap.get_bad() == 0).all(), f"{colormap.name} draws bad values"
    return lut[:, :3]


def main():
    maps = {name: matplotlib.colormaps[name] for name in matplotlib.colormaps
            if not name.endswith("_r") and not name.startswith("cet_")}
    reversed_maps = {name: matplotlib.colormaps[name + "_r"] for name in maps}
    lower = {name.lower() for name in maps}
    for name in COLORCET:
        assert name.lower() not in lower, f"{name} is matplotlib's already"
        maps[name] = colorcet.cm[name]
        reversed_maps[name] = colorcet.cm[name + "_r"]

    lines = []
    for name in sorted(maps, key=str.lower):
        forward, backward = table(maps[name]), table(reversed_maps[name])
        if name in ALIASES:
            other = ALIASES[name]
            assert (forward == table(maps[other])).all() and (backward == table(reversed_maps[other])).all()
            lines.append(f"{name} ={other}")
            continue
        lines.append(f"{name} {forward.tobytes().hex()}")
        if (forward[::-1] != backward).any():
            lines.append(f"{name}_r {backward.tobytes().hex()}")
    header = HEADER.replace("{colorcet}", ", ".join(COLORCET))
    path = Path(__file__).with_name("colormaps.txt")
    path.write_text(header + "\n".join(lines) + "\n", encoding="ascii")


if __name__ == "__main__":
    main()
