"""Needs that are cut while a load is adopted are those that a cut of all events finds, and nobody waits for them."""

import sqlalchemy as sa
from tests.stories import bulk_company

from geleit.intake.adoption import adopt_all
from geleit.intake.imports import import_all
from geleit.ledger import tables
from geleit.ledger.live_tables import need_tip
from geleit.needs import recut
from geleit.workspace import open_workspace


def needs(workspace):
    with workspace.ledger.read() as connection:
        return {
            table.name: sorted(map(tuple, connection.execute(sa.select(table))), key=repr)
            for table in (tables.need, tables.need_event, need_tip)
        }


def waiting(workspace):
    with workspace.ledger.read() as connection:
        return set(connection.execute(sa.select(tables.recut.c.customer_id)).scalars())


def cut(workspace):
    return sum(recut.slices(workspace.ledger, workspace.history, workspace.catalogue, workspace.definitions.needs))


def test_needs_cut_beside_adoption_are_those_of_all_events(tmp_path):
    with bulk_company.small(), open_workspace(bulk_company.make(tmp_path / "acme")) as workspace:
        workspace.apply_definitions()
        import_all(workspace.intake, workspace.archive, workspace.definitions.sources.values(), workspace.root)
        adopted = adopt_all(workspace.intake, workspace.archive)
        before = needs(workspace)
        owned = {row[1] for row in before["need"]}
        assert waiting(workspace)  # those that a limit holds back are cut afterwards
        assert adopted
        assert len(owned) > adopted / 2
        assert not owned & waiting(workspace)
        cut(workspace)
        found = needs(workspace)
        with workspace.ledger.write() as connection:
            recut.ask_all(connection, workspace.ledger.next_change(connection))
        assert cut(workspace) > adopted / 2
        assert needs(workspace) == found
