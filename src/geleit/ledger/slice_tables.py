"""Tables of browsers that change hands: in which stretches of time the events of a set belong to somebody else."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Integer, PrimaryKeyConstraint, Table

from geleit.ledger.columns import Wide
from geleit.ledger.tables import metadata, time

# From ``from_t`` until before ``until_t`` the events of a set belong to whom the set ``as_set`` belongs (``resolution``), so
# that a merge or a separation moves them along; all others of the set belong to whom the set belongs.
slice_ = Table(
    "slice",
    metadata,
    Column("set_id", Wide, ForeignKey("identifier_set.id"), nullable=False),
    Column("number", Integer, nullable=False),
    time("from_t"),
    time("until_t"),
    Column("as_set", Wide, ForeignKey("identifier_set.id"), nullable=False, index=True),
    PrimaryKeyConstraint("set_id", "number"),
    sqlite_with_rowid=False,
)

# Identifiers whose events wait to be cut anew, and the change that asked for it.
slicing = Table(
    "slicing",
    metadata,
    Column("identifier_id", Wide, primary_key=True, autoincrement=False),
    Column("change", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)
