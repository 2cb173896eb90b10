"""Text that other programs write. Each function gives the cases of one program."""

import csv
import io
import math
import re
import struct
import subprocess
from pathlib import Path

import astropy.table
import numpy as np
import rasterio

from tables import WORDS, Case, Table

HERE = Path(__file__).parent
# R and Octave tell a missing value from NaN by these bits.
NA = struct.pack("<Q", 0x7FF00000000007A2)


def call(*arguments, **more):
    return subprocess.run([str(argument) for argument in arguments], check=True, **more)


def write_to(path, *arguments, **more):
    with open(path, "w") as out:
        call(*arguments, stdout=out, stderr=subprocess.DEVNULL, **more)


def quoted_fields(line):
    """Fields between blanks, quoted with backslashes as R and STILTS do."""
    return re.findall(r'"(?:[^"\\]|\\.)*"|[^\s"]+', line)


def r(folder, tables):
    tables = [table.normal() for table in tables]
    for at, table in enumerate(tables):
        lines = []
        for column, name in enumerate(table.names):
            kind = "number" if name in table.numbers else "text"
            lines.append(f"{name}\t{kind}\t{len(table)}\n")
            values = table.columns[name]
            if kind == "number":
                data = b"".join(NA if value is None else struct.pack("<d", value) for value in values)
            else:
                data = "".join(value + "\n" for value in values).encode()
            (folder / f"{at}.{column}").write_bytes(data)
        (folder / f"{at}.columns").write_text("".join(lines))
    call("Rscript", "--vanilla", HERE / "writers.R", folder, len(tables))
    commas = ("--decimal", ",")
    for at, table in enumerate(tables):
        def case(way, tokens, first=1, header=True, options=(), digits=13, table=table):
            decimal = "," if options else "."
            return Case(f"R {way}", path(way), table, options, header, first, tokens(path(way)), decimal, digits)

        path = lambda way: folder / f"{way}-{at}.txt"
        blanks = lambda skip: lambda path: [quoted_fields(line) for line in path.read_text().splitlines()][skip:]
        fields = lambda delimiter, quoting=csv.QUOTE_MINIMAL: lambda path: list(
            csv.reader(io.StringIO(path.read_text()), delimiter=delimiter, quoting=quoting))[1:]
        yield case("write.table", blanks(1), 2)
        yield case("write.table, no row names", blanks(1))
        yield case("write.table, no names", blanks(0), header=False)
        texts = [name for name in table.names if name not in table.numbers]
        if not any("\t" in value for name in texts for value in table.columns[name]):
            yield case("write.table, tabs, no quotes", fields("\t", csv.QUOTE_NONE))
            yield case("write.table, col.names=NA", fields("\t", csv.QUOTE_NONE), 2, options=commas)
        yield case("write.csv", fields(","), 2)
        yield case("write.csv, no row names", fields(","))
        yield case("write.csv of format", fields(","), digits=15.5)
        yield case("write.csv2", fields(";"), 2, options=commas)
        yield case("fwrite", fields(","))
        yield case("fwrite, tabs, row names", fields("\t"), 2)
        yield case("fwrite, decimal commas", fields(";"), options=commas)
        yield case("print", blanks(1), 2, digits=3)
        numbers = table.without_texts()
        yield case("write", blanks(0), header=False, digits=6, table=numbers)


def octave(folder, tables):
    tables = [table.normal().without_texts() for table in tables]
    for at, table in enumerate(tables):
        columns = [b"".join(NA if value is None else struct.pack("<d", value) for value in table.columns[name])
                   for name in table.numbers]
        (folder / f"{at}.matrix").write_bytes(b"".join(columns))
        (folder / f"{at}.shape").write_text(f"{len(table)} {len(columns)}")
    # It complains at its end even of an empty script.
    call("octave-cli", "--norc", HERE / "writers.m", folder, len(tables), stderr=subprocess.DEVNULL)
    for at, table in enumerate(tables):
        for way, delimiter, digits in (("save -ascii", None, 8), ("save -ascii -double -tabs", "\t", 15.5),
                                       ("save", None, 15.5), ("dlmwrite", ",", 15), ("dlmwrite, tabs", "\t", 15),
                                       ("dlmwrite, %.17g", " ", 15.5), ("csvwrite", ",", 15)):
            path = folder / f"{way}-{at}.txt"
            tokens = [line.split(delimiter) for line in path.read_text().splitlines() if line and line[0] != "#"]
            yield Case(f"Octave {way}", path, table, (), False, 1, tokens, digits=digits)


