"""Files whose structure is right and whose content is a lie: sizes, numbers, types and versions that cannot be."""

import copy
import gzip
import json
import shutil
import struct

import formats
from program import limited
from scene import contents, npy, remove

PLAIN = "--size", "96"
NESTED = "[" * 2000 + "]" * 2000
# As JSON has them, also what Python would not write.
VALUES = ("0", "-1", "1", "2147483648", "4294967296", "9223372036854775807", "18446744073709551615", "1" + "0" * 40, "1e308",
          "1e999",
          "-1e999", "NaN", "null", "true", '""', '"' + "9" * 70 + '"', '"../../x"', '"x\\u0000y"', '"\\ud800"', "[]", "{}",
          NESTED,
          "[" + "0," * 5000 + "0]")
BOUNDED = limited(v=1 << 20)
SECONDS = 10
PROMISE = "an error that names the file, or the right result; within 10 s and 1 GiB of address space"


def leaves(tree, path=()):
    """Places in JSON, all of them."""
    yield path
    for key in tree if isinstance(tree, dict) else range(len(tree)) if isinstance(tree, list) else ():
        yield from leaves(tree[key], (*path, key))


def with_lie(tree, path, value):
    """JSON with something else at a place."""
    if not path:
        return value
    tree = copy.deepcopy(tree)
    at = tree
    for key in path[:-1]:
        at = at[key]
    at[path[-1]] = "HERE IS THE LIE"
    return json.dumps(tree).replace('"HERE IS THE LIE"', value)


def without(tree, path):
    tree = copy.deepcopy(tree)
    at = tree
    for key in path[:-1]:
        at = at[key]
    del at[path[-1]]
    return json.dumps(tree)


def changes(tree):
    for path in leaves(tree):
        for value in VALUES:
            yield f"{'/'.join(map(str, path)) or 'all'} = {value[:30]}", with_lie(tree, path, value)
        if path:
            yield f"no {'/'.join(map(str, path))}", without(tree, path)


def tried(t, row, what, folder, readers, names, references):
    """Reads what lies, by all readers."""
    problems, noticed = [], 0
    for (arguments, output), reference in zip(readers, references):
        if output and (folder / output).exists():
            remove(folder / output)
        outcome = t.program.run(*arguments, cwd=folder, prefix=BOUNDED, timeout=SECONDS)
        noticed += bool(outcome.code)
        problems += outcome.ended() + outcome.names(*names)
        if output and outcome.good and reference is not None and contents(folder / output) != reference:
            problems.append(f"exit 0, and another result: {outcome.command}")
    row.trial(problems, "refused" if noticed else "right all the same", what=what)


def undisturbed(t, folder, readers):
    found = []
    for arguments, output in readers:
        t.program.must(*arguments, cwd=folder)
        found.append(contents(folder / output) if output else None)
    return found


def torment(t):
    folder = t.folder("files")
    at = t.scene.fixed
    shutil.copytree(at / "a.points", folder / "in.points")
    shutil.copy2(at / "a.tiff", folder / "in.tiff")
    sidecars(t, folder)
    headers(t, folder)
    descriptions(t, folder)
    tags(t, folder)
    pictures(t)
    texts(t)


def sidecars(t, folder):
    row = t.row("points.json with lies", PROMISE)
    path = folder / "in.points" / "points.json"
    original = path.read_text()
    readers = [(("bin2d", "in.points", "-o", "o.tiff", *PLAIN), "o.tiff"), (("info", "in.points", "--verify"), None)]
    references = undisturbed(t, folder, readers)
    for what, content in t.choose(changes(json.loads(original)), 30):
        path.write_text(content)
        tried(t, row, what, folder, readers, ["points.json", "in.points"], references)
    path.write_text(original)


