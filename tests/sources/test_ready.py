"""Every ready definition maps its sample to what is written beside it, reaches all it declares, and may be repeated.

A definition <name>.yaml needs in tests/sources/ready: the sample <name>.<ending> and <name>.expected; a sample of a later
export of the same records, <name>.later.<ending>, may follow. Files whose rows the records take along lie in a folder <name>
(of the later export: <name>-later) under their own names. ``python tests/sources/ready_expectations.py NAME`` writes what
is mapped now: read every line of it before it is committed.
"""

import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from ready_expectations import NOT_MODELED, SAMPLES, mapped, placed, sample, written

from geleit.events.event import Event
from geleit.history.stored import content_hash
from geleit.sources import ready_made
from geleit.sources.definition import load_source

NAMES = [path.stem for path in sorted(ready_made.SHELF.glob("*.yaml"))]


@pytest.mark.parametrize("name", NAMES)
def test_its_header_says_what_a_reader_needs(name):
    found = ready_made.ready_source(name)
    assert (found.what, found.get_it, found.left_out) != ("", "", "")
    assert all((found.what, found.get_it, found.left_out)), "What, Get it and Left out are required"
    assert bool(found.verified) != bool(found.doubt), "either Verified or Not verified"
    assert set(found.label) == {"en", "de"}
    assert ready_made.definition_of(name).system, "system: it is whose numbers these are, whatever the source is called"
    text = (ready_made.SHELF / f"{name}.yaml").read_text(encoding="utf-8")
    assert len(ready_made.FILE_LINE.findall(text)) == 1, "file: stands in one line, so that --file can replace it"


@pytest.mark.parametrize("name", NAMES)
def test_the_sample_gives_what_is_written(name, tmp_path):
    assert (SAMPLES / f"{name}.expected").read_text(encoding="utf-8") == written(name, tmp_path)


@pytest.mark.parametrize("name", NAMES)
def test_the_sample_reaches_everything_that_is_declared(name, tmp_path):
    definition = ready_made.definition_of(name)
    placed(name, tmp_path)
    for number, event in enumerate(definition.events):
        alone = definition.model_copy(update={"events": (event,)}).named(name)
        events = mapped(alone, tmp_path).events
        assert events, f"events.{number} ({event.kind or event.kind_from}) is never reached"
        for group in ("identifiers", "traits", "properties", "place"):
            declared = getattr(event, group)
            names = declared.model_dump(exclude_none=True) if group == "place" else declared
            unreached = set(names) - {key for e in events for key in said(e, group)}
            assert not unreached, f"events.{number}.{group}: no record of the sample fills {sorted(unreached)}"


def said(event: Event, group: str) -> set[str]:
    return {i.type for i in event.identifiers} if group == "identifiers" else set(getattr(event, group))


@pytest.mark.parametrize("name", NAMES)
def test_every_column_it_reads_is_in_the_sample(name, tmp_path):
    placed(name, tmp_path)
    assert sorted(mapped(ready_made.definition_of(name), tmp_path).unseen) == sorted(NOT_MODELED.get(name, ()))


@pytest.mark.parametrize("name", [name for name in NAMES if sample(name, ".later")])
def test_a_later_export_adds_and_contradicts_nothing(name, tmp_path):
    definition = ready_made.definition_of(name)
    placed(name, tmp_path)
    before = {event.id: event for event in mapped(definition, tmp_path).events}
    placed(name, tmp_path, ".later")
    after = {event.id: event for event in mapped(definition, tmp_path).events}
    assert after.keys() - before.keys(), "the later export brings nothing new"
    assert before.keys() & after.keys(), "the later export repeats nothing"
    for identity in before.keys() & after.keys():
        assert content_hash(before[identity]) == content_hash(after[identity]), before[identity].key


def test_ga4_rows_as_parquet_say_what_they_say_as_json(tmp_path):
    rows = [json.loads(line) for line in (SAMPLES / "ga4_events.jsonl").read_text(encoding="utf-8").splitlines()]
    names = dict.fromkeys(name for row in rows for name in row)
    numbers = ("event_timestamp", "event_bundle_sequence_id", "batch_event_index")
    table = [{name: int(row[name]) if name in numbers else row.get(name) for name in names} for row in rows]
    (tmp_path / "exports").mkdir()
    pq.write_table(pa.Table.from_pylist(table), tmp_path / "exports" / "ga4.parquet")
    ready_made.add(tmp_path, "ga4_events", file="exports/ga4*.parquet")
    placed("ga4_events", tmp_path)
    typed = mapped(load_source(tmp_path / "sources" / "ga4_events.yaml", tmp_path), tmp_path)
    plain = mapped(ready_made.definition_of("ga4_events"), tmp_path)
    assert [(e.key, content_hash(e)) for e in typed.events] == [(e.key, content_hash(e)) for e in plain.events]
    assert len(typed.events) > 1


def test_one_is_added_under_a_name_of_its_own(tmp_path):
    target = ready_made.add(tmp_path, "shopify_orders", "web_shop", "drop/orders of 2026*.csv")
    added = load_source(target, tmp_path)
    assert (added.name, added.system_name, added.file) == ("web_shop", "shopify", ("drop/orders of 2026*.csv",))
    assert added.events == ready_made.definition_of("shopify_orders").events


def test_what_is_there_is_not_overwritten(tmp_path):
    target = ready_made.add(tmp_path, "shopify_orders")
    target.write_text("mine")
    with pytest.raises(ready_made.GeleitError, match="exists already; nothing was changed"):
        ready_made.add(tmp_path, "shopify_orders")
    assert target.read_text() == "mine"


@pytest.mark.parametrize("own", ["../till", "Till", "a/b", "1st"])
def test_names_that_are_none_write_nothing(tmp_path, own):
    with pytest.raises(ready_made.GeleitError, match="is no name for a source"):
        ready_made.add(tmp_path, "shopify_orders", own)
    assert list(tmp_path.rglob("*.yaml")) == []


def test_a_file_outside_the_workspace_writes_nothing(tmp_path):
    with pytest.raises(ready_made.GeleitError, match="outside the workspace"):
        ready_made.add(tmp_path, "shopify_orders", file="../elsewhere.csv")
    assert list(tmp_path.rglob("*.yaml")) == []


@pytest.mark.parametrize("name", ["shopify_order", "../ready/shopify_orders"])
def test_unknown_names_name_what_is_close(name):
    with pytest.raises(ready_made.NotFoundError) as caught:
        ready_made.ready_source(name)
    assert "shopify_orders" in caught.value.hint
