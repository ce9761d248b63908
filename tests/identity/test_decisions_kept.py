"""Decisions by people: what they name, what yields to what, that a look at some gives what a look at all gives."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geleit.errors import GeleitError, NotFoundError
from geleit.events.event import Identifier
from geleit.identity import decisions
from geleit.identity.decisions import Bond, Decision, Decisions, Note
from geleit.ledger.ledger import Ledger
from lengths import examples

A, B, C, D, E, F = (Identifier("email", f"{name}@example.com") for name in "abcdef")
NOTE = Note("Anja Kern", "said so on the telephone")


@pytest.fixture
def ledger(tmp_path):
    opened = Ledger(f"sqlite:///{tmp_path / 'ledger.sqlite'}")
    yield opened
    opened.close()


def made(*kinds):
    """Decisions numbered from 1: ("merge", [A, B]), ("separate", [A], [B]) ..."""
    rows = [
        Decision(place, kind, tuple(tuple(side) for side in sides), "a", "b", 0)
        for place, (kind, *sides) in enumerate(kinds, 1)
    ]
    return Decisions(tuple(rows)).settled()


def bonds(settled):
    return {(bond.a, bond.b) for bond in settled.bonds}


def test_a_merge_bonds_every_pair():
    assert bonds(made(("merge", [A, B, C]))) == {(A, B), (A, C), (B, C)}


def test_a_newer_separation_leaves_out_the_pairs_across_it():
    settled = made(("merge", [A, B, C]), ("separate", [A], [B, C]))
    assert settled.bonds == (Bond(B, C, 1),)
    assert [apart.number for apart in settled.apart] == [2]


def test_a_newer_merge_makes_a_separation_void():
    settled = made(("separate", [A, D], [B]), ("merge", [A, B]))
    assert settled.apart == ()
    assert settled.void == {1}
    assert bonds(settled) == {(A, B)}


def test_newer_merges_over_a_third_make_a_separation_void():
    settled = made(("separate", [A], [C]), ("merge", [A, B]), ("merge", [B, C]))
    assert settled.void == {1}
    assert bonds(settled) == {(A, B), (B, C)}


def test_an_older_merge_yields_to_what_a_newer_separation_and_a_newer_merge_say_together():
    settled = made(("merge", [A, B]), ("separate", [A], [C]), ("merge", [B, C]))
    assert bonds(settled) == {(B, C)}
    assert settled.void == {1}


def test_shared_takes_an_identifier_out_of_older_merges_only():
    assert bonds(made(("merge", [A, B, C]), ("shared", [A]))) == {(B, C)}
    newer = made(("shared", [A]), ("merge", [A, B]))
    assert bonds(newer) == {(A, B)}
    assert newer.shared == {}
    assert newer.void == {1}


def test_a_household_joins_nobody():
    settled = made(("household", [A, B]))
    assert settled.bonds == ()
    assert settled.apart == ()
    assert settled.shared == {}


def test_what_is_written_comes_back_and_can_be_taken_back_once(ledger):
    with ledger.write() as connection:
        number = decisions.record(connection, "separate", [[B, A, A], [C]], Note(" Anja Kern ", "two sisters"), 7)
    with ledger.read() as connection:
        assert decisions.listed(connection) == [
            Decision(number, "separate", ((A, B), (C,)), "Anja Kern", "two sisters", 7)
        ]
        assert decisions.history(connection, [C]) == decisions.listed(connection)
        assert decisions.history(connection, [Identifier("phone", C.value)]) == []
    with ledger.write() as connection:
        decisions.take_back(connection, number, NOTE, 9)
    with ledger.read() as connection:
        (told,) = decisions.listed(connection)
        assert (told.undone.author, told.undone.reason, told.undone.at) == (NOTE.author, NOTE.reason, 9)
        assert not decisions.standing(connection)
    with ledger.write() as connection, pytest.raises(GeleitError, match="taken back before, by Anja Kern"):
        decisions.take_back(connection, number, NOTE, 10)
    with ledger.write() as connection, pytest.raises(NotFoundError, match="no decision 99"):
        decisions.take_back(connection, 99, NOTE, 10)


@pytest.mark.parametrize(
    ("kind", "sides", "note", "said"),
    [
        ("merge", [[A, A]], NOTE, "at least 2 different"),
        ("separate", [[A]], NOTE, "one identifier on each side"),
        ("separate", [[A, B], [B]], NOTE, "b@example.com is on both sides"),
        ("shared", [[]], NOTE, "at least 1"),
        ("shared", [[A]], Note(" ", "x"), "the author is missing"),
        ("shared", [[A]], Note("x", ""), "a reason is missing"),
        ("shared", [[A]], Note("x", "y" * 1001), "1001 letters is too long"),
    ],
)
def test_what_says_too_little_is_refused(ledger, kind, sides, note, said):
    with ledger.write() as connection, pytest.raises(GeleitError, match=said):
        decisions.record(connection, kind, sides, note, 0)
    with ledger.read() as connection:
        assert decisions.listed(connection) == []


def test_without_decisions_only_one_row_is_looked_at(ledger):
    asked = []
    with ledger.read() as connection:
        connection.connection.driver_connection.set_trace_callback(asked.append)
        assert decisions.naming(connection, [A, B]) is decisions.NOTHING
        connection.connection.driver_connection.set_trace_callback(None)
    assert len([one for one in asked if "SELECT" in one]) == 1


def test_decisions_are_found_by_an_index(ledger):
    with ledger.read() as connection:
        query = "SELECT * FROM decision_member WHERE value IN (SELECT value FROM json_each('[1]'))"
        plan = " ".join(row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {query}"))
    assert "ix_decision_member_value_type" in plan


identifiers = st.sampled_from([A, B, C, D, E, F, Identifier("phone", A.value)])
several = st.sets(identifiers, min_size=2, max_size=3)
a_decision = st.one_of(
    st.tuples(st.just("merge"), several),
    st.tuples(st.just("household"), several),
    st.tuples(st.just("shared"), st.sets(identifiers, min_size=1, max_size=2)),
    several.map(lambda some: ("separate", {min(some)}, some - {min(some)})),
)


@settings(deadline=None, max_examples=examples(8))
@given(st.lists(a_decision, max_size=6), st.sets(identifiers, min_size=1, max_size=2), st.data())
def test_those_that_name_some_say_of_them_what_all_say(tmp_path_factory, told, asked, data):
    ledger = Ledger(f"sqlite:///{tmp_path_factory.mktemp('d') / 'ledger.sqlite'}")
    try:
        with ledger.write() as connection:
            numbers = [decisions.record(connection, kind, sides, NOTE, 0) for kind, *sides in told]
            for number in data.draw(st.sets(st.sampled_from(numbers), max_size=2)) if numbers else ():
                decisions.take_back(connection, number, NOTE, 1)
            whole = decisions.standing(connection).settled()
            some = decisions.naming(connection, asked).settled()
    finally:
        ledger.close()
    reached = set(asked)
    for bond in whole.bonds * len(whole.bonds):
        reached |= {bond.a, bond.b} if {bond.a, bond.b} & reached else set()
    assert [bond for bond in some.bonds if bond.a in reached] == [bond for bond in whole.bonds if bond.a in reached]
    assert [one for one in some.apart if (one.one | one.other) & reached] == [
        one for one in whole.apart if (one.one | one.other) & reached
    ]
    assert {one: some.shared.get(one) for one in reached} == {one: whole.shared.get(one) for one in reached}
