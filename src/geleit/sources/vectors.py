"""Whole columns at once: the same values that the functions of one value give, without calling them for plain values.

Every function here equals its twin of one value (``as_text``, ``as_json``, ``TimeReader``): what a pattern proves to be
plain is left to Arrow, all else goes through the twin, each distinct value once.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, overload

import duckdb
import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from geleit.clock import DAY, SECOND, micros, moment
from geleit.clock import local_day as local_day_of
from geleit.sources.times import AHEAD, EARLIEST, MICROSECONDS_FROM, MILLISECONDS_FROM, TimeError, TimeReader
from geleit.sources.values import Localize, as_json, as_text
from geleit.sources.vectors_joined import edges, filled, loaded, quoted, worthwhile

Integers = npt.NDArray[np.int64]

TRIMMED = r"^[!-~]([ -~]*[!-~])?$"
UNESCAPED = r'^[^"\\\x00-\x1f]*[!#-\[\]-~][^"\\\x00-\x1f]*$'
EXACT_DIGITS, EXACT_SCALE = 15, 4  # decimals that a float holds to the letter, written without exponent
ID_DIGITS = 32
HASHED = f"left(sha256($prefix || chr(0) || value), {ID_DIGITS})"
CLOCK = r"\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?"
ISO_UTC = rf"^\d{{4}}-\d{{2}}-\d{{2}}[T ]{CLOCK}Z$"
ISO_WALL = rf"^\d{{4}}-\d{{2}}-\d{{2}}([T ]{CLOCK})?$"
GERMAN_WALL = r"^\d{2}\.\d{2}\.\d{4}( \d{2}:\d{2}(:\d{2})?)?$"
MODERN = micros(datetime(1972, 1, 1, tzinfo=UTC))  # since then offsets are whole minutes
DIRECTIVES = {"%Y": r"(?P<y>\d{4})", "%m": r"(?P<m>\d{2})", "%d": r"(?P<d>\d{2})"}
DIRECTIVES |= {"%H": r"(?P<H>\d{2})", "%M": r"(?P<M>\d{2})", "%S": r"(?P<S>\d{2})"}


class Texts(Sequence[str]):
    """A column of texts that reads like a list of them."""

    def __init__(self, array: pa.Array) -> None:
        self.array = array

    def __len__(self) -> int:
        return len(self.array)

    @overload
    def __getitem__(self, place: int) -> str: ...
    @overload
    def __getitem__(self, place: slice) -> list[str]: ...
    def __getitem__(self, place: int | slice) -> str | list[str]:
        found: str | list[str] = (
            self.array[place].to_pylist() if isinstance(place, slice) else self.array[place].as_py()
        )
        return found

    def list(self) -> list[str]:
        """All of them."""
        texts: list[str] = self.array.to_pylist()
        return texts


def array_of(texts: Sequence[str]) -> pa.Array:
    """Texts as an Arrow array."""
    return texts.array if isinstance(texts, Texts) else pa.array(texts, pa.string())


def flat(values: pa.ChunkedArray | pa.Array) -> pa.Array:
    """One array, strings as plain strings."""
    array = values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values
    kind = array.type
    plain = pa.types.is_string(kind) or not (pa.types.is_large_string(kind) or pa.types.is_string_view(kind))
    return array if plain else array.cast(pa.string())


def transformed(
    values: pa.Array, pattern: str, function: Callable[[str], str | None], *, longest: int | None = None
) -> pa.Array:
    """A column of texts through a function that leaves every value matching ``pattern`` (up to ``longest`` bytes) as it is."""
    odd = pc.invert(pc.fill_null(pc.match_substring_regex(values, pattern), True))
    if longest is not None:
        odd = pc.or_(odd, pc.fill_null(pc.greater(pc.binary_length(values), longest), False))
    return replaced(values, values, odd, function)


def replaced(result: pa.Array, values: pa.Array, where: pa.Array, function: Callable[[Any], str | None]) -> pa.Array:
    """``result`` with ``function`` of ``values`` in the places ``where``; each distinct value is computed once."""
    if not pc.any(where).as_py():
        return result
    return pc.replace_with_mask(result, where, _each(values.filter(where), function, pa.string()))


def _each(values: pa.Array, function: Callable[[Any], Any], kind: pa.DataType) -> pa.Array:
    """The function of each value, of equal ones once."""
    if pa.types.is_nested(values.type):
        return pa.array([function(value) for value in values.to_pylist()], kind)
    encoded = values.dictionary_encode()
    return pa.array([function(value) for value in encoded.dictionary.to_pylist()], kind).take(encoded.indices)


def texts(values: pa.ChunkedArray, json: bool) -> pa.Array:
    """``as_text`` of a column; null for what is empty. ``json``: the column holds JSON text."""
    array = flat(values)
    if not json and pa.types.is_integer(array.type):
        return array.cast(pa.string())
    if not json and pa.types.is_string(array.type):
        array = filled(array)
        odd = edges(array)
        if odd is None:
            return transformed(array, TRIMMED, lambda value: as_text(value) or None)
        return replaced(array, array, odd, lambda value: as_text(value) or None)
    return _each(array, lambda value: as_text(_opened(value, json)) or None, pa.string())


def json_texts(values: pa.ChunkedArray, json: bool, localize: Localize) -> pa.Array:
    """``as_json`` of a column as JSON text, with null for nothing and for blank text."""
    array = flat(values)
    kind = array.type
    if not json and pa.types.is_string(kind):
        return _quoted(array, lambda value: json_text(value, localize))
    if not json and (pa.types.is_boolean(kind) or (pa.types.is_integer(kind) and kind != pa.uint64())):
        return array.cast(pa.string())
    if not json and pa.types.is_decimal(kind) and 0 <= kind.scale <= EXACT_SCALE:
        return _decimals(array, lambda value: json_text(value, localize))
    return _each(array, lambda value: json_text(_opened(value, json), localize), pa.string())


def _quoted(array: pa.Array, function: Callable[[str], str | None]) -> pa.Array:
    """Texts as JSON; those that are escaped or may be blank go through the function, which gives nothing for empty ones."""
    array = filled(array)
    if (odd := edges(array)) is not None:
        with suppress(pa.ArrowCapacityError):  # as Arrow says it, if at all
            return replaced(quoted(array), array, odd, function)
    quote = pa.scalar('"')
    odd = pc.invert(pc.fill_null(pc.match_substring_regex(array, UNESCAPED), True))
    return replaced(pc.binary_join_element_wise(quote, array, quote, ""), array, odd, function)


def _decimals(array: pa.Array, function: Callable[[Any], str | None]) -> pa.Array:
    """Decimals as JSON numbers; those of more digits than a float holds go through the function."""
    scale = array.type.scale
    plain = array.cast(pa.string())
    if scale:
        plain = pc.replace_substring_regex(plain, r"\.0+$|(\.\d*?[1-9])0+$", r"\1")
    if array.type.precision <= EXACT_DIGITS:
        return plain
    large = pa.scalar(Decimal(10) ** (EXACT_DIGITS - scale)).cast(array.type)
    return replaced(plain, array, pc.fill_null(pc.greater_equal(pc.abs(array), large), False), function)


def record_texts(table: pa.Table) -> pa.Array:
    """Each row as a JSON object, as its record is kept: every column in order, empty ones as null."""
    parts: list[pa.Array | pa.Scalar] = [pa.scalar("{")]
    for number, name in enumerate(table.column_names):
        head = ("," if number else "") + msgspec.json.encode(name).decode() + ":"
        parts += [pa.scalar(head), pc.fill_null(record_values(flat(table[name])), "null")]
    return pc.binary_join_element_wise(*parts, pa.scalar("}"), "")


def record_values(array: pa.Array) -> pa.Array:
    """The values of one column of a record as JSON text; unlike properties, blank text stays."""
    kind = array.type
    if pa.types.is_timestamp(kind) and kind.unit == "us" and kind.tz in (None, "UTC"):
        naive = array.cast(pa.timestamp("us")) if kind.tz is None else array.cast(pa.int64()).cast(pa.timestamp("us"))
        text = pc.replace_substring(naive.cast(pa.string()), " ", "T")
        whole = pc.replace_substring_regex(text, r"\.000000$", "")
        return pc.binary_join_element_wise(pa.scalar('"'), whole, pa.scalar('"' if kind.tz is None else '+00:00"'), "")
    chunks = pa.chunked_array([array])
    plain = json_texts(chunks, json=False, localize=datetime.isoformat)
    if pa.types.is_string(kind):
        blank = pc.and_(pc.is_null(plain), pc.is_valid(array))
        return replaced(plain, array, blank, lambda value: msgspec.json.encode(value).decode())
    return plain


def json_text(value: Any, localize: Localize) -> str | None:
    """A value as JSON text; None for nothing and for blank text.

    Errors: UnicodeEncodeError for text that is not Unicode.
    """
    if isinstance(value, str) and not value.strip():
        return None
    plain = as_json(value, localize)
    return None if plain is None else msgspec.json.encode(plain, order="deterministic").decode()


def _opened(value: Any, json: bool) -> Any:
    return msgspec.json.decode(value) if json and value is not None else value


def moments(values: pa.ChunkedArray, reader: TimeReader) -> pa.Array:
    """``TimeReader.micros`` of a column (int64); null where that would raise TimeError."""
    array = flat(values)
    found = _quick_moments(array, reader)
    unknown = pc.and_(pc.is_null(found), pc.is_valid(array))
    if pc.any(unknown).as_py():
        found = pc.replace_with_mask(found, unknown, _each(array.filter(unknown), _moment_of(reader), pa.int64()))
    within = pc.and_(pc.greater_equal(found, EARLIEST), pc.less_equal(found, reader.now + AHEAD))
    return pc.if_else(within, found, None)


def _moment_of(reader: TimeReader) -> Callable[[Any], int | None]:
    def read(value: Any) -> int | None:
        try:
            return reader.micros(value)
        except TimeError:
            return None

    return read


def _quick_moments(array: pa.Array, reader: TimeReader) -> pa.Array:
    """What needs no reading value by value; null for the rest."""
    kind = array.type
    if pa.types.is_timestamp(kind):
        ticks = array.cast(pa.timestamp("us", kind.tz)).cast(pa.int64())
        return ticks if kind.tz else _from_wall(ticks, reader)
    if pa.types.is_integer(kind) and kind != pa.uint64():
        number = array.cast(pa.int64())
        size = pc.abs(number)
        scaled = pc.if_else(pc.greater_equal(size, MILLISECONDS_FROM), 1000, SECOND)
        quick = pc.multiply(pc.if_else(pc.less(size, MICROSECONDS_FROM), number, None), scaled)
        return pc.coalesce(quick, number)
    if pa.types.is_string(kind):
        return _from_texts(array, reader)
    return pa.nulls(len(array), pa.int64())


def _from_texts(array: pa.Array, reader: TimeReader) -> pa.Array:
    if reader.form:
        pattern = fixed_pattern(reader.form)
        return _from_wall(_wall_ticks(array, *pattern), reader) if pattern else pa.nulls(len(array), pa.int64())
    trimmed = pc.utf8_trim_whitespace(array)
    utc = _wall_ticks(trimmed, ISO_UTC, r"^(.*)Z$", r"\1")
    wall = pc.coalesce(
        _wall_ticks(trimmed, ISO_WALL, "", ""),
        _wall_ticks(trimmed, GERMAN_WALL, r"^(\d{2})\.(\d{2})\.(\d{4})", r"\3-\2-\1"),
    )
    return pc.coalesce(utc, _from_wall(wall, reader))


def _wall_ticks(array: pa.Array, pattern: str, search: str, form: str) -> pa.Array:
    """Microseconds as written by the texts that match (rewritten to ISO 8601); null for all others."""
    fits = pc.fill_null(pc.match_substring_regex(array, pattern), False)
    if not pc.any(fits).as_py():
        return pa.nulls(len(array), pa.int64())
    chosen = pc.if_else(fits, array, None)
    iso = pc.replace_substring_regex(chosen, search, form) if search else chosen
    try:
        return iso.cast(pa.timestamp("us")).cast(pa.int64())
    except pa.ArrowInvalid:  # one of them names no day of the calendar: they are read one by one
        return pa.nulls(len(array), pa.int64())


def fixed_pattern(form: str) -> tuple[str, str, str] | None:
    """A strptime format of two-digit parts as pattern, and how its groups make ISO 8601; None for other formats."""
    parts = re.split(r"(%.)", form)
    names = [part for part in parts if part.startswith("%")]
    if any(name not in DIRECTIVES for name in names) or len(set(names)) < len(names):
        return None
    if not {"%Y", "%m", "%d"} <= set(names):
        return None
    place = {name: number for number, name in enumerate(names, 1)}
    pattern = "".join(re.sub(r"\?P<.>", "", DIRECTIVES[p]) if p in DIRECTIVES else re.escape(p) for p in parts)
    clock = ":".join(rf"\{place[name]}" if name in place else "00" for name in ("%H", "%M", "%S"))
    return f"^{pattern}$", f"^{pattern}$", rf"\{place['%Y']}-\{place['%m']}-\{place['%d']} {clock}"


def _from_wall(ticks: pa.Array, reader: TimeReader) -> pa.Array:
    """Wall-clock microseconds of the reader's zone as UTC; null on days when the clocks change, and before 1972."""

    def offset(tick: int) -> int:
        wall = moment(tick).replace(tzinfo=None)
        return reader.wall(wall) - tick

    return _shifted(ticks, offset, lambda tick, shift: tick + shift)


