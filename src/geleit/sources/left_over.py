"""Rows of attached files that no record takes along: counted over all files of a source, the first of them named."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from geleit.sources.reading import Token
from geleit.sources.records import Loose


def taken(positions: Mapping[str, str]) -> list[Loose]:
    """What each file of a source took when it was read last, by the positions that are stored (place to token)."""
    return [one for text in positions.values() for one in _of(text)]


def left_over(given: Iterable[Loose]) -> list[Loose]:
    """Of each attached file what none of the files that take rows from it took; those with nothing left are left out.

    A row belongs to the records of one file, so what several files took adds up.
    """
    by_file: dict[str, list[Loose]] = {}
    for one in given:
        by_file.setdefault(one.file, []).append(one)
    found = (_together(some) for some in by_file.values())
    return [one for one in found if one.count]


def _together(some: list[Loose]) -> Loose:
    rows = max(one.rows for one in some)
    taken = sum(one.rows - one.count for one in some)
    first = [row for row in some[0].first if all(row in other.first for other in some[1:])]
    return Loose(some[0].file, rows, max(0, rows - taken), tuple(first))


def _of(token: str) -> list[Loose]:
    try:
        left = msgspec.json.decode(token, type=Token).left
    except msgspec.MsgspecError:  # of a table, or of an older version
        return []
    return [Loose(file, one.rows, one.count, one.first) for file, one in left.items()]
