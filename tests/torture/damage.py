"""Flips bits of files, cuts them, adds to them, and clears pieces of them, and lets the program read them."""

import shutil
from dataclasses import dataclass

import formats
from scene import contents, remove

PLAIN = "--size", "96"
SEALED = "noticed, or harmless: the same result"
OPEN = "right, or another result, as the format has no checksum; never a crash"


@dataclass
class Damaged:
    """A file and the commands that read it. Where it is not sealed, what is in it cannot be known to be wrong."""

    name: str
    file: str
    readers: list
    sealed: bool = True


def kinds(at):
    read = ("bin2d", "in.points", "-o", "o.tiff", *PLAIN), "o.tiff"
    drawn = ("scatter", "in.points", "-o", "o.png", "--figsize", "2,2", "--cmap", "viridis"), "o.png"
    whole = ("info", "in.points", "--verify"), "stdout"
    for column in "xyz":
        yield Damaged(f"column {column}.npy", f"in.points/{column}.npy", [read, drawn, whole])
    yield Damaged("zones of a column", "in.points/x.zones.npy", [read, drawn, whole])
    # What it says of where columns came from is shown by info and changes no result.
    yield Damaged("points.json", "in.points/points.json", [read, drawn, (("info", "in.points", "--verify"), None)])
    for name, file in ("grid", "in.tiff"), ("deflated grid", "small.tiff"):
        yield Damaged(name, file, [(("colorize", file, "-o", "o.png"), "o.png"), (("info", file, "--verify"), "stdout"),
                                   (("colorize", file, "--figure", "-o", "o.svg"), "o.svg")])
    yield Damaged("shard", "1.tiff", [(("merge", "1.tiff", at / "a2.tiff", "-o", "o.tiff"), "o.tiff")])
    yield Damaged("gzip text", "t.txt.gz", [(("ingest", "t.txt.gz", "-o", "o.points"), "o.points")])
    yield Damaged("array", "t.npy", [(("ingest", "t.npy", "-o", "o.points"), "o.points")], sealed=False)
    yield Damaged("colour table", "map.cpt", [(("colorize", at / "a.tiff", "--cmap", "map.cpt", "-o", "o.png"), "o.png")],
                  sealed=False)


def ways(t, file, content, most):
    """Damages as (name, damaged content); those of the structure first come one a position, then as many anywhere."""
    structure = formats.structure(file, content)
    t.random.shuffle(structure)
    anywhere = [t.random.randrange(len(content)) for _ in range(most)]
    for at in structure[:most] + anywhere:
        turn = t.random.randrange(10)
        if turn < 6:
            bit = 1 << t.random.randrange(8)
            yield f"bit {bit} of byte {at}", content[:at] + bytes([content[at] ^ bit]) + content[at + 1:]
        elif turn == 6:
            yield f"cut to {at} bytes", content[:at]
        elif turn == 7:
            to = min(len(content), at + t.random.choice((4, 64, 512, 4096)))
            yield f"zeros from {at} to {to}", content[:at] + bytes(to - at) + content[to:]
        elif turn == 8:
            yield f"255 at {at}", content[:at] + b"\xff" + content[at + 1:]
        else:
            yield f"{at % 300 + 1} bytes more", content + bytes(t.random.randrange(256) for _ in range(at % 300 + 1))


def torment(t):
    folder = t.folder("files")
    at = t.scene.fixed
    shutil.copytree(at / "a.points", folder / "in.points")
    for name, source in ("in.tiff", "a.tiff"), ("1.tiff", "a1.tiff"), ("t.txt.gz", "points.txt.gz"), \
            ("t.npy", "points.npy"), \
            ("map.cpt", "map.cpt"):
        shutil.copy2(at / source, folder / name)
    t.program.must("bin2d", "in.points", "-o", "small.tiff", *PLAIN, "--compress", "deflate", cwd=folder)
    inputs(t, folder)
    pictures(t)
    kept(t)


def inputs(t, folder):
    for kind in kinds(t.scene.fixed):
        path = folder / kind.file
        original = path.read_bytes()
        references = [result(t, folder, *reader)[1] for reader in kind.readers]
        row = t.row(f"{kind.name} damaged", SEALED if kind.sealed else OPEN)
        for what, content in t.choose(ways(t, kind.file, original, 300), 9):
            if content == original:
                continue
            path.write_bytes(content)
            problems, noticed = [], 0
            for reader, reference in zip(kind.readers, references):
                outcome, found = result(t, folder, *reader)
                problems += outcome.ended()
                noticed += bool(outcome.code)
                if not kind.sealed:
                    continue
                problems += outcome.names(path.name, kind.file.split("/")[0])
                if outcome.good and found != reference:
                    problems.append(f"exit 0, and another result: {outcome.command}")
                if outcome.code and found not in (None, b""):
                    problems.append(f"exit {outcome.code}, and an output: {outcome.command}")
            row.trial(problems, "noticed" if noticed else "harmless", what=what)
            path.write_bytes(original)


