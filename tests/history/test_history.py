"""Everything acknowledged is read exactly once, and base + delta is what a fresh generation would hold."""

import hashlib
import itertools
import tempfile
from pathlib import Path

import duckdb
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from geleit.errors import NotFoundError, StoreError
from geleit.history.columns import LOTS, NAMES
from geleit.history.owners import Owned
from geleit.history.stored import StoredEvent
from lengths import examples


def ids(company, *sets):
    return [stored.event_id for stored in company.history.events_of(sets)]


def test_events_come_once_and_in_order_from_base_segment_and_outbox(company, event):
    company.accept((event(5), 1), (event(2), 1), (event(8), 2))
    company.archive.drain()
    company.accept((event(7), 1))
    company.build()
    company.archive.drain()  # a segment that the base holds already
    company.accept((event(1), 1), (event(9), 2))
    company.archive.drain(1)
    company.accept((event(3), 1))
    assert ids(company, 1) == [event(n).id for n in (1, 2, 3, 5, 7)]
    assert ids(company, 2, 1, 2) == [event(n).id for n in (1, 2, 3, 5, 7, 8, 9)]
    assert ids(company) == ids(company, 77) == []
    stored = company.history.events_of([1])[0]
    assert isinstance(stored, StoredEvent)
    assert (stored.event.identifiers, stored.set_key, stored.seq) == (event(1).identifiers, 1, 5)


def test_an_event_is_the_same_whichever_store_it_comes_from(company, event):
    item = event(1, properties={"step": "x", "größe": 2**70}, kind="step_told", place={"channel": "till"})
    company.accept((item, 1))
    fresh = company.history.events_of([1])
    company.archive.drain()
    archived = company.history.events_of([1])
    company.build()
    assert fresh == archived == company.history.events_of([1])
    assert fresh[0].event == event(1, properties=item.properties, kind="step_told", place={"channel": "till"}, raw="")


def test_the_raw_record_is_found_in_outbox_and_archive(company, event):
    company.accept((event(1), 1))
    (stored,) = company.history.events_of([1])
    assert company.history.raw(stored) == "record 1"
    company.archive.drain()
    company.build()
    assert company.history.raw(stored) == "record 1"
    with pytest.raises(NotFoundError, match="number 9"):
        company.history.raw(StoredEvent(stored.event, stored.event_id, 1, 9))


def test_moved_sets_are_read_by_their_sets(company, event):
    company.accept((event(1), 1), (event(2), 2))
    company.build()
    company.move(2, "c1")
    assert ids(company, 1, 2) == [event(1).id, event(2).id]


def test_many_customers_come_one_after_the_other(company, event):
    company.accept(*[(event(n), n % 5 + 1) for n in range(20)])
    company.build()
    mine = Owned(frozenset("abcd"), {1: "b", 2: "a", 3: "b", 4: "c", 9: "d"})
    found = {customer: [s.event_id for s in events] for customer, events in company.history.grouped(mine).items()}
    assert list(found) == ["a", "b", "c", "d"]
    assert found["b"] == [event(n).id for n in range(20) if n % 5 in (0, 2)]
    assert found["d"] == []


def test_every_answer_says_its_state(company, event):
    company.accept((event(1), 1))
    assert company.history.as_of().generation == 0
    company.build()
    company.accept((event(2), 1))
    as_of = company.history.as_of()
    assert (as_of.generation, as_of.change, as_of.last_seq, as_of.at) == (1, 2, 2, company.now)
    with company.history.open_view() as duck:
        assert duck.execute("SELECT * FROM as_of").fetchall() == [(1, 2, 2, company.now, 0)]


def test_without_a_journal_a_question_reads_no_more_than_it_needs(company, event):
    def asked():
        with company.history.open_view() as duck:
            question = "SELECT kind, channel, t FROM events WHERE kind = 'product_viewed' ORDER BY t"
            plan = duck.execute(f"EXPLAIN {question}").fetchall()[0][1]
            return duck.execute(question).fetchall(), {name for name in ("body", "event_id") if name in plan}

    company.accept((event(1), 1), (event(2), 1))
    company.archive.drain()
    first = asked()
    assert first == ([(e.kind, "", e.t) for e in (event(1), event(2))], set())
    company.accept((event(3, place={"channel": "till"}), 2))
    rows, read = asked()
    assert (rows[:2], rows[2][1], "body" in read) == (first[0], "till", True)


