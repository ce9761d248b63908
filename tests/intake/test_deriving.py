"""Facts of a load that another process makes are those made here, whatever becomes of that process."""

import contextlib
import threading

import pyarrow.parquet as pq
import pytest

from geleit.customers.fact_columns import TABLES
from geleit.errors import StoreError
from geleit.events.event import Event, Identifier
from geleit.intake import deriving, parts
from geleit.intake.deriving import Deriving
from geleit.intake.loading import loading
from geleit.intake.staging import Stage
from geleit.workspace import open_workspace
from geleit.workspace.scaffold import init

CHUNKS = 5


def said(number):
    """An order, a consent and a name of somebody."""
    who = (Identifier("email", f"p{number}@example.org"),)
    order = {"order_id": f"o{number}", "total": number, "products": [{"name": f"Lampe {number}", "price": number}]}
    return [
        Event("shop", f"o{number}", "order_completed", number, who, {}, order),
        Event("shop", f"c{number}", "consent_given", number, who, {}, {"purpose": "news", "channel": "email"}),
        Event("shop", f"n{number}", "page_viewed", number, who, {"name": f"Ada {number}"}, {}),
    ]


@pytest.fixture
def workspace(tmp_path):
    """One whose load of some segments waits."""
    init(tmp_path / "acme", name="Acme")
    with open_workspace(tmp_path / "acme") as workspace:
        intake = workspace.intake
        stage = Stage(intake.rules, intake.country, intake.zone, workspace.clock())
        with loading(intake, workspace.archive) as load:
            for number in range(CHUNKS):
                load.take(stage.from_events(said(number)), [])
        yield workspace


@contextlib.contextmanager
def facts(workspace):
    with workspace.ledger.read() as connection:
        segments = workspace.archive.segments_of(connection, 1)
    assert len(segments) == CHUNKS
    folder = parts.parts_folder(workspace.archive, 1)
    with contextlib.closing(Deriving(workspace.archive, segments, workspace.intake.setting, folder)) as made:
        yield made
    assert not list(folder.glob("facts-*"))


def made(workspace):
    with facts(workspace) as found:
        return {
            table.name: sorted(
                (row for path in found.files(table) for row in pq.read_table(path).to_pylist()), key=repr
            )
            for table in TABLES
        }


@pytest.fixture
def alone(workspace, monkeypatch):
    """What one process makes; from here on two are worth it."""
    monkeypatch.setattr(deriving, "WORTH", 0)
    monkeypatch.setattr(deriving.os, "cpu_count", lambda: 1)
    expected = made(workspace)
    monkeypatch.setattr(deriving.os, "cpu_count", lambda: 2)
    assert [len(expected[name]) for name in ("order_fact", "order_line", "consent_fact", "trait")] == [CHUNKS] * 4
    return expected


def test_two_processes_make_what_one_makes(workspace, alone, monkeypatch):
    there, receive = [], deriving.receive
    monkeypatch.setattr(deriving, "receive", lambda pipe: there.append(receive(pipe)[1]))
    with facts(workspace) as found:
        found.thread.join()  # here nothing is made before it has made all
        assert there == list(range(CHUNKS))
    there.clear()
    assert made(workspace) == alone


@pytest.mark.parametrize("fate", ["cannot start", "dies at once", "dies later"])
def test_a_process_that_dies_costs_nothing(workspace, alone, monkeypatch, fate):
    answers, receive = iter(range(CHUNKS)), deriving.receive

    def dead(pipe):
        if fate == "dies later" and next(answers) < 2:
            return receive(pipe)
        raise EOFError

    if fate == "cannot start":
        monkeypatch.setattr(deriving, "started", lambda _: None)
    else:
        monkeypatch.setattr(deriving, "receive", dead)
    assert made(workspace) == alone


def test_what_a_process_was_at_is_open_again_once_it_has_ended(workspace, alone, monkeypatch):
    def unintelligible(_pipe):
        raise ValueError

    def ended(process):
        assert known.wait(60), "nobody knows yet whose process it is"
        assert sorted(found.open) == list(range(1, CHUNKS)), "somebody might write the files of the first"
        stop(process)

    known, stop = threading.Event(), deriving.stop
    monkeypatch.setattr(deriving, "receive", unintelligible)
    monkeypatch.setattr(deriving, "stop", ended)
    with facts(workspace) as found:
        known.set()
        found.thread.join()
        assert sorted(found.open) == list(range(CHUNKS))
        monkeypatch.setattr(deriving, "stop", stop)
    assert made(workspace) == alone


def test_what_a_killed_adoption_left_is_removed(workspace, alone):
    left = parts.parts_folder(workspace.archive, 1) / "facts-1-x"
    left.mkdir()
    (left / "000000-trait.parquet").write_bytes(b"PAR1")
    assert made(workspace) == alone


@pytest.mark.usefixtures("alone")
def test_a_segment_that_is_damaged_is_named(workspace):
    with workspace.ledger.read() as connection:
        path = workspace.archive.path(workspace.archive.segments_of(connection, 1)[2])
    content = bytearray(path.read_bytes())
    content[50] ^= 1
    path.write_bytes(content)
    with facts(workspace) as found, pytest.raises(StoreError, match="differs from its checksum"):
        found.files(TABLES[0])


def test_facts_in_parts_of_an_older_version_are_made_anew(workspace):
    for part in parts.parts_folder(workspace.archive, 1).iterdir():
        for table in TABLES:
            (part / f"{table.name}.parquet").write_bytes(b"as it was")
    workspace.sync()
    assert {workspace.profile(workspace.customer(f"email:p{n}@example.org")).name for n in range(CHUNKS)} == {
        f"Ada {n}" for n in range(CHUNKS)
    }
