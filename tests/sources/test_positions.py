"""A place's position is what was stored last, per source."""

import pytest

from geleit.ledger.ledger import Ledger
from geleit.sources import positions

NOW = 1_763_800_000_000_000


@pytest.fixture
def ledger(tmp_path):
    ledger = Ledger(f"sqlite:///{tmp_path / 'ledger.sqlite'}")
    yield ledger
    ledger.close()


def test_the_last_token_of_each_place_counts(ledger):
    with ledger.write() as connection:
        positions.store(connection, "till", "exports/a.csv", "1", NOW)
        positions.store(connection, "till", "exports/b.csv", "1", NOW)
        positions.store(connection, "till", "exports/a.csv", "2", NOW + 1)
        positions.store(connection, "shop", "orders", "int:7", NOW)
    with ledger.read() as connection:
        assert positions.load(connection, "till") == {"exports/a.csv": "2", "exports/b.csv": "1"}
        assert positions.load(connection, "shop") == {"orders": "int:7"}
        assert positions.load(connection, "web") == {}


def test_nothing_is_stored_where_the_records_were_not(ledger):
    def interrupted():
        with ledger.write() as connection:
            positions.store(connection, "till", "a.csv", "1", NOW)
            raise InterruptedError

    with pytest.raises(InterruptedError):
        interrupted()
    with ledger.read() as connection:
        assert positions.load(connection, "till") == {}
