"""Whose turn it was: against an oracle that asks of each moment who was seen before and after it in its visit."""

import random
from itertools import pairwise

import networkx as nx
from hypothesis import given
from hypothesis import strategies as st

from geleit.clock import MINUTE
from geleit.identity.turns import SILENCE, Moment, Turn, both, turns

MOMENTS = st.lists(
    st.tuples(st.integers(0, 400), st.sampled_from(["", "", "", "anna", "ben"]), st.booleans() | st.just(value=False)),
    unique_by=lambda one: one[0],
    max_size=25,
)


def of(*told):
    return [Moment(minute * MINUTE, 0, str(minute), 2 if who else 1, who, ends) for minute, who, ends in told]


def holder(found, moment):
    mine = [turn.person for turn in found if turn.from_t <= moment.t < turn.until_t]
    assert len(mine) < 2
    return mine[0] if mine else ""


def expected(moments, asked):
    """Visits as components of a graph; in one of them who was seen last before a moment, and who first after it."""
    ordered = sorted(moments)
    visits = nx.Graph()
    visits.add_nodes_from(ordered)
    visits.add_edges_from((a, b) for a, b in pairwise(ordered) if b.t - a.t <= SILENCE and not a.ends)
    visit = nx.node_connected_component(visits, asked)
    before = [one.person for one in sorted(visit) if one.person and one <= asked]
    after = [one.person for one in sorted(visit) if one.person and one >= asked]
    sides = {*before[-1:], *after[:1]}
    return sides.pop() if len(sides) == 1 else ""


@given(MOMENTS, st.integers())
def test_a_moment_belongs_to_whom_both_sides_name(told, seed):
    moments = of(*told)
    shuffled = list(moments)
    random.Random(seed).shuffle(shuffled)
    found = turns(shuffled)
    assert found == turns(moments)
    for moment in moments:
        assert holder(found, moment) == expected(moments, moment)


@given(MOMENTS, MOMENTS)
def test_two_browsers_agree_where_each_says_the_same(mine, theirs):
    one, other = turns(of(*mine)), turns(of(*theirs))
    agreed = both(one, other)
    for moment in of(*mine, *theirs):
        here, there = holder(one, moment), holder(other, moment)
        assert holder(agreed, moment) == (here if here == there else "")


def test_what_lies_between_two_people_is_nobodys():
    told = [(0, "", False), (5, "anna", False), (10, "", False), (15, "ben", False), (20, "", False)]
    found = turns(of(*told))
    assert [holder(found, moment) for moment in of(*told)] == ["anna", "anna", "", "ben", "ben"]


def test_signing_out_gives_each_their_side():
    told = [(5, "anna", False), (10, "", True), (12, "", False), (15, "ben", False)]
    found = turns(of(*told))
    assert [holder(found, moment) for moment in of(*told)] == ["anna", "anna", "ben", "ben"]


def test_nothing_is_guessed_from_one_visit_to_the_next():
    told = [(0, "anna", False), (60, "", False), (120, "anna", False), (180, "", False)]
    found = turns(of(*told))
    assert [holder(found, moment) for moment in of(*told)] == ["anna", "", "anna", ""]


def test_two_at_one_moment_leave_it_to_nobody():
    at = [Moment(7, 0, "a", 2, "anna"), Moment(7, 1, "b", 3, "ben")]
    assert turns(at) == []
    assert turns([*at, Moment(9, 0, "c", 3, "ben")]) == [Turn(8, 10, 3, "ben")]
