"""Little memory, few threads, few open files, and variables of the environment out of range."""

import contextlib
import os
import signal
import time
from pathlib import Path

from program import limited
from scene import Stage, contents, remove, text_of

STAGES = "ingest", "ingest gzip", "bin2d", "bin2d text", "merge", "colorize", "figure", "figure pdf", "render cached", \
    "scatter", "scatter text"
# Stages whose outputs do not fit the least memory.
LARGE = ("bin2d", "points", ("-o", "out.tiff", "--size", "1500")), \
    ("scatter", "points", ("-o", "out.png", "--dpi", "300", "--cmap", "viridis")), \
    ("colorize", "tiff", ("-o", "out.png", "--figure", "--dpi", "600"))
NOBODY = 65534
MIB = 1 << 20


def tried(t, row, stage, what, prefix=(), env=None, must=False):
    """One run within limits, and one without."""
    stage.reset()
    outcome = stage.run(prefix=prefix, env=env, timeout=20)
    problems = stage.judge(outcome, named=False) if not outcome.of_the_loader else []
    if must and not outcome.good:
        problems.append(f"exit {outcome.code}: {outcome.tail}")
    row.trial(problems + stage.again(), "refused" if outcome.code else "made", what=f"{what}: {stage.name}")


def torment(t):
    stages = [t.stages[name] for name in STAGES]
    stages += [t.scene.prepared(Stage(f"{command} large", (command, at / f"a.{suffix}", *words), words[1],
                                      (command, at / f"b.{suffix}", *words)))
               for at in [t.scene.fixed] for command, suffix, words in LARGE]
    promise = "right output or a clear error, old output kept, nothing left"
    row = t.row("address space of 200 to 4000 MB", promise)
    sizes = [200, 250, 300, 350, 400, 450, 500, 600, 700, 800, 900, 1000, 1200, 1500, 2000, 3000, 4000]
    for stage, size in t.choose([(stage, size) for stage in stages for size in sizes], 16):
        tried(t, row, stage, f"{size} MB", limited(v=size * 1000))
    starved(t, stages)
    row = t.row("4 to 64 open files", promise)
    for stage, files in t.choose([(stage, files) for stage in stages for files in (4, 5, 6, 8, 10, 12, 16, 24, 32, 64)], 12):
        tried(t, row, stage, f"{files} files", limited(n=files))
    row = t.row("stacks and threads as the environment has them", "the right output")
    variables = [(name, value) for name in ("RAYON_NUM_THREADS", "RUST_MIN_STACK", "RAYON_RS_NUM_CPUS", "POINTILLIST_KERNEL",
                                            "OMP_NUM_THREADS")
                 for value in ("0", "1", "-1", "513", "65536", "100000", "4294967296", "18446744073709551615", "9" * 40, "",
                               "x", "1e3")]
    for stage, (name, value) in t.choose([(stage, variable) for stage in stages for variable in variables], 16):
        # A kernel that does not exist may be refused.
        tried(t, row, stage, f"{name}={value}", env={name: value}, must=name != "POINTILLIST_KERNEL")
    row = t.row("--threads 1 to 512, also with little address space", promise)
    for stage, (threads, size) in t.choose([(stage, (threads, size)) for stage in stages for threads in (1, 2, 7, 64, 512)
                                            for size in (0, 400, 2000)], 12):
        more = stage.at(stage.folder)
        more.arguments = *stage.arguments, "--threads", str(threads)
        tried(t, row, more, f"--threads {threads}, {size or 'any'} MB", limited(v=size * 1000) if size else (), must=not size)
    few_threads(t, stages)
    groups(t, stages)


def starved(t, stages):
    """With less than that, it may be a small allocation that fails, of which Rust knows no other end than to abort."""
    row = t.row("address space of little more than the program",
                "right output, an error or SIGABRT; all right and nothing left next time")
    least = 10 + t.program.path.stat().st_size // 1_000_000
    for stage, more in t.choose([(stage, more) for stage in stages
                                 for more in (0, 1, 2, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128)], 12):
        stage.reset()
        outcome = stage.run(prefix=limited(v=(least + more) * 1000), timeout=20)
        problems = stage.judge(outcome, named=False, tidy=False,
                               sent=(signal.SIGABRT, signal.SIGSEGV) if more < 2 else (signal.SIGABRT,))
        if outcome.of_the_loader or outcome.code == 128 + signal.SIGABRT:
            problems = []
        row.trial(problems + stage.again(), "refused" if outcome.code else "made", what=f"{least + more} MB: {stage.name}")


