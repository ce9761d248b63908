"""The thorough check finds what keys alone do not tell: altered content, wrong sets, wrong customers."""

import json
import shutil

import bulk_company
import pytest
import sqlalchemy as sa
from typer.testing import CliRunner

from geleit.cli.app import app
from geleit.ledger import tables
from geleit.workspace import open_workspace
from geleit.workspace.proof import prove

ROWS = 90


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Events that came in bulk, archived live ones, and three in the outbox."""
    root = tmp_path_factory.mktemp("made") / "acme"
    with bulk_company.small(), open_workspace(bulk_company.make(root, rows=ROWS)) as workspace:
        workspace.import_sources()
        workspace.intake.accept(bulk_company.live(0, 9, ROWS))
        workspace.sync()
        workspace.intake.accept(bulk_company.live(9, 3, ROWS))
    return root


@pytest.fixture
def folder(made, tmp_path):
    shutil.copytree(made, tmp_path / "acme")
    return tmp_path / "acme"


def found(folder, *statements):
    """What is found after the ledger was changed behind geleit's back."""
    with open_workspace(folder) as workspace:
        with workspace.ledger.write() as connection:
            for statement in statements:
                assert connection.execute(statement).rowcount
        return {(one.store, one.what, one.count) for one in prove(workspace.ledger, workspace.archive, workspace.rules)}


def run(*words):
    done = CliRunner().invoke(app, [*map(str, words), "--json"])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, json.loads(done.output)


def test_all_is_well_by_nature(folder):
    code, said = run("check", "--thorough", "-w", folder)
    assert (code, said["stores"]["findings"], said["ok"]) == (0, [], True)
    assert said["stores"]["events"] == 2 * ROWS + 12


def test_an_event_that_says_something_else_is_found(folder):
    waiting = bulk_company.live(9, 1, ROWS)[0]
    what = ("archive", "events say something else than what was acknowledged", 1)
    outbox = tables.outbox
    assert found(folder, sa.update(outbox).where(outbox.c.event_id == waiting.id).values(kind="note")) == {what}
    key = tables.event_key
    archived = bulk_company.live(0, 1, ROWS)[0]
    both = {(*what[:2], 2)}
    assert found(folder, sa.update(key).where(key.c.id == archived.id).values(content="0" * 16)) == both


def test_an_event_under_another_id_or_set_is_found(folder):
    outbox = tables.outbox
    waiting = [event.id for event in bulk_company.live(9, 2, ROWS)]
    assert found(
        folder,
        sa.update(outbox).where(outbox.c.event_id == waiting[0]).values(set_key=outbox.c.set_key + 1),
        sa.update(outbox).where(outbox.c.event_id == waiting[1]).values(key="another"),
    ) == {
        ("archive", "events stand under an id that is not that of their source and key", 1),
        ("archive", "events point at identifiers that are not theirs", 1),
    }


def test_a_wrong_customer_is_found_and_made_right(folder, dump):
    with open_workspace(folder) as workspace:
        workspace.sync()
        expected = dump(workspace)
    resolution, place = tables.resolution, tables.identifier_resolution
    somebody = sa.select(sa.func.max(tables.customer.c.id)).scalar_subquery()
    moved = sa.select(sa.func.min(resolution.c.set_id)).scalar_subquery()
    number = sa.select(sa.func.min(place.c.identifier_id)).scalar_subquery()
    assert found(
        folder,
        sa.update(resolution).where(resolution.c.set_id == moved).values(customer_id=somebody),
        sa.update(place).where(place.c.identifier_id == number).values(customer_id=somebody),
    ) == {
        ("ledger", "identifiers belong to another customer than all evidence gives", 1),
        ("ledger", "identifier sets lead to another customer than their identifiers", 1),
    }
    code, said = run("check", "--thorough", "-w", folder)
    assert code == 1
    assert {one["remedy"].split("'")[1] for one in said["stores"]["findings"] if one["store"] == "ledger"} == {
        "geleit identity rebuild"
    }
    assert run("identity", "rebuild", "-w", folder)[0] == 0
    code, said = run("check", "--thorough", "-w", folder)
    assert (code, said["stores"]["findings"]) == (0, [])
    with open_workspace(folder) as workspace:
        assert dump(workspace) == expected


def test_a_set_of_other_members_is_found(folder):
    member = tables.identifier_set_member
    one = sa.select(sa.func.min(member.c.set_id)).scalar_subquery()
    assert ("ledger", "identifier sets hold other identifiers than their key says", 1) in found(
        folder, sa.delete(member).where(member.c.set_id == one)
    )
