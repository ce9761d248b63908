"""fewer indexes of needs: none of topics, and of the number of events only those of long needs."""

import sqlalchemy as sa
from alembic import op

revision = '0010'
down_revision = '0009'


def upgrade() -> None:
    """Apply."""
    op.drop_index('ix_need_topic', table_name='need')
    op.drop_index('ix_need_events', table_name='need')
    long = sa.text('events >= 20')
    op.create_index('ix_need_events', 'need', ['events'], unique=False, sqlite_where=long, postgresql_where=long)
