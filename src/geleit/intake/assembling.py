"""Puts the parts of a bulk load together: its identifiers as numbers, who is in which set, and who was seen with whom.

Texts are compared once, to number them; all else is numbers. Times are read from the load's segments.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from geleit.events.event import Identifier
from geleit.identity.grouping import Flags, Known, Numbers
from geleit.identity.rules import Rules
from geleit.intake import parts
from geleit.intake.members import FORM

NEVER = np.iinfo(np.int64).max
NUMBER_BITS = 31  # identifiers of a load: a process has no memory for two thousand million
TOGETHER = 20  # segments that are looked at in one go


@dataclass(frozen=True, slots=True)
class Assembled:
    """A load's sets in the order of their keys, its identifiers, and a row for each member: which set, which identifier.

    The rows of a set stand together. ``shown`` says of each set which sources showed it: those with rules of their own by
    name, all others under ''; it is empty if no source has rules.
    """

    keys: Numbers
    rests: Numbers
    known: Known
    sets: Numbers
    members: Numbers
    shown: dict[str, Flags]

    def texts(self, numbers: Numbers) -> pa.Table:
        """Some identifiers: ``no``, ``type``, ``value``."""
        known, types = self.known, pa.array(self.known.types, pa.string())
        whole = len(numbers) == len(known)
        columns = {
            "no": pa.array(numbers),
            "type": pa.DictionaryArray.from_arrays(pa.array(known.kind[numbers]), types),
            "value": known.values if whole else known.values.take(pa.array(numbers)),
        }
        return pa.table(columns)

    def links(self, rules: Rules) -> tuple[Numbers, Numbers]:
        """Who was seen together by a source whose word counts for both: lower and higher numbers, each pair once."""
        low, high, where = _pairs(self.sets, self.members)
        if self.shown:
            heeded = np.zeros(len(low), bool)
            for source, flags in self.shown.items():
                by_it = flags[where]
                deaf = self._unheeded(rules, source, np.unique(np.concatenate([low[by_it], high[by_it]])))
                heeded |= by_it & ~deaf[low] & ~deaf[high]
            low, high = low[heeded], high[heeded]
        both = np.sort(low << NUMBER_BITS | high)
        both = both[np.diff(both, prepend=-1) != 0]
        return both >> NUMBER_BITS, both & (1 << NUMBER_BITS) - 1

    def _unheeded(self, rules: Rules, source: str, numbers: Numbers) -> Flags:
        """Which identifiers join nobody where a source shows them, of those that it shows."""
        found = np.zeros(len(self.known), bool)
        if source:
            values = self.known.values.take(pa.array(numbers)).to_pylist()
            for number, value in zip(numbers.tolist(), values, strict=True):
                type_ = self.known.types[self.known.kind[number]]
                found[number] = not rules.heeds(source, Identifier(type_, value))
        return found


def assemble(folders: Sequence[Path], segments: Sequence[Path], rules: Rules) -> Assembled:
    """What the parts and the segments of a load say together.

    Errors: OSError or pa.ArrowException for files that are damaged, or not of the same events.
    """
    tables = [_read(folder / parts.NAME, FORM.names) for folder in folders]
    heads, kept = _heads(tables)
    with ThreadPoolExecutor(1) as beside:
        seen = beside.submit(_seen, heads, segments, rules)
        rests, sets, texts = _members(tables, kept, len(heads))
        members, types, kind, values = texts.numbered()
        first, shown = seen.result()
    first_t = np.full(len(kind), NEVER)
    np.minimum.at(first_t, members, first[sets])
    return Assembled(heads, rests, Known(types, kind, values, first_t), sets, members, shown)


def _members(
    tables: list[pa.Table], kept: Sequence[tuple[Numbers, Numbers]], count: int
) -> tuple[Numbers, Numbers, _Texts]:
    """The rests of so many sets, the set of each member, and what is told of the members; ``kept`` as ``_heads`` says it.

    Takes the tables of the parts away one by one.
    """
    rests, sets, texts = np.zeros(count, np.int64), [np.zeros(0, np.int64)], _Texts()
    for rows, places in kept:
        table = tables.pop(0)
        if len(rows) < table.num_rows:
            table = table.take(pa.array(rows))
        rests[places] = table["rest"].to_numpy()
        sets.append(places[texts.add(table)])
    return rests, np.concatenate(sets), texts


def _heads(tables: Sequence[pa.Table]) -> tuple[Numbers, list[tuple[Numbers, Numbers]]]:
    """The keys of all sets in order; for each part which rows count, and for these the place of their set among the keys.

    A set may stand in several parts: one of them counts.
    """
    keys = [table["set_key"].to_numpy() for table in tables]
    firsts = [np.flatnonzero(np.diff(part, prepend=~part[:1])) for part in keys]
    heads = np.concatenate([part[first] for part, first in zip(keys, firsts, strict=True)] or [np.zeros(0, np.int64)])
    order = np.argsort(heads)
    ordered = heads[order]
    new = np.diff(ordered, prepend=-1) != 0
    place = np.full(len(heads), -1)
    place[order[new]] = np.arange(int(new.sum()))
    kept, start = [], 0
    for part, first in zip(keys, firsts, strict=True):
        each = np.repeat(place[start : start + len(first)], np.diff(first, append=len(part)))
        rows = np.flatnonzero(each >= 0)
        kept.append((rows, each[rows]))
        start += len(first)
    return ordered[new], kept


class _Texts:
    """Types and values of members, which become numbers once they are all there."""

    def __init__(self) -> None:
        self.types: dict[str, int] = {}
        self.kinds: list[npt.NDArray[np.int16]] = []
        self.values: list[list[pa.Array]] = []  # by type

    def add(self, table: pa.Table) -> Numbers:
        """More members; returns which rows are some (a set without members has a row, too)."""
        codes = table["type"].combine_chunks()
        names = codes.dictionary.to_pylist()
        for name in names:
            if name not in self.types:
                self.types[name] = len(self.types)
                self.values.append([])
        there = codes.is_valid().to_numpy(zero_copy_only=False)
        numbers = np.array([self.types[name] for name in names], np.int16)
        kind = numbers[codes.indices.drop_null().to_numpy()] if names else np.zeros(0, np.int16)
        values = flat_values(table["value"]).drop_null()
        for number in numbers.tolist():
            if len(mine := values.filter(pa.array(kind == number))):
                self.values[number].append(mine)
        self.kinds.append(kind)
        return np.flatnonzero(there)

    def numbered(self) -> tuple[Numbers, list[str], npt.NDArray[np.int16], pa.Array]:
        """The number of each member; the types, and for each number its type and its value."""
        kinds = np.concatenate(self.kinds or [np.zeros(0, np.int16)])
        members, values, kind, base = np.empty(len(kinds), np.int64), [], [], 0
        for number, chunks in enumerate(self.values):
            coded = pa.chunked_array(chunks, pa.large_string()).dictionary_encode()
            chunks.clear()
            if coded.num_chunks:
                codes = np.concatenate([chunk.indices.to_numpy() for chunk in coded.chunks])
                members[kinds == number] = codes.astype(np.int64) + base
                values.append(coded.chunk(0).dictionary)
            kind.append(np.full(len(values[-1]) if coded.num_chunks else 0, number, np.int16))
            base += len(kind[-1])
        texts = pa.concat_arrays(values) if values else pa.array([], pa.large_string())
        return members, list(self.types), np.concatenate(kind or [np.zeros(0, np.int16)]), texts


def flat_values(values: pa.ChunkedArray) -> pa.Array:
    """A column of texts as one array that may hold any number of bytes."""
    return values.cast(pa.large_string()).combine_chunks()


def _seen(keys: Numbers, segments: Sequence[Path], rules: Rules) -> tuple[Numbers, dict[str, Flags]]:
    """When each set was seen first, and ``shown``.

    Errors: pa.ArrowInvalid if parts and segments have not the same sets.
    """
    first = np.full(len(keys), NEVER)
    own = list(rules.definition.sources)
    shown = {source: np.zeros(len(keys), bool) for source in (*own, "")} if own else {}
    for rows in _events(segments, ["set_key", "t", *["source"][: len(own)]]):
        wanted = rows["set_key"].to_numpy()
        order = np.argsort(wanted)  # neighbors are found side by side
        wanted = wanted[order]
        places = np.searchsorted(keys, wanted)
        if len(wanted) and (places[-1] == len(keys) or (keys[places] != wanted).any()):
            raise pa.ArrowInvalid("its parts lack somebody of its segments")
        np.minimum.at(first, places, rows["t"].to_numpy()[order])
        if own:
            source = pc.index_in(rows["source"], pa.array(own, pa.string())).fill_null(len(own)).to_numpy()[order]
            for place, flags in enumerate(shown.values()):
                flags[places[source == place]] = True
    if (first == NEVER).any():
        raise pa.ArrowInvalid("its segments lack somebody of its parts")
    return first, shown


def _read(path: Path, columns: Sequence[str]) -> pa.Table:
    with pq.ParquetFile(path, page_checksum_verification=True) as file:
        return file.read(list(columns), use_threads=False)


def _events(segments: Sequence[Path], columns: Sequence[str]) -> Iterator[pa.Table]:
    for start in range(0, len(segments), TOGETHER):
        some = [_read(path, columns) for path in segments[start : start + TOGETHER]]
        yield pa.concat_tables(some)


def _pairs(sets: Numbers, members: Numbers) -> tuple[Numbers, Numbers, Numbers]:
    """All pairs of members of one set, the lower number first, and their set."""
    starts = np.flatnonzero(np.diff(sets, prepend=-1))
    sizes = np.diff(starts, append=len(sets))
    lows, highs, where = [], [], []
    for size in np.unique(sizes[sizes > 1]).tolist():
        begins = starts[sizes == size]
        one, other = np.triu_indices(size, 1)
        a, b = members[begins[:, None] + one].ravel(), members[begins[:, None] + other].ravel()
        lows.append(np.minimum(a, b))
        highs.append(np.maximum(a, b))
        where.append(np.repeat(sets[begins], len(one)))
    if not lows:
        return (np.zeros(0, np.int64),) * 3
    return np.concatenate(lows), np.concatenate(highs), np.concatenate(where)