def local_days(t: pa.Array, zone: str) -> pa.Array:
    """``clock.local_day`` of a column of microseconds UTC."""

    def offset(tick: int) -> int:
        wall = moment(tick, zone)
        shift = wall.utcoffset()
        return 0 if shift is None else round(shift.total_seconds()) * SECOND

    shifted = _shifted(t, offset, lambda tick, shift: (tick + shift) // DAY)
    unknown = pc.and_(pc.is_null(shifted), pc.is_valid(t))
    if pc.any(unknown).as_py():
        days = _each(t.filter(unknown), lambda tick: local_day_of(tick, zone), pa.int64())
        shifted = pc.replace_with_mask(shifted, unknown, days)
    return shifted.cast(pa.int32())


def _shifted(
    ticks: pa.Array, offset: Callable[[int], int], shift: Callable[[Integers, Integers], Integers]
) -> pa.Array:
    """Ticks moved by the offset of their day, where that is one at its beginning and its end; null elsewhere."""
    known = ticks.is_valid().to_numpy(zero_copy_only=False)
    values: Integers = pc.fill_null(ticks, 0).to_numpy(zero_copy_only=False)
    days, place = np.unique(values // DAY, return_inverse=True)
    shifts = np.zeros(len(days), np.int64)
    sure = np.zeros(len(days), bool)
    for number, day in enumerate(days.tolist()):
        if day * DAY < MODERN:
            continue
        try:
            first, last = offset(day * DAY), offset((day + 1) * DAY - 1)
        except (ValueError, OverflowError):
            continue
        shifts[number], sure[number] = first, first == last
    known &= sure[place]
    return pa.array(shift(values, shifts[place]), pa.int64(), mask=~known)


_own = threading.local()


def scratch() -> duckdb.DuckDBPyConnection:
    """An engine of this thread for questions over registered tables; nothing stays in it."""
    if not hasattr(_own, "duck"):
        _own.duck = duckdb.connect(":memory:", config={"threads": "1"})
    engine: duckdb.DuckDBPyConnection = _own.duck.cursor()
    return engine


def hashed(prefix: str, values: pa.Array) -> pa.Array:
    """``records.identify`` of a column of texts: the first 128 bits of SHA-256, in hexadecimal."""
    if worthwhile(len(values)):
        kernels = loaded()
        return kernels.hexadecimal(kernels.digests(f"{prefix}\0".encode(), values), ID_DIGITS)
    with scratch() as duck:
        duck.register("given", pa.table({"value": values}))
        answer = duck.sql(f"SELECT {HASHED} AS id FROM given", params={"prefix": prefix}).to_arrow_table()  # noqa: S608
    return flat(answer["id"])