def headers(t, folder):
    row = t.row("header of an array with lies", PROMISE)
    shapes = ("(9223372036854775807,)", "(-1,)", "(18446744073709551616, 3)", "(4611686018427387904, 4)", "(0,)", "(0, 3)",
              "()", "(3, 0)",
              "(60000, True)", "(60000.0, 4)", "'60000'", "None", "(240000, 1)", "(60000, 4, 1)", "(" * 200 + ")" * 200,
              "(1e9, 4)", "[60000, 4]")
    types = ("'<f8'", "'<f9999999999'", "'|O'", "'<c16'", "'<f0'", "'<f-8'", "'<U99999999999'", "'V8'", "'>q'", "8", "None",
             "[]", "[('x', '<f8')]",
             "[('x', '<f8', (99999999999, 99999999999))]", "[('', '')]", "[('x', [('y', '<f8')])]")
    whole = npy([0.5] * 240_000, 4)[128:]
    trials = [(kind, shape, order) for shape in shapes
              for kind in (types if shape in (shapes[0], "(240000, 1)") else types[:1])
              for order in ("False", "True", "1")]
    for kind, shape, order in t.choose(trials, 60):
        text = f"{{'descr': {kind}, 'fortran_order': {order}, 'shape': {shape}, }}"
        text += " " * (-(len(text) + 11) % 64) + "\n"
        (folder / "t.npy").write_bytes(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text.encode() + whole)
        # Some are no lies: what is read then is what the header says.
        tried(t, row, f"{kind} {shape} {order}", folder, [(("ingest", "t.npy", "-o", "o.points", "--force"), "o.points")],
              ["t.npy"], [None])


def appended(content, description):
    """A grid with another description, behind all else, to which the tag of the first page points."""
    entry = next(entry for entry in formats.directories(content)[0] if entry.tag == formats.DESCRIPTION)
    big = content[2] == 43
    place = struct.pack("<QQ" if big else "<II", len(description), len(content))
    return content[:entry.at + 4] + place + content[entry.at + 4 + len(place):] + description


GRID = (("colorize", "in.tiff", "-o", "o.png"), "o.png"), (("info", "in.tiff", "--verify"), None)


def descriptions(t, folder):
    row = t.row("description of a grid with lies", PROMISE)
    path = folder / "in.tiff"
    original = path.read_bytes()
    references = undisturbed(t, folder, GRID)
    entry = next(entry for entry in formats.directories(original)[0] if entry.tag == formats.DESCRIPTION)
    tree = json.loads(original[entry.data:entry.data + entry.count].rstrip(b"\0"))
    for what, content in t.choose(changes(tree), 30):
        path.write_bytes(appended(original, content.encode("utf-8", "surrogatepass") + b"\0"))
        tried(t, row, what, folder, GRID, ["in.tiff"], references)
    path.write_bytes(original)


def tags(t, folder):
    """Every field of every directory, as numbers that cannot be."""
    row = t.row("directories of a grid with lies", PROMISE)
    path = folder / "in.tiff"
    original = path.read_bytes()
    references = undisturbed(t, folder, GRID)
    trials = []
    for page, entries in enumerate(formats.directories(original)):
        for entry in entries:
            for part, offset, length in ("tag", 0, 2), ("type", 2, 2), ("count", 4, 4), ("value", 8, 4):
                for number in 0, 1, 7, (1 << 8 * length) - 1, 1 << (8 * length - 1), len(original):
                    lie = struct.pack("<Q", number)[:length]
                    at = entry.at + offset
                    trials.append((f"page {page}, tag {entry.tag}, {part} = {number}",
                                   original[:at] + lie + original[at + length:]))
    # A directory that leads to itself.
    start = struct.unpack_from("<I", original, 4)[0]
    count = struct.unpack_from("<H", original, start)[0]
    at = start + 2 + 12 * count
    trials.append(("a ring of directories", original[:at] + struct.pack("<I", start) + original[at + 4:]))
    for what, content in t.choose(trials, 30):
        path.write_bytes(content)
        tried(t, row, what, folder, GRID, ["in.tiff"], references)
    path.write_bytes(original)


