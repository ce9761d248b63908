"""A backup while others write, and back again: everything acknowledged before it is there, and new events find room."""

import json
import random
import shutil
import subprocess
import sys
from pathlib import Path

import bulk_company
import pytest
from typer.testing import CliRunner

from geleit.cli.app import app
from geleit.errors import GeleitError, NotFoundError, Retryable, StoreError
from geleit.events.event import Event, Identifier
from geleit.files import only_one
from geleit.history.backups import Backups, open_backup
from geleit.ledger import dump
from geleit.workspace import open_workspace
from geleit.workspace.recovery import back_up, definition_files, restore

ROWS = 120
# Takes events in, three at a time, and says so, archiving and building beside, until its standard input closes.
WRITER = """
import select, sys
sys.path[:0] = [{tests!r}, {stories!r}]
import bulk_company
from geleit.workspace import open_workspace

number = 0
with open_workspace({folder!r}) as workspace:
    while not select.select([sys.stdin], [], [], 0)[0]:
        workspace.intake.accept(bulk_company.live(number, 3, {rows}))
        number += 3
        print(number, flush=True)
        if number % 12 == 0:
            workspace.archive.drain(8)
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Imported in bulk (segments and keys), with some live events archived and some not."""
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
    with bulk_company.small():
        yield tmp_path / "acme"


def backup(folder, target, **options):
    with open_workspace(folder) as workspace:
        return back_up(workspace, target, **options)


def ids(workspace):
    with workspace.history.open_view() as duck:
        return [row[0] for row in duck.execute("SELECT event_id FROM events").fetchall()]


def new_events(count):
    return [
        Event("later", str(n), "page_viewed", 1_700_000_000_000_000 + n, (Identifier("shop.user_id", f"u{n % 50}"),))
        for n in range(count)
    ]


def run(*words):
    """A command as a person runs it: its code and what it says as JSON."""
    done = CliRunner().invoke(app, [*map(str, words), "--json"])
    assert done.exception is None or isinstance(done.exception, SystemExit | GeleitError), done.exception
    if isinstance(done.exception, GeleitError):
        return 1, {"error": done.exception.message, "hint": done.exception.hint}
    return done.exit_code, json.loads(done.output)


def test_a_restored_workspace_knows_the_same_and_takes_ten_thousand_events(folder, tmp_path):
    backup(folder, tmp_path / "backups")
    with open_workspace(folder) as workspace:
        workspace.intake.accept(new_events(30))  # lost with the machine; their numbers are given again
        workspace.archive.drain()
    code, said = run("restore", tmp_path / "backups", tmp_path / "restored")
    assert (code, said["events"], said["report"]["findings"]) == (0, 2 * ROWS + 12, [])
    with open_workspace(folder) as old, open_workspace(tmp_path / "restored") as workspace:
        before = set(ids(workspace))
        assert before == set(ids(old)) - {event.id for event in new_events(30)}
        workspace.sync()
        assert workspace.import_sources(again=True)[0].new == 0  # keys are there: repetitions are known
        assert workspace.intake.accept(bulk_company.live(0, 12, ROWS)).new == 0
        for start in range(0, 10_000, 2_500):
            assert workspace.intake.accept(new_events(10_000)[start : start + 2_500]).new == 2_500
            workspace.archive.drain()
        found = ids(workspace)
        assert len(found) == len(set(found))
        assert set(found) == before | {event.id for event in new_events(10_000)}
        workspace.sync()
        report = workspace.check()
        assert report.ok, report.text()
        with workspace.history.open_view() as duck:
            assert duck.execute("SELECT count(*) = count(DISTINCT seq) FROM base.events").fetchall() == [(True,)]
        assert set(ids(workspace)) == set(found)


def test_a_restored_workspace_is_equal_in_everything(folder, dump_of, tmp_path):
    with open_workspace(folder) as workspace:
        workspace.sync()
        expected = dump_of(workspace)
    backup(folder, tmp_path / "backups")
    restore(tmp_path / "backups", tmp_path / "restored")
    with open_workspace(tmp_path / "restored") as workspace:
        assert dump_of(workspace) == expected
    names = [path.relative_to(folder) for path in definition_files(folder)]
    assert Path("sources/shop.yaml") in names
    for name in names:
        assert (tmp_path / "restored" / name).read_text() == (folder / name).read_text()


def test_backups_while_others_write_hold_everything_acknowledged_before(folder, tmp_path):
    stories = Path(__file__).parent
    text = WRITER.format(tests=str(stories.parent), stories=str(stories), folder=str(folder), rows=ROWS)
    pipes, told = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE), []
    with subprocess.Popen([sys.executable, "-c", text], **pipes, text=True) as writer:
        for _ in range(3):
            before = int(writer.stdout.readline())
            made = backup(folder, tmp_path / "backups")
            told.append((made.backup.folder, before))
        _, errors = writer.communicate("")
        assert writer.returncode == 0, errors
    for number, (made, before) in enumerate(told):
        restored = restore(made, tmp_path / f"restored-{number}")
        assert restored.report.ok, restored.report.text()
        with open_workspace(tmp_path / f"restored-{number}") as workspace:
            assert {event.id for event in bulk_company.live(0, before, ROWS)} <= set(ids(workspace))


