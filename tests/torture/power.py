"""Cuts the power: in what order writes reach the disk, and what is there after a disk was cut off at any moment."""

import contextlib
import os
import re
import shutil
import signal
import subprocess
import time
from pathlib import Path


STAGES = "ingest", "bin2d", "bin2d text", "merge", "colorize", "figure", "figure pdf", "render cached", "scatter", "scatter text"
CALLS = "write,pwrite64,writev,pwritev,pwritev2,ftruncate,fsync,fdatasync,rename,renameat,renameat2,copy_file_range,fallocate"
# What is looked at first, and says that the rest is whole. Columns are found out by their content.
SEALED = re.compile(r"(\.png|\.svg|\.pdf|\.tiff|/points\.json)$")


def torment(t):
    orders(t)
    cuts(t)


def orders(t):
    """Every picture, grid and points.json is synced after its last write and before the rename that publishes it."""
    for name in STAGES:
        stage = t.stages[name]
        row = t.row(f"{name}, order of writes, syncs and renames", "written, synced, renamed")
        for old in (False, True):
            stage.reset(old)
            log = t.root / "order.log"
            t.program.must(*stage.arguments, cwd=stage.folder,
                           prefix=["strace", "-f", "-y", "-qq", "-s", "0", "-o", log, "-e", f"trace={CALLS}"])
            published, problems = published_of(log.read_text(errors="replace"), stage.folder)
            if not published:
                problems.append("nothing was renamed into place")
            row.trial(problems, what="over an old output" if old else "to a new name")


def published_of(log, folder):
    """What was renamed into place, and what of it had not been synced. A folder is renamed with all that is in it."""
    unsynced, published, problems, pending = set(), 0, [], {}
    for line in log.splitlines():
        thread, _, call = line.partition(" ")
        call = call.strip()
        # A call that another thread interrupts in the log is taken where it ends.
        if call.endswith("<unfinished ...>"):
            pending[thread] = call[:-len("<unfinished ...>")]
            continue
        resumed = re.match(r"<\.\.\. \w+ resumed>(.*)", call)
        if resumed:
            call = pending.pop(thread, "") + resumed.group(1)
        if " = -1 " in call:
            continue
        file = re.match(r"(\w+)\(\d+<([^>]*)>", call)
        if file:
            kind, path = file.groups()
            path = path.removesuffix(" (deleted)")
            if path.startswith(str(folder)):
                (unsynced.discard if kind in ("fsync", "fdatasync") else unsynced.add)(path)
            continue
        renamed = re.match(r'rename\w*\(.*?"([^"]*)", .*?"([^"]*)"', call)
        if renamed:
            source, target = (os.path.normpath(os.path.join(place, path)) for path,
                              place in zip(renamed.groups(), places(call, folder)))
            moved = [path for path in unsynced if path == source or path.startswith(source + "/")]
            for path in moved:
                final = target + path[len(source):]
                if SEALED.search(final):
                    problems.append(f"{os.path.relpath(final, folder)} renamed into place with writes that are not synced")
                unsynced.discard(path)
            published += 1
    return published, sorted(set(problems))


def places(call, folder):
    """The folders that both paths of a rename start from."""
    found = re.findall(r"(?:AT_FDCWD|\d+)<([^>]*)>", call)
    return (found + [str(folder)] * 2)[:2] if found else [str(folder)] * 2


@contextlib.contextmanager
def mounted(image, folder):
    # Without noauto_da_alloc ext4 syncs what is renamed over another, as other file systems do not.
    subprocess.run(["mount", "-o", "loop,noauto_da_alloc", image, folder], check=True, capture_output=True)
    try:
        yield
    finally:
        for _ in range(100):
            if not subprocess.run(["umount", folder], capture_output=True).returncode:
                break
            time.sleep(0.02)