def pictures(t):
    row = t.row("chunks of a picture with lies, and the same command again",
                "made again within 10 s and 1 GiB of address space")
    stage = t.stages["colorize"]
    stage.reset(old=False)
    stage.run()
    original = stage.path.read_bytes()
    trials = []
    for kind, at, length in formats.chunks(original):
        for number in 0, 1, length - 1, length + 1, 0x7fffffff, 0xffffffff:
            trials.append((f"{kind} of {number} bytes",
                           original[:at] + struct.pack(">I", number % (1 << 32)) + original[at + 4:]))
        trials.append((f"no {kind}", original[:at] + original[at + 12 + length:]))
        trials.append((f"{kind} twice", original[:at] + original[at:at + 12 + length] + original[at:]))
    for what, content in t.choose(trials, 8):
        stage.path.write_bytes(content)
        look = t.program.run("info", stage.path, cwd=stage.folder, prefix=BOUNDED, timeout=SECONDS)
        outcome = stage.run(prefix=BOUNDED, timeout=SECONDS)
        row.trial(look.ended() + outcome.ended()
                  + [f"exit {outcome.code}, and the picture is {stage.state()}"] * (stage.state() != "new"), what=what)


def texts(t):
    row = t.row("text that is no table, or hardly", PROMISE.replace("the right result", "columns"))
    folder = t.folder("texts")
    few = b"1 2 3\n4 5 6\n"
    cases = {
        "empty": b"", "one blank": b" ", "blank lines": b"\n" * 100_000, "no end of line": b"1 2 3", "zeros": bytes(1 << 20),
        "a line of 5 MiB": b"1 " * (5 << 19) + b"\n" + few, "a word of 5 MiB": b"1" * (5 << 20),
        "100,000 fields": b"1 " * 100_000 + b"\n",
        "numbers of 10,000 digits": (b"0." + b"7" * 10_000 + b" 1 2\n") * 50,
        "huge exponents": b"1e999999999999 1e-999999999999 1\n" * 99,
        "carriage returns": b"1 2 3\r4 5 6\r" * 999, "quotes without end": b'"1,2,3\n' * 999,
        "not UTF-8": b"\xff\xfe\x80 1 2\n" * 99,
        "UTF-16": "1 2 3\n4 5 6\n".encode("utf-16"), "only a header": b"x,y,z\n", "one name for all": b"x,x,x\n1,2,3\n",
        "names of controls": b"x,\x1b[2J,\x07\n1,2,3\n", "a header of 60 kB": b"x" * 60_000 + b",y\n1,2\n",
        "comments only": b"# x\n" * 9999,
        "first table, then none": few * 99_999 + b"\x00\xff words\n", "gzip of zeros": gzip.compress(bytes(64 << 20), 1),
        "gzip, cut": gzip.compress(few * 9999)[:-9], "gzip and more": gzip.compress(few) + b"more",
        "gzip in gzip": gzip.compress(gzip.compress(few)),
        "names of paths": b"x,y,../../z\n1,2,3\n4,5,6\n", "name of 300 bytes": b"x,y," + b"z" * 300 + b"\n1,2,3\n4,5,6\n",
        "PNG": b"\x89PNG\r\n\x1a\n" + bytes(99), "no numbers": b"nan nan nan\n" * 99, "infinities": b"inf -inf inf\n" * 99,
    }
    for what, content in t.choose(cases.items(), 40):
        (folder / "t.txt").write_bytes(content)
        problems = []
        for arguments in ("ingest", "t.txt", "-o", "o.points", "--force"), \
                ("render", "t.txt", "-o", "o.png", "--cache-dir", "c", *PLAIN), \
                ("ingest", "t.txt", "--explain"), ("ingest", "t.txt", "-o", "p.points", "--skip-bad", "--ragged", "--force"):
            outcome = t.program.run(*arguments, cwd=folder, prefix=BOUNDED, timeout=SECONDS)
            problems += outcome.ended() + outcome.names("t.txt", "o.points", "t.points", "p.points")
        outside = [path.name for path in folder.parent.glob("z*")] + [path.name for path in folder.parent.parent.glob("z*")]
        row.trial(problems + [f"wrote {name} elsewhere" for name in outside], what=what)
