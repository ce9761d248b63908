"""Brings a ledger to this version's schema: Alembic migrations, run when it is opened."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.util import CommandError

from geleit.errors import StoreError

MIGRATIONS = Path(__file__).parent / "migrations"


def configuration() -> Config:
    """Alembic's configuration, without a file."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    return config


def upgrade(engine: sa.Engine) -> None:
    """Run the migrations that are missing, each in its transaction.

    Errors: StoreError if the ledger was written by a newer geleit.
    """
    config = configuration()
    head = ScriptDirectory.from_config(config).get_current_head()
    if current(engine) == head:
        return
    with engine.connect().execution_options(writes=True) as connection, connection.begin():
        config.attributes["connection"] = connection
        try:
            command.upgrade(config, "head")
        except CommandError as error:
            raise StoreError(
                f"this ledger was written by a newer geleit ({error}); nothing was changed", hint="install that version"
            ) from None


def current(engine: sa.Engine) -> str | None:
    """The ledger's revision; None for an empty one."""
    if not sa.inspect(engine).has_table("alembic_version"):
        return None
    with engine.connect() as connection:
        return connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar_one_or_none()
