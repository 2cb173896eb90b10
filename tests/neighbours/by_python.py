"""Text that Python's libraries write. Each function gives the cases of one library."""

import csv
import io
import sqlite3
import subprocess

import astropy.table
import ase
import ase.io
import duckdb
import numpy as np
import pandas
import polars
import pyarrow
import pyarrow.csv
from astropy.io import ascii

from tables import WORDS, Case, Table


def python_csv(folder, tables):
    ways = {
        "excel": {"dialect": "excel"},
        "excel-tab": {"dialect": "excel-tab"},
        "unix": {"dialect": "unix"},
        "QUOTE_ALL": {"quoting": csv.QUOTE_ALL},
        "QUOTE_NONNUMERIC": {"quoting": csv.QUOTE_NONNUMERIC},
        "semicolons": {"delimiter": ";"},
        "bars": {"delimiter": "|"},
        "blanks": {"delimiter": " "},
        "colons": {"delimiter": ":"},
        "carriage returns": {"lineterminator": "\r"},
    }
    for at, table in enumerate(tables):
        for way, arguments in ways.items():
            for header in (True, False):
                written = table
                if way == "blanks":
                    # A missing value is nothing there, between two blanks that count as one.
                    # Nor is a tab quoted there.
                    written = table.without_missing().with_texts(["b c", "d,e", 'f"g', "h;i", 'in "all" of it', " p "])
                path = folder / f"{way}-{header}-{at}.csv"
                with open(path, "w", newline="") as file:
                    writer = csv.writer(file, **arguments)
                    if header:
                        writer.writerow(table.names)
                    writer.writerows(written.rows())
                options = ("--delimiter", ":") if way == "colons" else ()
                yield Case(f"csv, {way}", path, written, options, header)
        path = folder / f"commas-{at}.csv"
        comma = lambda value: repr(value).replace(".", ",") if isinstance(value, float) else value
        with open(path, "w", newline="") as file:
            writer = csv.writer(file, delimiter=";")
            writer.writerow(table.names)
            writer.writerows([[comma(value) for value in row] for row in table.rows()])
        yield Case("csv, semicolons and decimal commas", path, table, ("--decimal", ","))


def numpy_savetxt(folder, tables):
    ways = {
        "defaults": {},
        "%.6f": {"fmt": "%.6f"},
        "%g": {"fmt": "%g"},
        "%.17g, commas": {"fmt": "%.17g", "delimiter": ","},
        "header": {"header": None},
        "commas, header": {"header": None, "delimiter": ","},
        "header without a sign": {"header": None, "comments": ""},
        "two lines of header": {"header": None, "comments": "% "},
    }
    for at, table in enumerate(tables):
        table = table.without_texts()
        for way, arguments in ways.items():
            written = table.within(1e12) if way == "%.6f" else table
            arguments = dict(arguments)
            if "header" in arguments:
                arguments["header"] = arguments.get("delimiter", " ").join(table.names)
            if way == "two lines of header":
                arguments["header"] = "written by a test of ours\n" + arguments["header"]
            path = folder / f"{way}-{at}.txt"
            np.savetxt(path, written.array(), **arguments)
            tokens = [line.split(arguments.get("delimiter")) for line in path.read_text().splitlines()][-len(table):]
            yield Case(f"numpy.savetxt, {way}", path, written, (), "header" in arguments, tokens=tokens,
                       digits=5 if way == "%g" else 14, near=1e-6 if way == "%.6f" else 0)


