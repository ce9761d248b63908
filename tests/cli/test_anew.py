"""`geleit import --anew`: what no file says survives a correction of a source."""

import json

import pytest
from typer.testing import CliRunner

from geleit.access import write_keys
from geleit.cli.app import app
from geleit.events.event import Event, Identifier
from geleit.ledger.lease import Lease
from geleit.workspace import deciding, open_workspace
from geleit.workspace.scaffold import init

CRM = """\
file: crm.csv
events:
  - kind: {kind}
    key: id
    time: at
    identifiers: {{crm.customer_no: no, email: mail}}
    traits: {{first_name: name}}
"""
ROWS = "id,at,no,mail,name\n1,2026-03-01 10:00,K1,ada@example.org,Ada\n2,2026-03-02 10:00,K2,eve@example.org,Eve\n"
T = 1_775_000_000_000_000
ADA, EVE = Identifier("crm.customer_no", "K1"), Identifier("crm.customer_no", "K2")


def run(folder, *words):
    done = CliRunner().invoke(app, [*words, "-w", str(folder), "--json"])
    return done.exit_code, done.stdout or str(done.exception)


@pytest.fixture
def folder(tmp_path):
    root = tmp_path / "acme"
    init(root, name="Acme")
    (root / "crm.csv").write_text(ROWS)
    (root / "sources" / "crm.yaml").write_text(CRM.format(kind="contact_note"))
    (root / "sources" / "website.yaml").write_text("collect: true\n")
    assert run(root, "import")[0] == 0
    with open_workspace(root) as space:
        mail = Identifier("email", "ada@example.org")
        live = [
            Event("website", "w1", "page_viewed", T, (Identifier("website.anonymous_id", "a1"), mail), raw="{}"),
            Event("website", "w2", "consent_withdrawn", T + 1, (mail,), properties={"purpose": "offers"}, raw="{}"),
        ]
        assert space.intake.accept(live).new == 2
    return root


def test_keys_decisions_and_live_events_survive(folder):
    with open_workspace(folder) as space:
        key = write_keys.create(space.ledger, "website")[1]
        deciding.decide(space, "merge", [[ADA, EVE]], deciding.Note("Eva", "twins on paper"))
        before = space.counts()
    (folder / "sources" / "crm.yaml").write_text(CRM.format(kind="contact_noted_well"))
    code, said = run(folder, "import", "--anew")
    assert code == 0, said
    with open_workspace(folder) as space:
        assert space.counts().events == before.events == 4
        assert space.counts().customers == before.customers == 1
        assert write_keys.by_hash(space.ledger)[write_keys.hashed(key)].source == "website"
        assert space.check().ok
        with space.ledger.read() as connection:
            kinds = {row[0] for row in connection.exec_driver_sql("SELECT kind FROM outbox")}
        assert kinds <= {"page_viewed", "consent_withdrawn", "contact_noted_well"}
    code, said = run(folder, "identity", "decisions")
    assert [one["reason"] for one in json.loads(said)] == ["twins on paper"]


def test_it_is_refused_while_a_server_keeps_the_workspace(folder):
    with open_workspace(folder) as space:
        lease = Lease(space.ledger, "upkeep", span=3_600)
        assert lease.take()
        code, said = run(folder, "import", "--anew")
        lease.release()
    assert code == 1
    assert "a server keeps this workspace" in said
    assert not list(folder.glob("data-until-*"))
