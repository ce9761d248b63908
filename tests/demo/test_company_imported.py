"""The example company through the real import: the planted dirt and nothing else waits, and every event is accounted for."""

import json
import re
from collections import Counter
from pathlib import Path

import pyarrow.dataset as ds
import pytest
import sqlalchemy as sa
from ruamel.yaml import YAML

from geleit.demo import days
from geleit.demo.example import CUSTOMER, Wanted, build_demo, write_demo
from geleit.errors import GeleitError
from geleit.ledger.tables import consent_fact
from geleit.sources import quarantine
from geleit.web.pages.start import _chosen
from geleit.workspace import open_workspace
from geleit.workspace.segment_saving import draft_of
from geleit.workspace.segments import Segments

HOUR = 3_600
NOW = 1_795_331_700_000_000  # 22.11.2026, 08:15 in Kassel


@pytest.fixture(scope="module")
def events(imported):
    example, _, _ = imported
    table = ds.dataset(sorted(example.folder.glob("data/archive/**/*.parquet"))).to_table(
        columns=["source", "key", "t", "kind"]
    )
    return table.to_pylist()


def test_what_waits_in_quarantine_is_what_was_planted(imported):
    example, workspace, built = imported
    planted = {
        (source, reason): count
        for source, reasons in example.told("counts")["quarantined"].items()
        for reason, count in reasons.items()
        if count
    }
    assert quarantine.counts(workspace.ledger) == planted
    assert built.quarantined == sum(planted.values())
    assert len({reason for _, reason in planted}) >= 11


def test_the_truth_covers_every_event_and_nothing_else(imported, events):
    example, _, built = imported
    known = {(one["source"], one["key"]) for one in example.rows("events")}
    assert {(one["source"], one["key"]) for one in events} == known
    assert len(events) == len(known) == built.events