def pandas_to_csv(folder, tables):
    ways = {
        "defaults": {},
        "no index": {"index": False},
        "na_rep": {"na_rep": "NA"},
        "tabs": {"sep": "\t", "index": False},
        "tabs, index": {"sep": "\t", "na_rep": "<NA>"},
        "semicolons, decimal commas": {"sep": ";", "decimal": ","},
        "no header": {"header": False, "index": False},
        "quotes": {"quoting": csv.QUOTE_NONNUMERIC},
        "blanks": {"sep": " ", "na_rep": "n/a"},
        "%.5g": {"float_format": "%.5g"},
    }
    for at, table in enumerate(tables):
        frame = pandas.DataFrame({name: table.floats(name) if name in table.numbers else values
                                  for name, values in table.columns.items()})
        quoted = [name for name in table.names if name not in table.numbers]
        for way, arguments in ways.items():
            path = folder / f"{way}-{at}.csv"
            # Between blanks, text with a tab is not quoted.
            tabs = {name: frame[name].str.replace("\t", " ") for name in quoted} if way == "blanks" else {}
            frame.assign(**tabs).to_csv(path, **arguments)
            tokens = None
            if way == "%.5g":
                tokens = list(csv.reader(open(path, newline="")))[1:]
            options = ("--decimal", ",") if "decimal" in arguments else ()
            yield Case(f"pandas to_csv, {way}", path, table, options, arguments.get("header", True),
                       1 + arguments.get("index", True), tokens, digits=4)
        # An array's columns are named 0, 1, 2.
        for index in (True, False):
            # Without an index, 0 and 1 above a few rows are a point.
            if not index and len(table.without_texts().array()) < 16 and table.without_texts().array().shape[1] < 3:
                continue
            path = folder / f"numbers-{index}-{at}.csv"
            pandas.DataFrame(table.without_texts().array()).to_csv(path, index=index)
            yield Case("pandas to_csv, an array", path, table.without_texts(), (), False, 1 + index, default=not index)
        plain = table.with_texts(WORDS)
        frame = frame.assign(**{name: plain.columns[name] for name in table.names if name not in table.numbers})
        for index in (True, False):
            path = folder / f"string-{index}-{at}.txt"
            path.write_text(frame.to_string(index=index))
            tokens = [line.split() for line in path.read_text().splitlines()[1:]]
            # Six digits, or decimals.
            yield Case(f"pandas to_string, {'with' if index else 'no'} index", path, table, (), True, 1 + index, tokens,
                       digits=5, near=1e-6)


def polars_write_csv(folder, tables):
    ways = {
        "defaults": {},
        "null_value": {"null_value": "NULL"},
        "tabs": {"separator": "\t"},
        "bars": {"separator": "|"},
        "no header": {"include_header": False},
        "quotes": {"quote_style": "always", "line_terminator": "\r\n"},
        "decimal commas": {"decimal_comma": True, "separator": ";"},
        "float_scientific": {"float_scientific": True},
    }
    for at, table in enumerate(tables):
        frame = polars.DataFrame(table.columns, schema={name: float if name in table.numbers else str
                                                        for name in table.names})
        for way, arguments in ways.items():
            path = folder / f"{way}-{at}.csv"
            frame.write_csv(path, **arguments)
            options = ("--decimal", ",") if "decimal_comma" in arguments else ()
            yield Case(f"polars write_csv, {way}", path, table, options, arguments.get("include_header", True))


def arrow(table):
    return pyarrow.table({name: pyarrow.array(values, pyarrow.float64() if name in table.numbers else pyarrow.string())
                          for name, values in table.columns.items()})


def duckdb_copy(folder, tables):
    ways = {
        "defaults": "",
        "bars": "(DELIMITER '|')",
        "tabs, nullstr": r"(DELIMITER '\t', NULLSTR '\N')",
        "no header": "(HEADER false)",
        "quotes": "(FORCE_QUOTE *)",
    }
    for at, table in enumerate(tables):
        data = arrow(table)
        for way, arguments in ways.items():
            path = folder / f"{way}-{at}.csv"
            duckdb.sql(f"COPY data TO '{path}' {arguments}")
            yield Case(f"DuckDB COPY TO, {way}", path, table, (), "HEADER" not in arguments)


def pyarrow_write_csv(folder, tables):
    for at, table in enumerate(tables):
        for header in (True, False):
            path = folder / f"{header}-{at}.csv"
            pyarrow.csv.write_csv(arrow(table), path, pyarrow.csv.WriteOptions(include_header=header))
            yield Case(f"pyarrow write_csv, {'header' if header else 'no header'}", path, table, (), header)