def result(t, folder, arguments, output):
    """How a reader ends that has no output yet, and what it makes."""
    if output and output != "stdout" and (folder / output).exists():
        remove(folder / output)
    outcome = t.program.run(*arguments, cwd=folder, timeout=20)
    if output == "stdout":
        return outcome, outcome.stdout if outcome.good else None
    return outcome, contents(folder / output) if output else None


def pictures(t):
    """What is damaged is not up to date: the same command makes it again."""
    for name in "colorize", "figure", "figure pdf", "scatter", "bin2d", "merge", "ingest":
        stage = t.stages[name]
        stage.reset(old=False)
        stage.run()
        files = [stage.path] if stage.path.is_file() else sorted(stage.path.iterdir())
        row = t.row(f"output of {name} damaged, and the same command again", "made again, or found damaged by its readers")
        info = t.row(f"output of {name} damaged, and info --verify", "noticed, or harmless")
        shown = t.program.run("info", stage.path, "--verify", cwd=stage.folder)
        info.trial([] if shown.good else [f"undamaged, and yet exit {shown.code}: {shown.tail}"])
        for file in files:
            original = file.read_bytes()
            for what, content in t.choose(ways(t, file.name, original, 150 if len(files) == 1 else 40),
                                          max(1, 8 // len(files))):
                if content == original:
                    continue
                file.write_bytes(content)
                look = t.program.run("info", stage.path, "--verify", cwd=stage.folder)
                # Of columns and grids what is said of them must still be true; pictures are compared to the last byte.
                true = look.stdout == shown.stdout and stage.path.suffix in (".tiff", ".points")
                harmless = true or file.name == "points.json"
                info.trial(look.ended() + ["verified, and is damaged"] * (look.good and not harmless),
                           "noticed" if look.code else "harmless",
                           what=f"{file.name}: {what}")
                # To look for damage of columns costs as much as to read them, so that is left to their readers.
                outcome = stage.run()
                problems = outcome.ended()
                if stage.path.is_file() and stage.path.suffix != ".tiff" and stage.state() != "new":
                    problems.append(f"exit {outcome.code}, and the picture stays damaged")
                elif stage.state() != "new":
                    problems += found_out(t, stage)
                row.trial(problems, "made again" if stage.state() == "new" else "left to readers",
                          what=f"{file.name}: {what}")
                stage.reset(old=False)
                stage.run()
                original = file.read_bytes()


def found_out(t, stage):
    """Columns and grids that were left damaged must be found out by who reads them, or the damage changes no result; and
    they are made right as the message says: with --force."""
    reader, output = (("colorize", stage.output), "reader.png") if stage.path.suffix == ".tiff" else \
        (("bin2d", stage.output, *PLAIN), "reader.tiff")
    damaged = t.program.run(*reader, "-o", output, cwd=stage.folder)
    found = contents(stage.folder / output)
    forced = t.program.run(*stage.arguments, "--force", cwd=stage.folder)
    problems = damaged.ended() + forced.ended()
    if not forced.good or stage.state() != "new":
        problems.append(f"--force: exit {forced.code}, and the output is {stage.state()}")
    right = t.program.run(*reader, "-o", output, "--force", cwd=stage.folder)
    if damaged.good and right.good and contents(stage.folder / output) != found:
        problems.append("left damaged, and its readers take it for right")
    return problems


def kept(t):
    """What render and scatter keep, damaged: it is made again."""
    for name, colours in ("render", ("--cmap", "plasma")), ("render cached", ("--cmap", "plasma")), \
            ("scatter text", ("--vmin", "0.25")):
        stage = t.stages[name]
        row = t.row(f"what {name} keeps damaged, then the same with other colours and sizes",
                    "right pictures: what is damaged is made again")
        stage.reset(old=False)
        stage.run()
        others = [(*stage.arguments, *colours)]
        if "render" in name:
            others.append(tuple("97" if word == "96" else word for word in stage.arguments))
        references = []
        for arguments in others:
            t.program.must(*arguments, cwd=stage.folder)
            references.append(contents(stage.path))
        files = sorted(path.relative_to(stage.folder) for path in stage.folder.rglob("*")
                       if path.suffix in (".npy", ".json", ".tiff") and path.name not in stage.keep)
        trials = [(file, what, content) for file in files
                  for what, content in ways(t, file.name, (stage.folder / file).read_bytes(), 25)]
        for file, what, content in t.choose(trials, 10):
            stage.reset(old=False)
            stage.run()
            if not (stage.folder / file).exists():
                row.trial([], "not kept")
                continue
            (stage.folder / file).write_bytes(content)
            problems = []
            for arguments, reference in zip(others, references):
                outcome = t.program.run(*arguments, cwd=stage.folder)
                problems += outcome.ended()
                if not outcome.good or contents(stage.path) != reference:
                    problems.append(f"exit {outcome.code}, picture {'wrong' if outcome.good else 'not made'}: {outcome.tail}")
            row.trial(problems + stage.again(), what=f"{file}: {what}")