def test_times_are_what_they_truly_were_but_for_the_hour_that_nobody_can_tell(imported, events):
    example, _, _ = imported
    truth = {(one["source"], one["key"]): int(one["at"].timestamp()) for one in example.rows("events")}
    off = Counter(
        (one["source"], truth[one["source"], one["key"]] - one["t"] // 1_000_000)
        for one in events
        if abs(truth[one["source"], one["key"]] - one["t"] // 1_000_000) > 60
    )
    second_turn = example.told("counts")["calls_in_the_second_turn_of_the_doubled_hour"]
    assert off == {("telefon", HOUR): second_turn}
    assert second_turn == 4


def test_wall_clock_and_utc_agree_around_the_change_of_the_clocks():
    import numpy as np  # noqa: PLC0415

    change = 1_761_440_400  # 26.10.2025 01:00 UTC
    t = np.array([change - 2 * HOUR, change - HOUR, change - 1, change, change + HOUR])
    shown = days.written(days.to_local(t), "%d %H:%M")
    assert shown == ["26 01:00", "26 02:00", "26 02:59", "26 02:00", "26 03:00"]
    assert (days.to_utc(days.to_local(t)) - t).tolist() == [0, 0, 0, -HOUR, 0]
    assert days.written(days.to_local(np.array([1_774_746_000])), "%H:%M") == ["03:00"]  # 29.03.2026 01:00 UTC


def test_the_washing_machine_customer_goes_her_way_unchanged(imported, washing_machine, monkeypatch):
    _, workspace, built = imported
    assert workspace.customer(CUSTOMER) == built.customer
    assert built.customer_key == CUSTOMER
    for one in (workspace, washing_machine):
        monkeypatch.setattr(one, "clock", lambda: NOW)
    small = washing_machine.customer(CUSTOMER)
    for language in ("de", "en"):
        journey = workspace.journey(built.customer, language=language)
        assert len(journey.steps) == 18
        assert journey.steps == washing_machine.journey(small, language=language).steps
    mine, hers = workspace.profile(built.customer), washing_machine.profile(small)
    assert mine.identifiers == hers.identifiers
    assert [need.event_ids for need in workspace.needs(built.customer)] == [
        need.event_ids for need in washing_machine.needs(small)
    ]


def test_customers_are_mostly_the_people_they_are(imported):
    """A shared browser, junk or a family's phone must not make one customer of many people."""
    example, workspace, _ = imported
    owners = {}
    for one in example.rows("identifiers"):
        owners.setdefault((one["type"], one["value"]), set()).add(one["person"])
    people_of = {}
    for found in workspace.people(limit=10_000):
        known = set()
        for identifier in workspace.profile(found.customer_id).identifiers:
            people = owners.get((identifier.type, identifier.value), set())
            if identifier.type in ("crm.customer_no", "shop.user_id", "loyalty_card"):
                known |= people
        people_of[found.customer_id] = known
    sizes = Counter(len(people) for people in people_of.values() if people)
    assert sizes[1] > 0.85 * sum(sizes.values())
    assert max(sizes) <= 4


def test_building_again_changes_nothing(imported):
    example, workspace, built = imported
    before = {path: path.stat().st_mtime_ns for path in example.exports.iterdir()}
    assert build_demo(example.folder, Wanted(scale=0.05)) == built
    assert {path: path.stat().st_mtime_ns for path in example.exports.iterdir()} == before
    assert workspace.check().ok


def test_what_was_not_finished_begins_anew_and_other_peoples_files_stay(tmp_path):
    folder = tmp_path / "demo"
    (folder / "exports").mkdir(parents=True)
    (folder / ".unfinished").touch()
    (folder / "exports" / "klicks-2025-q2.jsonl.gz").write_bytes(b"half")
    (folder / "exports" / "kasse-alt.csv").write_text("half")
    written = write_demo(folder, Wanted(scale=0.02))
    assert not (folder / ".unfinished").exists()
    assert not (folder / "exports" / "kasse-alt.csv").exists()
    assert json.loads((folder / "truth" / "counts.json").read_text())["people"] == written.people == 100
    other = tmp_path / "mine"
    other.mkdir()
    (other / "letter.txt").write_text("dear")
    with pytest.raises(GeleitError, match="holds other files"):
        write_demo(other, Wanted())
    assert [path.name for path in other.iterdir()] == ["letter.txt"]


def test_every_kind_and_every_source_has_words_in_both_languages(imported):
    example, _, _ = imported
    with open_workspace(example.folder) as workspace:
        for name, kind in workspace.definitions.kinds.kinds.items():
            assert kind.label is None or {"de", "en"} <= kind.label.keys(), name
        for source in workspace.definitions.sources.values():
            assert {"de", "en"} <= source.label.keys(), source.name
        assert len(workspace.definitions.sources) == 18


def test_every_kind_that_occurs_is_described(imported, events):
    _, workspace, _ = imported
    from geleit.events.vocabulary import VOCABULARY  # noqa: PLC0415

    described = set(workspace.definitions.kinds.kinds) | set(VOCABULARY)
    assert {one["kind"] for one in events} <= described


def test_the_first_page_shows_the_washing_machine_among_all_those_needs(imported):
    _, workspace, built = imported
    ((customer, need),) = _chosen(workspace)
    assert customer == built.customer
    assert next(one.topic for one in workspace.needs(customer) if one.id == need) == "washing_machine"


def test_the_first_example_of_the_segments_page_works_here(imported):
    example, _, _ = imported
    page = (Path(__file__).parents[2] / "docs" / "segments.md").read_text(encoding="utf-8")
    tree = YAML(typ="safe").load(re.search(r"```yaml\n(.*?)```", page, re.DOTALL)[1])
    with open_workspace(example.folder, clock=lambda: NOW) as workspace:
        segments = Segments(workspace)
        segments.check("repair-unanswered", draft_of(tree))  # topics, stages and kinds are those of the company
        with workspace.ledger.read() as connection:
            purposes = set(connection.execute(sa.select(consent_fact.c.purpose).distinct()).scalars())
        assert tree["who"]["all"][2]["not"]["consent"] in purposes
        tree["who"]["all"][0]["begun_within"] = "5 years"  # the small company of this test has few who asked of late
        assert segments.counted(draft_of(tree).who).count > 0
