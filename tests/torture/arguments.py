"""Options with values that cannot be, and inputs and outputs that are no plain files."""

import os
import re
import shutil
import stat

from program import limited
from scene import contents, entries, remove

COMMANDS = "ingest", "bin2d", "merge", "colorize", "render", "scatter", "info", "colormaps"
VALUES = ("", " ", "0", "-1", "1", "-0", "nan", "inf", "-inf", "1e999", "1e-999", "4294967295", "4294967296",
          "18446744073709551615", "9" * 400,
          "0x10", "1x1", "0x0", "1x99999999999", "4294967295x4294967295", "-1x-1", "1,2,3,4", "0,0,0,0", "1,0,1,0",
          "nan,nan,nan,nan", "-inf,inf,-inf,inf",
          "0,1e-320,0,1e-320", "-1e308,1e308,-1e308,1e308", ",", ",,,,", "x=1", "x=,y=", "x=0,y=0", "x=99999999999,y=2",
          "\x1b[31m\x07", "a\nb", "\u202e\u2028",
          "/", ".", "..", "/dev/null", "#", "#gggggg", "#" + "f" * 9, "none", "auto", "mean:", ":mean", "count," * 300, "0/0",
          "1/0", "2/1", "-1/-1",
          "1/18446744073709551615", "é" * 200, "%s%n", "--", "-")
# What each command reads beside the option that is tried; all are small.
BOUNDED = limited(v=4 << 20)
NOBODY = 65534
# As they come from a name or a value, these would be taken for the terminal's orders.
CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


def shown(outcome):
    """What is wrong with a message that shows control characters as they are."""
    text = outcome.stderr + outcome.stdout.decode("utf-8", "replace")
    found = CONTROLS.search(text.replace("\r\n", "\n"))
    return [f"control character {found.group()!r} printed: {outcome.command!r}"] if found else []


def commands(at, output):
    """Each command with small inputs, which go to its output."""
    few = at / "few.txt"
    return {"ingest": ("ingest", few, "-o", f"{output}.points"),
            "bin2d": ("bin2d", at / "a.points", "-o", f"{output}.tiff", "--size", "9"),
            "merge": ("merge", at / "a1.tiff", at / "a2.tiff", "-o", f"{output}.tiff"),
            "colorize": ("colorize", at / "a.tiff", "-o", f"{output}.png"),
            "render": ("render", few, "-o", f"{output}.png", "--cache-dir", "cache"),
            "scatter": ("scatter", few, "-o", f"{output}.png", "--cache-dir", "cache"),
            "info": ("info", at / "a.tiff"), "colormaps": ("colormaps", "viridis", "-o", f"{output}.png")}


def torment(t):
    folder = t.folder("here")
    values(t, folder)
    others(t, folder)
    names(t, folder)
    both(t, folder)
    foreign(t)


def clear(folder):
    for path in folder.iterdir():
        remove(path)


def values(t, folder):
    for command in COMMANDS:
        usage = t.program.must(command, "--help", cwd=folder).stdout.decode()
        options = [option for option in re.findall(r"^ +(?:-\w, )?(--[\w-]+) <", usage, re.M)
                   if option not in ("--output", "--cache-dir")]
        row = t.row(f"{command}, {len(options)} options with {len(VALUES)} values each",
                    "an error with exit code 2 or 1, or an output; no control characters")
        base = commands(t.scene.fixed, "o")[command]
        for option, value in t.choose([(option, value) for option in options for value in VALUES], 24):
            clear(folder)
            # Bins take the larger part of the time where the default is not said otherwise.
            sized = option in ("--size", "--resolution")
            arguments = [word for word in base if not sized or word not in ("--size", "9")]
            outcome = t.program.run(*arguments, f"{option}={value}", cwd=folder, prefix=BOUNDED, timeout=30)
            problems = outcome.ended() + shown(outcome)
            if outcome.code > 2:
                problems.append(f"exit {outcome.code}: {outcome.tail}")
            left = [name for name in entries(folder) if ".partial-" in name]
            # What clap says of a value names the option, and what is said later the file; both are messages.
            row.trial(problems + [f"left over: {name}" for name in left], "refused" if outcome.code else "taken",
                      what=f"{option}={value[:40]!r}")


