"""Holds one command at the moment when it opens or renames a file, while another replaces what that file belongs to."""

import time

from scene import contents, remove, text_of

PLAIN = "--size", "96"
AT_MOST = 12  # calls of one kind that are held
PATIENCE = 1.5  # seconds that the second command has before the first may go on: it may be waiting for it


class Held:
    """A command that is held at a call, until it is let go."""

    def __init__(self, t, call, suffix, number, arguments, cwd, flags):
        self.t, self.flag = t, flags / "flag"
        for path in flags.iterdir():
            remove(path)
        self.process = t.program.start(*arguments, cwd=cwd, prefix=[t.shims["hold"], call, suffix, str(number), self.flag])
        self.reached = self.wait()

    def wait(self):
        """Whether it is held, or has ended without ever having come to that call."""
        end = time.monotonic() + 30
        while time.monotonic() < end:
            if self.flag.with_suffix(".reached").exists():
                return True
            if self.process.poll() is not None:
                return False
            time.sleep(0.002)
        return False

    def go(self):
        self.flag.with_suffix(".go").touch()
        return self.t.program.finish(self.process)


def how_often(t, call, suffix, arguments, cwd, flags):
    """How many such calls a command makes when nothing disturbs it."""
    flag = flags / "flag"
    t.program.must(*arguments, cwd=cwd, prefix=[t.shims["hold"], call, suffix, "0", flag])
    return int(flag.with_suffix(".count").read_text())


def beside(t, process):
    """Gives a command that runs beside a held one some time, since it may be waiting for it."""
    end = time.monotonic() + PATIENCE
    while process.poll() is None and time.monotonic() < end:
        time.sleep(0.005)
    return process.poll() is None


def pairs(t):
    """Name, calls that are held, the command, the other one, what both write, and what must be right after all."""
    at = t.scene.fixed
    text = at / "points.txt"
    other = "--columns", "x=1,y=2,z=4"
    render = "render", text, *PLAIN, "--cache-dir", "cache", "-o"
    yield ("render and render, one picture", ("open", ".npy"), ("open", ".tiff"), ("open", "points.json"), ("rename", "")), \
        (), (*render, "o.png"), (*render, "o.png", *other), "o.png", "o.png"
    yield ("render and render, one cache", ("open", ".npy"), ("open", ".tiff"), ("open", "points.json"), ("rename", "")), \
        (), (*render, "o.png"), (*render, "p.png", *other), "o.png", "p.png"
    one, two = (("render", at / name / "t.txt", *PLAIN, "--cache-dir", "cache", "-o", f"{name}/plot.png")
                for name in ("one", "two"))
    yield ("render and render, texts of one name, one cache", ("open", ".npy"), ("open", ".tiff"), ("open", "points.json"),
           ("rename", "")), \
        (), one, two, "one/plot.png", "two/plot.png"
    yield ("bin2d and ingest", ("open", ".npy"), ("open", "points.json"), ("rename", ""), ("read", "z.npy")), \
        (("ingest", text, "-o", "o.points"),), ("bin2d", "o.points", "-o", "o.tiff", *PLAIN), \
        ("ingest", text, "-o", "o.points", *other), "o.tiff", "o.points"
    yield ("scatter and ingest", ("open", ".npy"), ("open", "points.json"), ("read", "z.npy")), \
        (("ingest", text, "-o", "o.points"),), \
        ("scatter", "o.points", "-o", "o.png", "--cmap", "viridis", "--figsize", "2,2"), \
        ("ingest", text, "-o", "o.points", *other), "o.png", "o.points"
    yield ("colorize and bin2d", ("open", ".tiff"), ("rename", ""), ("read", ".tiff")), \
        (("bin2d", at / "a.points", "-o", "o.tiff", *PLAIN),), ("colorize", "o.tiff", "-o", "o.png"), \
        ("bin2d", at / "b.points", "-o", "o.tiff", *PLAIN), "o.png", "o.tiff"
    yield ("merge and bin2d", ("open", ".tiff"), ("read", ".tiff"), ("rename", "")), \
        (("bin2d", at / "a.points", "-o", "1.tiff", "--shard", "1/2", *PLAIN),
         ("bin2d", at / "a.points", "-o", "2.tiff", "--shard", "2/2", *PLAIN)), \
        ("merge", "1.tiff", "2.tiff", "-o", "o.tiff"), \
        ("bin2d", at / "b.points", "-o", "2.tiff", "--shard", "2/2", *PLAIN), "o.tiff", "2.tiff"
    yield ("two ingests, one new name", ("rename", ""), ("open", "points.json")), \
        (), ("ingest", text, "-o", "o.points"), ("ingest", text, "-o", "o.points", *other), "o.points", "o.points"


def references(t, first, command, other, ours, theirs, folder):
    """What each command makes undisturbed, in both orders: before the other, and after it."""
    found = {"ours": [], "theirs": []}
    for order in (command, other), (other, command):
        clear(folder)
        for arguments in first:
            t.program.must(*arguments, cwd=folder)
        for arguments in order:
            # What was replaced may not fit the rest any more, which is no fault.
            outcome = t.program.run(*arguments, cwd=folder)
            name, key = (ours, "ours") if arguments is command else (theirs, "theirs")
            if outcome.good:
                found[key].append(contents(folder / name))
    return found


def clear(folder):
    for path in folder.iterdir():
        remove(path)
    for name in "one", "two":
        (folder / name).mkdir()


def torment(t):
    folder, flags = t.folder("pair"), t.folder("flags")
    for name in "one", "two":
        (t.scene.fixed / name).mkdir()
        (t.scene.fixed / name / "t.txt").write_text(text_of(name, 5000, third=10 * len(name) + (name == "two")))
    for (name, *calls), first, command, other, ours, theirs in pairs(t):
        found = references(t, first, command, other, ours, theirs, folder)
        good = found["ours"] + (found["theirs"] if ours == theirs else [])
        row = t.row(f"{name}, held at an open, a read or a rename",
                    "each its own right output or a clear error, no mixture, ever after")
        trials = []
        for call in calls:
            clear(folder)
            for arguments in first:
                t.program.must(*arguments, cwd=folder)
            trials += [(call, number) for number in range(1, min(AT_MOST, how_often(t, *call, command, folder, flags)) + 1)]
        for call, number in t.choose(trials, 5):
            clear(folder)
            for arguments in first:
                t.program.must(*arguments, cwd=folder)
            held = Held(t, *call, number, command, folder, flags)
            if not held.reached:
                held.go()
                row.trial([], "never reached")
                continue
            process = t.program.start(*other, cwd=folder)
            waiting = beside(t, process)
            mine, its = held.go(), t.program.finish(process)
            problems = mine.ended() + its.ended()
            problems += [f"{word}, the output is neither one's" for word, outcome, path, allowed in
                         (("the held one", mine, ours, good),
                          ("the other", its, theirs, good if ours == theirs else found["theirs"]))
                         if outcome.good and contents(folder / path) not in allowed]
            problems += after(t, command, found["ours"], folder, folder / ours)
            row.trial(problems, "with the other waiting" if waiting else "with the other first",
                      "refused" * bool(mine.code or its.code) or "both made", what=f"{' '.join(call)} {number}")


def after(t, command, good, folder, path):
    """The held command alone, once more: right, whatever was kept."""
    outcome = t.program.run(*command, cwd=folder)
    if not outcome.good:
        # Where the other has replaced a shard by that of another grid, there is nothing to be merged.
        return outcome.ended()
    return [] if contents(path) in good else ["the held one again, alone: exit 0, and the output is wrong"]
