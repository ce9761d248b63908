"""Alembic's entry: migrates over the connection that geleit.ledger.schema hands in."""

from alembic import context

from geleit.ledger import (  # noqa: F401 (declare their tables)
    decision_tables,
    linkage_tables,
    live_tables,
    refused_tables,
    segment_tables,
    slice_tables,
)
from geleit.ledger.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
    compare_type=True,
)
context.run_migrations()
