"""Ledgers in a real PostgreSQL: a database of its own for each test, and workspaces that live there."""

import itertools

import pytest
import sqlalchemy as sa

from servers import PASSWORD

NUMBERS = itertools.count(1)


def create(server, *options) -> str:
    """An empty database; returns its URL with the password, as a secret holds it."""
    name = f"ledger{next(NUMBERS)}"
    with server.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name} {' '.join(options)}")
    return sa.URL.create("postgresql", "geleit", PASSWORD, "127.0.0.1", server.port, name).render_as_string(
        hide_password=False
    )


@pytest.fixture
def new_ledger(postgres):
    """A function that makes an empty database and returns its URL."""
    return lambda *options: create(postgres, *options)


def move(folder, url, monkeypatch):
    """Let a workspace keep its ledger at ``url``, named by a secret."""
    monkeypatch.setenv("LEDGER_URL", url)
    with (folder / "geleit.yaml").open("a") as file:
        file.write("\nledger: {secret: LEDGER_URL}\n")
    return folder
