"""The row in the stores and the event are two forms of one thing."""

from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from geleit.errors import GeleitError
from geleit.events.event import Event, Identifier
from geleit.history.stored import COLUMNS, content_hash, decode, encode
from geleit.ledger import tables

TEXT = st.text(max_size=8)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)
EVENTS = st.builds(
    Event,
    source=TEXT,
    key=TEXT,
    kind=TEXT,
    t=st.integers(-(2**52), 2**52),
    identifiers=st.lists(st.builds(Identifier, TEXT, TEXT), max_size=3).map(tuple),
    traits=st.dictionaries(TEXT, JSON, max_size=2),
    properties=st.dictionaries(TEXT, JSON, max_size=2),
    place=st.dictionaries(TEXT, TEXT, max_size=2),
    evidence=st.sampled_from(["log", "told", "public", "gap"]),
    record=TEXT,
    raw=TEXT,
    rank=st.integers(0, 32_767),
    received_at=st.integers(0, 2**52),
    original_at=st.none() | st.integers(0, 2**52),
    sent_at=st.none() | st.integers(0, 2**52),
)
EVENT = Event("till", "1", "order_completed", 5, (Identifier("a", "1"), Identifier("b", "2")), {"name": "Ada"})


def test_the_columns_are_the_outbox():
    assert tuple(tables.outbox.c.keys()) == COLUMNS


@given(EVENTS, st.integers(1, 2**40), st.integers(-40_000, 40_000))
def test_a_row_gives_the_same_event_back(event, set_key, local_day):
    row = {"seq": 7} | encode(event, set_key, local_day)
    stored = decode([row[name] for name in COLUMNS])
    assert stored.event == event
    assert (stored.event_id, stored.set_key, stored.seq) == (event.id, set_key, 7)
    assert (row["t"], row["ord"], row["local_day"]) == (event.t, event.order, local_day)


@given(EVENTS)
def test_how_an_event_reached_us_does_not_change_what_it_says(event):
    assume(event.t != event.received_at)
    again = replace(
        event, received_at=-1 - 2**52, sent_at=2, raw="again", record="r", rank=3, identifiers=event.identifiers[::-1]
    )
    assert content_hash(again) == content_hash(event)
    assert len(content_hash(event)) == 16


@pytest.mark.parametrize(
    "change",
    [
        {"t": 6},
        {"kind": "x"},
        {"traits": {"name": "Eda"}},
        {"properties": {"a": 1}},
        {"place": {"channel": "web"}},
        {"evidence": "told"},
        {"identifiers": ()},
    ],
)
def test_another_saying_under_the_same_key_is_seen(change):
    assert content_hash(replace(EVENT, **change)) != content_hash(EVENT)


def test_a_corrected_clock_says_the_same():
    assert content_hash(replace(EVENT, t=9, original_at=5)) == content_hash(EVENT)


def test_what_names_no_time_says_the_same_whenever_it_comes():
    first, again = replace(EVENT, t=7, received_at=7), replace(EVENT, t=9, received_at=9)
    assert content_hash(again) == content_hash(first)
    assert content_hash(replace(EVENT, t=7, received_at=9)) != content_hash(first)


def test_text_that_is_not_unicode_is_refused():
    with pytest.raises(GeleitError, match=r"till/1 holds text that is not Unicode"):
        encode(replace(EVENT, properties={"a": "\ud800"}), 1, 1)
