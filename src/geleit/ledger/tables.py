"""Every table of the ledger. Facts hang on an identifier set or a source event; customers are projections of them.

Times are microseconds UTC and end in ``_at`` (``t`` is an event's own time); ``change`` numbers a committed batch.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy import text as sql_text

from geleit.ledger.columns import Exact, Wide

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    }
)


def time(name: str, *, nullable: bool = False) -> Column[int]:
    """A column of microseconds UTC."""
    return Column(name, BigInteger, nullable=nullable)


def text(name: str, *, default: str | None = None, nullable: bool = False) -> Column[str]:
    """A text column, not null unless said."""
    return Column(name, Text, nullable=nullable, server_default=default)


# One row: the number of the last committed change. Every answer's ``as_of`` names it.
progress = Table(
    "progress",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("change", BigInteger, nullable=False),
    time("at"),
)

# --- events on their way: dedupe keys for all time, the outbox, the catalog of the archive -------------------------

event_key = Table(
    "event_key",
    metadata,
    Column("id", Text, primary_key=True),
    text("content"),
    sqlite_with_rowid=False,
)

outbox = Table(
    "outbox",
    metadata,
    Column("seq", Wide, primary_key=True, autoincrement=True),
    text("event_id"),
    text("source"),
    Column("key", Exact, nullable=False),
    text("record"),
    text("kind"),
    time("t"),
    Column("ord", BigInteger, nullable=False),
    Column("local_day", Integer, nullable=False),
    Column("set_key", BigInteger, nullable=False, index=True),
    text("evidence"),
    time("received_at"),
    text("body"),
    text("raw"),
    sqlite_autoincrement=True,
)

segment = Table(
    "segment",
    metadata,
    Column("id", Wide, primary_key=True, autoincrement=True),
    Column("path", Text, nullable=False, unique=True),
    text("sha256"),
    Column("rows", BigInteger, nullable=False),
    Column("bytes", BigInteger, nullable=False),
    Column("first_seq", BigInteger, nullable=False),
    Column("last_seq", BigInteger, nullable=False),
    time("min_t"),
    time("max_t"),
    time("created_at"),
    Column("load_id", Wide, nullable=True),  # the bulk load that wrote it; NULL for what left the outbox
    sqlite_autoincrement=True,
)

# The keys (and contents) of events that came in bulk, sorted in immutable files; those that came live are in event_key.
key_run = Table(
    "key_run",
    metadata,
    Column("id", Wide, primary_key=True, autoincrement=True),
    Column("path", Text, nullable=False, unique=True),
    text("sha256"),
    Column("rows", BigInteger, nullable=False),
    Column("bytes", BigInteger, nullable=False),
    sqlite_autoincrement=True,
)

# Bulk loads. ``first_seq``..``last_seq``: taken by a segment being written; ``adopted``: rows of evidence that are in.
load = Table(
    "load",
    metadata,
    Column("id", Wide, primary_key=True, autoincrement=True),
    text("state"),
    time("started_at"),
    Column("first_seq", BigInteger, nullable=True),
    Column("last_seq", BigInteger, nullable=True),
    Column("parts", Integer, nullable=False),
    Column("adopted", BigInteger, nullable=False),
    sqlite_autoincrement=True,
)

# --- identity: identifiers, the sets that events point at, evidence, and where each set resolves to ----------------

identifier = Table(
    "identifier",
    metadata,
    Column("id", Wide, primary_key=True, autoincrement=True),
    text("type"),
    text("value"),
    time("first_t"),
    UniqueConstraint("value", "type"),
    sqlite_autoincrement=True,
)

# ``key`` is a hash of the members: what events carry, the same in every ledger; ``rest`` tells two equal keys apart.
identifier_set = Table(
    "identifier_set",
    metadata,
    Column("id", Wide, primary_key=True, autoincrement=True),
    Column("key", BigInteger, nullable=False, unique=True),
    Column("rest", BigInteger, nullable=False),
    sqlite_autoincrement=True,
)

identifier_set_member = Table(
    "identifier_set_member",
    metadata,
    Column("set_id", Wide, ForeignKey("identifier_set.id"), nullable=False),
    Column("identifier_id", Wide, ForeignKey("identifier.id"), nullable=False, index=True),
    PrimaryKeyConstraint("set_id", "identifier_id"),
    sqlite_with_rowid=False,
)

# Two identifiers seen together, summed per source and year of event time (``bucket`` = the year's first local day).
evidence = Table(
    "evidence",
    metadata,
    Column("low_id", Wide, ForeignKey("identifier.id"), nullable=False),
    Column("high_id", Wide, ForeignKey("identifier.id"), nullable=False, index=True),
    text("source"),
    Column("bucket", Integer, nullable=False),
    Column("count", BigInteger, nullable=False),
    time("first_t"),
    time("last_t"),
    text("sample_event"),
    PrimaryKeyConstraint("low_id", "high_id", "source", "bucket"),
    sqlite_with_rowid=False,
)

# Where a set of identifiers (and time slice of an anonymous one) belongs: all that a merge or separation touches.
resolution = Table(
    "resolution",
    metadata,
    Column("set_id", Wide, ForeignKey("identifier_set.id"), nullable=False),
    Column("slice", Integer, nullable=False, server_default="0"),
    Column("customer_id", Text, nullable=False, index=True),
    Column("change", BigInteger, nullable=False, index=True),
    PrimaryKeyConstraint("set_id", "slice"),
    sqlite_with_rowid=False,
)

# Where each identifier belongs, and if it links nobody, why (``reason``: empty, blocked, hub, ambiguous, limit).
identifier_resolution = Table(
    "identifier_resolution",
    metadata,
    Column("identifier_id", Wide, ForeignKey("identifier.id"), primary_key=True),
    Column("customer_id", Text, nullable=False, index=True),
    text("reason", default=""),
)

customer = Table(
    "customer",
    metadata,
    Column("id", Text, primary_key=True),
    time("since_t"),
    Column("change", BigInteger, nullable=False),
    Index(None, "since_t", "id"),
)

customer_redirect = Table(
    "customer_redirect",
    metadata,
    Column("old_id", Text, primary_key=True),
    Column("new_id", Text, nullable=False, index=True),
    time("at"),
)

# --- what is known: facts per event or per set, folded when read ---------------------------------------------------

trait = Table(
    "trait",
    metadata,
    Column("set_id", Wide, nullable=False),
    text("name"),
    text("source"),
    text("value"),
    time("t"),
    Column("ord", BigInteger, nullable=False),
    text("event_id"),
    PrimaryKeyConstraint("set_id", "name", "source"),
    sqlite_with_rowid=False,
)

consent_fact = Table(
    "consent_fact",
    metadata,
    Column("event_id", Text, primary_key=True),
    Column("set_id", Wide, nullable=False, index=True),
    text("purpose"),
    text("channel"),
    Column("given", Boolean, nullable=False),
    time("t"),
    Column("ord", BigInteger, nullable=False),
    text("source"),
    text("wording"),
)

account_fact = Table(
    "account_fact",
    metadata,
    Column("event_id", Text, primary_key=True),
    Column("set_id", Wide, nullable=False, index=True),
    Column("account_id", Text, nullable=False, index=True),
    text("name"),
    text("role"),
    Column("joined", Boolean, nullable=False),
    time("t"),
    Column("ord", BigInteger, nullable=False),
    text("source"),
)

order_fact = Table(
    "order_fact",
    metadata,
    Column("event_id", Text, primary_key=True),
    Column("set_id", Wide, nullable=False, index=True),
    text("system"),
    text("order_id"),
    text("kind"),
    text("state"),
    Column("total", BigInteger, nullable=True),
    text("currency"),
    time("due_at", nullable=True),
    time("t"),
    Column("ord", BigInteger, nullable=False),
    text("source"),
    Index(None, "system", "order_id"),
)

order_line = Table(
    "order_line",
    metadata,
    Column("event_id", Text, nullable=False),
    Column("line", Integer, nullable=False),
    text("product_id"),
    text("name"),
    Column("quantity", BigInteger, nullable=False),
    Column("unit_price", BigInteger, nullable=True),
    text("currency"),
    text("serial"),
    PrimaryKeyConstraint("event_id", "line"),
    sqlite_with_rowid=False,
)

product_fact = Table(
    "product_fact",
    metadata,
    Column("event_id", Text, primary_key=True),
    Column("set_id", Wide, nullable=False, index=True),
    text("serial"),
    text("product_id"),
    text("name"),
    text("version"),
    time("warranty_until", nullable=True),
    time("t"),
    Column("ord", BigInteger, nullable=False),
    text("source"),
)

# --- needs: a projection that is cut anew when a customer's events or identity change -------------------------------

LONG_NEED = "events >= 20"

need = Table(
    "need",
    metadata,
    Column("id", Text, primary_key=True),
    Column("customer_id", Text, nullable=False, index=True),
    text("topic"),
    time("opened_at"),
    time("closed_at", nullable=True),
    text("closed_by"),
    time("last_at"),
    time("silent_at", nullable=True),
    text("quote"),
    text("quote_event"),
    text("stage"),
    Column("events", Integer, nullable=False),
    time("stage_at", nullable=True),
    # Of long needs only: every event of a need would else move its entry.
    Index(None, "events", sqlite_where=sql_text(LONG_NEED), postgresql_where=sql_text(LONG_NEED)),
)

need_event = Table(
    "need_event",
    metadata,
    Column("need_id", Text, nullable=False),
    Column("event_id", Text, nullable=False),
    PrimaryKeyConstraint("need_id", "event_id"),  # a need's events stand together
    sqlite_with_rowid=False,
)

# Customers whose needs wait to be cut anew (shown as pending until then), and the change that asked for it.
recut = Table(
    "recut",
    metadata,
    Column("customer_id", Text, primary_key=True),
    Column("change", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

# Which version (hash) of a definition the projections were made with: identity, kinds and needs.
applied_definition = Table("applied_definition", metadata, Column("name", Text, primary_key=True), text("hash"))

# --- imports, quarantine (search: search_tables.py) ------------------------------------------------------------------------------------

import_run = Table(
    "import_run",
    metadata,
    Column("id", Wide, primary_key=True, autoincrement=True),
    Column("source", Text, nullable=False, index=True),
    text("file"),
    time("started_at"),
    time("finished_at", nullable=True),
    Column("read", BigInteger, nullable=False),
    Column("new", BigInteger, nullable=False),
    Column("duplicate", BigInteger, nullable=False),
    Column("quarantined", BigInteger, nullable=False),
    Column("error", Text),
    sqlite_autoincrement=True,
)

# How far each place of a source (a file, a database table) was read; ``token`` is the reader's own text.
read_position = Table(
    "read_position",
    metadata,
    *map(text, ("source", "place", "token")),
    time("at"),
    PrimaryKeyConstraint("source", "place"),
)

# What could not be mapped, with its reason; state: open, replayed, dismissed.
quarantine = Table(
    "quarantine",
    metadata,
    Column("id", Wide, primary_key=True, autoincrement=True),
    text("source"),
    Column("fingerprint", Exact, nullable=False),
    text("reason"),
    text("message"),
    text("record"),
    text("file"),
    Column("line", BigInteger, nullable=False),
    text("state", default="open"),
    time("first_at"),
    time("changed_at"),
    UniqueConstraint("source", "fingerprint"),
    Index(None, "state", "source"),
    sqlite_autoincrement=True,
)