def fortran(folder, tables):
    program = folder / "writers"
    call("gfortran", HERE / "writers.f90", "-o", program)
    ways = [("list-directed", 16, None), ("ES25.17", 16, None), ("D26.16", 15, None), ("1PE16.7", 7, None), ("G0 and commas", 16, ","),
            ("ES26.16E3", 15.5, None), ("EN26.12", 11, None), ("G22.14", 13, None), ("decimal commas", 16, None)]
    for at, table in enumerate(tables):
        table = table.normal().without_texts().without_missing()
        # Three digits of an exponent leave no room for its letter in most formats, which is an error that says so.
        for written, chosen in ((table, (1, 5, 6, 9)), (table.within(1e98, 1e-98), (2, 3, 4, 7, 8))):
            path = folder / f"{at}.{chosen[0]}.matrix"
            path.write_bytes(written.array().tobytes())
            call(program, path, len(table), len(table.numbers))
            for number in chosen:
                way, digits, delimiter = ways[number - 1]
                text = path.with_suffix(f".matrix.{number}")
                tokens = [line.split(delimiter) for line in text.read_text().splitlines()]
                decimal = "," if way == "decimal commas" else "."
                options = ("--decimal", ",") if way == "decimal commas" else ()
                yield Case(f"gfortran {way}", text, written, options, False, 1, tokens, decimal, digits)


def gnuplot(folder, tables):
    """Rows with a coordinate that is not finite are marked undefined; the rest has six digits. A colour may be NaN."""
    for at, table in enumerate(tables):
        table = table.without_texts().within(1e300, 1e-300)
        finite = [row for row in table.rows() if all(value is not None and math.isfinite(value) for value in row[:3])]
        if not finite:
            continue
        data = folder / f"{at}.dat"
        np.savetxt(data, table.array(), fmt="%.17g")
        kept = Table(dict(zip(table.numbers, ([value or 0.0 for value in column] for column in zip(*finite)))))
        wanted = Table({name: kept.columns[name] for name in kept.numbers[:3]})
        ways = [("plot", "plot '{data}' using 1:2", 2), ("splot", "splot '{data}' using 1:2:3", 3),
                ("plot with points palette", "plot '{data}' using 1:2:3 with points palette", 3),
                ("plot with table", "plot '{data}' using 1:2:3 with table", 0),
                ("plot, commas", "plot '{data}' using 1:2:3 with table", 0)]
        for way, command, columns in ways:
            if columns > len(table.numbers) or (not columns and len(table.numbers) < 3):
                continue
            path = folder / f"{way}-{at}.txt"
            separator = "separator comma" if way == "plot, commas" else ""
            script = f"set table '{path}' {separator}; {command.format(data=data)}"
            call("gnuplot", "-e", script, stderr=subprocess.DEVNULL)
            lines = [line for line in path.read_text().splitlines() if line and line[0] != "#"]
            lines = [line.split("," if separator else None) for line in lines]
            if columns:
                rows = table.rows()
                place = 2 if "palette" in way else columns
                there = [all(value is not None and math.isfinite(value) for value in row[:place]) for row in rows]
                kept = [row[:columns] for row, is_there in zip(rows, there) if is_there]
                drawn = Table(dict(zip("xyz", map(list, zip(*kept)))))
                drawn.columns["type"] = ["i"] * len(kept)
                tokens = [line for line in lines if line[-1] != "u"]
                # A colour is no z by its name.
                yield Case(f"gnuplot {way}", path, drawn, (), "palette" not in way, 1, tokens, digits=5,
                           default="palette" not in way)
            else:
                drawn = Table({name: table.columns[name] for name in table.numbers[:3]})
                yield Case(f"gnuplot {way}", path, drawn, (), False, 1, lines, digits=5)


def awk(folder, tables):
    ways = {
        "OFMT by default": [],
        "OFMT=%.17g": ["-v", "OFMT=%.17g"],
        "OFMT=%.3e, tabs": ["-v", "OFMT=%.3e", "-v", "OFS=\t"],
        "OFMT=%.9g, bars": ["-v", "OFMT=%.9g", "-v", "OFS=|"],
    }
    for at, table in enumerate(tables):
        table = table.without_texts().without_missing().finite().normal()
        data = folder / f"{at}.dat"
        np.savetxt(data, table.array(), fmt="%.17g")
        sums = ", ".join(f"${column + 1} + 0" for column in range(len(table.numbers)))
        for program in ("gawk", "mawk"):
            for way, arguments in ways.items():
                path = folder / f"{program}-{way}-{at}.txt"
                write_to(path, program, *arguments, f"{{ print {sums} }}", data)
                tokens = [re.split(r"[\s|]+", line) for line in path.read_text().splitlines()]
                yield Case(f"{program}, {way}", path, table, (), False, 1, tokens, digits=3 if "%.3e" in way else 5)
            path = folder / f"{program}-comma behind each-{at}.txt"
            each = '{ for (column = 1; column <= NF; column++) printf "%.17g,", $column; print "" }'
            write_to(path, program, f'BEGIN {{ print "{",".join(table.names)}" }} {each}', data)
            yield Case(f"{program}, a comma behind each", path, table)


