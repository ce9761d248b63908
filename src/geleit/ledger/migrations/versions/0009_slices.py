"""slices."""

import sqlalchemy as sa
from alembic import op

revision = '0009'
down_revision = '0008'


def upgrade() -> None:
    """Apply."""
    op.create_table('slice',
    sa.Column('set_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('from_t', sa.BigInteger(), nullable=False),
    sa.Column('until_t', sa.BigInteger(), nullable=False),
    sa.Column('as_set', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.ForeignKeyConstraint(['as_set'], ['identifier_set.id'], name=op.f('fk_slice_as_set')),
    sa.ForeignKeyConstraint(['set_id'], ['identifier_set.id'], name=op.f('fk_slice_set_id')),
    sa.PrimaryKeyConstraint('set_id', 'number', name=op.f('pk_slice')),
    sqlite_with_rowid=False
    )
    with op.batch_alter_table('slice', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_slice_as_set'), ['as_set'], unique=False)

    op.create_table('slicing',
    sa.Column('identifier_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=False),
    sa.Column('change', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('identifier_id', name=op.f('pk_slicing')),
    sqlite_with_rowid=False
    )