KINDS = {
    "fifo": lambda path: os.mkfifo(path), "folder": lambda path: path.mkdir(),
    "full folder": lambda path: (path / "in").mkdir(parents=True),
    "link to itself": lambda path: path.symlink_to(path.name), "dead link": lambda path: path.symlink_to("nowhere/at/all"),
    "device": lambda path: os.mknod(path, 0o666 | stat.S_IFCHR, os.makedev(1, 3)), "empty file": lambda path: path.touch(),
}


def others(t, folder):
    """Other kinds of files in the place of outputs and inputs. Devices are nodes of our own, which may be lost."""
    outputs = {name: words for name, words in commands(t.scene.fixed, "o").items() if name != "info"}
    for kind, make in KINDS.items():
        row = t.row(f"{kind} as output", "refused at once, or replaced by the right output; what it leads to untouched")
        reading = t.row(f"{kind} as input", "refused at once")
        if kind == "device" and os.geteuid():
            row.skip("needs root")
            reading.skip("needs root")
            continue
        for name, words in t.choose(outputs.items(), 7):
            clear(folder)
            output = next(word for word in words if str(word).startswith("o."))
            make(folder / output)
            before = (folder / output).lstat().st_mode
            outcome = t.program.run(*words, cwd=folder, timeout=10)
            after = (folder / output).lstat().st_mode if os.path.lexists(folder / output) else None
            problems = outcome.ended() + outcome.names(output)
            if outcome.code and after != before:
                problems.append(f"exit {outcome.code}, and it is another kind now")
            row.trial(problems, "refused" if outcome.code else "replaced", what=name)
        # A pipe as text is read, and waited for, as any program does.
        suffixes = {"bin2d": ".points", "colorize": ".tiff", "info": ".tiff", "merge": ".tiff", "ingest": ".txt",
                    "scatter": ".points"}
        for name, suffix in t.choose(suffixes.items(), 6):
            if kind == "fifo" and suffix == ".txt":
                continue
            clear(folder)
            make(folder / f"in{suffix}")
            words = [name, f"in{suffix}"] + (["in.tiff"] if name == "merge" else [])
            outputs_of = {"bin2d": "o.tiff", "merge": "o.tiff", "ingest": "o.points"}
            words += [] if name == "info" else ["-o", outputs_of.get(name, "o.png")]
            outcome = t.program.run(*words, cwd=folder, timeout=10)
            reading.trial(outcome.ended() + outcome.names("in.") + ["read as if it had content"] * outcome.good, what=name)
    row = t.row("fifo in a folder of columns", "refused at once")
    for file in t.choose(("points.json", "x.npy", "z.npy", "x.zones.npy"), 4):
        clear(folder)
        shutil.copytree(t.scene.fixed / "a.points", folder / "in.points")
        (folder / "in.points" / file).unlink()
        os.mkfifo(folder / "in.points" / file)
        for words in ("bin2d", "in.points", "-o", "o.tiff"), ("info", "in.points", "--verify"), \
                ("scatter", "in.points", "-o", "o.png"):
            outcome = t.program.run(*words, cwd=folder, timeout=10)
            row.trial(outcome.ended() + outcome.names("in.points") + ["read as if it had content"] * outcome.good,
                      what=f"{words[0]}, {file}")