def miller(folder, tables):
    """Miller keeps the digits that it read."""
    ways = {
        "--ocsv": ["--ocsv"],
        "--ocsv --quote-all": ["--ocsv", "--quote-all"],
        "--otsv": ["--otsv"],
        "--opprint": ["--opprint"],
        "--opprint --right": ["--opprint", "--right"],
        "--opprint --barred": ["--opprint", "--barred"],
        "--omd": ["--omd"],
        "--onidx": ["--onidx"],
    }
    for at, table in enumerate(tables):
        for way, arguments in ways.items():
            written = table
            if way not in ("--ocsv", "--ocsv --quote-all"):
                written = table.with_texts(WORDS)
            if way == "--onidx":
                written = written.without_missing()
            data, path = folder / f"{way}-{at}.csv", folder / f"{way}-{at}.txt"
            with open(data, "w", newline="") as file:
                writer = csv.writer(file)
                writer.writerow(written.names)
                writer.writerows(written.rows())
            write_to(path, "mlr", "--icsv", *arguments, "cat", data)
            yield Case(f"mlr {way}", path, written, (), way != "--onidx")


def stilts(folder, tables):
    texts = ["a", "B7", "b c", "d,e", 'f"g', "h;i", "j'k", "l|m"]
    for at, table in enumerate(tables):
        # Each takes a Java machine a third of a second.
        if at not in (0, 2, 6):
            continue
        for form in ("ascii", "csv", "csv-noheader", "tst", "ipac", "text"):
            written = table.with_texts(WORDS if form in ("ipac", "text", "tst") else texts)
            data, path = folder / f"{form}-{at}.fits", folder / f"{form}-{at}.txt"
            columns = {name: written.floats(name) if name in written.numbers else values
                       for name, values in written.columns.items()}
            astropy.table.Table(columns).write(data)
            call("stilts", "tcopy", f"in={data}", "ifmt=fits", f"out={path}", f"ofmt={form}")
            options = ()
            if form == "tst":
                # Any text stands in front of the names, and a column Index where none is like an identifier.
                lines = path.read_text().splitlines()
                names = next(at for at, line in enumerate(lines) if line.startswith("\t".join(written.names)))
                options = ("--skip-rows", names, "--skip-bad")
            yield Case(f"STILTS {form}", path, written, options, form != "csv-noheader")


def gmt(folder, tables):
    """GMT reads infinities as NaN and has twelve digits by default."""
    ways = {
        "select": [],
        "select, %.17g": ["--FORMAT_FLOAT_OUT=%.17g"],
        "select, commas": ["--IO_COL_SEPARATOR=comma"],
        "select, blanks": ["--IO_COL_SEPARATOR=space", "--FORMAT_FLOAT_OUT=%.17g"],
    }
    for at, table in enumerate(tables):
        if len(table.numbers) < 3:
            continue
        plain = table.finite().normal()
        written = Table({name: plain.columns[name] for name in plain.numbers[:3]})
        data = folder / f"{at}.dat"
        half = len(table) // 2
        lines = [" ".join("NaN" if value is None else repr(value) for value in row) + f" word {row_at} of text\n"
                 for row_at, row in enumerate(written.rows())]
        data.write_text("> the first segment -Z1\n" + "".join(lines[:half]) + "> the second\n" + "".join(lines[half:]))
        for way, arguments in ways.items():
            path = folder / f"{way}-{at}.txt"
            write_to(path, "gmt", "select", data, *arguments, cwd=folder)
            tokens = [re.split(r"[\s,]", line) for line in path.read_text().splitlines() if line[0] not in ">#"]
            yield Case(f"gmt {way}", path, written, (), False, 1, tokens, digits=11)
    grid = folder / "grid.nc"
    call("gmt", "grdmath", "-R-2/3/0/4", "-I0.25", "X", "SQRT", "Y", "MUL", "3", "DIV", "=", grid, cwd=folder)
    for way, arguments in (("grd2xyz", []), ("grd2xyz -ho", ["-ho"])):
        path = folder / f"{way}.txt"
        write_to(path, "gmt", "grd2xyz", grid, *arguments, cwd=folder)
        tokens = [line.split("\t") for line in path.read_text().splitlines() if line[0] != "#"]
        x = [-2 + 0.25 * column for _ in range(17) for column in range(21)]
        y = [4 - 0.25 * row for row in range(17) for _ in range(21)]
        z = [math.sqrt(x) * y / 3 if x >= 0 else math.nan for x, y in zip(x, y)]
        yield Case(f"gmt {way}", path, Table({"x": x, "y": y, "z": z}), (), "-ho" in way, 1, tokens, digits=6)