@pytest.mark.parametrize("harm", ["manifest.json", "journal.duckdb"])
def test_without_a_sound_journal_everything_is_still_answered(company, event, harm):
    company.accept((event(1), 1), (event(2), 2))
    company.archive.drain()
    company.accept((event(3), 1))
    path = company.build().folder / harm
    path.write_bytes(b"?" * path.stat().st_size)
    assert ids(company, 1) == [event(1).id, event(3).id]
    assert "journal" in company.history.damage.message
    with company.history.open_view() as duck:
        assert len(duck.execute("SELECT * FROM events").fetchall()) == 3
    assert company.history.as_of().generation == 0
    company.journal.rebuild(company.catalogue, "definitions")
    assert ids(company, 1) == [event(1).id, event(3).id]
    assert company.history.damage is None


@pytest.mark.parametrize("ask", ["open_view", "open_columns"])
def test_a_generation_that_is_removed_before_it_is_open_gives_way_to_the_next(company, event, monkeypatch, ask):
    company.accept((event(1), 1))
    company.build()
    latest, asked = company.journal.latest, []

    def late():
        found = latest()
        if not asked:
            asked.append(found.number)
            company.accept((event(2), 1))
            company.journal.rebuild(company.catalogue, "definitions")
        return found

    monkeypatch.setattr(company.journal, "latest", late)
    opened = getattr(company.history, ask)()
    duck = opened if ask == "open_view" else opened.duck
    assert duck.execute("SELECT generation FROM as_of").fetchall() == [(2,)]
    assert len(duck.execute("SELECT * FROM events").fetchall()) == 2
    assert (asked, company.history.damage) == ([1], None)
    opened.close()


def test_people_draw_the_same_lot_in_base_and_delta(company, event):
    company.accept(*[(event(n), n + 1) for n in range(40)])
    company.build()
    company.accept((event(50), 3), (event(51), 60))
    columns = company.history.open_columns()
    asked = (
        "SELECT customer_id FROM base.customer_code ORDER BY code",
        "SELECT DISTINCT customer_id FROM delta ORDER BY 1",
    )
    for lots, query in zip(columns.lots, asked, strict=True):
        ids_ = [row[0] for row in columns.duck.execute(query).fetchall()]
        assert len(ids_) >= 2
        assert lots.tolist() == [
            hashlib.md5(one.encode(), usedforsecurity=False).digest()[0] * LOTS // 256 for one in ids_
        ]
    assert len(set(columns.lots[0].tolist())) > LOTS // 3
    columns.close()


def test_a_generation_of_a_later_ledger_is_left_aside(company, event):
    company.accept((event(1), 1))
    company.build()
    with company.ledger.write() as connection:  # as an older ledger put back would look
        connection.exec_driver_sql("DELETE FROM outbox")
        connection.exec_driver_sql("UPDATE progress SET change = 0")
    assert ids(company, 1) == []
    assert "older ledger" in company.history.damage.message


def test_a_missing_segment_is_named(company, event):
    company.accept((event(1), 1))
    company.archive.drain()
    next(iter(company.archive.folder.rglob("*.parquet"))).unlink()
    with pytest.raises(StoreError, match="is missing"):
        company.history.events_of([1])
    with pytest.raises(StoreError, match="is missing"):
        company.history.open_view()


SETS = st.integers(1, 4)
ACCEPT = st.tuples(st.just("accept"), SETS, st.integers(0, 40), st.integers(0, 4))
STEP = st.one_of(
    ACCEPT,
    ACCEPT,
    st.tuples(st.just("move"), SETS, SETS),
    st.tuples(st.just("assign"), st.integers(0, 400), st.integers(0, 3)),
    st.tuples(st.just("drain"), st.integers(1, 4)),
)
STEPS = st.builds(
    lambda first, before, after: [*first, *before, ("build",), *after],
    st.lists(ACCEPT, min_size=2, max_size=5),
    st.lists(STEP, max_size=8),
    st.lists(STEP, min_size=1, max_size=6),
)
# A set moves on while a need of its first customer claims its event.
GIVEN_AWAY = [("accept", 1, 0, 0), ("accept", 2, 0, 0), ("assign", 47, 1), ("move", 2, 1), ("build",), ("move", 1, 1)]
SHAPES = (
    {},
    {"kind": "order_completed", "rank": 5},
    {"kind": "step_told", "properties": {"step": "order_completed", "supposed": 1}},
    {"place": {"stage": "service", "channel": "somewhere"}, "evidence": "public"},
    {"kind": "step_told", "properties": {"text": 'a "place":{ \0'}, "place": {"medium": "phone"}},
)


