"""Tables of the words by which people are found: of identifiers, and of texts, each text's words once."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, PrimaryKeyConstraint, Table

from geleit.ledger.columns import Wide
from geleit.ledger.tables import metadata, text

# The words of each identifier, written in the transaction that writes it.
search_identifier = Table(
    "search_identifier",
    metadata,
    text("token"),
    Column("identifier_id", Wide, nullable=False),
    text("field"),
    PrimaryKeyConstraint("token", "identifier_id", "field"),
    Index(None, "identifier_id"),
    sqlite_with_rowid=False,
)

# The words of each text: a product's name is said of thousands of people, and stands here once. ``text_key``: a hash of
# its words, the same in every ledger.
search_word = Table(
    "search_word",
    metadata,
    text("token"),
    Column("text_key", BigInteger, nullable=False),
    PrimaryKeyConstraint("token", "text_key"),
    Index(None, "text_key"),
    sqlite_with_rowid=False,
)

# Of whom a text says something, and as what (``field``).
search_text = Table(
    "search_text",
    metadata,
    Column("set_id", Wide, nullable=False),
    Column("text_key", BigInteger, nullable=False),
    text("field"),
    PrimaryKeyConstraint("set_id", "text_key", "field"),
    Index(None, "text_key"),
    sqlite_with_rowid=False,
)
