"""Machine code for texts of whole columns: joins their pieces and hashes them, millions a second.

Columns are read where they lie, by address, so nothing is copied before it is written to its place. Loading this costs
half a second: see ``vectors_joined.worthwhile``.
"""

from __future__ import annotations

import ctypes
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic as _intrinsic

from geleit.compiling import kernel

Bytes = npt.NDArray[np.uint8]
Longs = npt.NDArray[np.int64]
Address = int

LONGEST = 2**31 - 1  # bytes that one column of texts can hold
DIGEST = 32
CONTEXT = 1024  # bytes for the state of a hash; it needs 112
NEVER = -1  # in place of a validity: no row is there


intrinsic = cast("Callable[[Callable[..., Any]], Callable[..., Any]]", _intrinsic)  # its types are those of no caller
raw_memcpy = cast("Callable[..., None]", cgutils.raw_memcpy)


@intrinsic
def _int32_at(_context: Any, _address: Any) -> Any:
    def load(_target: Any, builder: Any, _signature: Any, given: Any) -> Any:
        return builder.load(builder.inttoptr(given[0], ir.IntType(32).as_pointer()))

    return types.int32(types.int64), load


@intrinsic
def _byte_at(_context: Any, _address: Any) -> Any:
    def load(_target: Any, builder: Any, _signature: Any, given: Any) -> Any:
        return builder.load(builder.inttoptr(given[0], ir.IntType(8).as_pointer()))

    return types.uint8(types.int64), load


@intrinsic
def _copy(_context: Any, _to: Any, _from: Any, _count: Any) -> Any:
    def move(_target: Any, builder: Any, _signature: Any, given: Any) -> Any:
        to, source = (builder.inttoptr(one, ir.IntType(8).as_pointer()) for one in given[:2])
        raw_memcpy(builder, to, source, given[2], 1)
        return given[2]

    return types.int64(types.int64, types.int64, types.int64), move


@dataclass(frozen=True, slots=True)
class Piece:
    """A column of a join: what stands before and after each value, and ``missing`` in place of null (None: nothing)."""

    before: bytes
    values: pa.Array | None
    after: bytes
    missing: bytes | None


# Columns of the table of pieces.
OFFSETS, DATA, VALID, SHIFT, BEFORE, BEFORE_LENGTH, AFTER, AFTER_LENGTH, MISSING, MISSING_LENGTH = range(10)


@kernel
def _join(pieces: Longs, ends: Longs, to: int, offsets: npt.NDArray[np.int32], there: Bytes) -> int:
    """Write all rows from the address ``to`` on; ``ends``: opening, separator, closing (address, length), always."""
    at = to
    for row in range(len(there)):
        offsets[row] = at - to
        begun = at
        at += _copy(at, ends[0], ends[1])
        within = at
        first = True
        for piece in pieces:
            valid = piece[VALID]
            place = row + piece[SHIFT]
            present = valid == 0 or (valid > 0 and (_byte_at(valid + (place >> 3)) >> (place & 7)) & 1 == 1)
            if not present and piece[MISSING_LENGTH] < 0:
                continue
            if not first:
                at += _copy(at, ends[2], ends[3])
            first = False
            if present:
                at += _copy(at, piece[BEFORE], piece[BEFORE_LENGTH])
                start = _int32_at(piece[OFFSETS] + 4 * place)
                end = _int32_at(piece[OFFSETS] + 4 * place + 4)
                at += _copy(at, piece[DATA] + start, end - start)
                at += _copy(at, piece[AFTER], piece[AFTER_LENGTH])
            else:
                at += _copy(at, piece[MISSING], piece[MISSING_LENGTH])
        if at > within or ends[6] == 1:
            at += _copy(at, ends[4], ends[5])
            there[row] = 1
        else:
            at = begun
            there[row] = 0
    offsets[len(there)] = at - to
    return at - to


