"""Brings a ledger to this version's schema: Alembic migrations, run when it is opened."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa

from geleit.errors import StoreError
from geleit.ledger import search_tables as _declared  # noqa: F401 (the tables of every ledger)

if TYPE_CHECKING:
    from alembic.config import Config

# What makes those columns compare by code points that a migration has just made.
LANGUAGE_ORDERED = """
SELECT format('ALTER TABLE %%I %%s', table_name,
  string_agg(format('ALTER COLUMN %%I TYPE text COLLATE "C"', column_name), ', ' ORDER BY ordinal_position))
FROM information_schema.columns INNER JOIN information_schema.tables USING (table_catalog, table_schema, table_name)
WHERE table_schema = current_schema() AND data_type = 'text' AND collation_name IS DISTINCT FROM 'C'
  AND table_type = 'BASE TABLE'
GROUP BY table_name
"""
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
        if connection.dialect.name == "postgresql":
            _order_by_code(connection)


def _order_by_code(connection: sa.Connection) -> None:
    """Compare text by its code points, as SQLite does: answers and pages must not depend on a database's language."""
    statements = connection.exec_driver_sql(LANGUAGE_ORDERED).scalars().all()
    for statement in statements:
        connection.exec_driver_sql(statement)


def current(engine: sa.Engine) -> str | None:
    """The ledger's revision; None for an empty one."""
    if not sa.inspect(engine).has_table("alembic_version"):
        return None
    with engine.connect() as connection:
        return connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar_one_or_none()
