"""Inputs of all kinds, and stages with the outputs that they have when nothing disturbs them."""

import gzip
import hashlib
import json
import random
import re
import shutil
import struct
import time
from dataclasses import dataclass, field, replace
from pathlib import Path

from program import Program

ROWS = 60_000
KEPT = re.compile(r"/grids(/[^.][^/]*)?$|(^|/)[^./][^/]*-[0-9a-f]{8}\.points(/[^.][^/]*)?$")


def digest(path):
    return hashlib.blake2b(path.read_bytes()).hexdigest()


def contents(path):
    """What a reader would find in an output, to be compared: of a folder of columns all but when its sources were
    looked at. None where there is nothing, or nothing that a reader would take for an output."""
    if not path.exists():
        return None
    if not path.is_dir():
        return digest(path) if path.is_file() else "neither file nor folder"
    if not (path / "points.json").is_file():
        return None
    found = {file.name: digest(file) for file in path.glob("*.npy")}
    try:
        sidecar = json.loads((path / "points.json").read_text())
        sidecar.pop("sources", None)
    except ValueError:
        sidecar = "no JSON"
    return found, json.dumps(sidecar)


def entries(folder):
    """Everything below a folder, by relative path. What is kept comes and goes: grids among the columns of a text, and
    columns of one that is read in several ways."""
    found = {path.relative_to(folder).as_posix() for path in folder.rglob("*")}
    return {name for name in found if not KEPT.search(name)}


def remove(path):
    shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()


@dataclass
class Stage:
    """A command with one output in its folder. `old` are arguments that make another output of the same name."""

    name: str
    arguments: tuple
    output: str
    old: tuple = None
    mentions: tuple = ()
    keep: tuple = ()
    program: Program = None
    folder: Path = None
    expected: object = None
    expected_old: object = None
    snapshot: Path = None
    known: set = field(default_factory=set)
    seconds: float = 0.0

    def prepare(self, program, folder, snapshots):
        """Makes both outputs undisturbed, which are what later ones are compared with."""
        self.program, self.folder = program, folder
        folder.mkdir(exist_ok=True, parents=True)
        self.mentions += (self.output,)
        if self.old:
            program.must(*self.old, cwd=folder)
            self.expected_old = contents(self.path)
            self.snapshot = snapshots / self.name
            shutil.copytree(folder, self.snapshot)
            self.known |= entries(folder)
            self.reset(old=False)
        began = time.monotonic()
        program.must(*self.arguments, cwd=folder)
        self.seconds = time.monotonic() - began
        self.expected = contents(self.path)
        self.known |= entries(folder)
        if not self.expected or self.expected == self.expected_old:
            raise RuntimeError(f"{self.name}: the old output should be another")
        return self

    @property
    def path(self):
        return self.folder / self.output

    def at(self, folder, program=None):
        """The same stage in another folder."""
        return replace(self, folder=folder, program=program or self.program)

    def reset(self, old=True):
        """Puts the old output there, or none."""
        for path in self.folder.iterdir():
            if path.name not in self.keep:
                remove(path)
        for path in self.program.temporary.iterdir():
            remove(path)
        if old and self.snapshot:
            for path in self.snapshot.iterdir():
                if path.name not in self.keep:
                    copy = shutil.copytree if path.is_dir() else shutil.copy2
                    copy(path, self.folder / path.name)

    def start(self, **how):
        return self.program.start(*self.arguments, cwd=self.folder, **how)

    def run(self, **how):
        return self.program.run(*self.arguments, cwd=self.folder, **how)

    def state(self):
        """Which output is there: new, old, none or other."""
        found = contents(self.path)
        if found is None:
            return "none"
        return "new" if found == self.expected else "old" if found == self.expected_old else "other"

    def strays(self):
        """What is in the folder, or among temporary files, that no undisturbed run leaves."""
        left = entries(self.folder) - self.known - set(self.keep)
        left |= {f"TMPDIR/{name}" for name in entries(self.program.temporary)}
        left = {name for name in left if name.rpartition("/")[0] not in left}
        return [f"left over: {', '.join(sorted(left)[:3])}"] if left else []

    def judge(self, outcome, old=True, sent=(), named=True, tidy=True):
        """What is wrong after a disturbed run. It may succeed with the right output. Or it may fail, with a message that
        names the file, and the old output stays; an error after the new one has been put in place is no lie either."""
        problems = outcome.ended(sent)
        state = self.state()
        before = "old" if old and self.snapshot else "none"
        if outcome.good and state != "new":
            problems.append(f"exit 0, and the output is {state}")
        elif state not in ("new", before):
            problems.append(f"exit {outcome.code}, and the output is {state} where {before} was before ({outcome.tail})")
        if named and outcome.code > 0 and outcome.code - 128 not in sent:
            problems += outcome.names(*self.mentions)
        if tidy:
            problems += self.strays()
        return problems

    def again(self):
        """What is wrong after an undisturbed run on whatever is there: all must be right, and nothing left over."""
        outcome = self.run()
        if not outcome.good:
            return [f"the next run: exit {outcome.code}: {outcome.tail}"] + outcome.ended()
        state = self.state()
        return [f"the next run: exit 0, and the output is {state}"] * (state != "new") + \
            [f"the next run: {stray}" for stray in self.strays()]


