"""Records that contradict an earlier one: in which file and line they stand, and where the earlier one came from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from geleit.ledger import tables
from geleit.ledger.ledger import Ledger, chunked
from geleit.sources.quarantine import HISTORY, TOGETHER

EARLIER = "; that one is from "
_q = tables.quarantine.c


@dataclass(frozen=True, slots=True)
class Place:
    """A line of a file; ``earlier`` is that of the record that stands, '' if it came at another time."""

    file: str
    line: int
    earlier: str = ""

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


def waiting(ledger: Ledger, source: str, since: int) -> dict[str, int]:
    """The number of each contradiction of a source that came or came again since then, by its fingerprint (record and key)."""
    here = (_q.source == source, _q.reason == "changed_content", _q.state == "open", _q.changed_at >= since)
    with ledger.read() as connection:
        return dict(connection.execute(sa.select(_q.fingerprint, _q.id).where(*here)).all())


def locate(ledger: Ledger, places: Mapping[int, Place]) -> None:
    """Note where the records of some entries stand, some in one transaction, so that nobody waits for the ledger."""
    for numbers in chunked(list(places), TOGETHER):
        with ledger.write() as connection:
            told = connection.execute(sa.select(_q.id, _q.message).where(_q.id.in_(numbers))).all()
            for number, message in told:
                place = places[number]
                said, mark, history = message.partition(HISTORY)
                said = said.partition(EARLIER)[0] + (f"{EARLIER}{place.earlier}" if place.earlier else "")
                values = {"file": place.file, "line": place.line, "message": said + mark + history}
                connection.execute(sa.update(tables.quarantine).where(_q.id == number).values(**values))