def join(pieces: Sequence[Piece], ends: tuple[bytes, bytes, bytes], rows: int, *, always: bool) -> pa.Array:
    """Each row's pieces between opening, separator and closing (``ends``); null if nothing stands there, unless ``always``.

    Errors: pa.ArrowCapacityError for texts that are longer together than a column can be.
    """
    kept: list[Any] = []  # whatever is read by its address, until it was read

    def address(text: bytes) -> Address:
        kept.append(np.frombuffer(text or b"\0", np.uint8))
        return int(kept[-1].ctypes.data)

    opening, separator, closing = ends
    bound = rows * (len(opening) + len(closing) + len(separator) * len(pieces))
    table = np.zeros((len(pieces), 10), np.int64)
    for number, piece in enumerate(pieces):
        missing = -1 if piece.missing is None else len(piece.missing)
        table[number, BEFORE:] = (
            *(address(piece.before), len(piece.before), address(piece.after), len(piece.after)),
            *(address(piece.missing or b""), missing),
        )
        table[number, VALID] = NEVER
        bound += rows * max(len(piece.before) + len(piece.after), missing)
        if piece.values is not None:
            table[number, :BEFORE] = _places(piece.values)
            bound += _size(piece.values)
    if bound > LONGEST:
        raise pa.ArrowCapacityError("texts of a chunk are too long together")
    edges = [part for end in ends for part in (address(end), len(end))]
    written, offsets, there = np.empty(bound + 1, np.uint8), np.empty(rows + 1, np.int32), np.empty(rows, np.uint8)
    size = _join(table, np.array([*edges, int(always)], np.int64), written.ctypes.data, offsets, there)
    valid = None if always else pa.py_buffer(np.packbits(there, bitorder="little"))
    return pa.Array.from_buffers(pa.string(), rows, [valid, pa.py_buffer(offsets), pa.py_buffer(written[:size])])


def _places(values: pa.Array) -> tuple[int, int, int, int]:
    """Addresses of a column's offsets, letters and validity (0: all are there), and where it begins in them."""
    valid, offsets, data = values.buffers()
    known = 0 if valid is None or not values.null_count else valid.address
    return offsets.address, data.address if data else 0, known, values.offset


def _size(values: pa.Array) -> int:
    """The letters of a column."""
    offsets = np.frombuffer(values.buffers()[1], np.int32)
    return int(offsets[values.offset + len(values)] - offsets[values.offset])


@kernel
def _odd(start: int, end: int) -> bool:
    """Whether any byte is no letter of ASCII, or one that JSON escapes."""
    odd = 0
    for place in range(start, end):
        one = _byte_at(place)
        odd |= (one < 32) | (one > 126) | (one == 34) | (one == 92)  # noqa: PLR2004 (blank to tilde, but " and \)
    return odd != 0


def unescaped(values: pa.Array) -> bool:
    """Whether all texts of a column stand in JSON as they are."""
    _, data, _, first = _places(values)
    if not data or not len(values):
        return True
    bounds = np.frombuffer(values.buffers()[1], np.int32)
    return not _odd(data + int(bounds[first]), data + int(bounds[first + len(values)]))


@kernel
def _edged(where: Longs, edged: npt.NDArray[np.bool_]) -> None:
    for row in range(len(edged)):
        place = row + where[3]
        if where[2] == 0 or (_byte_at(where[2] + (place >> 3)) >> (place & 7)) & 1 == 1:
            start, end = _int32_at(where[0] + 4 * place), _int32_at(where[0] + 4 * place + 4)
            blank = start == end or _byte_at(where[1] + start) == 32 or _byte_at(where[1] + end - 1) == 32  # noqa: PLR2004
            edged[row] = blank


def edged(values: pa.Array) -> pa.Array:
    """Which texts begin or end with a blank, or are empty."""
    found = np.zeros(len(values), np.bool_)
    _edged(np.array(_places(values), np.int64), found)
    return pa.array(found)


