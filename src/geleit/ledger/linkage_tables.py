"""Table of probable links: two identifiers whose people may be one, what speaks for it, and what a person answered."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Float, Index, PrimaryKeyConstraint, Table, Text

from geleit.ledger.tables import metadata, text, time

# Identifiers by type and value, the lower one first: an answer outlives customers, which come and go with the evidence.
# ``state``: open, accepted, rejected, unsure. ``reasons``: JSON list of [comparison, level, bits]. ``decision_id``: the
# decision that an answer became.
probable_link = Table(
    "probable_link",
    metadata,
    Column("a_type", Text, nullable=False),
    Column("a_value", Text, nullable=False),
    Column("b_type", Text, nullable=False),
    Column("b_value", Text, nullable=False),
    Column("bits", Float, nullable=False),
    text("reasons"),
    text("state"),
    time("found_at"),
    time("answered_at", nullable=True),
    text("author", default=""),
    Column("decision_id", BigInteger, nullable=True),
    PrimaryKeyConstraint("a_type", "a_value", "b_type", "b_value"),
    Index(None, "state", "bits"),
    sqlite_with_rowid=False,
)
