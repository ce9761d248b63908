"""segments."""

import sqlalchemy as sa
from alembic import op

revision = '0007'
down_revision = '0006'

WIDE = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')


def upgrade() -> None:
    """Apply."""
    remembered()
    moving()
    op.add_column('need', sa.Column('stage_at', sa.BigInteger(), nullable=True))
    # Since when a need is in its stage is only known once it is cut anew.
    op.execute("DELETE FROM applied_definition WHERE name = 'needs'")


def remembered() -> None:
    """What live evaluation knows."""
    op.create_table('segment_applied',
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('digest', sa.Text(), nullable=False),
    sa.Column('definition', sa.Text(), nullable=False),
    sa.Column('state', sa.Text(), nullable=False),
    sa.Column('change', sa.BigInteger(), nullable=False),
    sa.Column('applied_at', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('name', name=op.f('pk_segment_applied')),
    )
    op.create_table('segment_event',
    sa.Column('set_id', WIDE, nullable=False),
    sa.Column('selector', sa.BigInteger(), nullable=False),
    sa.Column('t', sa.BigInteger(), nullable=False),
    sa.Column('ord', sa.BigInteger(), nullable=False),
    sa.Column('event_id', sa.Text(), nullable=False),
    sa.Column('local_day', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('set_id', 'selector', 't', 'ord', 'event_id', name=op.f('pk_segment_event')),
    sqlite_with_rowid=False
    )
    op.create_table('segment_standing',
    sa.Column('segment', sa.Text(), nullable=False),
    sa.Column('customer_id', sa.Text(), nullable=False),
    sa.Column('member', sa.Boolean(), nullable=False),
    sa.Column('since_at', sa.BigInteger(), nullable=True),
    sa.Column('next_at', sa.BigInteger(), nullable=True),
    sa.PrimaryKeyConstraint('segment', 'customer_id', name=op.f('pk_segment_standing')),
    sqlite_with_rowid=False
    )
    op.create_index(op.f('ix_segment_standing_customer_id'), 'segment_standing', ['customer_id'], unique=False)
    op.create_index(op.f('ix_segment_standing_next_at'), 'segment_standing', ['next_at'], unique=False)


def moving() -> None:
    """Who comes and goes."""
    op.create_table('segment_move',
    sa.Column('id', WIDE, autoincrement=True, nullable=False),
    sa.Column('segment', sa.Text(), nullable=False),
    sa.Column('customer_id', sa.Text(), nullable=False),
    sa.Column('entered', sa.Boolean(), nullable=False),
    sa.Column('at', sa.BigInteger(), nullable=False),
    sa.Column('event_id', sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_segment_move')),
    sqlite_autoincrement=True
    )
    op.create_index(op.f('ix_segment_move_segment_at'), 'segment_move', ['segment', 'at'], unique=False)
    op.create_table('segment_wait',
    sa.Column('customer_id', sa.Text(), nullable=False),
    sa.Column('change', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('customer_id', name=op.f('pk_segment_wait')),
    sqlite_with_rowid=False
    )
    op.create_table('inbox',
    sa.Column('id', WIDE, autoincrement=True, nullable=False),
    sa.Column('depth', sa.Integer(), nullable=False),
    sa.Column('body', sa.Text(), nullable=False),
    sa.Column('created_at', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_inbox')),
    sqlite_autoincrement=True
    )