def astropy_write(folder, tables):
    def data(table):
        masked = {}
        for name, values in table.columns.items():
            if name in table.numbers:
                mask = [value is None for value in values]
                floats = [7.0 if value is None else value for value in values]
                masked[name] = astropy.table.MaskedColumn(floats, mask=mask) if any(mask) else np.array(floats)
            else:
                masked[name] = values
        return astropy.table.Table(masked)

    # Under names of one letter are dashes of one, which elsewhere are missing values.
    digits = Table({"x": [1.0, 2.0], "y": [3.0, 4.0], "z": [5.0, 6.0]})
    for form in ("fixed_width_two_line", "rdb", "ipac"):
        path = folder / f"{form}.txt"
        ascii.write(astropy.table.Table(digits.array().astype(int), names=digits.names), path, format=form)
        yield Case(f"astropy, {form}", path, digits)
    quoting = ["basic", "commented_header", "csv", "tab", "rdb", "ecsv", "no_header"]
    for at, table in enumerate(tables):
        for form in quoting:
            path = folder / f"{form}-{at}.txt"
            # Between blanks, text with a tab is not quoted.
            written = table.with_texts(["b c", "d,e", 'f"g', "h;i", " p ", "5'"])
            if form in ("csv", "tab", "rdb"):
                written = table
            ascii.write(data(written), path, format=form)
            yield Case(f"astropy, {form}", path, written, (), form != "no_header")
        words = table.with_texts(WORDS)
        for form, written in (("fixed_width", table.with_texts(["b c", "d,e", 'f"g', "h;i", "j'k"])),
                              ("fixed_width_no_header", words), ("fixed_width_two_line", words.without_missing()),
                              ("ipac", words)):
            path = folder / f"{form}-{at}.txt"
            ascii.write(data(written), path, format=form)
            yield Case(f"astropy, {form}", path, written, (), form != "fixed_width_no_header")
        path = folder / f"pprint-{at}.txt"
        frame = data(words)
        path.write_text("\n".join(frame.pformat(max_lines=-1, max_width=-1)))
        yield Case("astropy, pprint", path, words)
        if len(table.numbers) == len(table.names):
            path = folder / f"qdp-{at}.txt"
            ascii.write(data(table), path, format="qdp")
            yield Case("astropy, qdp", path, table, ("--comment", "!"))
        path = folder / f"comments-{at}.txt"
        frame.meta["comments"] = ["made by a test of ours that has many words", "and another"]
        ascii.write(frame, path, format="commented_header")
        yield Case("astropy, commented_header, comments", path, words)


def ase_write(folder, tables):
    for at, table in enumerate(tables):
        table = table.without_texts()
        if len(table.numbers) < 3:
            continue
        array = table.within(1e10).array()
        species = ["H", "He", "O", "Fe"] * (len(array) // 4) + ["C"] * (len(array) % 4)
        atoms = ase.Atoms(species, positions=array[:, :3])
        written = Table({"species": species, **{name: list(column) for name, column in zip("xyz", array.T)}})
        for form in ("xyz", "extxyz"):
            path = folder / f"{form}-{at}.xyz"
            ase.io.write(path, atoms, format=form)
            tokens = [line.split() for line in path.read_text().splitlines()[2:]]
            yield Case(f"ase, {form}", path, written, (), form == "extxyz", tokens=tokens, near=1e-8 if form == "extxyz" else 1e-15)


def sqlite_modes(folder, tables):
    """The command line program's modes; the tables come from Python's module."""
    ways = {
        "-csv -header": ["-csv", "-header"],
        "-csv": ["-csv"],
        "list": ["-header"],
        "-tabs -header": ["-tabs", "-header"],
        "-column -header": ["-column", "-header"],
        "-quote": ["-quote"],
        "-markdown": ["-markdown"],
        "-table": ["-table"],
        "-nullvalue NULL": ["-csv", "-header", "-nullvalue", "NULL"],
    }
    for at, table in enumerate(tables):
        for way, arguments in ways.items():
            # A NaN is stored as NULL. What is not quoted must not have the delimiter in it.
            written = table.normal()
            if "-csv" not in arguments:
                unquoted = ["b c", "d,e", 'f"g', "j'k", "5'"]
                written = written.with_texts(unquoted if way in ("list", "-tabs -header") else WORDS)
            if way == "-column -header":
                written = written.without_missing().without_nan()
            path, file = folder / f"{way}-{at}.txt", folder / f"{way}-{at}.db"
            with sqlite3.connect(file) as base:
                kinds = [f'"{name}" {"REAL" if name in table.numbers else "TEXT"}' for name in table.names]
                base.execute(f"CREATE TABLE t({', '.join(kinds)})")
                base.executemany(f"INSERT INTO t VALUES({', '.join('?' * len(kinds))})", written.rows())
            base.close()
            with open(path, "w") as out:
                subprocess.run(["sqlite3", *arguments, file, "SELECT * FROM t"], check=True, stdout=out)
            text = path.read_text()
            if "-csv" in arguments:
                tokens = list(csv.reader(io.StringIO(text)))
            elif way == "-quote":
                tokens = list(csv.reader(io.StringIO(text), quotechar="'"))
            elif way in ("-markdown", "-table"):
                tokens = [line.split("|")[1:-1] for line in text.splitlines() if "|" in line]
            elif way == "-column -header":
                tokens = [line.split() for line in text.splitlines() if line.strip("- ")]
            else:
                tokens = [line.split("|" if way == "list" else "\t") for line in text.splitlines()]
            header = way not in ("-csv", "-quote")
            yield Case(f"sqlite3 {way}", path, written, (), header, tokens=tokens[-len(table):])


WRITERS = [python_csv, numpy_savetxt, pandas_to_csv, polars_write_csv, duckdb_copy, pyarrow_write_csv, astropy_write,
           ase_write, sqlite_modes]
