"""Table of refused identifiers: values that point at nobody, counted as the events came that brought them."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, PrimaryKeyConstraint, Table, Text

from geleit.ledger.tables import metadata, text, time

# ``value``: the beginning of a long one. ``reason``: blocked, too_long. ``times``: events; ``sample_event``: one of them.
refused_identifier = Table(
    "refused_identifier",
    metadata,
    Column("source", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("value", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("times", BigInteger, nullable=False),
    time("first_t"),
    time("last_t"),
    text("sample_event"),
    PrimaryKeyConstraint("source", "type", "value", "reason"),
    sqlite_with_rowid=False,
)
