"""Where the structure of a file lies: headers, directories, lengths, checksums."""

import struct
from dataclasses import dataclass

# Bytes of a value of each TIFF type.
WIDTHS = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 11: 4, 12: 8, 16: 8}
DESCRIPTION, STRIPS, STRIP_BYTES = 270, 273, 279


@dataclass
class Entry:
    """One tag of a TIFF's directory: `at` is where it stands, `data` where its values are."""

    at: int
    tag: int
    type: int
    count: int
    data: int


def directories(content):
    """The directories of a little-endian TIFF or BigTIFF, each a list of entries."""
    big = content[2] == 43
    number, place, size = ("Q", "Q", 20) if big else ("H", "I", 12)
    at = struct.unpack_from("<" + place, content, 8 if big else 4)[0]
    found = []
    while at:
        count = struct.unpack_from("<" + number, content, at)[0]
        at += struct.calcsize(number)
        entries = []
        for _ in range(count):
            tag, kind, values = struct.unpack_from("<HH" + place, content, at)
            inline = at + 4 + struct.calcsize(place)
            fits = values * WIDTHS[kind] <= struct.calcsize(place)
            entries.append(Entry(at, tag, kind, values,
                                 inline if fits else struct.unpack_from("<" + place, content, inline)[0]))
            at += size
        found.append(entries)
        at = struct.unpack_from("<" + place, content, at)[0]
    return found


def values(content, entry):
    letter = {1: "B", 2: "B", 3: "H", 4: "I", 12: "d", 16: "Q"}[entry.type]
    return struct.unpack_from(f"<{entry.count}{letter}", content, entry.data)


def pixels(content):
    """The bytes of all strips, page after page: what a grid says beside of where its points came from is left out."""
    found = b""
    for entries in directories(content):
        tags = {entry.tag: entry for entry in entries}
        for at, length in zip(values(content, tags[STRIPS]), values(content, tags[STRIP_BYTES])):
            found += content[at:at + length]
    return found


def chunks(content):
    """Kind, place and length of the chunks of a PNG."""
    at = 8
    while at + 12 <= len(content):
        length = struct.unpack_from(">I", content, at)[0]
        yield content[at + 4:at + 8], at, length
        at += 12 + length


def structure(name, content):
    """Positions of bytes on which it depends how the rest of a file is read."""
    end = len(content)
    if name.endswith(".npy"):
        return list(range(min(140, end)))
    if name.endswith(".tiff"):
        found = set(range(16))
        for entries in directories(content):
            for entry in entries:
                found |= set(range(entry.at - 2, entry.at + 20))
                if entry.tag != DESCRIPTION:
                    found |= set(range(entry.data, entry.data + min(entry.count * WIDTHS[entry.type], 64)))
                else:
                    found |= set(range(entry.data, entry.data + entry.count, 7))
        return sorted(at for at in found if at < end)
    if name.endswith(".png"):
        found = set(range(8))
        for _, at, length in chunks(content):
            found |= set(range(at, at + 12)) | set(range(at + 8 + length, at + 12 + length))
        return sorted(found)
    if name.endswith(".gz"):
        return list(range(12)) + list(range(end - 10, end))
    if name.endswith((".json", ".cpt")):
        return list(range(end))
    return list(range(40)) + list(range(end - 300, end))
