"""The same events make the same customers, whether the ledger is a SQLite file or a PostgreSQL database."""

import json
import random
import shutil

import pytest
from bulk_company import make, small

from geleit.clock import DAY
from geleit.events.event import Event, Identifier
from geleit.ledger.ledger import Ledger
from geleit.sources.quarantine import repair
from geleit.workspace import open_workspace
from geleit.workspace.scaffold import init, set_aside
from postgres_ledgers import move

NAMES = ["Ada Ößel", "ada oessel", "Bo\0b", "\ufdd0x", "Zoë", "Å", "名前", 'O\'Hara \\ "q"', "%s ${x}", "a" * 900]
KINDS = ["page_viewed", "order_completed", "consent_given", "consent_withdrawn", "account_joined", "question_asked"]


def pair(folder, url, monkeypatch):
    """Two copies of a workspace: one with SQLite, one with PostgreSQL."""
    twin = folder.with_name(f"{folder.name}-postgres")
    shutil.copytree(folder, twin, ignore=shutil.ignore_patterns("data"))
    return folder, move(twin, url, monkeypatch)


def invented(seed, count=160):
    """Events of a few people who share, contradict, merge and repeat themselves."""
    chance, found = random.Random(seed), []
    for _ in range(count):
        person = chance.randrange(12)
        who = [Identifier("shop.user_id", f"u{person}\0" if person == 3 else f"u{person}")]
        if chance.random() < 0.4:
            who.append(Identifier("email", f"p{chance.choice([person, person, 0])}@example.org"))
        if chance.random() < 0.3:
            who.append(Identifier("web.anonymous_id", f"v{chance.randrange(30)}"))
        key = chance.choice(["", "", "\0", "\ufdd0"]) + str(chance.randrange(count))
        text = chance.choice(NAMES)
        said = {"order_id": f"o{person}{chance.choice(NAMES[:2])}", "total": chance.randrange(999), "text": text}
        said |= {"products": [{"name": text, "quantity": chance.choice([0, 1, 2.5, 10**30]), "price": "1.10"}]}
        said |= {"purpose": "news", "channel": "email", "wording": text, "account_id": "a\0"}
        found.append(
            Event(
                chance.choice(["shop", "web"]),
                key,
                chance.choice(KINDS),
                chance.randrange(-9000, 30_000) * DAY + chance.randrange(DAY),
                tuple(who[: chance.choice([0, 1, 3, 3, 3])]),
                traits={"name": text, "zz\0": text} if chance.random() < 0.5 else {},
                properties=said,
                raw=f'{{"key": "{len(found)}"}}',
            )
        )
    return found


def visible(value):
    """As PostgreSQL shows it: NUL is a picture in all that nobody compares."""
    return repr(value).replace("\\x00", "\u2400")


def rooms(text):
    """A dump, with each room sorted as it is seen."""
    found = json.loads(text.replace("\\u0000", "\\u2400"))
    return {name: sorted(map(str, rows)) for name, rows in found.items()}


def test_the_washing_machine_is_the_same(example, dump, new_ledger, monkeypatch):
    told = []
    for folder in pair(example("washing-machine"), new_ledger(), monkeypatch):
        with open_workspace(folder) as workspace:
            workspace.import_sources()
            workspace.import_sources(again=True)
            assert workspace.check().ok, workspace.check().text()
            helga = workspace.customer("email:helga.sommer@example.org")
            found = sorted(hit.customer_id for hit in workspace.find("helga"))
            states = [(s.name, s.read, s.new, s.duplicate, s.quarantined) for s in workspace.sources("en")]
            told.append((dump(workspace), helga, found, workspace.counts(), states))
    assert told[0] == told[1]


