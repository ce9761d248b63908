"""How far each place of a source was read, so that the next reading takes only what is new or changed."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import msgspec
import sqlalchemy as sa

from geleit.errors import GeleitError
from geleit.ledger.ledger import upsert
from geleit.ledger.tables import read_position
from geleit.sources.definition import SourceDefinition

STATES = "+"  # begins the fingerprints of sources that list states


def load(connection: sa.Connection, source: str) -> dict[str, str]:
    """The stored token of every place (file, table) of a source; tokens are the reader's own text."""
    rows = connection.execute(
        sa.select(read_position.c.place, read_position.c.token).where(read_position.c.source == source)
    )
    return dict(rows.all())


def store(connection: sa.Connection, source: str, place: str, token: str, now: int) -> None:
    """Remember how far a place was read.

    Call it in the transaction that takes the records in: a position may never run ahead of what was acknowledged.
    ``now`` is in microseconds UTC.
    """
    row = {"source": source, "place": place, "token": token, "at": now}
    connection.execute(upsert(read_position, ["token", "at"]), row)


def empty_files(connection: sa.Connection, source: str) -> list[str]:
    """The files of a source that held no record when they were read last, the latest first."""
    here = (read_position.c.source == source, read_position.c.token.like('%"empty":true%'))
    found = (
        sa.select(read_position.c.place, read_position.c.token)
        .where(*here)
        .order_by(read_position.c.at.desc(), read_position.c.place.desc())
    )
    return [place for place, token in connection.execute(found) if is_empty(token)]


def is_empty(token: str) -> bool:
    """Whether a token is of a file that held no record.

    >>> is_empty('{"definition":"a","empty":true}'), is_empty('{"definition":"a"}')
    (True, False)
    """
    return _parts(token).get("empty") is True


def read_otherwise(before: str, token: str) -> bool:
    """Whether two tokens are of a file of the same content, read by another definition: only then is it read again.

    >>> before = '{"definition":"a","sha256":"1f"}'
    >>> [read_otherwise(before, token) for token in ('{"definition":"b","sha256":"1f"}', before, "{}")]
    [True, False, False]
    """
    one, other = _parts(before), _parts(token)
    told = "sha256" if "sha256" in other else "version"  # a store's version numbers contents; a disk's does not
    same = bool(one.get(told)) and one.get(told) == other.get(told)
    return same and one.get("definition") != other.get("definition")


def fingerprint(definition: SourceDefinition) -> str:
    """Tells one definition of a source from another; what was read with another one is read again.

    Defaults do not count, so that a field which a newer version knows makes no definition another one.
    """
    text = definition.model_dump_json(exclude={"label"}, exclude_defaults=True)
    return STATES * (definition.changed == "add") + hashlib.sha256(text.encode()).hexdigest()[:16]


def require_same_states(definition: SourceDefinition, positions: Mapping[str, str]) -> None:
    """Refuse to read a source that lists states (``changed: add``) with another definition than before.

    Its events are known by their content, and another definition gives another content: all would count twice.

    Errors: GeleitError with the two ways on.
    """
    own = fingerprint(definition)
    for text in positions.values():
        before = _definition_of(text)
        if before not in ("", own) and STATES in (before[:1], own[:1]):
            raise GeleitError(
                f"the definition of {definition.name} is another one than at its last import, and its events are known "
                "by their content (changed: add): read again, they could count twice; nothing was imported",
                hint="geleit import --anew begins afresh from all files; or, to add what is read now to what is known: "
                f"geleit import --again {definition.name}",
            )


def _definition_of(token: str) -> str:
    """The fingerprint inside a token; '' for none."""
    return str(_parts(token).get("definition", ""))


def _parts(token: str) -> dict[str, object]:
    """What a token of a file says; nothing of another reader's."""
    try:
        found = msgspec.json.decode(token)
    except msgspec.MsgspecError:
        return {}
    return found if isinstance(found, dict) else {}
