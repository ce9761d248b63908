"""Tables of what sends live: write keys and what each source delivered by the hour."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Integer, PrimaryKeyConstraint, Table, Text

from geleit.ledger.columns import Wide
from geleit.ledger.tables import metadata, text, time

# A write key opens one source. Only its hash is kept; from ``ends_at`` on it opens nothing.
write_key = Table(
    "write_key",
    metadata,
    Column("id", Wide, primary_key=True, autoincrement=True),
    Column("source", Text, nullable=False, index=True),
    Column("hash", Text, nullable=False, unique=True),
    text("label"),
    time("created_at"),
    time("ends_at", nullable=True),
    sqlite_autoincrement=True,
)

# What arrived live in one hour (of its arrival, UTC). ``lags``: JSON list of counts; place n holds what was older than
# 2^(n-1) and not older than 2^n milliseconds when it arrived. ``last_t``: the newest time of happening.
source_hour = Table(
    "source_hour",
    metadata,
    text("source"),
    Column("hour", Integer, nullable=False),
    Column("new", BigInteger, nullable=False),
    Column("duplicate", BigInteger, nullable=False),
    Column("quarantined", BigInteger, nullable=False),
    time("last_at"),
    time("last_t"),
    text("lags"),
    PrimaryKeyConstraint("source", "hour"),
    sqlite_with_rowid=False,
)

# The times of a customer's newest event and newest note (an event that is no step), where needs can be carried on from
# there without reading the earlier ones.
need_tip = Table(
    "need_tip",
    metadata,
    Column("customer_id", Text, primary_key=True),
    time("t"),
    time("noted_t", nullable=True),
    sqlite_with_rowid=False,
)

# Who does what only one process does at a time. ``token`` grows with every holder; ``expires_at``: by the database's clock.
lease = Table(
    "lease",
    metadata,
    Column("name", Text, primary_key=True),
    text("holder"),
    Column("token", BigInteger, nullable=False),
    time("expires_at"),
    sqlite_with_rowid=False,
)
