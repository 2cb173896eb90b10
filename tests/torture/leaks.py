"""Runs many commands in a row and beside each other, and counts what stays."""

import os

from scene import contents, remove

MAPS = "viridis", "magma", "plasma", "inferno", "cividis"
MIB = 1 << 20


def measured(t, words, folder):
    """A run and the most memory that it took, in bytes."""
    process = t.program.start(*words, cwd=folder, stdout=-3, stderr=-3)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return process.returncode, usage.ru_maxrss * 1024


def files(folder):
    return sum(1 for path in folder.rglob("*") if path.is_file())


def torment(t):
    folder = t.folder("here")
    text = t.scene.fixed / "points.txt"
    row = t.row("200 of render in a row, other colours, sizes and pictures", "files and memory do not grow")
    peaks, counts = [], []
    for number in t.times(40, 200):
        words = ("render", text, "-o", f"{number % 5}.png", "--cache-dir", "cache", "--size", str(60 + number % 20), "--cmap",
                 MAPS[number % 5],
                 "--by", ("count", "mean")[number % 2], "--threads", "2")
        code, peak = measured(t, words, folder)
        peaks.append(peak)
        counts.append(files(folder))
        row.trial([f"exit {code}"] * bool(code))
    half = len(counts) // 2
    if half:
        # Five pictures and what is kept of one text, which is bounded.
        problems = [f"{counts[-1]} files, {counts[half]} half-way"] * (counts[-1] > counts[half])
        # The first runs parse the text. What later ones take differs by what threads happen to do at once.
        early, late = max(peaks[5:half], default=0), max(peaks[half:])
        problems += [f"{late >> 20} MiB, {early >> 20} before"] * (late > early + 16 * MIB and early > 0)
        problems += [f"left in TMPDIR: {path.name}" for path in t.program.temporary.iterdir()]
        row.trial(problems, what=f"peak {max(peaks) >> 20} MiB")
        row.counts |= {"MiB at most": max(peaks) >> 20, "files at last": counts[-1]}
    row = t.row("16 of render beside each other, again and again", "right pictures; files do not grow, nothing left")
    reference, before = None, None
    for turn in t.times(2, 20):
        processes = [t.program.start("render", text, "-o", f"p{number}.png", "--cache-dir", "cache", "--size", "70",
                                     "--force" if turn % 2 else "-q", cwd=folder)
                     for number in range(16)]
        outcomes = [t.program.finish(process) for process in processes]
        problems = [problem for outcome in outcomes for problem in outcome.ended()]
        problems += [f"exit {outcome.code}: {outcome.tail}" for outcome in outcomes if outcome.code]
        made = {contents(folder / f"p{number}.png") for number in range(16)}
        reference = reference or made
        problems += ["pictures differ"] * (made != reference or len(made) != 1)
        problems += [f"left over: {path.name}" for path in folder.rglob("*") if ".partial-" in path.name]
        problems += [f"left in TMPDIR: {path.name}" for path in t.program.temporary.iterdir()]
        before = before or files(folder)
        row.trial(problems + [f"{files(folder)} files, {before} before"] * (files(folder) > before))
    for path in folder.iterdir():
        remove(path)
