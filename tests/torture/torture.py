#!/usr/bin/env python3
"""Tries to make pointillist lose, mix up or leave something: kills, full disks, errors of the system, damage, races.

Usage: torture.py PROGRAM [--short] [--seconds N] [--only NAME,…] [--seed N] [--report FILE.json]
       torture.py --markdown FILE.json

PROGRAM is a built pointillist. Needs Linux, gcc and strace; what mounts, or needs another user or a control group, is passed
over where it is not run as root. The families are the modules beside this file. Ends with a table, and with exit code 1
if any promise was broken. --seconds bounds each family; with --short that is 15. A family's trials follow from the seed.
"""

import argparse
import importlib
import random
import resource
import shutil
import subprocess
import sys
import tempfile
import time
import traceback
from pathlib import Path

import ledger
from program import Program
from scene import Scene

FAMILIES = ("kills", "full_disks", "injected", "held", "replaced", "writers", "changing", "damage", "lies", "arguments",
            "limits", "power", "leaks", "standard_output")
SHARE = 1 / 6
HERE = Path(__file__).parent


class Torture:
    """What a family of faults is given: the scene, shims, chance, and rows to write into."""

    def __init__(self, family, scene, shims, table, options):
        self.family, self.scene, self.shims, self.table = family, scene, shims, table
        self.program, self.stages, self.root = scene.program, scene.stages, scene.root
        self.short = options.short
        self.random = random.Random(f"{options.seed} {family}")
        self.end = time.monotonic() + options.seconds

    def in_time(self, trials):
        """The first of these trials, and the others as long as there is time: of what is left of it each row has a part, so
        that one row which waits for what hangs does not take it all."""
        now = time.monotonic()
        end = now + max(0.0, self.end - now) * SHARE
        for number, trial in enumerate(trials):
            if number and time.monotonic() > end:
                return
            yield trial

    def row(self, fault, promised):
        return self.table.row(self.family.replace("_", " "), fault, promised)

    def choose(self, trials, short):
        """Trials in an order of chance; in the short form, this many."""
        trials = list(trials)
        self.random.shuffle(trials)
        yield from self.in_time(trials[:short] if self.short else trials)

    def times(self, short, long):
        """Counts to the number of the form that is run."""
        yield from self.in_time(range(short if self.short else long))

    def folder(self, name):
        """An empty folder."""
        path = self.root / "work" / f"{self.family}-{name}"
        shutil.rmtree(path, ignore_errors=True)
        path.mkdir(parents=True)
        return path


def build_shims(folder):
    """Compiles what holds and cuts system calls."""
    folder.mkdir()
    cut, hold = folder / "short.so", folder / "hold"
    compiler = ["gcc", "-O1", "-Wall", "-Werror"]
    subprocess.run([*compiler, "-shared", "-fPIC", "-o", cut, HERE / "short.c", "-ldl"], check=True)
    subprocess.run([*compiler, "-o", hold, HERE / "hold.c"], check=True)
    return {"short": cut, "hold": hold}


def options_of(arguments):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", type=Path, nargs="?")
    parser.add_argument("--short", action="store_true")
    parser.add_argument("--seconds", type=float)
    parser.add_argument("--only", default=",".join(FAMILIES))
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--report", type=Path)
    parser.add_argument("--markdown", type=Path, metavar="FILE.json")
    options = parser.parse_args(arguments)
    options.only = options.only.split(",")
    unknown = set(options.only) - set(FAMILIES)
    if unknown:
        parser.error(f"no families {', '.join(sorted(unknown))}; there are {', '.join(FAMILIES)}")
    if not options.program and not options.markdown:
        parser.error("which program?")
    options.seconds = options.seconds or (15 if options.short else float("inf"))
    return options


def main():
    options = options_of(sys.argv[1:])
    if options.markdown:
        print(ledger.markdown(options.markdown))
        return 0
    missing = [tool for tool in ("gcc", "strace") if not shutil.which(tool)]
    if missing:
        sys.exit(f"torture.py needs {' and '.join(missing)}: apt-get install {' '.join(missing)}")
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with tempfile.TemporaryDirectory(prefix="torture-") as name:
        root = Path(name)
        root.chmod(0o755)
        for folder in "program", "tmp":
            (root / folder).mkdir()
        copy = shutil.copy(options.program, root / "program" / "pointillist")
        program = Program(copy, root / "tmp")
        version = program.must("--version", cwd=root).stdout.decode().strip()
        print(f"{version}, seed {options.seed}, {'short' if options.short else 'long'} form", flush=True)
        scene = Scene(program, root)
        table = ledger.Ledger({"program": version, "seed": options.seed, "form": "short" if options.short else "long"})
        shims = build_shims(root / "shims")
        for family in options.only:
            began, first = time.monotonic(), len(table.rows)
            torture = Torture(family, scene, shims, table, options)
            try:
                importlib.import_module(family).torment(torture)
            except Exception as error:
                # An undisturbed run that fails is a broken promise too; other families can still be tried.
                traceback.print_exc()
                torture.row("the trials themselves", "undisturbed runs succeed").trial([f"{type(error).__name__}: {error}"])
            rows = table.rows[first:]
            print(f"{family.replace('_', ' ')}: {sum(row.tried for row in rows)} trials, "
                  f"{sum(row.broke for row in rows)} broke a promise, {time.monotonic() - began:.0f} s", flush=True)
            for row in rows:
                for example in row.examples:
                    print(f"        {row.fault}: {example}", flush=True)
    print()
    table.print()
    if options.report:
        table.write(options.report)
    return bool(table.broke)


if __name__ == "__main__":
    sys.exit(main())