@settings(max_examples=examples(5))
@example(GIVEN_AWAY)
@given(STEPS)
def test_base_and_delta_equal_a_fresh_generation(company_at, event, steps):
    with tempfile.TemporaryDirectory() as folder:
        company = company_at(Path(folder))
        accepted, owner = [], {}
        for number, (name, *values) in enumerate(steps):
            if name == "accept":
                set_id, t, shape = values
                item = event(number, t=t, **SHAPES[shape])
                company.accept((item, set_id))
                accepted.append((item.id, set_id))
                owner.setdefault(set_id, f"c{set_id}")
            elif name == "move" and values[0] in owner:
                owner[values[0]] = f"c{values[1]}"
                company.move(values[0], owner[values[0]])
            elif name == "assign" and accepted:
                event_id, set_id = accepted[values[0] % len(accepted)]
                mine = owner[set_id]  # nobody claims an event that was never theirs
                company.assign(event_id, f"{mine}n{values[1]}" if values[1] else "", mine)
            elif name == "drain":
                company.archive.drain(values[0])
            elif name == "build":
                company.build()
        compare(company, [event_id for event_id, _ in accepted], sorted(owner))
        company.history.close()
        company.ledger.close()


def compare(company, accepted, sets):
    with company.history.open_view() as duck:
        told = histories(company)
        generation = company.build()
        assert told == histories(company)
        assert sum(map(len, told)) == len(accepted)
        duck.execute("ATTACH $path AS anew (READ_ONLY)", {"path": str(generation.database)})
        for left, right in itertools.permutations(("events", "anew.events")):
            assert duck.execute(f"FROM {left} EXCEPT ALL FROM {right}").fetchall() == []
        assert sorted(row[0] for row in duck.execute("SELECT event_id FROM events").fetchall()) == sorted(accepted)
        assert walks_in_order(duck) or not duck.execute("SELECT generation FROM as_of").fetchone()[0]
    assert sorted(stored.event_id for stored in company.history.events_of(sets)) == sorted(accepted)


def histories(company):
    """All customers' histories as kernels read them, decoded; needs are renamed by their first event."""
    columns = company.history.open_columns()
    known = (columns.kinds, columns.own_kinds, columns.channels, columns.stages)
    values = dict(zip(("kind", "own_kind", "channel", "stage"), known, strict=True))
    found = []
    for part in columns.parts:
        read = {name: part.column(name).tolist() for name in NAMES}
        assert read["customer"] == sorted(read["customer"])
        rows = list(zip(*(read[name] for name in NAMES), strict=True))
        for customer, events in itertools.groupby(rows, key=lambda row: row[0]):
            if part.keep[customer]:
                seen: dict[int, int] = {-1: -1}
                named = [dict(zip(NAMES, row, strict=True)) for row in events]
                assert [(e["t"], e["ord"]) for e in named] == sorted((e["t"], e["ord"]) for e in named)
                for item in named:
                    item["need"] = seen.setdefault(item["need"], len(seen))
                    item["customer"] = 0
                    item.update({name: codes[item[name]] for name, codes in values.items()})
                found.append(sorted(tuple(item.values()) for item in named))
    columns.close()
    return sorted(found)


def walks_in_order(duck: duckdb.DuckDBPyConnection) -> bool:
    """Each customer's rows stand together and in total order, so that one pass over the view is enough."""
    rows = duck.execute("SELECT customer_id, t, ord, event_id FROM events").fetchall()
    runs = [(customer, list(events)) for customer, events in itertools.groupby(rows, key=lambda row: row[0])]
    return len(runs) == len({customer for customer, _ in runs}) and all(e == sorted(e) for _, e in runs)


def test_whoever_reads_many_histories_does_not_keep_the_ledgers_log_growing(company, event):
    company.accept((event(1), 1), (event(2), 2))
    with company.history.walk(["c1", "c2"]) as walk:
        tables = walk.tables()
        assert next(tables).num_rows == 2
        company.accept((event(3), 1))
        with company.ledger.engine.connect() as connection:
            busy, _, _ = connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").one()
        tables.close()
    assert busy == 0
