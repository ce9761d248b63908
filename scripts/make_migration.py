"""Write the migration between the last one and ledger/tables.py: ``python scripts/make_migration.py "what changes"``."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import sqlalchemy as sa
from alembic import command

from geleit.ledger import schema


def main() -> None:
    """Upgrade an empty ledger to the head, compare it with the tables, write the difference."""
    number = len(list((schema.MIGRATIONS / "versions").glob("*.py"))) + 1
    with tempfile.TemporaryDirectory() as folder:
        engine = sa.create_engine(f"sqlite:///{Path(folder) / 'ledger.sqlite'}")
        schema.upgrade(engine)
        config = schema.configuration()
        with engine.connect() as connection:
            config.attributes["connection"] = connection
            command.revision(config, message=sys.argv[1], autogenerate=True, rev_id=f"{number:04d}")


if __name__ == "__main__":
    main()