@kernel
def _filled(where: Longs, there: Bytes, rows: int) -> int:
    count = 0
    for place in range(where[3], where[3] + rows):
        known = where[2] == 0 or (_byte_at(where[2] + (place >> 3)) >> (place & 7)) & 1 == 1
        if known and _int32_at(where[0] + 4 * place) < _int32_at(where[0] + 4 * place + 4):
            there[place >> 3] |= 1 << (place & 7)
            count += 1
    return count


def filled(values: pa.Array) -> pa.Array:
    """The texts, which stay where they lie, with null in place of empty ones."""
    there = np.zeros((values.offset + len(values) + 7) // 8, np.uint8)
    count = _filled(np.array(_places(values), np.int64), there, len(values))
    if count == len(values) - values.null_count:
        return values
    buffers = [pa.py_buffer(there), *values.buffers()[1:]]
    return pa.Array.from_buffers(pa.string(), len(values), buffers, len(values) - count, values.offset)


@intrinsic
def _call(_context: Any, _function: Any, _first: Any, _second: Any, _third: Any) -> Any:
    """Call a C function of up to three arguments by its address; one that takes fewer does not look at the others."""

    def call(_target: Any, builder: Any, _signature: Any, given: Any) -> Any:
        whole = ir.IntType(64)
        form = ir.FunctionType(ir.IntType(32), [whole, whole, whole])
        return builder.call(builder.inttoptr(given[0], form.as_pointer()), given[1:])

    return types.int32(types.int64, types.int64, types.int64, types.int64), call


@kernel
def _hash(functions: Longs, prefix: npt.NDArray[np.int64], where: Longs, context: int, digests: Bytes) -> None:
    for row in range(len(digests)):
        place = where[0] + 4 * (row + where[3])
        start, end = _int32_at(place), _int32_at(place + 4)
        _call(functions[0], context, 0, 0)
        _call(functions[1], context, prefix[0], prefix[1])
        _call(functions[1], context, where[1] + start, end - start)
        _call(functions[2], digests.ctypes.data + row * DIGEST, context, 0)


@cache
def _functions() -> Longs:
    """Where the library behind hashlib begins, feeds and ends a hash.

    Errors: ImportError if there is none, AttributeError or OSError if it is built into the interpreter or has given up
    these names.
    """
    library = ctypes.CDLL(import_module("_hashlib").__file__)
    found = (ctypes.cast(library[f"SHA256_{name}"], ctypes.c_void_p).value for name in ("Init", "Update", "Final"))
    return np.array(list(found), np.int64)


@cache
def hashing() -> bool:
    """Whether the library behind hashlib can be called from here; it hashes seven times as fast as DuckDB does."""
    try:
        return digests(b"a", pa.array(["b"])).tobytes() == hashlib.sha256(b"ab").digest()
    except (ImportError, AttributeError, OSError):
        return False


def digests(prefix: bytes, values: pa.Array) -> Bytes:
    """SHA-256 of the prefix and each text (none is null), 32 bytes each. Only where ``hashing`` is true."""
    found, context = np.empty((len(values), DIGEST), np.uint8), np.empty(CONTEXT, np.uint8)
    head = np.frombuffer(prefix or b"\0", np.uint8)
    before, where = np.array([head.ctypes.data, len(prefix)], np.int64), np.array(_places(values), np.int64)
    _hash(_functions(), before, where, context.ctypes.data, found)
    return found


@kernel
def _spell(digests: Bytes, letters: Bytes) -> None:
    for row in range(len(digests)):
        for place in range(letters.shape[1]):
            half = digests[row, place >> 1] >> (0 if place & 1 else 4) & 15
            letters[row, place] = half + (48 if half < 10 else 87)  # noqa: PLR2004 (0 to 9, a to f)


def hexadecimal(digests: Bytes, digits: int) -> pa.Array:
    """The first so many hexadecimal digits of each digest."""
    letters, offsets = np.empty((len(digests), digits), np.uint8), np.arange(len(digests) + 1, dtype=np.int32) * digits
    _spell(digests, letters)
    return pa.Array.from_buffers(pa.string(), len(digests), [None, pa.py_buffer(offsets), pa.py_buffer(letters)])