def stopped(process):
    """Stops a process and waits until no call of it goes on, so that the image can be copied at one moment."""
    process.send_signal(signal.SIGSTOP)
    end = time.monotonic() + 10
    while time.monotonic() < end:
        try:
            states = [Path(f"/proc/{process.pid}/task/{task}/stat").read_text().rpartition(")")[2].split()[0]
                      for task in os.listdir(f"/proc/{process.pid}/task")]
        except OSError:
            return
        if all(state in "TZX" for state in states):
            return
        time.sleep(0.001)


def cuts(t):
    """A small ext4 on a loop device: its image is copied while the command stands still, and mounted as after a power cut."""
    promise = "old, new, none, or found out as damaged by the next run, which ends right"
    image, copy, empty, folder = (t.root / name for name in ("disk.img", "cut.img", "empty.img", "disk"))
    folder.mkdir(exist_ok=True)
    with empty.open("wb") as file:
        file.truncate(24 << 20)
    try:
        subprocess.run(["mkfs.ext4", "-q", "-F", empty], check=True, capture_output=True)
        with mounted(empty, folder):
            pass
    except (OSError, subprocess.CalledProcessError):
        t.row("disk cut off at a random moment", promise).skip("needs root, e2fsprogs and loop devices")
        return
    for name in STAGES:
        row = t.row(f"{name}, disk cut off at a random moment", promise)
        stage = t.stages[name].at(folder)
        stage.keep = (*stage.keep, "lost+found")
        for _ in t.times(2, 40):
            old = t.random.random() < 0.6
            with cut_off(t, stage, old, image, copy, empty):
                row.trial(*after(t, stage, old), what="over an old output" if old else "to a new name")


@contextlib.contextmanager
def cut_off(t, stage, old, image, copy, empty):
    """Runs a command on one disk, and mounts what would be left of that after a power cut."""
    folder = stage.folder
    shutil.copyfile(empty, image)
    with mounted(image, folder):
        stage.reset(old)
        os.sync()
        process = stage.start()
        time.sleep(t.random.uniform(0, 1.3 * max(stage.seconds, 0.01)))
        stopped(process)
        if t.random.random() < 0.7:
            # Somebody else syncs a file of theirs, and the journal goes to the disk with all renames so far.
            with (folder / "lost+found" / "x").open("w") as file:
                file.write("x")
                os.fsync(file.fileno())
        shutil.copyfile(image, copy)
        process.send_signal(signal.SIGCONT)
        t.program.finish(process)
    with mounted(copy, folder):
        yield


def after(t, stage, old):
    """What is wrong with what the disk has, which other commands read next, and then the command itself."""
    state = stage.state()
    if state == "other" and stage.path.suffix in (".png", ".svg", ".pdf"):
        problems = ["a picture that is neither old nor new, nor missing"]
    else:
        problems = []
    if stage.path.suffix == ".points" and state == "other":
        reader = t.program.run("bin2d", stage.output, "-o", "reader.tiff", cwd=stage.folder)
        problems += reader.ended() + ["columns that are neither's are binned"] * reader.good
    elif stage.path.suffix == ".tiff" and state == "other":
        problems.append("a grid that is neither old nor new, nor missing")
    outcome = stage.run()
    problems += outcome.ended()
    if not outcome.good or stage.state() != "new":
        # Columns are not checked before they are read: who reads them finds the damage out, and --force mends it.
        reader = t.program.run("bin2d", stage.output, "-o", "reader.tiff",
                               cwd=stage.folder) if stage.path.suffix == ".points" else None
        if outcome.code or reader is None or reader.good:
            problems.append(f"the next run: exit {outcome.code}, and the output is {stage.state()}: {outcome.tail}")
        forced = t.program.run(*stage.arguments, "--force", cwd=stage.folder)
        if not forced.good or stage.state() != "new":
            problems.append(f"--force: exit {forced.code}, and the output is {stage.state()}")
    problems += [f"left over: {path.relative_to(stage.folder)} ({outcome.tail})" for path in stage.folder.rglob("*")
                 if ".partial-" in path.name]
    return problems, f"{state} after the cut" + (" of an old one" if old and state == "old" else "")
