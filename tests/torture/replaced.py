"""Reads columns and grids that are replaced some hundred times a second by others of the same name."""

import ctypes
import os
import shutil
import threading
import time

from scene import contents

EXCHANGE, AT_FDCWD = 2, -100


class Replacer:
    """Replaces a file or folder by another of two, again and again, as each reader must expect it."""

    def __init__(self, live, spare, pause=0.002):
        self.live, self.spare, self.pause, self.times = os.fsencode(live), os.fsencode(spare), pause, 0
        self.libc = ctypes.CDLL(None, use_errno=True)
        self.stopped = threading.Event()
        self.thread = threading.Thread(target=self.run)

    def run(self):
        while not self.stopped.is_set():
            if self.libc.renameat2(AT_FDCWD, self.live, AT_FDCWD, self.spare, EXCHANGE):
                raise OSError(ctypes.get_errno(), "renameat2")
            self.times += 1
            time.sleep(self.pause)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stopped.set()
        self.thread.join()


class Ingests:
    """Ingests two versions in turn into one name, as fast as that goes."""

    def __init__(self, t, text, folder):
        self.t, self.text, self.folder, self.times, self.problems = t, text, folder, 0, []
        self.stopped = threading.Event()
        self.thread = threading.Thread(target=self.run)

    def run(self):
        while not self.stopped.is_set():
            outcome = self.t.program.run("ingest", self.text, "-o", "live.points", "--force", "--columns",
                                         f"x=1,y=2,z={3 + self.times % 2}", cwd=self.folder)
            if not outcome.good:
                self.problems.append(f"ingest beside readers: exit {outcome.code}: {outcome.tail}")
            self.times += 1

    __enter__, __exit__ = Replacer.__enter__, Replacer.__exit__


READERS = {
    "bin2d": ("live.points", "o.tiff", ("bin2d", "live.points", "-o", "o.tiff", "--size", "96", "--force")),
    "scatter": ("live.points", "o.png", ("scatter", "live.points", "-o", "o.png", "--cmap", "viridis", "--figsize", "2,2",
                                         "--force")),
    "info --verify of columns": ("live.points", None, ("info", "live.points", "--verify")),
    "colorize": ("live.tiff", "o.png", ("colorize", "live.tiff", "-o", "o.png", "--force")),
    "info --verify of a grid": ("live.tiff", None, ("info", "live.tiff", "--verify")),
}


def copy(source, target):
    (shutil.copytree if source.is_dir() else shutil.copy2)(source, target)


def torment(t):
    for name, (live, output, command) in READERS.items():
        folder = t.folder(name.replace(" ", "-"))
        kind = live.rpartition(".")[2]
        versions = [t.scene.fixed / f"{letter}.{kind}" for letter in "ab"]
        references = []
        for version in versions:
            copy(version, folder / live)
            outcome = t.program.must(*command, cwd=folder)
            references.append(contents(folder / output) if output else outcome.stdout)
            shutil.rmtree(folder / live) if version.is_dir() else (folder / live).unlink()
        copy(versions[0], folder / live)
        copy(versions[1], folder / f"spare.{kind}")
        ways = [("exchanged", lambda: Replacer(folder / live, folder / f"spare.{kind}"))]
        if live == "live.points":
            ways.append(("ingested again", lambda: Ingests(t, t.scene.fixed / "few.txt", folder)))
        for way, replacer in ways:
            if way == "ingested again":
                references = again(t, folder, output, command)
            row = t.row(f"{name}, {way} meanwhile", "one version or the other, never a mixture, never an error")
            with replacer() as replacing:
                for _ in t.times(20, 300):
                    outcome = t.program.run(*command, cwd=folder)
                    problems = outcome.ended()
                    if not outcome.good:
                        problems.append(f"exit {outcome.code}: {outcome.tail}")
                    elif (contents(folder / output) if output else outcome.stdout) not in references:
                        problems.append("the result is neither version's")
                    row.trial(problems, what=outcome.command)
            row.counts["replacements"] = replacing.times
            row.broke += len(getattr(replacing, "problems", []))
            row.examples += getattr(replacing, "problems", [])[:3]


def again(t, folder, output, command):
    """References of the text that is ingested again and again, which is short."""
    references = []
    for z in 3, 4:
        t.program.must("ingest", t.scene.fixed / "few.txt", "-o", "live.points", "--force", "--columns", f"x=1,y=2,z={z}",
                       cwd=folder)
        outcome = t.program.must(*command, cwd=folder)
        references.append(contents(folder / output) if output else outcome.stdout)
    return references
