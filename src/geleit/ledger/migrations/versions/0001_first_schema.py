"""first schema."""

import sqlalchemy as sa
from alembic import op

revision = '0001'
down_revision = None


def upgrade() -> None:
    """Apply."""
    op.create_table('account_fact',
    sa.Column('event_id', sa.Text(), nullable=False),
    sa.Column('set_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('account_id', sa.Text(), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('role', sa.Text(), nullable=False),
    sa.Column('joined', sa.Boolean(), nullable=False),
    sa.Column('t', sa.BigInteger(), nullable=False),
    sa.Column('ord', sa.BigInteger(), nullable=False),
    sa.Column('source', sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint('event_id', name=op.f('pk_account_fact'))
    )
    with op.batch_alter_table('account_fact', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_account_fact_account_id'), ['account_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_account_fact_set_id'), ['set_id'], unique=False)

    op.create_table('applied_definition',
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('hash', sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint('name', name=op.f('pk_applied_definition'))
    )
    op.create_table('consent_fact',
    sa.Column('event_id', sa.Text(), nullable=False),
    sa.Column('set_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('purpose', sa.Text(), nullable=False),
    sa.Column('channel', sa.Text(), nullable=False),
    sa.Column('given', sa.Boolean(), nullable=False),
    sa.Column('t', sa.BigInteger(), nullable=False),
    sa.Column('ord', sa.BigInteger(), nullable=False),
    sa.Column('source', sa.Text(), nullable=False),
    sa.Column('wording', sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint('event_id', name=op.f('pk_consent_fact'))
    )
    with op.batch_alter_table('consent_fact', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_consent_fact_set_id'), ['set_id'], unique=False)

    op.create_table('customer',
    sa.Column('id', sa.Text(), nullable=False),
    sa.Column('since_t', sa.BigInteger(), nullable=False),
    sa.Column('change', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_customer'))
    )
    with op.batch_alter_table('customer', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_customer_since_t_id'), ['since_t', 'id'], unique=False)

    op.create_table('customer_redirect',
    sa.Column('old_id', sa.Text(), nullable=False),
    sa.Column('new_id', sa.Text(), nullable=False),
    sa.Column('at', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('old_id', name=op.f('pk_customer_redirect'))
    )
    with op.batch_alter_table('customer_redirect', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_customer_redirect_new_id'), ['new_id'], unique=False)

    op.create_table('event_key',
    sa.Column('id', sa.Text(), nullable=False),
    sa.Column('content', sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_event_key')),
    sqlite_with_rowid=False
    )
    op.create_table('identifier',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('type', sa.Text(), nullable=False),
    sa.Column('value', sa.Text(), nullable=False),
    sa.Column('first_t', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_identifier')),
    sa.UniqueConstraint('value', 'type', name=op.f('uq_identifier_value_type')),
    sqlite_autoincrement=True
    )
    op.create_table('identifier_set',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('key', sa.BigInteger(), nullable=False),
    sa.Column('rest', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_identifier_set')),
    sa.UniqueConstraint('key', name=op.f('uq_identifier_set_key')),
    sqlite_autoincrement=True
    )
    op.create_table('import_run',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('source', sa.Text(), nullable=False),
    sa.Column('file', sa.Text(), nullable=False),
    sa.Column('started_at', sa.BigInteger(), nullable=False),
    sa.Column('finished_at', sa.BigInteger(), nullable=True),
    sa.Column('read', sa.BigInteger(), nullable=False),
    sa.Column('new', sa.BigInteger(), nullable=False),
    sa.Column('duplicate', sa.BigInteger(), nullable=False),
    sa.Column('quarantined', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_import_run')),
    sqlite_autoincrement=True
    )
    with op.batch_alter_table('import_run', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_import_run_source'), ['source'], unique=False)

    op.create_table('need',
    sa.Column('id', sa.Text(), nullable=False),
    sa.Column('customer_id', sa.Text(), nullable=False),
    sa.Column('topic', sa.Text(), nullable=False),
    sa.Column('opened_at', sa.BigInteger(), nullable=False),
    sa.Column('closed_at', sa.BigInteger(), nullable=True),
    sa.Column('closed_by', sa.Text(), nullable=False),
    sa.Column('last_at', sa.BigInteger(), nullable=False),
    sa.Column('silent_at', sa.BigInteger(), nullable=True),
    sa.Column('quote', sa.Text(), nullable=False),
    sa.Column('quote_event', sa.Text(), nullable=False),
    sa.Column('stage', sa.Text(), nullable=False),
    sa.Column('events', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_need'))
    )
    with op.batch_alter_table('need', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_need_customer_id'), ['customer_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_need_events'), ['events'], unique=False)
        batch_op.create_index(batch_op.f('ix_need_topic'), ['topic'], unique=False)

    op.create_table('need_event',
    sa.Column('event_id', sa.Text(), nullable=False),
    sa.Column('need_id', sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint('event_id', name=op.f('pk_need_event')),
    sqlite_with_rowid=False
    )
    with op.batch_alter_table('need_event', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_need_event_need_id'), ['need_id'], unique=False)

    op.create_table('key_run',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('path', sa.Text(), nullable=False),
    sa.Column('sha256', sa.Text(), nullable=False),
    sa.Column('rows', sa.BigInteger(), nullable=False),
    sa.Column('bytes', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_key_run')),
    sa.UniqueConstraint('path', name=op.f('uq_key_run_path')),
    sqlite_autoincrement=True
    )
    op.create_table('load',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('state', sa.Text(), nullable=False),
    sa.Column('started_at', sa.BigInteger(), nullable=False),
    sa.Column('first_seq', sa.BigInteger(), nullable=True),
    sa.Column('last_seq', sa.BigInteger(), nullable=True),
    sa.Column('parts', sa.Integer(), nullable=False),
    sa.Column('adopted', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_load')),
    sqlite_autoincrement=True
    )
    op.create_table('order_fact',
    sa.Column('event_id', sa.Text(), nullable=False),
    sa.Column('set_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('system', sa.Text(), nullable=False),
    sa.Column('order_id', sa.Text(), nullable=False),
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('state', sa.Text(), nullable=False),
    sa.Column('total', sa.BigInteger(), nullable=True),
    sa.Column('currency', sa.Text(), nullable=False),
    sa.Column('due_at', sa.BigInteger(), nullable=True),
    sa.Column('t', sa.BigInteger(), nullable=False),
    sa.Column('ord', sa.BigInteger(), nullable=False),
    sa.Column('source', sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint('event_id', name=op.f('pk_order_fact'))
    )
    with op.batch_alter_table('order_fact', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_order_fact_set_id'), ['set_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_order_fact_system_order_id'), ['system', 'order_id'], unique=False)

    op.create_table('order_line',
    sa.Column('event_id', sa.Text(), nullable=False),
    sa.Column('line', sa.Integer(), nullable=False),
    sa.Column('product_id', sa.Text(), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('quantity', sa.BigInteger(), nullable=False),
    sa.Column('unit_price', sa.BigInteger(), nullable=True),
    sa.Column('currency', sa.Text(), nullable=False),
    sa.Column('serial', sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint('event_id', 'line', name=op.f('pk_order_line')),
    sqlite_with_rowid=False
    )
    op.create_table('outbox',
    sa.Column('seq', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('event_id', sa.Text(), nullable=False),
    sa.Column('source', sa.Text(), nullable=False),
    sa.Column('key', sa.Text(), nullable=False),
    sa.Column('record', sa.Text(), nullable=False),
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('t', sa.BigInteger(), nullable=False),
    sa.Column('ord', sa.BigInteger(), nullable=False),
    sa.Column('local_day', sa.Integer(), nullable=False),
    sa.Column('set_key', sa.BigInteger(), nullable=False),
    sa.Column('evidence', sa.Text(), nullable=False),
    sa.Column('received_at', sa.BigInteger(), nullable=False),
    sa.Column('body', sa.Text(), nullable=False),
    sa.Column('raw', sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint('seq', name=op.f('pk_outbox')),
    sqlite_autoincrement=True
    )
    with op.batch_alter_table('outbox', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_outbox_set_key'), ['set_key'], unique=False)

    op.create_table('product_fact',
    sa.Column('event_id', sa.Text(), nullable=False),
    sa.Column('set_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('serial', sa.Text(), nullable=False),
    sa.Column('product_id', sa.Text(), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('version', sa.Text(), nullable=False),
    sa.Column('warranty_until', sa.BigInteger(), nullable=True),
    sa.Column('t', sa.BigInteger(), nullable=False),
    sa.Column('ord', sa.BigInteger(), nullable=False),
    sa.Column('source', sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint('event_id', name=op.f('pk_product_fact'))
    )
    with op.batch_alter_table('product_fact', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_product_fact_set_id'), ['set_id'], unique=False)

    op.create_table('progress',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('change', sa.BigInteger(), nullable=False),
    sa.Column('at', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_progress'))
    )
    op.create_table('quarantine',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('source', sa.Text(), nullable=False),
    sa.Column('fingerprint', sa.Text(), nullable=False),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.Column('message', sa.Text(), nullable=False),
    sa.Column('record', sa.Text(), nullable=False),
    sa.Column('file', sa.Text(), nullable=False),
    sa.Column('line', sa.BigInteger(), nullable=False),
    sa.Column('state', sa.Text(), server_default='open', nullable=False),
    sa.Column('first_at', sa.BigInteger(), nullable=False),
    sa.Column('changed_at', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_quarantine')),
    sa.UniqueConstraint('source', 'fingerprint', name=op.f('uq_quarantine_source_fingerprint')),
    sqlite_autoincrement=True
    )
    with op.batch_alter_table('quarantine', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_quarantine_state_source'), ['state', 'source'], unique=False)

    op.create_table('read_position',
    sa.Column('source', sa.Text(), nullable=False),
    sa.Column('place', sa.Text(), nullable=False),
    sa.Column('token', sa.Text(), nullable=False),
    sa.Column('at', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('source', 'place', name=op.f('pk_read_position'))
    )
    op.create_table('recut',
    sa.Column('customer_id', sa.Text(), nullable=False),
    sa.Column('change', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('customer_id', name=op.f('pk_recut')),
    sqlite_with_rowid=False
    )
    op.create_table('search_token',
    sa.Column('token', sa.Text(), nullable=False),
    sa.Column('set_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('field', sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint('token', 'set_id', 'field', name=op.f('pk_search_token')),
    sqlite_with_rowid=False
    )
    with op.batch_alter_table('search_token', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_search_token_set_id'), ['set_id'], unique=False)

    op.create_table('segment',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('path', sa.Text(), nullable=False),
    sa.Column('sha256', sa.Text(), nullable=False),
    sa.Column('rows', sa.BigInteger(), nullable=False),
    sa.Column('bytes', sa.BigInteger(), nullable=False),
    sa.Column('first_seq', sa.BigInteger(), nullable=False),
    sa.Column('last_seq', sa.BigInteger(), nullable=False),
    sa.Column('min_t', sa.BigInteger(), nullable=False),
    sa.Column('max_t', sa.BigInteger(), nullable=False),
    sa.Column('created_at', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_segment')),
    sa.UniqueConstraint('path', name=op.f('uq_segment_path')),
    sqlite_autoincrement=True
    )
    op.create_table('trait',
    sa.Column('set_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('source', sa.Text(), nullable=False),
    sa.Column('value', sa.Text(), nullable=False),
    sa.Column('t', sa.BigInteger(), nullable=False),
    sa.Column('ord', sa.BigInteger(), nullable=False),
    sa.Column('event_id', sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint('set_id', 'name', 'source', name=op.f('pk_trait')),
    sqlite_with_rowid=False
    )
    op.create_table('evidence',
    sa.Column('low_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('high_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('source', sa.Text(), nullable=False),
    sa.Column('bucket', sa.Integer(), nullable=False),
    sa.Column('count', sa.BigInteger(), nullable=False),
    sa.Column('first_t', sa.BigInteger(), nullable=False),
    sa.Column('last_t', sa.BigInteger(), nullable=False),
    sa.Column('sample_event', sa.Text(), nullable=False),
    sa.ForeignKeyConstraint(['high_id'], ['identifier.id'], name=op.f('fk_evidence_high_id')),
    sa.ForeignKeyConstraint(['low_id'], ['identifier.id'], name=op.f('fk_evidence_low_id')),
    sa.PrimaryKeyConstraint('low_id', 'high_id', 'source', 'bucket', name=op.f('pk_evidence')),
    sqlite_with_rowid=False
    )
    with op.batch_alter_table('evidence', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_evidence_high_id'), ['high_id'], unique=False)

    op.create_table('identifier_resolution',
    sa.Column('identifier_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('customer_id', sa.Text(), nullable=False),
    sa.Column('reason', sa.Text(), server_default='', nullable=False),
    sa.ForeignKeyConstraint(['identifier_id'], ['identifier.id'], name=op.f('fk_identifier_resolution_identifier_id')),
    sa.PrimaryKeyConstraint('identifier_id', name=op.f('pk_identifier_resolution'))
    )
    with op.batch_alter_table('identifier_resolution', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_identifier_resolution_customer_id'), ['customer_id'], unique=False)

    op.create_table('identifier_set_member',
    sa.Column('set_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('identifier_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.ForeignKeyConstraint(['identifier_id'], ['identifier.id'], name=op.f('fk_identifier_set_member_identifier_id')),
    sa.ForeignKeyConstraint(['set_id'], ['identifier_set.id'], name=op.f('fk_identifier_set_member_set_id')),
    sa.PrimaryKeyConstraint('set_id', 'identifier_id', name=op.f('pk_identifier_set_member')),
    sqlite_with_rowid=False
    )
    with op.batch_alter_table('identifier_set_member', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_identifier_set_member_identifier_id'), ['identifier_id'], unique=False)

    op.create_table('resolution',
    sa.Column('set_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('slice', sa.Integer(), server_default='0', nullable=False),
    sa.Column('customer_id', sa.Text(), nullable=False),
    sa.Column('change', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['set_id'], ['identifier_set.id'], name=op.f('fk_resolution_set_id')),
    sa.PrimaryKeyConstraint('set_id', 'slice', name=op.f('pk_resolution')),
    sqlite_with_rowid=False
    )
    with op.batch_alter_table('resolution', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_resolution_change'), ['change'], unique=False)
        batch_op.create_index(batch_op.f('ix_resolution_customer_id'), ['customer_id'], unique=False)


    op.execute("INSERT INTO progress (id, change, at) VALUES (1, 0, 0)")