@pytest.mark.parametrize("seed", [1, 2])
def test_invented_events_in_any_batches_are_the_same(tmp_path, dump, new_ledger, monkeypatch, seed):
    init(tmp_path / "acme", name="Acme")
    events, told = invented(seed), []
    for folder in pair(tmp_path / "acme", new_ledger(), monkeypatch):
        chance = random.Random(seed)
        with open_workspace(folder) as workspace:
            start = 0
            while start < len(events):
                size = chance.choice([1, 7, 40])
                workspace.intake.accept([*events[start : start + size], *chance.sample(events[: start + 1], 1)])
                if chance.random() < 0.1:
                    workspace.archive.drain(20)
                start += size
            workspace.sync()
            people = [found.customer_id for found in workspace.people()]
            profiles = [workspace.profile(one) for one in people]
            shown = [
                visible(part)
                for p in profiles
                for part in (p.name, p.consents, p.orders, p.memberships, p.traits, workspace.needs(p.customer_id))
            ]
            assert workspace.check().ok, workspace.check().text()
            told.append((rooms(dump(workspace)), people, shown))
    assert told[0][:2] == told[1][:2]
    assert [pair for pair in zip(told[0][2], told[1][2], strict=True) if pair[0] != pair[1]] == []


def test_bulk_loads_and_their_adoption_are_the_same(tmp_path, dump, new_ledger, monkeypatch):
    told = []
    with small():
        for folder in pair(make(tmp_path / "acme"), new_ledger(), monkeypatch):
            with open_workspace(folder) as workspace:
                workspace.import_sources()
                assert workspace.check().ok, workspace.check().text()
                told.append(dump(workspace))
    assert told[0] == told[1]


def test_quarantine_and_replay_are_the_same(tmp_path, dump, new_ledger, monkeypatch):
    told = []
    folder = make(tmp_path / "acme", rows=30)
    with (folder / "exports" / "shop-0000.csv").open("a") as file:
        file.write("late,2025-31-01,u1,,Ada,Ulm,1.00\n")
    for one in pair(folder, new_ledger(), monkeypatch):
        with open_workspace(one) as workspace:
            workspace.import_sources()
            waiting = [entry for entry in workspace.quarantine() if "31" in entry.record]
            for entry in waiting:
                repair(workspace.ledger, entry.id, {"day": "2025-01-31"}, workspace.clock())
            receipt, clean = workspace.replay_quarantine("shop")
            assert len(clean) == len(waiting) == 2
            assert workspace.check().ok, workspace.check().text()
            told.append((dump(workspace), receipt))
    assert told[0] == told[1]


def test_changed_rules_make_the_same_customers(example, dump, new_ledger, monkeypatch):
    told = []
    for folder in pair(example("washing-machine"), new_ledger(), monkeypatch):
        with open_workspace(folder) as workspace:
            workspace.import_sources()
        (folder / "identity.yaml").write_text("identifiers:\n  email: {links: false}\n")
        with open_workspace(folder) as workspace:
            assert "identity" in workspace.apply_definitions()
            workspace.sync()
            assert workspace.check().ok, workspace.check().text()
            told.append(dump(workspace))
    assert told[0] == told[1]


def test_beginning_anew_sets_the_tables_aside(example, dump, new_ledger, monkeypatch):
    folder, url = example("washing-machine"), new_ledger()
    move(folder, url, monkeypatch)
    with open_workspace(folder) as workspace:
        workspace.import_sources()
        before = dump(workspace)
    kept = set_aside(folder, 1_800_000_000_000_000)
    with open_workspace(folder) as workspace:
        assert workspace.counts().events == 0
        workspace.import_sources()
        assert dump(workspace) == before
        assert workspace.check().ok
    (folder / "data").rename(folder / "data-second")
    kept.rename(folder / "data")
    monkeypatch.setenv("LEDGER_URL", f"{url}?options=-csearch_path%3D{kept.name}")
    with open_workspace(folder) as workspace:  # nothing was deleted
        assert dump(workspace) == before
        assert workspace.intake.accept([Event("x", "1", "page_viewed", 1, (Identifier("email", "a@example.org"),))]).new


def test_a_second_workspace_in_the_same_database_has_its_own_ledger(new_ledger):
    """Each in its schema, named by the URL; they neither see each other nor wait for each other."""
    url = new_ledger()
    Ledger(url).close()
    one = Ledger(url)
    with one.write() as connection:
        connection.exec_driver_sql("CREATE SCHEMA second")
    other = Ledger(f"{url}?options=-csearch_path%3Dsecond")
    with one.write() as first, other.write() as second:
        one.next_change(first)
        assert Ledger.change(second) == 0
    one.close()
    other.close()
