"""words once."""

import hashlib
import re
import unicodedata
from typing import Any

import phonenumbers
import sqlalchemy as sa
from alembic import op

revision = '0008'
down_revision = '0007'

# As in geleit.customers.tokens when this was written.
LONGEST, MOST = 40, 60
GERMAN = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})
WORD = re.compile(r"[^\W_]+")
ROWS = 5_000
Pair = tuple[str, str]  # a word, and the field it stands in
WIDE = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')


def upgrade() -> None:
    """Apply."""
    named = op.create_table('search_identifier',
    sa.Column('token', sa.Text(), nullable=False),
    sa.Column('identifier_id', WIDE, nullable=False),
    sa.Column('field', sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint('token', 'identifier_id', 'field', name=op.f('pk_search_identifier')),
    sqlite_with_rowid=False
    )
    op.create_index(op.f('ix_search_identifier_identifier_id'), 'search_identifier', ['identifier_id'], unique=False)
    word = op.create_table('search_word',
    sa.Column('token', sa.Text(), nullable=False),
    sa.Column('text_key', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('token', 'text_key', name=op.f('pk_search_word')),
    sqlite_with_rowid=False
    )
    op.create_index(op.f('ix_search_word_text_key'), 'search_word', ['text_key'], unique=False)
    said = op.create_table('search_text',
    sa.Column('set_id', WIDE, nullable=False),
    sa.Column('text_key', sa.BigInteger(), nullable=False),
    sa.Column('field', sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint('set_id', 'text_key', 'field', name=op.f('pk_search_text')),
    sqlite_with_rowid=False
    )
    op.create_index(op.f('ix_search_text_text_key'), 'search_text', ['text_key'], unique=False)
    _carry_over(op.get_bind(), named, word, said)
    op.drop_table('search_token')


def _carry_over(connection: sa.Connection, named: sa.Table, word: sa.Table, said: sa.Table) -> None:
    """Words that hung on sets: what an identifier of the set explains hangs on it, the rest is one text of each kind."""
    token = sa.table("search_token", sa.column("token"), sa.column("set_id"), sa.column("field"))
    identifier = sa.table("identifier", sa.column("id"), sa.column("value"))
    member = sa.table("identifier_set_member", sa.column("set_id"), sa.column("identifier_id"))
    left: dict[int, set[Pair]] = {}
    for one, set_id, field in connection.execute(sa.select(token)):
        left.setdefault(set_id, set()).add((one, field))
    values = dict(connection.execute(sa.select(identifier.c.id, identifier.c.value)).all())
    names: set[tuple[str, int, str]] = set()
    explained: dict[int, set[Pair]] = {}
    for set_id, number in connection.execute(sa.select(member.c.set_id, member.c.identifier_id)):
        mine = {pair for pair in _of_identifier(values[number]) if pair in left.get(set_id, ())}
        names |= {(one, number, field) for one, field in mine}
        explained.setdefault(set_id, set()).update(mine)
    texts: set[tuple[int, int, str]] = set()
    words: set[tuple[str, int]] = set()
    for set_id, pairs in left.items():
        rest: dict[str, set[str]] = {}
        for one, field in pairs - explained.get(set_id, set()):
            rest.setdefault(field, set()).add(one)
        for field, some in rest.items():
            key = int(hashlib.sha256("\0".join(sorted(some)).encode()).hexdigest()[:15], 16)
            texts.add((set_id, key, field))
            words |= {(one, key) for one in some}
    filled: tuple[tuple[sa.Table, set[Any]], ...] = ((named, names), (word, words), (said, texts))
    for table, rows in filled:
        ordered = [dict(zip(table.c.keys(), row, strict=True)) for row in sorted(rows)]
        for start in range(0, len(ordered), ROWS):
            connection.execute(sa.insert(table), ordered[start : start + ROWS])


def _of_identifier(value: str) -> set[Pair]:
    """All words that an identifier of this value may have had, whatever its type."""
    whole = value.casefold()[:LONGEST]
    found = {(one, "email") for one in (*_words(value.partition("@")[0]), whole)}
    found |= {(one, "number") for one in (*_words(value), whole)}
    return found | {(form, "phone") for form in _phone(value)}


def _phone(value: str) -> set[str]:
    forms = {re.sub(r"\D", "", value)}
    try:
        forms.add(f"0{phonenumbers.parse(value).national_number}")
    except phonenumbers.NumberParseException:
        pass
    return {form[:LONGEST] for form in forms if len(form) > 1}


def _words(text: str) -> set[str]:
    found: set[str] = set()
    for one in WORD.findall(text)[:MOST]:
        lower = one.casefold()
        german = _plain(unicodedata.normalize("NFC", lower).translate(GERMAN))
        short = german.replace("ae", "a").replace("oe", "o").replace("ue", "u")
        found |= {form[:LONGEST] for form in (german, _plain(lower), short) if len(form) > 1}
    return found


def _plain(text: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
