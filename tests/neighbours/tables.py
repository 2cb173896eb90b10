"""Random tables for writers.py, and how what came back is compared with what was written."""

import json
import math
import struct
import subprocess
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from support import PROGRAM

TEXTS = ["a", "B7", "b c", "d,e", 'f"g', "h;i", "j'k", "l|m", "n\to", " p ", "nan", "12", "x y z", "1,2",
         'in "all" of it', "5'"]
WORDS = ["a", "B7", "NGC_7027", "M-31", "j.k", "Ab_c"]
EDGES = [0.0, -0.0, 1.0, -1.0, 0.1, 1 / 3, 100000.0, 123456789012.0, 1e15, 1e16, 1e22, 1e23, 1.7e308, 1e-300,
         1e300, -1e-5, 2.0**53 + 2, 5e-324, 2.2250738585072014e-308, 1700000000.25, -2147483649.0, 4294967296.0]


@dataclass
class Table:
    """Columns by name. A column is of floats, in which None is missing, or of texts."""

    columns: dict[str, list]
    numbers: list[str] = field(init=False)

    def __post_init__(self):
        self.numbers = [name for name, values in self.columns.items() if not isinstance(values[0], str)]

    def __len__(self):
        return len(next(iter(self.columns.values())))

    @property
    def names(self):
        return list(self.columns)

    def rows(self):
        return list(zip(*self.columns.values()))

    def floats(self, name):
        return np.array([math.nan if value is None else value for value in self.columns[name]], float)

    def array(self):
        return np.column_stack([self.floats(name) for name in self.numbers])

    def with_texts(self, texts):
        """The same with other texts: those that a writer does not quote must not have its delimiter in them."""
        change = lambda at, values: [texts[(at + row) % len(texts)] for row in range(len(values))]
        return Table({name: values if name in self.numbers else change(at, values)
                      for at, (name, values) in enumerate(self.columns.items())})

    def without_texts(self):
        return Table({name: self.columns[name] for name in self.numbers})

    def without_missing(self):
        return self.changed(lambda value: 7.25 if value is None else value)

    def without_nan(self):
        return self.changed(lambda value: -1.5 if value is not None and math.isnan(value) else value)

    def finite(self):
        return self.changed(lambda value: value if value is None or math.isfinite(value) else 3.5)

    def normal(self):
        """Without subnormal numbers and those that 15 digits round to infinity."""
        return self.changed(lambda value: value if value is None or not math.isfinite(value) or value == 0
                            or 1e-307 < abs(value) < 1.79e308 else 0.375)

    def within(self, largest, smallest=0.0):
        return self.changed(lambda value: value if value is None or not math.isfinite(value)
                            or smallest <= abs(value) <= largest else math.copysign(2.75, value))

    def changed(self, change):
        return Table({name: [change(value) for value in values] if name in self.numbers else values
                      for name, values in self.columns.items()})


def number(rng):
    kind = rng.integers(0, 8)
    if kind == 0:
        return float(rng.choice(EDGES))
    if kind == 1:
        return float(rng.integers(-10**6, 10**6))
    if kind == 2:
        # Any bits at all, which are seldom infinite or NaN.
        return struct.unpack("<d", rng.bytes(8))[0]
    if kind == 3:
        return float(rng.normal() * 10.0 ** rng.integers(-300, 300))
    if kind == 4:
        return float(rng.choice([math.nan, math.inf, -math.inf, round(rng.normal(), 2)]))
    return float(rng.normal(0, 100))


def table(seed, rows, names, texts=(), missing=0.1):
    """A table with these columns, of which those in `texts` are text."""
    rng = np.random.default_rng(seed)

    def column(name):
        if name in texts:
            return [str(rng.choice(TEXTS)) for _ in range(rows)]
        return [None if rng.random() < missing else number(rng) for _ in range(rows)]

    return Table({name: column(name) for name in names})


# With x, y and z and without, in and out of order, text before, between and behind, of 1, 2 and many rows.
TABLES = [
    table(1, 1, ["x", "y", "z"], missing=0),
    table(2, 2, ["x", "y", "name"], ["name"], missing=0),
    table(3, 300, ["id", "z", "x", "note", "y", "w", "end"], ["id", "note", "end"]),
    table(4, 300, ["lon", "lat", "h"]),
    table(5, 200, ["a", "b", "c", "d", "e", "f"], missing=0.3),
    table(6, 100, ["X", "Y", "label", "Z"], ["label"], missing=0),
    table(7, 2, ["t", "u", "v", "kind"], ["kind"], missing=0.2),
    table(8, 1, ["star", "x", "y", "z", "q"], ["star"], missing=0.4),
]

MISSING = {"", "NA", "NULL", "null", "--", "-", "nan", "NaN", "\\N", "NO"}


