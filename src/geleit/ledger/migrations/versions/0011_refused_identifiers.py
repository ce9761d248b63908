"""refused identifiers."""

import sqlalchemy as sa
from alembic import op

revision = '0011'
down_revision = '0010'


def upgrade() -> None:
    """Apply."""
    op.create_table('refused_identifier',
    sa.Column('source', sa.Text(), nullable=False),
    sa.Column('type', sa.Text(), nullable=False),
    sa.Column('value', sa.Text(), nullable=False),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.Column('times', sa.BigInteger(), nullable=False),
    sa.Column('first_t', sa.BigInteger(), nullable=False),
    sa.Column('last_t', sa.BigInteger(), nullable=False),
    sa.Column('sample_event', sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint('source', 'type', 'value', 'reason', name=op.f('pk_refused_identifier')),
    sqlite_with_rowid=False
    )
