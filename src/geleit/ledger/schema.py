"""Brings a ledger to this version's schema: Alembic migrations, run when it is opened."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa

from geleit.errors import StoreError

if TYPE_CHECKING:
    from alembic.config import Config

MIGRATIONS = Path(__file__).parent / "migrations"


def configuration() -> Config:
    """Alembic's configuration, without a file."""
    config: Config = import_module("alembic.config").Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    return config


def head() -> str:
    """The newest revision there is."""
    return max((path.stem.partition("_")[0] for path in (MIGRATIONS / "versions").glob("[0-9]*.py")), default="")


def upgrade(engine: sa.Engine) -> None:
    """Run the migrations that are missing, all in one transaction that holds the writer's place.

    Two processes may open an empty ledger at once: the second one waits and finds everything done. Alembic is loaded only then: it costs every start of a command a fifth of a second.
    Errors: StoreError if the ledger was written by a newer geleit.
    """
    found, newest = current(engine), head()
    if found == newest:
        return
    if found is not None and found > newest:
        raise StoreError(
            f"this ledger was written by a newer geleit (schema {found}, this one knows {newest}); nothing was changed",
            hint="install that version",
        )
    config = configuration()
    with engine.connect().execution_options(writes=True, long=True) as connection, connection.begin():
        config.attributes["connection"] = connection
        import_module("alembic.command").upgrade(config, "head")


def current(engine: sa.Engine) -> str | None:
    """The ledger's revision; None for an empty one."""
    if not sa.inspect(engine).has_table("alembic_version"):
        return None
    with engine.connect() as connection:
        return connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar_one_or_none()
