"""Tables of what people decided about who is who: one row per decision, one per identifier that it names."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Integer, PrimaryKeyConstraint, Table, Text

from geleit.ledger.columns import Wide
from geleit.ledger.tables import metadata, text, time

# ``kind``: merge, separate, shared, household. A decision is never changed; taken back, it says by whom, when and why.
decision = Table(
    "decision",
    metadata,
    Column("id", Wide, primary_key=True, autoincrement=True),
    text("kind"),
    text("author"),
    text("reason"),
    time("at"),
    text("undone_by", default=""),
    text("undone_why", default=""),
    time("undone_at", nullable=True),
    sqlite_autoincrement=True,
)

# Identifiers by type and value: a decision outlives the numbers of a ledger, and may name what was not seen yet.
# ``side``: 0, and 1 for those on the other side of a separation.
decision_member = Table(
    "decision_member",
    metadata,
    Column("decision_id", Wide, ForeignKey("decision.id"), nullable=False),
    Column("side", Integer, nullable=False),
    Column("type", Text, nullable=False),
    Column("value", Text, nullable=False),
    PrimaryKeyConstraint("decision_id", "side", "type", "value"),
    Index(None, "value", "type"),
    sqlite_with_rowid=False,
)
