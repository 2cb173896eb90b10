"""Runs many commands at once that write the same, share what they keep, or make the steps of one another."""

import os
import random
import shutil
import subprocess

from scene import contents, entries, remove, text_of

AT_ONCE = 10
PLAIN = "--size", "96"


def clear(folder):
    for path in folder.iterdir():
        remove(path)


def together(t, commands):
    """Starts all (arguments, folder) at once and waits for each."""
    processes = [t.program.start(*arguments, cwd=folder) for arguments, folder in commands]
    return [t.program.finish(process) for process in processes]


def partial(folder):
    left = [name for name in entries(folder) if ".partial-" in name]
    return [f"left over: {', '.join(left[:3])}"] if left else []


def compare(outcomes, paths, references, refusals=True):
    """What is wrong with outputs, each of which must be its own reference."""
    problems = []
    for outcome, path, reference in zip(outcomes, paths, references):
        problems += outcome.ended()
        if outcome.good and contents(path) != reference:
            problems.append(f"exit 0, and {path.name} is wrong: {outcome.command}")
        if not outcome.good and not refusals:
            problems.append(f"exit {outcome.code}: {outcome.tail}")
    return problems


def torment(t):
    folder, alone = t.folder("together"), t.folder("alone")
    text = t.scene.fixed / "points.txt"
    same_output(t, folder, alone, text)
    other_outputs(t, folder, alone, text)
    other_options(t, folder, alone, text)
    one_cache(t, folder, alone)
    stages(t, folder)
    make(t, folder, alone)


def undisturbed(t, alone, arguments, output):
    clear(alone)
    t.program.must(*arguments, cwd=alone)
    return contents(alone / output)


def same_output(t, folder, alone, text):
    for command, more in ("render", PLAIN), ("scatter", ("--figsize", "2,2")):
        arguments = command, text, "-o", "o.png", "--cache-dir", "cache", *more
        reference = undisturbed(t, alone, arguments, "o.png")
        row = t.row(f"ten of {command} at once, the same picture", "all succeed with the right picture, nothing left")
        for _ in t.times(3, 40):
            clear(folder)
            outcomes = together(t, [(arguments, folder)] * AT_ONCE)
            row.trial(compare(outcomes, [folder / "o.png"] * AT_ONCE, [reference] * AT_ONCE, False) + partial(folder))


def other_outputs(t, folder, alone, text):
    row = t.row("ten of render at once, each another picture of one text", "each its own right picture, nothing left")
    commands, references = [], []
    for number in range(AT_ONCE):
        arguments = ("render", text, "-o", f"{number}.png", "--cache-dir", "cache", "--size", str(40 + number), "--cmap",
                     ("viridis", "magma")[number % 2])
        commands.append((arguments, folder))
        references.append(undisturbed(t, alone, arguments, f"{number}.png"))
    for _ in t.times(2, 40):
        clear(folder)
        outcomes = together(t, commands)
        row.trial(compare(outcomes, [folder / f"{number}.png" for number in range(AT_ONCE)], references, False)
                  + partial(folder))