def few_threads(t, stages):
    """A user who may start few threads. The limit counts all that the user runs, and is none for root."""
    row = t.row("user with at most 1 to 8 threads", "the right output, with as many threads as there are")
    if os.geteuid():
        row.skip("needs root")
        return
    for stage, most in t.choose([(stage, most) for stage in stages for most in (1, 2, 3, 4, 5, 8)], 12):
        stage.reset()
        for path in (stage.folder, stage.program.temporary, *stage.folder.rglob("*")):
            os.chown(path, NOBODY, NOBODY)
        outcome = stage.run(prefix=["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", *limited(u=most)])
        problems = stage.judge(outcome, named=False)
        problems += [f"exit {outcome.code}: {outcome.tail}"] * (not outcome.good)
        row.trial(problems, what=f"{most} threads: {stage.name}")
        for path in (stage.folder, stage.program.temporary, *stage.folder.rglob("*")):
            os.chown(path, 0, 0)


def own_group(controller):
    """The group of this process, in either version of control groups, and the folder where it is."""
    root = Path("/sys/fs/cgroup")
    for line in Path("/proc/self/cgroup").read_text().splitlines():
        number, names, path = line.split(":", 2)
        if controller in names.split(","):
            return root / controller / path.lstrip("/"), 1
        controllers = root / "cgroup.controllers"
        if number == "0" and controllers.is_file() and controller in controllers.read_text().split():
            return root / path.lstrip("/"), 2
    return None, 0


@contextlib.contextmanager
def group(controller, files):
    """A child of our own group with these limits, as a prefix that puts a command into it. None where there can be none."""
    parent, version = own_group(controller)
    child = parent and parent / f"torture-{os.getpid()}"
    try:
        if not parent:
            raise OSError("no such controller")
        child.mkdir()
        for (first, second), value in files:
            name = first if version == 1 else second
            if name:
                (child / name).write_text(str(value))
    except OSError:
        if child and child.is_dir():
            child.rmdir()
        yield None
        return
    try:
        yield ["bash", "-c", f'echo $$ >"{child}/cgroup.procs" && exec "$@"', "bash"]
    finally:
        for _ in range(100):
            try:
                child.rmdir()
                break
            except OSError:
                time.sleep(0.02)


def memory(size):
    limits = [(("memory.limit_in_bytes", "memory.max"), size), (("memory.swappiness", None), 0),
              ((None, "memory.swap.max"), 0)]
    return group("memory", limits)


def groups(t, stages):
    row = t.row("control group with at most 1 to 8 threads", "the right output, with as many threads as there are")
    for stage, most in t.choose([(stage, most) for stage in stages for most in (1, 2, 3, 5, 8)], 8):
        with group("pids", [(("pids.max", "pids.max"), most)]) as prefix:
            if not prefix:
                row.skip("needs root and control groups of pids")
                break
            stage.reset()
            outcome = stage.run(prefix=prefix)
        problems = stage.judge(outcome, named=False)
        row.trial(problems + [f"exit {outcome.code}: {outcome.tail}"] * (not outcome.good),
                  what=f"{most} threads: {stage.name}")
    large(t)


def large(t):
    """A text that is larger than the memory there is."""
    row = t.row("text larger than the memory of a control group", "right pictures; ended by the system in none")
    folder = t.folder("large")
    # In 64 MiB, the system ends what waits for a busy disk now and then: there is no room for what is yet to be written.
    sizes = (96,) if t.short else (96, 128, 192, 256)
    with memory(sizes[-1] * MIB) as prefix:
        if not prefix:
            row.skip("needs root and control groups of memory")
            return
    lines = text_of("memory", 100_000).encode()
    path = folder / "large.txt"
    with path.open("wb") as file:
        for _ in range(-(-sizes[-1] * MIB * 5 // 4 // len(lines))):
            file.write(lines)
    commands = [("render", path, "-o", "o.png", "--cache-dir", "c", "--size", "500"),
                ("scatter", path, "-o", "s.png", "--s", "1", "--cache-dir", "c"),
                ("bin2d", path, "-o", "o.tiff", "--extent", "0,1,0,1", "--size", "500")]
    outputs = "o.png", "s.png", "o.tiff"
    references = []
    for words, output in zip(commands, outputs):
        t.program.must(*words, cwd=folder, timeout=300)
        references.append(contents(folder / output))
    trials = [(size, *command) for size in sizes for command in zip(commands, outputs, references)]
    for size, words, output, reference in t.choose(trials, 3):
        for rest in folder.iterdir():
            if rest != path:
                remove(rest)
        with memory(size * MIB) as prefix:
            outcome = t.program.run(*words, cwd=folder, prefix=prefix, timeout=600)
        problems = outcome.ended() + outcome.names("large", "o.", "s.")
        if outcome.good and contents(folder / output) != reference:
            problems.append("exit 0, and the output is wrong")
        # A clear refusal is one where memory is less than a grid and the points of two batches.
        row.trial(problems, "refused" if outcome.code else "made", what=f"{size} MiB: {words[0]}")
    path.unlink()
