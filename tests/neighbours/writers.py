"""Compares columns that pointillist reads with what other programs wrote as text.

Usage: writers.py PROGRAM [WORD], where PROGRAM is a built pointillist; with WORD only the writers that have it in their
names. Needs requirements.txt beside this file, and the programs that `.ci/run` installs. Random tables go through every
writer and back; each must come back to the bit, by name, by position and with no columns chosen.
Prints a line a writer and ends with exit code 1 if any file was read otherwise than it was written.
"""

import sys
import tempfile
from pathlib import Path

import by_hand
import by_programs
import by_python
from tables import TABLES, faults


def main():
    word = sys.argv[2] if len(sys.argv) > 2 else ""
    wrong = 0
    with tempfile.TemporaryDirectory() as name:
        for writer in by_python.WRITERS + by_programs.WRITERS + by_hand.WRITERS:
            if word not in writer.__name__:
                continue
            folder = Path(name) / writer.__name__
            folder.mkdir()
            results = {}
            for case in writer(folder, TABLES):
                found, ways = faults(case)
                files, total, bad = results.setdefault(case.label, [0, 0, []])
                results[case.label] = [files + 1, total + ways, bad + [(case, what) for what in found]]
            for label, (files, total, bad) in results.items():
                print(("FAILED  " if bad else "ok      ") + f"{label}: {files} files, read {total} times", flush=True)
                for case, what in bad[:4]:
                    text = case.path.read_bytes()[:400].decode(errors="replace")
                    print(f"        {what}\n" + "".join(f"        | {line}\n" for line in text.split("\n")[:5]))
                wrong += bool(bad)
    sys.exit(bool(wrong))


main()
