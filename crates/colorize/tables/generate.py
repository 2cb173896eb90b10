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
# - {{colorcet}},
#   CET_*, and maps named by a kind and a lightness, as linear_kryw_0_100_c71 is:
#   colorcet, CC-BY 4.0, P. Kovesi, arXiv:1509.03700, and the colorcet authors.
"""

# The maps of colorcet are all that are perceptually uniform, under all of their names: short (fire), Kovesi's
# (CET_L3) and descriptive (linear_kryw_0_100_c71). Left out: names that are matplotlib's in whatever case (blues,
# coolwarm, gray, rainbow; they are here as CET_L12, CET_D1, CET_L1 and rainbow_bgyr_35_85_c73) and the categorical maps
# (glasbey). Of several names the first of these kinds has the table, and the others refer to it.
def colorcet_names(taken):
    names = [name for name in colorcet.cm if not name.endswith("_r") and not name.startswith(("cet_", "glasbey"))
             and name.lower() not in taken]
    return sorted(names, key=lambda name: ("_" in name, not name.startswith("CET_"), name.lower()))


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
    aliases, first = dict(ALIASES), {}
    for name in colorcet_names({name.lower() for name in maps}):
        maps[name], reversed_maps[name] = colorcet.cm[name], colorcet.cm[name + "_r"]
        other = first.setdefault(table(maps[name]).tobytes(), name)
        if other != name:
            aliases[name] = other

    lines = []
    for name in sorted(maps, key=str.lower):
        forward, backward = table(maps[name]), table(reversed_maps[name])
        if name in aliases:
            other = aliases[name]
            assert (forward == table(maps[other])).all() and (backward == table(reversed_maps[other])).all()
            lines.append(f"{name} ={other}")
            continue
        lines.append(f"{name} {forward.tobytes().hex()}")
        if (forward[::-1] != backward).any():
            lines.append(f"{name}_r {backward.tobytes().hex()}")
    header = HEADER.replace("{colorcet}", ", ".join(name for name in first.values() if "_" not in name))
    path = Path(__file__).with_name("colormaps.txt")
    path.write_text(header + "\n".join(lines) + "\n", encoding="ascii")


if __name__ == "__main__":
    main()