def test_what_is_archived_while_the_ledger_is_copied_comes_with_the_next_backup(folder, tmp_path, monkeypatch):
    monkeypatch.setattr(dump, "PAGES", 8)
    shares = []

    def told(what):
        if what.startswith("ledger: "):
            shares.append(what)
            if len(shares) in (2, 5):
                assert other.intake.accept(new_events(30)[3 * len(shares) :][:3]).new == 3
                assert other.archive.drain() > 0

    with open_workspace(folder) as workspace, open_workspace(folder) as other:
        before = workspace.check().events
        back_up(workspace, tmp_path / "backups", told=told)
        assert len(shares) > 5
        assert workspace.check().events == before + 6
    assert restore(tmp_path / "backups", tmp_path / "restored").events == before
    backup(folder, tmp_path / "backups")
    assert restore(tmp_path / "backups", tmp_path / "again").events == before + 6


def test_backups_while_an_import_merges_its_keys(tmp_path):
    with bulk_company.small():
        root = bulk_company.make(tmp_path / "acme", rows=240)
    made, command = [], bulk_company.command(root, "import", "--json")
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as importing:
        while not made or importing.poll() is None:
            made.append(backup(root, tmp_path / "backups", keep=10_000).backup)
        assert importing.returncode == 0, importing.stderr.read()
    chance = random.Random(1)
    for one in {made[-1], *chance.sample(made, min(3, len(made)))}:
        restored = restore(one.folder, tmp_path / f"restored-{one.name}")
        assert restored.report.ok, restored.report.text()
        with bulk_company.small(), open_workspace(tmp_path / f"restored-{one.name}") as workspace:
            shutil.copytree(root / "exports", workspace.root / "exports")
            workspace.import_sources()
            assert workspace.check().events == 480


def test_the_next_backup_copies_what_is_new_and_drops_what_is_old(folder, tmp_path):
    target = tmp_path / "backups"
    first = backup(folder, target)
    assert first.copied == len(list((target / "files").iterdir())) > 2
    with open_workspace(folder) as workspace:
        workspace.archive.drain()
    second = backup(folder, target)
    assert second.copied == 1
    assert backup(folder, target, keep=2).removed == (first.backup.name,)
    assert Backups(target).complete()[0].name == second.backup.name
    rows = "".join(f"x{n},2025-01-01,u1,,Ada,Ulm,1.00\n" for n in range(50))
    (folder / "exports" / "shop-more.csv").write_text("no,day,user,mail,name,city,amount\n" + rows)
    with open_workspace(folder) as workspace:
        assert workspace.import_sources()[0].new == 50
        workspace.rebuild_keys()  # one file of keys in place of the others: nobody needs those any more
    before = set((target / "files").iterdir())
    backup(folder, target, keep=1)
    assert before - set((target / "files").iterdir())
    assert restore(target, tmp_path / "restored").report.ok


def test_the_backup_just_made_is_the_newest_whatever_the_clock_says(folder, tmp_path):
    target = tmp_path / "backups"
    at = backup(folder, target).backup.manifest.at
    for seconds in (0, 0, -3600, *[0] * 8, -1):  # a second's second and tenth backup, and a clock that went back
        with open_workspace(folder, clock=lambda now=at + seconds * 1_000_000: now) as workspace:
            made = back_up(workspace, target, keep=2)
        assert [one.name for one in Backups(target).complete()][-1] == made.backup.name
        assert len(Backups(target).complete()) == 2
    assert made.backup.name.endswith("-13")
    assert restore(target, tmp_path / "restored").report.ok


def test_old_backups_go_though_few_were_made(folder, tmp_path):
    first = backup(folder, tmp_path / "backups")
    now = first.backup.manifest.at + 36 * 86_400_000_000
    with open_workspace(folder, clock=lambda: now) as workspace:
        assert back_up(workspace, tmp_path / "backups").removed == (first.backup.name,)


