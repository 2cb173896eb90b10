"""Standard output and standard error that are full, closed, or read no further."""

import os
import subprocess

from scene import contents, remove

PLAIN = "--size", "96"


def commands(at):
    """What writes to standard output, and what it makes beside."""
    few = at / "few.txt"
    return {
        "colorize -o -": (("colorize", at / "a.tiff", "-o", "-"), None),
        "colorize --figure -o -": (("colorize", at / "a.tiff", "--figure", "-o", "-"), None),
        "render -o -": (("render", few, "-o", "-", *PLAIN), None),
        "scatter -o -": (("scatter", few, "-o", "-", "--cache-dir", "c"), None),
        "info": (("info", at / "a.points"), None), "info --json": (("info", "--json", at / "a.tiff"), None),
        "info --verify": (("info", "--verify", at / "a.tiff"), None),
        "colormaps": (("colormaps",), None), "colormaps -o -": (("colormaps", "-o", "-"), None),
        "--help": (("--help",), None), "--version": (("--version",), None),
        "render --help": (("render", "--help"), None), "explain": (("ingest", few, "--explain"), None),
        "ingest --json": (("ingest", "--json", few, "-o", "o.points"), "o.points"),
        "bin2d --json": (("bin2d", "--json", at / "a.points", "-o", "o.tiff", *PLAIN), "o.tiff"),
        "colorize --json": (("colorize", "--json", at / "a.tiff", "-o", "o.png"), "o.png"),
        "render --json": (("render", "--json", few, "-o", "o.png", *PLAIN), "o.png"),
        "scatter --json": (("scatter", "--json", few, "-o", "o.png", "--cache-dir", "c"), "o.png"),
        "merge --json": (("merge", "--json", at / "a1.tiff", at / "a2.tiff", "-o", "o.tiff"), "o.tiff"),
    }


def broken_pipe(t, words, folder):
    """Ends of a pipe of which the reading one is closed: at once, or after some bytes."""
    read, write = os.pipe()
    process = t.program.start(*words, cwd=folder, stdout=write)
    os.close(write)
    if t.random.random() < 0.5:
        os.read(read, t.random.choice((1, 10, 1000)))
    os.close(read)
    return t.program.finish(process)


def torment(t):
    folder = t.folder("here")
    all_of_them = commands(t.scene.fixed)
    references = {}
    for name, (words, output) in all_of_them.items():
        outcome = t.program.must(*words, cwd=folder)
        references[name] = outcome.stdout, contents(folder / output) if output else None
    full = t.row("standard output full (/dev/full)", "an error with exit code 1")
    closed = t.row("standard output closed", "an error with exit code 1, or nothing was to be written")
    broken = t.row("pipe that nobody reads any further", "silence or an error, no panic")
    errors = t.row("standard error full or closed", "the same result")
    for name in t.choose(all_of_them, 19):
        words, output = all_of_them[name]

        def whole(outcome):
            state = contents(folder / output) if output else None
            right = state in (None, references[name][1])
            return [] if right else [f"exit {outcome.code}, and {output} is neither whole nor missing"]

        clear(t, folder)
        with open("/dev/full", "wb") as sink:
            outcome = t.program.run(*words, cwd=folder, stdout=sink)
        full.trial(outcome.ended() + whole(outcome) + ["exit 0, though nothing could be written"] * outcome.good, what=name)
        clear(t, folder)
        outcome = t.program.run(*words, cwd=folder, prefix=["bash", "-c", 'exec "$@" >&-', "bash"])
        closed.trial(outcome.ended() + whole(outcome), "refused" if outcome.code else "silent", what=name)
        clear(t, folder)
        outcome = broken_pipe(t, words, folder)
        # A broken pipe may end it by that signal, and nobody is there who would want a message.
        problems = [problem for problem in outcome.ended(sent=(13,)) if "without a message" not in problem]
        broken.trial(problems + whole(outcome), f"exit {outcome.code}", what=name)
        clear(t, folder)
        with open("/dev/full", "wb") as sink:
            outcome = t.program.run(*words, cwd=folder, stderr=sink)
        same = outcome.stdout == references[name][0] or "--json" in words
        state = contents(folder / output) if output else None
        problems = ["another result"] * (not same
                                         or state != references[name][1]) + [f"exit {outcome.code}"] * bool(outcome.code)
        outcome = t.program.run(*words, cwd=folder, prefix=["bash", "-c", 'exec "$@" 2>&-', "bash"])
        errors.trial(problems + [f"closed: exit {outcome.code}"] * bool(outcome.code), what=name)
    inputs(t, folder)


def clear(t, folder):
    for path in folder.iterdir():
        remove(path)


def inputs(t, folder):
    """Standard input that is closed, empty, or ends within a number."""
    row = t.row("standard input closed, empty, or cut", "an error, or columns of what came; no panic")
    text = (t.scene.fixed / "few.txt").read_bytes()
    cases = {"empty": b"", "cut": text[:10_003], "one byte": b"1", "whole": text}
    for name in t.choose([*cases, "closed", "write only"], 6):
        for words in ("ingest", "-", "-o", "o.points", "--force"), ("render", "-", "-o", "o.png", *PLAIN), \
                ("bin2d", "-", "-o", "o.tiff", "--extent", "0,1,0,1"), ("scatter", "-", "-o", "s.png"):
            clear(t, folder)
            if name in cases:
                process = t.program.start(*words, cwd=folder, stdin=subprocess.PIPE)
                try:
                    process.stdin.write(cases[name])
                    process.stdin.close()
                except BrokenPipeError:
                    pass
                process.stdin = None
                outcome = t.program.finish(process)
            else:
                to = "<&-" if name == "closed" else "0>/dev/null"
                outcome = t.program.run(*words, cwd=folder, prefix=["bash", "-c", f'exec "$@" {to}', "bash"])
            problems = outcome.ended() + [f"exit {outcome.code}: {outcome.tail}"] * (name == "whole" and not outcome.good)
            row.trial(problems + ["left over"] * any(".partial-" in path.name for path in folder.rglob("*")),
                      what=f"{name}, {words[0]}")