def other_options(t, folder, alone, text):
    row = t.row("ten of render at once, columns of one text as two kinds",
                "each its own right picture or a clear refusal, nothing left")
    commands, references = [], []
    for number in range(AT_ONCE):
        arguments = ("render", text, "-o", f"{number}.png", "--cache-dir", "cache", *PLAIN, "--columns",
                     f"x=1,y=2,z={3 + number % 2}",
                     "--dtype", ("f32", "f64")[number // 2 % 2])
        commands.append((arguments, folder))
        references.append(undisturbed(t, alone, arguments, f"{number}.png"))
    paths = [folder / f"{number}.png" for number in range(AT_ONCE)]
    for _ in t.times(2, 40):
        clear(folder)
        outcomes = together(t, commands)
        problems = compare(outcomes, paths, references)
        # Once more, one after another, with whatever is kept now.
        outcomes = [t.program.run(*arguments, cwd=folder) for arguments, _ in commands]
        row.trial(problems + compare(outcomes, paths, references, False) + partial(folder))


def one_cache(t, folder, alone):
    row = t.row("texts of one name in ten folders, one --cache-dir",
                "each its own right picture or a clear refusal, nothing left")
    texts = t.folder("texts")
    commands, references, paths = [], [], []
    for number in range(AT_ONCE):
        home = texts / str(number)
        home.mkdir()
        (home / "t.txt").write_text(text_of(f"other {number}", 2000, third=100 * number))
        arguments = "render", home / "t.txt", "-o", home / "plot.png", *PLAIN, "--cache-dir"
        references.append(undisturbed(t, alone, (*arguments, "cache"), home / "plot.png"))
        commands.append(((*arguments, folder), texts))
        paths.append(home / "plot.png")
    for _ in t.times(3, 40):
        clear(folder)
        for path in paths:
            path.unlink(missing_ok=True)
        outcomes = together(t, commands)
        problems = compare(outcomes, paths, references)
        outcomes = [t.program.run(*arguments, cwd=home) for arguments, home in commands]
        row.trial(problems + compare(outcomes, paths, references, False) + partial(folder) + partial(texts))


def stages(t, folder):
    """The stages one by one, ten times at once, into the same names."""
    for name in "ingest", "bin2d", "merge", "colorize", "scatter":
        stage = t.stages[name].at(folder)
        row = t.row(f"ten of {name} at once, the same output", "all succeed with the right output, nothing left")
        for turn in t.times(2, 40):
            stage.reset(old=turn % 2 == 0)
            outcomes = together(t, [(stage.arguments, folder)] * AT_ONCE)
            row.trial(compare(outcomes, [stage.path] * AT_ONCE, [stage.expected] * AT_ONCE, False) + stage.strays())


def make(t, folder, alone):
    row = t.row("make -j 8, pictures of one folder of columns",
                "every picture right, and nothing is made again the second time")
    if not shutil.which("make"):
        row.skip("needs make")
        return
    names = [f"{size}-{cmap}" for size in (40, 50, 60) for cmap in ("viridis", "magma", "plasma")]
    rules = [f"all: {' '.join(f'{name}.png' for name in names)}", "t.points: t.txt\n\t$(P) ingest t.txt -o $@ -q"]
    rules += [f"{size}.tiff: t.points\n\t$(P) bin2d t.points -o $@ --size {size} -q" for size in (40, 50, 60)]
    rules += [f"{name}.png: {name.split('-')[0]}.tiff\n\t$(P) colorize $< -o $@ --cmap {name.split('-')[1]} -q"
              for name in names]
    for place in folder, alone:
        clear(place)
        (place / "Makefile").write_text("\n".join(rules) + "\n")
        shutil.copy2(t.scene.fixed / "points.txt", place / "t.txt")
    run(t, alone, "-j1")
    order = random.Random(t.random.random())
    for _ in t.times(2, 20):
        for path in folder.iterdir():
            if path.name not in ("Makefile", "t.txt"):
                remove(path)
        outcome = run(t, folder, "-j8", *order.sample([f"{name}.png" for name in names], len(names)))
        problems = [] if outcome.returncode == 0 else [f"make: {outcome.stderr[-300:]}"]
        problems += [f"{name}.png is wrong" for name in names
                     if contents(folder / f"{name}.png") != contents(alone / f"{name}.png")]
        second = run(t, folder, "-j8")
        problems += ["made again: " + second.stdout[:200]] * ("P) " in second.stdout or "pointillist " in second.stdout)
        row.trial(problems + partial(folder))


def run(t, folder, *words):
    return subprocess.run(["make", f"P={t.program.path}", *words], cwd=folder, capture_output=True, text=True, timeout=120,
                          env={**t.program.environment, "PATH": os.environ["PATH"]})