def test_what_rotted_among_the_backups_is_copied_anew(folder, tmp_path):
    target = tmp_path / "backups"
    backup(folder, target)
    rotten = next((target / "files").glob("*.parquet"))
    content = bytearray(rotten.read_bytes())
    content[len(content) // 2] ^= 1
    rotten.write_bytes(content)
    assert backup(folder, target).copied == 0  # of the right size
    with pytest.raises(StoreError, match=rotten.name):
        restore(target, tmp_path / "restored")
    assert not (tmp_path / "restored" / "geleit.yaml").exists()
    assert backup(folder, target, verify=True).copied == 1
    assert restore(target, tmp_path / "restored").report.ok


@pytest.mark.parametrize("what", ["ledger.sqlite", "definitions/geleit.yaml", "files"])
@pytest.mark.parametrize("how", ["missing", "damaged"])
def test_a_damaged_backup_is_refused_before_anything_is_in_place(folder, tmp_path, what, how):
    made = backup(folder, tmp_path / "backups").backup
    path = next((tmp_path / "backups" / "files").iterdir()) if what == "files" else made.folder / what
    if how == "missing":
        path.unlink()
    else:
        path.write_bytes(path.read_bytes()[:-1] + b"?")
    code, said = run("restore", tmp_path / "backups", tmp_path / "restored")
    assert code == 1
    assert path.name in said["error"]
    assert "nothing was restored" in said["error"]
    assert list((tmp_path / "restored").iterdir()) == []


def test_an_interrupted_backup_does_not_count_and_spares_the_next_one_work(folder, tmp_path):
    target = tmp_path / "backups"
    segment = max((folder / "data" / "archive").rglob("*.parquet"))
    content = segment.read_bytes()
    segment.write_bytes(content[:-1] + b"?")
    with pytest.raises(StoreError, match="is damaged"):
        backup(folder, target)
    (left,) = Backups(target).incomplete()
    copied = len(list((target / "files").iterdir()))
    assert copied > 1
    with pytest.raises(NotFoundError, match="interrupted"):
        open_backup(left)
    with pytest.raises(NotFoundError, match="no complete backup"):
        restore(target, tmp_path / "restored")
    segment.write_bytes(content)
    made = backup(folder, target)
    assert made.copied == 1
    assert Backups(target).incomplete() == []
    assert restore(target, tmp_path / "restored").report.ok


def test_an_unreadable_manifest_costs_no_shared_file(folder, tmp_path):
    target = tmp_path / "backups"
    first = backup(folder, target).backup
    manifest = first.folder / "manifest.json"
    kept = manifest.read_bytes()
    manifest.write_bytes(kept[:-20])
    with open_workspace(folder) as workspace:
        workspace.rebuild_keys()
    backup(folder, target, keep=1)
    with pytest.raises(StoreError, match="cannot be read"):
        restore(first.folder, tmp_path / "restored")
    manifest.write_bytes(kept)
    assert restore(first.folder, tmp_path / "restored").report.ok


def test_a_folder_that_is_not_empty_is_refused(folder, tmp_path):
    backup(folder, tmp_path / "backups")
    code, said = run("restore", tmp_path / "backups", folder)
    assert (code, "is not empty" in said["error"]) == (1, True)
    interrupted = tmp_path / "restored" / ".restore"
    interrupted.mkdir(parents=True)
    (interrupted / "half").write_text("?")
    assert restore(tmp_path / "backups", tmp_path / "restored").report.ok
    assert not interrupted.exists()


def test_backups_of_two_companies_do_not_mix(folder, tmp_path):
    backup(folder, tmp_path / "backups")
    (folder / "geleit.yaml").write_text("company: Other\n")
    with pytest.raises(GeleitError, match="holds backups of Acme, not of Other"):
        backup(folder, tmp_path / "backups")


def test_one_backup_at_a_time(folder, tmp_path):
    target = tmp_path / "backups"
    target.mkdir()
    with only_one(target / "backup.lock"), pytest.raises(Retryable, match="another backup is being made"):
        backup(folder, target)


def test_a_ledger_elsewhere_goes_back_to_its_place_or_to_another(folder, tmp_path):
    place, other = tmp_path / "ledgers" / "acme.sqlite", tmp_path / "other" / "acme.sqlite"
    place.parent.mkdir()
    with open_workspace(folder):
        pass
    (folder / "data" / "ledger.sqlite").rename(place)
    with (folder / "geleit.yaml").open("a") as definitions:
        definitions.write(f"ledger: sqlite:///{place}  # beside\n")
    backup(folder, tmp_path / "backups")
    with pytest.raises(GeleitError, match="which exists; nothing was restored"):
        restore(tmp_path / "backups", tmp_path / "restored")
    done = restore(tmp_path / "backups", tmp_path / "restored", ledger=f"sqlite:///{other}")
    assert done.report.ok
    assert other.exists()
    assert "zone: Europe/Berlin" in (tmp_path / "restored" / "geleit.yaml").read_text()
    place.unlink()
    assert restore(tmp_path / "backups", tmp_path / "again").events == done.events
    assert place.exists()


def test_a_damaged_ledger_is_no_backup(folder, tmp_path):
    ledger = folder / "data" / "ledger.sqlite"
    backup(folder, tmp_path / "backups")
    content = bytearray(ledger.read_bytes())
    for page in range(20, len(content) // 4096, 3):
        content[page * 4096 : page * 4096 + 2048] = b"\xa5" * 2048
    ledger.write_bytes(content)
    code, said = run("backup", tmp_path / "backups", "-w", folder)
    assert code == 1
    assert "is damaged" in said["error"]
    assert "geleit restore" in said["hint"]
    assert len(Backups(tmp_path / "backups").complete()) == 1
