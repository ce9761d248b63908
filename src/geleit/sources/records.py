"""What passes between reading and mapping: records of a file, those that could not be read, and what became of them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import pyarrow as pa

from geleit.events.event import Event

CHUNK_RECORDS = 5_000
FILE_RECORDS = 20_000  # of a file nobody waits for the rest: what a chunk costs whatever its size is little then
CHUNK_CHARACTERS = 8_000_000
RECORD_CHARACTERS = 1_000_000
ATTACHED = (
    "attached"  # position of a rejected row of a file whose rows records take along, and of a record that waits for it
)
UNREAD = "_unread"  # column of a quarantined record that holds its text as it stood in the file
HOOK = "_hook"  # column of a posted record that holds what the request said beside it: topic, headers, query, time

Reason = Literal[
    "unreadable_file",
    "undecodable",
    "bad_csv",
    "wrong_field_count",
    "bad_json",
    "not_an_object",
    "too_large",
    "no_group",
    "expression",
    "too_expensive",
    "no_kind",
    "no_time",
    "bad_time",
    "time_out_of_range",
    "no_identifier",
    "missing_property",
    "bad_place",
    "duplicate_key",
    "changed_content",
    "incomplete",
    "bad_value",
]
REASONS: dict[str, str] = {  # keys are those of Reason
    "unreadable_file": "the file is damaged or not of its format",
    "undecodable": "bytes that the declared encoding does not know",
    "bad_csv": "quotes that do not close, or a field that is too long",
    "wrong_field_count": "more or fewer fields than the header has",
    "bad_json": "not valid JSON",
    "not_an_object": "JSON, but no object with names and values",
    "too_large": "the record is larger than a record may be",
    "no_group": "the group expression gives nothing",
    "expression": "an expression cannot be computed for this record",
    "too_expensive": "an expression takes too long or too much memory for this record",
    "no_kind": "the kind is empty",
    "no_time": "the time is empty",
    "bad_time": "the time cannot be read",
    "time_out_of_range": "the time lies before 1900 or more than two years ahead",
    "no_identifier": "nothing in it points at a person",
    "missing_property": "a property that this kind requires is empty",
    "bad_place": "a stage, medium, ownership or initiator that does not exist",
    "duplicate_key": "two events of one record have the same key",
    "changed_content": "an event of this key was taken in before and says something else; the earlier one stands",
    "incomplete": "a row that the record takes along cannot be read; the record comes once that row is mended",
    "bad_value": "a value that is not of its column's type",
}


class UnreadableError(Exception):
    """A file is damaged from some place on; what was read before stays read."""


DAMAGE = (OSError, UnicodeError, UnreadableError)  # what reading a file may end with


@dataclass(frozen=True, slots=True)
class Rejected:
    """A record, or one event of it, that could not become an event; goes to the quarantine.

    ``record`` is the record as JSON text, ``record_id`` the id its events bear, ``position`` the event's place
    ("*" the whole record, "1" the second event definition, "1.3" its fourth element of each; "attached" a row that records
    take along).
    """

    source: str
    file: str
    line: int
    reason: Reason
    message: str
    record: str
    record_id: str
    position: str = "*"

    @property
    def fingerprint(self) -> str:
        """The same for the same record and event, however often it is imported."""
        return f"{self.record_id}:{self.position}"


@dataclass(frozen=True, slots=True)
class Loose:
    """What one attached file gave to the records of one file: its ``rows``, and how many of them (``count``) to none.

    ``first``: line and key of the first of these; the key is empty if its columns are not taken along.
    """

    file: str
    rows: int
    count: int
    first: tuple[tuple[int, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Records:
    """Some records of one file: their columns, and per record its line, its JSON text and its id.

    ``unseen`` names columns that expressions read and none of these records has (JSON only; they count as null).
    ``position`` is (place, token) to be stored once these records and all before them are acknowledged. ``unchanged``:
    the file was left out, for it is the same as when it was last read to its end. ``loose``: attached files that were read
    to their end for this one.
    """

    file: str
    columns: pa.Table
    lines: Sequence[int]
    raw: Sequence[str]
    ids: Sequence[str]
    rejected: list[Rejected] = field(default_factory=list)
    unseen: tuple[str, ...] = ()
    position: tuple[str, str] | None = None
    unchanged: bool = False
    loose: tuple[Loose, ...] = ()

    def where(self, row: int) -> str:
        """``exports/till.csv 17: `` for messages; '' for a record that is in no file."""
        return f"{self.file} {self.lines[row]}: " if self.file else ""

    def take(self, rows: list[int]) -> Records:
        """Only these records, without those that could not be read."""
        return Records(
            self.file,
            self.columns.take(pa.array(rows, pa.int64())),
            [self.lines[row] for row in rows],
            [self.raw[row] for row in rows],
            [self.ids[row] for row in rows],
            unseen=self.unseen,
        )


@dataclass(frozen=True, slots=True)
class Mapped:
    """What became of some records of one file: read = skipped + nothing + those that gave events or were rejected.

    ``nothing``: records that gave no event, for no event's ``when`` holds, or an ``each`` has no elements. ``loose``: as in
    ``Records``.
    """

    file: str
    line_from: int
    line_to: int
    read: int
    skipped: int
    events: list[Event]
    rejected: list[Rejected]
    unseen: tuple[str, ...] = ()
    nothing: int = 0
    loose: tuple[Loose, ...] = ()


def told_briefly(lines: Sequence[int]) -> Sequence[int]:
    """The lines of records, which only grow, as a range where none is left out."""
    together = len(lines) > 0 and lines[-1] - lines[0] == len(lines) - 1
    return range(lines[0], lines[-1] + 1) if together else lines


def identify(source: str, canonical: bytes) -> str:
    """The id of a record: a hash of its source and content, the same at every import (32 hexadecimal digits)."""
    return hashlib.sha256(source.encode() + b"\0" + canonical).hexdigest()[:32]
