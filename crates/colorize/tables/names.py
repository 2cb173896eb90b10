"""Writes names.txt, the colours that GMT's color tables may name.

Run from anywhere, with the file rgb.txt of X11 (Debian has it in x11-common):

    python crates/colorize/tables/names.py /etc/X11/rgb.txt

GMT 6 knows the names of X11, in whatever case and without blanks, and a few of its own.

Format of names.txt, one name a line:
    # comment
    NAME RRGGBB
"""

import sys
from pathlib import Path

HEADER = """\
# Names of colors, written by names.py from the rgb.txt of X11 (MIT licence, (c) X.Org Foundation). Do not edit.
# The last six are GMT's own.
"""

# What GMT has beside X11's.
OF_GMT = {
    "darkbrown": (120, 60, 30),
    "darkyellow": (128, 128, 0),
    "lightbrown": (235, 190, 85),
    "lightmagenta": (255, 128, 255),
    "lightorange": (255, 192, 128),
    "lightred": (255, 128, 128),
}


def main():
    names = {}
    for line in Path(sys.argv[1]).read_text().splitlines():
        if line.startswith("!"):
            continue
        *rgb, name = line.split(None, 3)
        name = name.lower().replace(" ", "")
        # A name that only one distribution has.
        if name != "debianred":
            assert names.setdefault(name, rgb) == rgb, name
    lines = [f"{name} {bytes(map(int, rgb)).hex()}\n"
             for name, rgb in [*sorted(names.items()), *OF_GMT.items()]]
    (Path(__file__).parent / "names.txt").write_text(HEADER + "".join(lines))


main()
