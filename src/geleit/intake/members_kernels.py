"""Machine code that takes the identifiers out of the bodies of events, millions a second."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from geleit.compiling import kernel

Bytes = npt.NDArray[np.uint8]
Longs = npt.NDArray[np.int64]
Ints = npt.NDArray[np.int32]

OPENING = np.frombuffer(b'{"identifiers":[[', np.uint8)
SHORTEST = 8  # bytes of a member in JSON, at least
TYPES = 128  # in one call, at most
QUOTE, BACKSLASH, COMMA, OPENED, CLOSED = b'"\\,[]'


@kernel
def _same(one: Bytes, first: int, other: Bytes, start: int, length: int) -> bool:
    """Whether so many bytes are the same."""
    place = 0
    while place < length and one[first + place] == other[start + place]:
        place += 1
    return place == length


@kernel
def _text(data: Bytes, start: int, end: int) -> int:
    """Where a plain text ends that begins with its quotation mark at ``start``; -1 if it is not plain."""
    if start >= end or data[start] != QUOTE:
        return -1
    for place in range(start + 1, end):
        if data[place] == QUOTE:
            return place
        if data[place] == BACKSLASH:
            return -1
    return -1


@kernel
def _kind(data: Bytes, start: int, end: int, types: Longs) -> int:
    """The number of a type among those met, of which ``types`` says where they stand; -1 for one too many."""
    for number in range(len(types)):
        first, length = types[number]
        if length < 0:
            types[number, 0], types[number, 1] = start, end - start
            return number
        if length == end - start and _same(data, first, data, start, length):
            return number
    return -1


@kernel
def _row(data: Bytes, start: int, end: int, found: Longs, types: Longs) -> int:
    """Write the members of one body to ``found`` (type, where its value stands); how many, -1 if it is not plain."""
    at = start + len(OPENING)
    if at > end or not _same(data, start, OPENING, 0, len(OPENING)):
        return -1
    count = 0
    while True:
        close = _text(data, at, end)
        if close < 0 or close + 1 >= end or data[close + 1] != COMMA:
            return -1
        kind = _kind(data, at + 1, close, types)
        begun = close + 2
        close = _text(data, begun, end)
        if kind < 0 or close < 0 or close + 2 >= end or data[close + 1] != CLOSED:
            return -1
        found[count, 0], found[count, 1], found[count, 2] = kind, begun + 1, close
        count += 1
        if data[close + 2] == CLOSED:
            return count
        if close + 3 >= end or data[close + 2] != COMMA or data[close + 3] != OPENED:
            return -1
        at = close + 4


@kernel
def _members(texts: tuple[Bytes, Ints, Longs], found: Longs, owner: Longs, types: Longs, odd: Longs) -> tuple[int, int]:
    """All members, and the bodies that are not plain (by their places in the last of ``texts``); how many of both."""
    data, ends, places = texts
    members = strange = 0
    for row in range(len(places)):
        place = places[row]
        count = _row(data, ends[place], ends[place + 1], found[members:], types)
        if count < 0:
            odd[strange] = row
            strange += 1
        else:
            owner[members : members + count] = row
            members += count
    return members, strange


@kernel
def _copy(data: Bytes, found: Longs, offsets: Ints, letters: Bytes) -> None:
    at = 0
    for row in range(len(found)):
        for place in range(found[row, 1], found[row, 2]):
            letters[at] = data[place]
            at += 1
        offsets[row + 1] = at


def members(bodies: pa.Array, places: Longs) -> tuple[Longs, pa.Array, pa.Array, pa.Array, Longs]:
    """The members of the bodies at some places, plainly written ones: whose each is, its type's number, all types, its value.

    Last come bodies that are to be read otherwise. Both they and whose a member is are places in ``places``.
    """
    _, offsets, buffer = bodies.buffers()
    data = np.frombuffer(buffer or b"\0", np.uint8)
    ends = np.frombuffer(offsets, np.int32)[bodies.offset : bodies.offset + len(bodies) + 1]
    most = int(ends[-1] - ends[0]) // SHORTEST + 1
    found, owner = np.empty((most, 3), np.int64), np.empty(most, np.int64)
    types, odd = np.full((TYPES, 2), -1, np.int64), np.empty(len(places), np.int64)
    count, strange = _members((data, ends, places), found, owner, types, odd)
    found = found[:count]
    told = np.zeros(count + 1, np.int32)
    letters = np.empty(int((found[:, 2] - found[:, 1]).sum()), np.uint8)
    _copy(data, found, told, letters)
    values = pa.Array.from_buffers(pa.string(), count, [None, pa.py_buffer(told), pa.py_buffer(letters)])
    names = pa.array(
        [data[first : first + length].tobytes().decode() for first, length in types if length >= 0], pa.string()
    )
    return owner[:count], pa.array(found[:, 0].astype(np.int32)), names, values, odd[:strange]
