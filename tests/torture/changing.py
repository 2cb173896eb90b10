"""Changes files while they are read: texts that are replaced, cut or added to, columns and grids that are cut or overwritten."""

import array
import os
import shutil
import time

from formats import pixels
from held import Held, how_often
from scene import contents, npy, remove, text_of

PLAIN = "--size", "96"
LARGE = 300_000  # rows, so that there is more to be read than what the beginning is looked at for


def replaced(path, folder):
    """By another text of the same size and time, renamed over it."""
    other = folder / "other"
    other.write_bytes(path.read_bytes().replace(b"1", b"2"))
    shutil.copystat(path, other)
    os.replace(other, path)


def overwritten(path, _):
    """In place, with the time put back."""
    before = path.stat()
    content = path.read_bytes().replace(b"1", b"2")
    with path.open("r+b") as file:
        file.write(content)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def cut(path, _):
    os.truncate(path, path.stat().st_size // 3)


def emptied(path, _):
    os.truncate(path, 0)


def added_to(path, _):
    with path.open("ab") as file:
        file.write(b"0.5 0.5 0.5 0.5\n" * 1000)


def removed(path, _):
    path.unlink()


def torment(t):
    folder, flags = t.folder("here"), t.folder("flags")
    texts(t, folder, flags)
    made(t, folder, flags)
    columns(t)


def texts(t, folder, flags):
    (t.root / "large.txt").write_text(text_of("large", LARGE))
    commands = {
        "ingest": (("ingest", "t.txt", "-o", "o.points"), "o.points"),
        "bin2d of text": (("bin2d", "t.txt", "-o", "o.tiff", "--extent", "0,1,0,1", *PLAIN), "o.tiff"),
        "render": (("render", "t.txt", "-o", "o.png", *PLAIN), "o.png"),
        "scatter": (("scatter", "t.txt", "-o", "o.png", "--figsize", "2,2", "--s", "1"), "o.png"),
    }
    for name, (arguments, output) in commands.items():
        row = t.row(f"text changed while {name} reads it",
                    "the right output of one version, or an error; the new one next time")
        start(t, folder)
        calls = how_often(t, "read", "t.txt", arguments, folder, flags)
        trials = [(call, number, change) for change in (replaced, overwritten, cut, emptied, added_to)
                  for call, number in [("read", number) for number in range(1, calls + 1)] + [("open", 1), ("open", 2)]]
        references = {}
        for call, number, change in t.choose(trials, 5):
            if change not in references:
                references[change] = versions(t, folder, arguments, output, change)
            start(t, folder)
            held = Held(t, call, "t.txt", number, arguments, folder, flags)
            if held.reached:
                change(folder / "t.txt", folder)
            outcome = held.go()
            problems = outcome.ended() + (outcome.names("t.txt") if outcome.code > 0 else [])
            if not held.reached:
                row.trial(problems, "never reached")
                continue
            before, after = references[change]
            # Where a change is one to what has been read already, or before anything was, the run cannot know.
            state = made_of(folder / output)
            if outcome.good and state not in (before, after):
                problems.append("exit 0, and the output is of neither version")
            if "bad" in outcome.stderr and "line" in outcome.stderr and not outcome.good and "changed" not in outcome.stderr:
                problems.append(f"a change is taken for a bad line: {outcome.tail}")
            again = t.program.run(*arguments, cwd=folder)
            problems += again.ended()
            if again.good and made_of(folder / output) != after or again.good != (after is not None):
                problems.append(f"the next run: exit {again.code}, and not what the text is now")
            row.trial(problems, "noticed" if outcome.code else "one version", what=f"{change.__name__}, {call} {number}")


def made_of(path):
    """What was made of a text, but for when and where that text was, which a grid records."""
    return pixels(path.read_bytes()) if path.suffix == ".tiff" and path.exists() else contents(path)


def start(t, folder):
    for path in folder.iterdir():
        remove(path)
    shutil.copy2(t.root / "large.txt", folder / "t.txt")


def versions(t, folder, arguments, output, change):
    """The outputs that the text has before and after the change; none where it is no table any more."""
    found = []
    for changed in False, True:
        start(t, folder)
        if changed:
            change(folder / "t.txt", folder)
        outcome = t.program.run(*arguments, cwd=folder)
        found.append(made_of(folder / output) if outcome.good else None)
    return found


def made(t, folder, flags):
    """What the program has made itself, cut or removed while it is read."""
    at = t.scene.fixed
    large = t.folder("made")
    t.program.must("ingest", t.root / "large.txt", "-o", "in.points", cwd=large)
    t.program.must("bin2d", at / "a.points", "-o", "in.tiff", "--size", "300", cwd=large)
    readers = {
        "bin2d": ("in.points", "x.npy", ("bin2d", "in.points", "-o", "o.tiff", *PLAIN), "o.tiff"),
        "bin2d with z": ("in.points", "z.npy", ("bin2d", "in.points", "-o", "o.tiff", *PLAIN), "o.tiff"),
        "scatter": ("in.points", "y.npy", ("scatter", "in.points", "-o", "o.png", "--figsize", "2,2", "--s", "1"), "o.png"),
        "info --verify": ("in.points", "x.npy", ("info", "in.points", "--verify"), None),
        "colorize": ("in.tiff", "in.tiff", ("colorize", "in.tiff", "-o", "o.png"), "o.png"),
        "info --verify of a grid": ("in.tiff", "in.tiff", ("info", "in.tiff", "--verify"), None),
    }
    for name, (source, file, arguments, output) in readers.items():
        row = t.row(f"{file} cut or removed while {name} reads it", "the right output, or an error that names it")

        def fresh():
            for path in folder.iterdir():
                remove(path)
            (shutil.copytree if (large / source).is_dir() else shutil.copy2)(large / source, folder / source)

        fresh()
        outcome = t.program.must(*arguments, cwd=folder)
        reference = contents(folder / output) if output else outcome.stdout
        path = folder / source / file if source != file else folder / file
        fresh()
        calls = [(call, number) for call in ("open", "read")
                 for number in range(1, how_often(t, call, file, arguments, folder, flags) + 1)]
        for (call, number), change in t.choose([(call, change) for call in calls for change in (cut, emptied, removed)], 5):
            fresh()
            held = Held(t, call, file, number, arguments, folder, flags)
            # Where a column is opened first, it is another that is held, of which the rest is read meanwhile.
            change(path, folder) if held.reached else None
            outcome = held.go()
            problems = outcome.ended() + outcome.names(file, source)
            if outcome.good and (contents(folder / output) if output else outcome.stdout) != reference:
                problems.append("exit 0, and the output is wrong")
            row.trial(problems, "noticed" if outcome.code else "right", what=f"{change.__name__}, {call} {number}")
        if file == "x.npy" and name == "bin2d":
            mapped(t, row, fresh, folder, flags, arguments, reference, output)


def mapped(t, row, fresh, folder, flags, arguments, reference, output):
    """A column that has been opened, and is cut before the next one is."""
    for change in t.choose((cut, emptied), 2):
        fresh()
        held = Held(t, "open", "in.points/y.npy", 1, arguments, folder, flags)
        if held.reached:
            change(folder / "in.points/x.npy", folder)
        outcome = held.go()
        problems = outcome.ended() + outcome.names("x.npy", "in.points")
        if outcome.good and contents(folder / output) != reference:
            problems.append("exit 0, and the output is wrong")
        row.trial(problems, "noticed" if outcome.code else "right", what=f"{change.__name__} x.npy before y.npy is opened")


def columns(t):
    """Large columns that are changed at any moment while they are looked at, many a time in the middle of it."""
    folder = t.folder("columns")
    rows = 500_000 if t.short else 4_000_000
    numbers = array.array("d", (t.random.random() for _ in range(3 * rows // 20))) * 20
    (folder / "c.npy").write_bytes(npy(numbers, 3))
    t.program.must("ingest", "c.npy", "-o", "c.points", cwd=folder)
    commands = {
        "bin2d": (("bin2d", "c.points", "-o", "o.tiff", "--size", "400", "--force"), "o.tiff"),
        "bin2d of a part": (("bin2d", "c.points", "-o", "o.tiff", "--size", "2000", "--extent", "0.2,0.7,0.1,0.9", "--force"),
                            "o.tiff"),
        "scatter": (("scatter", "c.points", "-o", "o.png", "--s", "1", "--cmap", "viridis", "--force"), "o.png"),
    }
    row = t.row("large columns cut, cleared or overwritten at random moments of bin2d and scatter",
                "the right output, or an error that names the column and the old output")
    good = {name: (folder / "c.points" / name).read_bytes() for name in ("x.npy", "y.npy", "z.npy")}
    expected, seconds = {}, {}
    for name, (arguments, output) in commands.items():
        began = time.monotonic()
        t.program.must(*arguments, cwd=folder)
        seconds[name], expected[name] = time.monotonic() - began, contents(folder / output)
    trials = [(name, change, column) for name in commands for change in ("cut", "cleared", "overwritten")
              for column in good for _ in range(1 if t.short else 12)]
    for name, change, column in t.choose(trials, 15):
        (arguments, output), path = commands[name], folder / "c.points" / column
        t.program.must(*arguments, cwd=folder)
        process = t.program.start(*arguments, cwd=folder)
        time.sleep(t.random.uniform(0, seconds[name]))
        at, size = t.random.randrange(200, len(good[column])), len(good[column])
        if change == "overwritten":
            with path.open("r+b") as file:
                file.seek(at)
                file.write(b"\x5a\xa5\x5a")
        else:
            os.truncate(path, at)
            if change == "cleared":
                os.truncate(path, size)
        outcome = t.program.finish(process)
        problems = outcome.ended() + outcome.names(column)
        if contents(folder / output) != expected[name]:
            problems.append(f"exit {outcome.code}, and the output is another one")
        row.trial(problems, "refused" if outcome.code else "made", what=f"{name}, {column} {change}")
        with path.open("r+b") as file:
            file.write(good[column])