def gdal(folder, tables):
    rng = np.random.default_rng(21)
    for at, (rows, columns, missing) in enumerate(((1, 1, 0.0), (1, 2, 0.5), (20, 30, 0.2))):
        z = (rng.normal(0, 1, (rows, columns)) * 10.0 ** rng.integers(-20, 20, (rows, columns))).astype(np.float32)
        z[rng.random(z.shape) < missing] = np.nan
        data = folder / f"{at}.tiff"
        place = rasterio.transform.from_origin(440720.1, 3751320.3, 60.05, 60.05)
        with rasterio.open(data, "w", driver="GTiff", width=columns, height=rows, count=1, dtype="float32",
                           transform=place) as grid:
            grid.write(z, 1)
        x = [440720.1 + 60.05 * (column + 0.5) for _ in range(rows) for column in range(columns)]
        y = [3751320.3 - 60.05 * (row + 0.5) for row in range(rows) for _ in range(columns)]
        written = Table({"X": x, "Y": y, "Z": z.ravel().astype(float).tolist()})
        header = ["-co", "ADD_HEADER_LINE=YES"]
        for way, arguments, delimiter in (("XYZ", [], " "), ("XYZ with a header", header, " "),
                                          ("XYZ with commas", [*header, "-co", "COLUMN_SEPARATOR=,"], ",")):
            path = folder / f"{way}-{at}.xyz"
            call("gdal_translate", "-q", "-of", "XYZ", *arguments, data, path)
            lines = [line.split(delimiter) for line in path.read_text().splitlines()]
            yield Case(f"gdal_translate -of {way}", path, written, (), bool(arguments), 1, lines[-len(x):], digits=15)
    ways = {
        "AS_XY": ["GEOMETRY=AS_XY"],
        "AS_XY, semicolons": ["GEOMETRY=AS_XY", "SEPARATOR=SEMICOLON"],
        "AS_XY, tabs": ["GEOMETRY=AS_XY", "SEPARATOR=TAB"],
        "AS_YX": ["GEOMETRY=AS_YX"],
        "AS_XY with a byte order mark": ["GEOMETRY=AS_XY", "WRITE_BOM=YES", "LINEFORMAT=CRLF"],
    }
    for at, table in enumerate(tables):
        table = table.normal()
        x, y = table.numbers[:2]
        place = table.finite().without_missing().without_nan().within(1e15, 1e-15)
        data = folder / f"{at}.csv"
        rest = [name for name in table.names if name not in (x, y)]
        with open(data, "w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["px", "py", *(f"_{name}" for name in rest)])
            writer.writerows(zip(place.columns[x], place.columns[y], *(table.columns[name] for name in rest)))
        for way, arguments in ways.items():
            path = folder / f"{way}-{at}.csv"
            call("ogr2ogr", "-f", "CSV", path, data, "-oo", "X_POSSIBLE_NAMES=px", "-oo", "Y_POSSIBLE_NAMES=py", "-oo",
                 "KEEP_GEOM_COLUMNS=NO", *(part for argument in arguments for part in ("-lco", argument)))
            delimiter = {"AS_XY, semicolons": ";", "AS_XY, tabs": "\t"}.get(way, ",")
            tokens = list(csv.reader(open(path, newline="", encoding="utf-8-sig"), delimiter=delimiter))[1:]
            order = [("X", place.columns[x]), ("Y", place.columns[y])]
            written = Table(dict(order[::-1] if way == "AS_YX" else order)
                            | {f"_{name}": table.columns[name] for name in rest})
            # Of one attribute, names and missing values have a delimiter more behind them.
            options = ("--ragged",) if len(rest) == 1 else ()
            yield Case(f"ogr2ogr CSV, {way}", path, written, options, True, 1, tokens, digits=14, near=1e-13,
                       default=way != "AS_YX" and not (rest and rest[0] not in table.numbers))


WRITERS = [r, octave, fortran, gnuplot, awk, miller, stilts, gmt, gdal]
