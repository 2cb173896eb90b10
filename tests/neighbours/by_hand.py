"""Text with headers of programs that are not at hand, as their manuals show it."""

from tables import WORDS, Case


def rows(table, delimiter, missing="nan"):
    field = lambda value: missing if value is None else value if isinstance(value, str) else repr(value)
    return "".join(delimiter.join(map(field, row)) + "\n" for row in table.rows())


def sextractor(folder, tables):
    """ASCII_HEAD: a comment a column, with its number, name, what it is, and its unit."""
    for at, table in enumerate(tables):
        table = table.with_texts(WORDS)
        header = "".join(f"# {column:3} {name:22} {'What it is of the object':58} [pixel]\n"
                         for column, name in enumerate(table.names, 1))
        path = folder / f"{at}.cat"
        path.write_text(header + rows(table, "  "))
        yield Case("SExtractor, ASCII_HEAD", path, table)


def plumed(folder, tables):
    for at, table in enumerate(tables):
        table = table.with_texts(WORDS)
        path = folder / f"{at}.dat"
        path.write_text(f"#! FIELDS {' '.join(table.names)}\n#! SET min_phi -pi\n#! SET max_phi pi\n" + rows(table, " "))
        yield Case("PLUMED, FIELDS", path, table)


def lammps(folder, tables):
    """One time step; of several, the reader says what it makes."""
    for at, table in enumerate(tables):
        table = table.with_texts(WORDS)
        path = folder / f"{at}.dump"
        path.write_text(f"ITEM: TIMESTEP\n1000\nITEM: NUMBER OF ATOMS\n{len(table)}\nITEM: BOX BOUNDS pp pp ff\n"
                        f"0.0 1.5e1\n-2 7.25\n0 1\nITEM: ATOMS {' '.join(table.names)}\n" + rows(table, " "))
        # Without x and y it asks which columns they are.
        yield Case("LAMMPS dump", path, table, default="x" in table.names)


def clickhouse(folder, tables):
    for at, table in enumerate(tables):
        table = table.with_texts(["a", "b c", "d,e", 'f"g', "j'k", "5'"])
        names = "\t".join(table.names) + "\n"
        types = "\t".join("Nullable(Float64)" if name in table.numbers else "String" for name in table.names) + "\n"
        for form, header in (("TabSeparated", ""), ("TabSeparatedWithNames", names),
                             ("TabSeparatedWithNamesAndTypes", names + types)):
            path = folder / f"{form}-{at}.tsv"
            path.write_text(header + rows(table, "\t", r"\N"))
            yield Case(f"ClickHouse {form}", path, table, (), bool(header))


def grace(folder, tables):
    """.xvg, as GROMACS writes it for Grace: `#` comments, `@` settings, a `&` behind a set."""
    for at, table in enumerate(tables):
        table = table.without_texts()
        legends = "".join(f'@ s{column} legend "{name}"\n' for column, name in enumerate(table.names[1:]))
        path = folder / f"{at}.xvg"
        path.write_text('# This file was created by a test\n@    title "A title"\n@    xaxis  label "Time (ps)"\n'
                        f'@    yaxis  label "(nm)"\n@TYPE xy\n{legends}' + rows(table, "  "))
        yield Case("Grace, .xvg", path, table, (), False, default=len(table.names) == 2)


def clouds(folder, tables):
    """Point clouds with headers of their own."""
    for at, table in enumerate(tables):
        table = table.without_texts()
        count, names = len(table), table.names
        pcd = (f"# .PCD v0.7 - Point Cloud Data file format\nVERSION 0.7\nFIELDS {' '.join(names)}\n"
               f"SIZE {' '.join('8' for _ in names)}\n"
               f"TYPE {' '.join('F' for _ in names)}\nCOUNT {' '.join('1' for _ in names)}\nWIDTH {count}\nHEIGHT 1\n"
               f"VIEWPOINT 0 0 0 1 0 0 0\nPOINTS {count}\nDATA ascii\n")
        ply = (f"ply\nformat ascii 1.0\ncomment made by a test\nelement vertex {count}\n"
               + "".join(f"property double {name}\n" for name in names)
               + "element face 1\nproperty list uchar int vertex_indices\nend_header\n")
        for form, header, footer in (("PCD", pcd, ""), ("PLY", ply, "3 0 0 0\n"), ("PTS", f"{count}\n", "")):
            if form == "PTS" and len(names) < 3:
                continue
            path = folder / f"{at}.{form.lower()}"
            path.write_text(header + rows(table, " ") + footer)
            yield Case(f"{form}, ASCII", path, table, (), form != "PTS", default=form == "PTS" or "x" in names)


WRITERS = [sextractor, plumed, lammps, clickhouse, grace, clouds]
