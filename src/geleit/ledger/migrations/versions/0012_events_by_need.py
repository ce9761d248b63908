"""the events of needs in the order of needs."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """Apply."""
    if op.get_bind().dialect.name == "postgresql":
        op.drop_index("ix_need_event_need_id", table_name="need_event")
        op.drop_constraint("pk_need_event", "need_event")
        op.create_primary_key("pk_need_event", "need_event", ["need_id", "event_id"])
        return
    op.create_table(
        "need_event_by_need",
        sa.Column("need_id", sa.Text(), nullable=False),
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("need_id", "event_id", name=op.f("pk_need_event")),
        sqlite_with_rowid=False,
    )
    op.execute(
        "INSERT INTO need_event_by_need (need_id, event_id) "
        "SELECT need_id, event_id FROM need_event ORDER BY need_id, event_id"
    )
    op.drop_table("need_event")
    op.rename_table("need_event_by_need", "need_event")