def names(t, folder):
    """Names of all lengths that the file system takes, and with any bytes."""
    row = t.row("outputs with names of 1 to 256 bytes, and of any bytes",
                "the right output, or an error; no control characters; nothing left")
    stems = [b"n" * length for length in (1, 100, 200, 220, 230, 240, 245, 246, 247, 248, 249, 250, 251, 252)]
    stems += [b"\xff\xfe", b"a\nb", b"\x1b[2Jx", b"\xe2\x80\xae", b"\xc3\xa9" * 120, b"a b", b"-", b"'\"$(x)", b".hidden",
              b".partial-x", b"%s"]
    for stem in t.choose(stems, 26):
        for command in "ingest", "bin2d", "colorize", "scatter":
            clear(folder)
            base = commands(t.scene.fixed, "o")[command]
            suffix = next(str(word)[1:] for word in base if str(word).startswith("o."))
            name = b"./" + stem + suffix.encode()
            outcome = t.program.run(*(name if str(word).startswith("o.") else word for word in base), cwd=folder)
            problems = outcome.ended() + shown(outcome)
            fits = len(stem + suffix.encode()) <= 255
            found = contents(folder / os.fsdecode(name)) if fits else None
            if outcome.good != (found is not None):
                problems.append(f"exit {outcome.code}, and the output is {'there' if outcome.code else 'missing'}")
            problems += [f"a name that fits, and yet exit {outcome.code}: {outcome.tail}"] * (fits and not outcome.good)
            problems += ["left over"] * any(".partial-" in entry and stem != b".partial-x" for entry in entries(folder))
            row.trial(problems, "refused" if outcome.code else "made",
                      what=f"{command} {stem[:20]!r} of {len(stem + suffix.encode())} bytes")


def foreign(t):
    """Outputs of another user, in a folder where everybody may write but nobody may remove what is another's."""
    row = t.row("output of another user in a shared folder", "refused before any work, untouched, nothing left")
    if os.geteuid():
        row.skip("needs root")
        return
    for name, mode in t.choose([(name, mode) for name in ("ingest", "bin2d", "colorize", "scatter", "merge")
                                for mode in (0o1777, 0o755)], 10):
        stage = t.stages[name]
        stage.reset()
        stage.folder.chmod(mode)
        os.chown(t.program.temporary, NOBODY, NOBODY)
        outcome = stage.run(prefix=["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"])
        row.trial(stage.judge(outcome) + ["not refused"] * outcome.good, what=f"{name}, mode {mode:o}")
        stage.folder.chmod(0o755)
        os.chown(t.program.temporary, 0, 0)


def both(t, folder):
    """Outputs that are inputs."""
    row = t.row("output that is an input", "refused, and the input untouched")
    cases = {
        "grid": (("colorize", "in.tiff", "-o", "in.tiff"), "in.tiff"),
        "merged": (("merge", "1.tiff", "2.tiff", "-o", "1.tiff"), "1.tiff"),
        "text as picture": (("render", "t.png", "-o", "t.png"), "t.png"),
        "colour table": (("colorize", "in.tiff", "-o", "map.png", "--cmap", "map.png"), "map.png"),
        "text as columns": (("ingest", "t.points", "-o", "t.points"), "t.points"),
        "link": (("colorize", "in.tiff", "-o", "link.png", "--cmap", "map.png"), None),
        "points drawn over": (("scatter", "in.points", "-o", "in.points"), "in.points"),
        "text as grid": (("bin2d", "t.tiff", "-o", "t.tiff", "--extent", "0,1,0,1"), "t.tiff"),
    }
    for what, (words, path) in t.choose(cases.items(), 9):
        clear(folder)
        at = t.scene.fixed
        shutil.copytree(at / "a.points", folder / "in.points")
        for name, source in ("in.tiff", "a.tiff"), ("1.tiff", "a1.tiff"), ("2.tiff", "a2.tiff"), \
                ("t.png", "few.txt"), ("t.points", "few.txt"), ("t.tiff", "few.txt"), ("map.png", "map.cpt"):
            shutil.copy2(at / source, folder / name)
        (folder / "link.png").symlink_to("map.png")
        target = folder / (path or "map.png")
        before = contents(target)
        outcome = t.program.run(*words, cwd=folder)
        problems = outcome.ended() + ["the input is another now"] * (contents(target) != before)
        row.trial(problems + ["not refused"] * (path is not None and outcome.good), what=what)
