"""Files that are lost or damaged are named by ``geleit check``, and the command that it names puts them right."""

import json
import shutil
import sqlite3

import bulk_company
import pytest
from typer.testing import CliRunner

from geleit.access import write_keys
from geleit.cli.app import app
from geleit.errors import GeleitError
from geleit.events.event import Event
from geleit.identity import decisions
from geleit.identity.decisions import Note
from geleit.identity.linkage import queue
from geleit.identity.linkage.queue import Answered, ProbableLink
from geleit.workspace import deciding, naming, open_workspace
from geleit.workspace.recovery import back_up, restore

ROWS = 120
EVENTS = 2 * ROWS + 12
NOTE = Note("Anja Kern", "knows them")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Imported in bulk, with live events archived, and some in the outbox; backed up before the last six came."""
    place = tmp_path_factory.mktemp("made")
    with bulk_company.small(), open_workspace(bulk_company.make(place / "acme", rows=ROWS)) as workspace:
        workspace.import_sources()
        workspace.intake.accept(bulk_company.live(0, 6, ROWS))
        workspace.sync()
        back_up(workspace, place / "backups")
        workspace.intake.accept(bulk_company.live(6, 3, ROWS))
        workspace.archive.drain()
        workspace.intake.accept(bulk_company.live(9, 3, ROWS))
    return place


@pytest.fixture
def folder(made, tmp_path):
    shutil.copytree(made, tmp_path, dirs_exist_ok=True)
    with bulk_company.small():
        yield tmp_path / "acme"


def run(*words):
    """A command as a person runs it: its code and what it says as JSON."""
    done = CliRunner().invoke(app, [*map(str, words), "--json"])
    if isinstance(done.exception, GeleitError):
        return 1, {"error": done.exception.message, "hint": done.exception.hint}
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, json.loads(done.output)


def findings(folder):
    with open_workspace(folder) as workspace:
        return workspace.check().findings


def whole(folder):
    """Everything is there and agrees; and it goes on."""
    with open_workspace(folder) as workspace:
        report = workspace.check()
        assert report.ok, report.text()
        assert report.events == EVENTS
        assert workspace.intake.accept(bulk_company.live(0, 12, ROWS)).new == 0
        assert workspace.intake.accept(bulk_company.live(12, 3, ROWS)).new == 3
        workspace.sync()
        assert workspace.check().ok


def damage(path, how):
    content = path.read_bytes()
    if how == "missing":
        path.unlink()
    elif how == "truncated":
        path.write_bytes(content[: len(content) // 2])
    elif how == "a bit":
        middle = len(content) // 2
        path.write_bytes(content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :])
    else:
        path.write_bytes(b"\xa5" * len(content))


HOWS = ["missing", "truncated", "a bit", "rubbish"]


@pytest.mark.parametrize("how", HOWS)
@pytest.mark.parametrize("store", ["archive", "keys"])
def test_a_lost_file_is_named_and_put_back_from_a_backup(folder, dump, tmp_path, store, how):
    with open_workspace(folder) as workspace:
        expected = dump(workspace)
    path = min((folder / "data" / store).rglob("*.*"))
    content = path.read_bytes()
    damage(path, how)
    found = [one for one in findings(folder) if path.name in one.what]
    assert [one.store for one in found] == [store]
    if store == "archive":
        assert "geleit repair" in found[0].remedy
    code, said = run("repair", tmp_path / "backups", "-w", folder)
    assert (code, said["missing"]) == (0, [])
    assert said["put_back"] == [path.relative_to(folder / "data").as_posix()]
    assert path.read_bytes() == content
    assert (folder / "data" / "damaged" / path.name).exists() == (how != "missing")
    with open_workspace(folder) as workspace:
        assert dump(workspace) == expected
    whole(folder)


def test_a_file_that_no_backup_holds_is_said_so(folder, tmp_path):
    newest = max((folder / "data" / "archive").rglob("*.parquet"))
    kept = newest.read_bytes()
    damage(newest, "rubbish")
    code, said = run("repair", tmp_path / "backups", "-w", folder)
    place = newest.relative_to(folder / "data").as_posix()
    assert (code, said["put_back"], said["missing"]) == (1, [], [place])
    assert newest.exists()  # what is left of it stays
    newest.write_bytes(kept)
    whole(folder)
    code, said = run("repair", tmp_path, "-w", folder)
    assert (code, "holds no backups" in said["error"]) == (1, True)


@pytest.mark.parametrize("how", HOWS)
@pytest.mark.parametrize("what", ["CURRENT", "manifest.json", "journal.duckdb", "kind.npy", "a generation", "all"])
def test_a_lost_journal_costs_time_only(folder, what, how):
    journal = folder / "data" / "journal"
    current = journal / (journal / "CURRENT").read_text().strip()
    with open_workspace(folder) as workspace:
        events = [one.event_id for one in workspace.history.events_of(sets(workspace))]
    if what in ("a generation", "all"):
        shutil.rmtree(current if what == "a generation" else journal)
    else:
        damage(journal / what if what == "CURRENT" else current / what, how)
    with open_workspace(folder) as workspace:
        assert [one.event_id for one in workspace.history.events_of(sets(workspace))] == events
        found = workspace.check().findings
        assert {one.store for one in found} <= {"journal"}
        assert {one.remedy for one in found} <= {"run 'geleit journal rebuild'"}
    assert run("journal", "rebuild", "-w", folder)[0] == 0
    whole(folder)


def sets(workspace):
    with workspace.ledger.read() as connection:
        return [row[0] for row in connection.exec_driver_sql("SELECT key FROM identifier_set")]


def garble(ledger, how):
    """Damage a ledger: its beginning, all of it, or pages here and there (not those of the outbox)."""
    with sqlite3.connect(ledger) as opened:
        opened.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        pages = {
            row[0] for row in opened.execute("SELECT pageno FROM dbstat WHERE name IN ('outbox', 'sqlite_schema')")
        }
    opened.close()
    content = bytearray(ledger.read_bytes())
    if how == "gone":
        ledger.unlink()
        return
    if how == "rubbish":
        content[:] = b"\xa5" * len(content)
    elif how == "truncated":
        del content[len(content) // 2 :]
    else:
        for page in range(2, len(content) // 4096):
            if page not in pages and page % 3 == 0:
                content[(page - 1) * 4096 : page * 4096] = b"\xa5" * 4096
    ledger.write_bytes(content)


@pytest.mark.parametrize("how", ["rubbish", "truncated", "pages", "gone"])
def test_a_damaged_ledger_is_restored_and_what_came_later_is_taken_over(folder, dump, tmp_path, how):
    with open_workspace(folder) as workspace:
        workspace.sync()
        expected = dump(workspace)
        workspace.intake.accept(bulk_company.live(12, 3, ROWS))  # acknowledged, not yet in the archive
    garble(folder / "data" / "ledger.sqlite", how)
    code, said = run("check", "-w", folder)
    assert code == 1
    assert "geleit restore" in json.dumps(said)
    assert how != "gone" or not (folder / "data" / "ledger.sqlite").exists()  # no empty one is begun in its place
    assert restore(tmp_path / "backups", tmp_path / "restored").events == EVENTS - 6
    before = sorted(path.stat().st_mtime_ns for path in folder.rglob("*"))
    code, said = run("salvage", folder, "-w", tmp_path / "restored")
    assert before == sorted(path.stat().st_mtime_ns for path in folder.rglob("*"))
    waiting = 3 if how == "pages" else 0
    assert (code, said["new"]) == (1, 6 + waiting)
    lost = [] if waiting else ["the outbox of the ledger"]
    assert said["unreadable"] == ["what people decided and write keys, in the ledger", *lost]
    with open_workspace(tmp_path / "restored") as workspace:
        if not waiting:
            assert dump(workspace) == expected
        assert workspace.check().ok
        assert workspace.intake.accept(bulk_company.live(0, 15, ROWS)).new == 3 - waiting
    assert run("salvage", folder, "-w", tmp_path / "restored")[1]["new"] == 0


def test_write_keys_of_after_the_backup_open_and_revoked_ones_do_not(folder, tmp_path):
    with open_workspace(folder) as workspace:
        ledger = workspace.ledger
        old, text = write_keys.create(ledger, "web", "old site")
        rotated, _ = write_keys.create(ledger, "web", "to be rotated")
        back_up(workspace, tmp_path / "later")
        write_keys.revoke(workspace.ledger, old.id)
        write_keys.rotate(workspace.ledger, rotated.id, 3600)
        write_keys.create(workspace.ledger, "app", "new app")
        expected = write_keys.by_hash(workspace.ledger)
    restore(tmp_path / "later", tmp_path / "restored")
    with open_workspace(tmp_path / "restored") as workspace:
        assert write_keys.by_hash(workspace.ledger)[write_keys.hashed(text)].ends_at is None  # as the backup has it
    code, said = run("salvage", folder, "-w", tmp_path / "restored")
    assert (code, said["keys"]) == (0, 4)
    with open_workspace(tmp_path / "restored") as workspace:
        found = write_keys.by_hash(workspace.ledger)
        assert {key: (one.source, one.label, one.ends_at) for key, one in found.items()} == {
            key: (one.source, one.label, one.ends_at) for key, one in expected.items()
        }
        assert not found[write_keys.hashed(text)].opens(workspace.clock())
    assert run("salvage", folder, "-w", tmp_path / "restored")[1]["keys"] == 0


def test_what_people_decided_after_the_backup_is_taken_over(folder, tmp_path):
    """New decisions, one that was taken back, an answer, and a withdrawal that a separation kept."""
    with open_workspace(folder) as workspace:
        people = workspace.people(limit=4)
        ends = [naming.person(workspace, one.customer_id) for one in people]
        kept = deciding.decide(workspace, "merge", [ends[:2]], NOTE).decision.number
        undone = deciding.decide(workspace, "household", [ends[2:]], NOTE).decision.number
        deciding.undo(workspace, undone, NOTE)
        agreed = Event("web", "yes", "consent_given", 1, (ends[2],), properties={"purpose": "news"})
        refused = Event("web", "no", "consent_withdrawn", 2, (ends[3],), properties={"purpose": "news"})
        workspace.intake.accept([agreed, refused])
        joined = deciding.decide(workspace, "merge", [ends[2:]], NOTE).decision.number
        deciding.decide(workspace, "separate", [[ends[2]], [ends[3]]], NOTE)
        with workspace.ledger.write() as connection:
            queue.propose(connection, [ProbableLink(ends[0], ends[3], 9.0, ())], 0)
            (link,) = queue.listed(connection, "open")
            queue.answer(connection, link, Answered("unsure", "Anja Kern", 5))
        workspace.sync()
        decided = [(one.kind, one.sides, one.undone) for one in listed(workspace)]
        consents = [workspace.profile(workspace.customer(str(end))).consents for end in ends]
        whose = [workspace.customer(str(end)) for end in ends]
    restore(tmp_path / "backups", tmp_path / "restored")
    code, said = run("salvage", folder, "-w", tmp_path / "restored")
    assert (code, said["decisions"], said["answers"]) == (0, 4, 1)
    with open_workspace(tmp_path / "restored") as workspace:
        assert [(one.kind, one.sides, one.undone) for one in listed(workspace)] == decided
        assert [workspace.profile(workspace.customer(str(end))).consents for end in ends] == consents
        assert [workspace.customer(str(end)) for end in ends] == whose
        assert workspace.check().ok
        assert (kept, joined) == (1, 3)
    again = run("salvage", folder, "-w", tmp_path / "restored")[1]
    assert (again["new"], again["decisions"], again["answers"]) == (0, 0, 0)


def listed(workspace):
    with workspace.ledger.read() as connection:
        return decisions.listed(connection)


def test_salvage_names_what_it_cannot_read(folder, tmp_path):
    newest = max((folder / "data" / "archive").rglob("*.parquet"))
    damage(newest, "truncated")
    restore(tmp_path / "backups", tmp_path / "restored")
    code, said = run("salvage", folder, "-w", tmp_path / "restored")
    assert code == 1
    assert (said["new"], said["unreadable"]) == (3, [newest.relative_to(folder / "data").as_posix()])


def test_salvage_needs_another_workspace(folder, tmp_path):
    assert "is the workspace itself" in run("salvage", folder, "-w", folder)[1]["error"]
    assert "neither archive nor ledger" in run("salvage", tmp_path / "nowhere", "-w", folder)[1]["error"]
