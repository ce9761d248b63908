"""Names of a file's columns: told apart where they repeat, and compared with those that a definition reads."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

from geleit.errors import GeleitError
from geleit.sources.definition import SourceDefinition


def unique_names(header: Sequence[str]) -> list[str]:
    """Column names: empty ones by their number, repeated ones numbered (letters' case does not tell them apart).

    >>> unique_names(["id", "", "Id", " name "])
    ['id', 'column_2', 'Id_2', 'name']
    """
    names: list[str] = []
    seen: set[str] = set()
    for number, given in enumerate(header, 1):
        plain = name = given.strip() or f"column_{number}"
        turn = 2
        while name.casefold() in seen:
            name, turn = f"{plain}_{turn}", turn + 1
        seen.add(name.casefold())
        names.append(name)
    return names


def require_columns(definition: SourceDefinition, file: str, present: list[str], needed: frozenset[str]) -> None:
    """Refuse a file without the columns that expressions read, naming what it has and what looks alike.

    Errors: GeleitError.
    """
    known = {name.casefold() for name in present}
    missing = sorted(name for name in needed if name.casefold() not in known)
    if not missing:
        return
    by_fold = {name.casefold(): name for name in present}
    close = difflib.get_close_matches(missing[0].casefold(), list(by_fold), n=1, cutoff=0.6)
    remedy = f"did you mean {by_fold[close[0]]}? " if close else ""
    raise GeleitError(
        f"sources/{definition.name}: {file} has no column '{missing[0]}', which its definition reads; "
        "nothing of this file was imported",
        hint=f"{remedy}it has: {', '.join(present)}",
    )
