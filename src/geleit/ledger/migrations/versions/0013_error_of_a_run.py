"""the error that a run of an import ended with."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    """Apply."""
    op.add_column("import_run", sa.Column("error", sa.Text(), nullable=True))