def npy(rows, width, order="C"):
    """An array of doubles as NumPy writes it."""
    head = f"{{'descr': '<f8', 'fortran_order': {order == 'F'}, 'shape': ({len(rows) // width}, {width}), }}"
    head += " " * (-(len(head) + 11) % 64) + "\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head)) + head.encode() + struct.pack(f"<{len(rows)}d", *rows)


def text_of(seed, rows=ROWS, third=0):
    """Lines x y z w; w is far from z, so that what is made of one is never taken for what is made of the other."""
    numbers = random.Random(seed)
    return "".join(f"{numbers.random():.5f} {numbers.random():.5f} {third + numbers.random():.4f} {100 + numbers.random():.4f}\n"
                   for _ in range(rows))


CPT = "0 0 0 128 0.25 0 128 255\n0.25 0 128 255 0.75 255 255 0\n0.75 255 255 0 1 128 0 0\nB 0 0 0\nF 255 255 255\nN 128 128 128\n"


class Scene:
    """All inputs and stages, in a folder."""

    def __init__(self, program, root):
        self.program, self.root = program, root
        self.fixed = root / "fixed"
        self.fixed.mkdir()
        text = text_of("points")
        (self.fixed / "points.txt").write_text(text)
        (self.fixed / "points.txt.gz").write_bytes(gzip.compress(text.encode(), 6, mtime=0))
        (self.fixed / "points.npy").write_bytes(npy([float(word) for word in text.split()], 4))
        (self.fixed / "few.txt").write_text("".join(text.splitlines(True)[:2000]))
        (self.fixed / "map.cpt").write_text(CPT)
        for name, z in ("a", 3), ("b", 4):
            self.make("ingest", "points.txt", "-o", f"{name}.points", "--columns", f"x=1,y=2,z={z}")
            self.make("bin2d", f"{name}.points", "-o", f"{name}.tiff", "--size", "96", "--reduce", "count,mean,std")
            for number in 1, 2:
                self.make("bin2d", f"{name}.points", "-o", f"{name}{number}.tiff", "--size", "96", "--shard", f"{number}/2")
        self.stages = {stage.name: self.prepared(stage) for stage in self.all_stages()}

    def make(self, *arguments):
        self.program.must(*arguments, cwd=self.fixed)

    def prepared(self, stage):
        folder = self.root / "work" / stage.name.replace(" ", "-")
        if stage.keep:
            folder.mkdir(parents=True)
            for name in stage.keep:
                shutil.copy2(self.fixed / name, folder / name)
        return stage.prepare(self.program, folder, self.root / "snapshots")

    def all_stages(self):
        """Small ones of every command, each with an old output that differs."""
        at = self.fixed
        text, other = at / "points.txt", ("--columns", "x=1,y=2,z=4")
        plain = "--size", "96"

        def stage(name, output, arguments, old, *mentions, keep=()):
            target = "-o", output
            return Stage(name, (*arguments, *target), output, (*old, *target), tuple(mentions), keep)

        yield stage("ingest", "out.points", ("ingest", text), ("ingest", text, *other), "points.txt")
        yield stage("ingest gzip", "out.points", ("ingest", at / "points.txt.gz"), ("ingest", text, *other), "points.txt.gz")
        yield stage("ingest array", "out.points", ("ingest", at / "points.npy"), ("ingest", text, *other), "points.npy")
        yield stage("bin2d", "out.tiff", ("bin2d", at / "a.points", *plain), ("bin2d", at / "b.points", *plain), "a.points")
        yield stage("bin2d text", "out.tiff", ("bin2d", text, "--extent", "0,1,0,1", "--compress", "deflate", *plain),
                    ("bin2d", text, "--extent", "0,1,0,1", *plain, *other), "points.txt")
        yield stage("merge", "out.tiff", ("merge", at / "a1.tiff", at / "a2.tiff"), ("merge", at / "b1.tiff", at / "b2.tiff"),
                    "a1.tiff", "a2.tiff")
        yield stage("colorize", "out.png", ("colorize", at / "a.tiff"), ("colorize", at / "b.tiff"), "a.tiff")
        yield stage("figure", "out.svg", ("colorize", at / "a.tiff", "--figure", "--cmap", at / "map.cpt"),
                    ("colorize", at / "b.tiff", "--figure"), "a.tiff", "map.cpt")
        yield stage("figure pdf", "out.pdf", ("colorize", at / "a.tiff", "--figure"), ("colorize", at / "b.tiff", "--figure"),
                    "a.tiff")
        yield stage("render", "out.png", ("render", "points.txt", *plain), ("render", "points.txt", *plain, *other), "points",
                    keep=("points.txt",))
        yield stage("render cached", "out.png", ("render", text, *plain, "--cache-dir", "cache"),
                    ("render", text, *plain, *other, "--cache-dir", "cache"), "points", "cache")
        drawn = "--figsize", "2,2", "--s", "2", "--cmap", "viridis"
        yield stage("scatter", "out.png", ("scatter", at / "a.points", *drawn), ("scatter", at / "b.points", *drawn),
                    "a.points")
        yield stage("scatter text", "out.png", ("scatter", text, *drawn, "--cache-dir", "cache"),
                    ("scatter", text, *drawn, *other, "--cache-dir", "cache"), "points", "cache")
