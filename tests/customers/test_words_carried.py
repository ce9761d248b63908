"""A ledger of before migration 0008, whose words hung on sets, finds the same people as it did."""

from importlib import import_module

import pytest
import sqlalchemy as sa

from geleit.customers import search, tokens
from geleit.ledger import schema, tables
from geleit.ledger.ledger import Ledger, store_of

HELGA = [("crm.customer_no", "4711"), ("email", "helga.müller@example.de"), ("phone", "+495614482")]
BERND = [("crm.customer_no", "4712"), ("web.visitor_id", "4711x")]
SAID = {  # customer -> identifiers, texts
    "c1": (HELGA, [("Helga Müller", "name"), ("B-2026-77", "number"), ("Ist die Maschine zu laut?", "words")]),
    "c2": (BERND, [("Bernd", "name"), ("Waschmaschine Leise 7", "product")]),
}
FOUND = {
    "muller": {"c1"},
    "helga.mueller@example.de": set(),
    "helga.müller@example.de": {"c1"},
    "4711": {"c1"},
    "0561 4482": {"c1"},
    "B-2026-77": {"c1"},
    "zu laut": {"c1"},
    "leise bernd": {"c2"},
    "leise helga": set(),
    "4712": {"c2"},
}


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request, tmp_path):
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'ledger.sqlite'}"
    return request.getfixturevalue("new_ledger")()


def old_ledger(url):
    engine = store_of(url).engine()
    config = schema.configuration()
    with engine.connect().execution_options(writes=True) as connection, connection.begin():
        config.attributes["connection"] = connection
        import_module("alembic.command").upgrade(config, "0007")
        numbers = iter(range(1, 100))
        for set_id, (customer, (members, texts)) in enumerate(SAID.items(), 1):
            words = {(word, field) for text, field in texts for word in tokens.of_text(text)}
            connection.execute(sa.insert(tables.identifier_set).values(id=set_id, key=set_id, rest=0))
            connection.execute(sa.insert(tables.customer).values(id=customer, since_t=0, change=1))
            owned = {"set_id": set_id, "slice": 0, "customer_id": customer, "change": 1}
            connection.execute(sa.insert(tables.resolution).values(**owned))
            for type_, value in members:
                number = next(numbers)
                connection.execute(sa.insert(tables.identifier).values(id=number, type=type_, value=value, first_t=0))
                member = {"set_id": set_id, "identifier_id": number}
                connection.execute(sa.insert(tables.identifier_set_member).values(**member))
                words |= {(word, why) for word, _, why in tokens.of_identifiers([(number, type_, value)])}
            token = sa.Table("search_token", sa.MetaData(), autoload_with=connection)
            rows = [{"token": word, "set_id": set_id, "field": field} for word, field in sorted(words)]
            connection.execute(sa.insert(token), rows)
    engine.dispose()


def test_everybody_is_found_as_before(url):
    old_ledger(url)
    ledger = Ledger(url)
    with ledger.read() as connection:
        assert {query: {one.customer_id for one in search.find(connection, query)} for query in FOUND} == FOUND
        named = sa.text("SELECT token FROM search_identifier WHERE identifier_id IN (4, 5) ORDER BY token")
        assert connection.execute(named).scalars().all() == ["4712"]  # nobody types a browser's number
    ledger.close()
