"""Tables of segments: what was applied, what the live evaluator remembers of people, who is in, and who came and went."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, PrimaryKeyConstraint, Table, Text

from geleit.ledger.columns import Wide
from geleit.ledger.tables import metadata, text, time

# The segments that live evaluation knows. ``state``: filling (its events are being gathered), then live. ``digest``: of
# the condition and of all that it is read with; ``change``: the ledger's when it was written, so that others see it.
segment_applied = Table(
    "segment_applied",
    metadata,
    Column("name", Text, primary_key=True),
    text("digest"),
    text("definition"),
    text("state"),
    Column("change", BigInteger, nullable=False),
    time("applied_at"),
)

# Events that conditions ask for, by selector (see ``segments.conditions``), on the identifier set that they name.
segment_event = Table(
    "segment_event",
    metadata,
    Column("set_id", Wide, nullable=False),
    Column("selector", BigInteger, nullable=False),
    time("t"),
    Column("ord", BigInteger, nullable=False),
    text("event_id"),
    Column("local_day", Integer, nullable=False),
    PrimaryKeyConstraint("set_id", "selector", "t", "ord", "event_id"),
    sqlite_with_rowid=False,
)

# Who is in (``member``) and since when; ``next_at``: when that may change though nothing happens.
segment_standing = Table(
    "segment_standing",
    metadata,
    text("segment"),
    Column("customer_id", Text, nullable=False, index=True),
    Column("member", Boolean, nullable=False),
    time("since_at", nullable=True),
    time("next_at", nullable=True),
    PrimaryKeyConstraint("segment", "customer_id"),
    Index(None, "next_at"),
    sqlite_with_rowid=False,
)

# Who came and went; ``event_id`` of the event that says so.
segment_move = Table(
    "segment_move",
    metadata,
    Column("id", Wide, primary_key=True, autoincrement=True),
    text("segment"),
    text("customer_id"),
    Column("entered", Boolean, nullable=False),
    time("at"),
    text("event_id"),
    Index(None, "segment", "at"),
    sqlite_autoincrement=True,
)

# Customers whose standing has to be looked at again, and the change that asked for it.
segment_wait = Table(
    "segment_wait",
    metadata,
    Column("customer_id", Text, primary_key=True),
    Column("change", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

# Events that geleit itself causes: written by who causes them in its own transaction, taken from here by intake. ``depth``:
# how many such events led to it, one after another.
inbox = Table(
    "inbox",
    metadata,
    Column("id", Wide, primary_key=True, autoincrement=True),
    Column("depth", Integer, nullable=False),
    text("body"),
    time("created_at"),
    sqlite_autoincrement=True,
)