def value(token, decimal="."):
    """What a token of a file says, in its writer's terms."""
    token = token.strip().strip('"').strip()
    if token in MISSING:
        return math.nan
    token = token.replace(decimal, ".").replace("D", "E")
    # Fortran leaves out the letter in front of three digits.
    at = max(token.rfind("+"), token.rfind("-"))
    if at > 0 and token[at - 1].isdigit() and "e" not in token.lower():
        token = token[:at] + "e" + token[at:]
    return float(token)


@dataclass
class Case:
    """A file that a program wrote, and what it should say.

    `tokens` are the fields of every row as an independent reader sees them, where the writer rounds; without them the
    table itself is expected, to the bit. `first` is the position of the table's first column in the file.
    """

    label: str
    path: Path
    table: Table
    options: tuple = ()
    header: bool = True
    first: int = 1
    tokens: list | None = None
    decimal: str = "."
    digits: float = 14
    near: float = 0.0
    default: bool = True


def expected(case):
    table, numbers = case.table, {}
    for at, name in enumerate(table.names):
        if name not in table.numbers:
            continue
        written = table.floats(name)
        if case.tokens is None:
            numbers[name] = written
            continue
        assert len(case.tokens) == len(table), f"{case.label}: {len(case.tokens)} rows of {len(table)}"
        said = np.array([value(row[at + case.first - 1], case.decimal) for row in case.tokens])
        # The independent reader must have looked at the right column.
        with np.errstate(all="ignore"):
            close = (said == written) | (np.isnan(said) & np.isnan(written)) \
                | (abs(said - written) <= abs(written) * 10.0**-case.digits + case.near)
        assert close.all(), f"{case.label}: {name}: {written[~close][:3]} became {said[~close][:3]}"
        numbers[name] = said
    return numbers


def ingest(case, *columns):
    """The columns by name, or the error's text."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "out.points"
        command = [PROGRAM, "ingest", case.path, "-o", out, "--dtype", "f64", "--quiet", *case.options, *columns]
        done = subprocess.run(list(map(str, command)), capture_output=True, text=True)
        if done.returncode:
            return done.stderr
        names = [column["name"] for column in json.loads((out / "points.json").read_text())["columns"]]
        return {name: np.load(out / f"{name}.npy") for name in names}


def same(found, wanted):
    return len(found) == len(wanted) and np.array_equal(np.isnan(found), np.isnan(wanted)) \
        and np.array_equal(found[~np.isnan(found)].view(np.uint64), wanted[~np.isnan(wanted)].view(np.uint64))


def compare(found, wanted):
    """What is wrong, or nothing."""
    if isinstance(found, str):
        return found.strip()
    if list(found) != list(wanted):
        return f"columns {list(found)}, not {list(wanted)}"
    for name, values in wanted.items():
        if len(found[name]) != len(values):
            return f"{name} has {len(found[name])} rows of {len(values)}"
        if not same(found[name], values):
            at = next(row for row in range(len(values)) if not same(found[name][row:row + 1], values[row:row + 1]))
            return f"{name} of row {at} is {found[name][at]!r}, not {values[at]!r}"
    return None


def faults(case):
    """What is read otherwise than it was written: with no columns chosen, by name and by position."""
    numbers = expected(case)
    table, ways = case.table, []
    lower = {name.lower(): name for name in table.numbers}
    if case.default:
        if not case.header:
            chosen = table.names[:3] if len(table.names) > 2 else table.names
            usable = case.first == 1 and all(name in table.numbers for name in chosen)
        elif "x" in lower:
            chosen, usable = [lower[name] for name in "xyz" if name in lower], True
            if len(chosen) == 2 and [name.lower() for name in table.names[:2]] == ["x", "y"]:
                # A number right behind x and y is z.
                chosen += [name for name in table.names[2:3] if name in table.numbers]
        else:
            chosen = table.names[:3]
            usable = all(name in table.numbers for name in chosen)
        if usable:
            ways.append(("as it is", (), dict(zip("xyz", (numbers[name] for name in chosen)))))
    outs = ["x", "y", "z", "c4", "c5", "c6"][:len(table.numbers)]
    all_numbers = dict(zip(outs, numbers.values()))
    if case.header:
        chosen = ",".join(f"{out}={name}" for out, name in zip(outs, table.numbers))
        ways.append(("by name", ("--columns", chosen), all_numbers))
    at = {name: position + case.first for position, name in enumerate(table.names)}
    chosen = ",".join(f"{out}={at[name]}" for out, name in zip(outs, table.numbers))
    ways.append(("by position", ("--columns", chosen), all_numbers))
    found = []
    for how, columns, wanted in ways:
        wrong = compare(ingest(case, *columns), wanted)
        if wrong:
            found.append(f"{how}: {wrong}")
    return found, len(ways)
