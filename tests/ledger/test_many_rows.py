"""Many rows at once: all of them or none, counted, and nothing is left out of what SQLite looks after."""

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from geleit.ledger import tables
from geleit.ledger.ledger import Ledger, write_rows
from geleit.ledger.many import BESIDE

NAMES = ("id", "type", "value", "first_t")
MEMBER = ("set_id", "identifier_id")


@pytest.fixture
def ledger(tmp_path):
    with_file = Ledger(f"sqlite:///{tmp_path / 'ledger.sqlite'}")
    yield with_file
    with_file.close()


def people(first, last):
    return [(number, "email", f"p{number}@example.org", number) for number in range(first, last)]


def there(ledger):
    with ledger.read() as connection:
        return connection.execute(sa.select(tables.identifier.c.id).order_by(tables.identifier.c.id)).scalars().all()


@pytest.mark.parametrize("count", [1, BESIDE - 1, BESIDE, 2 * BESIDE + 1])
def test_every_row_is_written_and_counted(ledger, count):
    with ledger.write() as connection:
        assert write_rows(connection, tables.identifier, NAMES, people(0, count)) == count
    assert there(ledger) == list(range(count))


def test_only_those_count_that_were_not_there(ledger):
    with ledger.write() as connection:
        write_rows(connection, tables.identifier, NAMES, people(7, 3 * BESIDE))
        again = [(1000 + number, *row) for number, *row in people(0, 3 * BESIDE + 5)]
        assert write_rows(connection, tables.identifier, NAMES, again, "DO NOTHING") == 7 + 5


def test_one_row_that_cannot_be_written_takes_all_along(ledger):
    rows = [*people(0, BESIDE + 3), (BESIDE - 2, "email", "twice@example.org", 0), *people(BESIDE + 3, 2 * BESIDE)]
    with pytest.raises(ledger.driver.IntegrityError), ledger.write() as connection:
        write_rows(connection, tables.identifier, NAMES, rows)
    assert there(ledger) == []


def test_parents_are_looked_for_again_after_an_adoption(ledger):
    with ledger.write(synced=False) as connection:
        write_rows(connection, tables.identifier_set_member, MEMBER, [(1, 1)])
    with pytest.raises((IntegrityError, ledger.driver.IntegrityError)), ledger.write() as connection:
        write_rows(connection, tables.identifier_set_member, MEMBER, [(2, 2)])
