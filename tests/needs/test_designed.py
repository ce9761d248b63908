"""Designed journeys as they are written, and which of them a need is laid beside."""

import pytest
from pydantic import ValidationError

from geleit.needs.designed import DesignedJourney, begun, fitting, mask


def design(**more):
    values = {
        "name": "d",
        "label": "D",
        "steps": [{"kind": "a"}, {"kind": ["b", "c"], "channel": "web", "stage": "order"}],
    }
    return DesignedJourney(**(values | more))


def same(kind):
    return {"x": "a"}.get(kind, kind)


def test_a_step_is_known_by_kind_channel_and_stage():
    assert mask(design(), same, ("a", "", "")) == 1
    assert mask(design(steps=[{"kind": "x"}]), same, ("a", "", "")) == 1
    assert mask(design(), same, ("c", "web", "order")) == 2
    assert mask(design(), same, ("c", "store", "order")) == 0
    assert mask(design(), same, ("c", "web", "")) == 0


def test_a_way_begins_where_it_says():
    assert begun(design(), same, ["b", "a"]) == 0
    assert begun(design(begins="x"), same, ["b", "a"]) == 1
    assert begun(design(begins=["q"]), same, ["b", "a"]) == 2


def test_the_closest_design_is_taken():
    for_all, later, own = design(name="all"), design(name="later", begins="b"), design(name="own", topic="t")
    assert fitting([for_all, later, own], "t", {"b"}) == own
    assert fitting([later, for_all], "t", {"b"}) == for_all
    assert fitting([later], "t", {"b"}) == later
    assert fitting([later, own], "u", {"a"}) is None


@pytest.mark.parametrize("steps", [[], [{"kind": ""}], [{"kind": ["a", ""]}], [{"kind": "a", "since": "then"}]])
def test_what_cannot_be_a_design_is_refused(steps):
    with pytest.raises(ValidationError):
        design(steps=steps)
