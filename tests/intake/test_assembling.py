"""Parts put together say what their events say: who is in which set, seen first when, seen with whom by whom."""

import re
from itertools import combinations

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geleit.events.event import Event, Identifier
from geleit.history.stored import body_of
from geleit.identity.evidence import fingerprint
from geleit.identity.grouping import REASONS, Groups, find_groups, find_owners
from geleit.identity.rules import Identity, Rules
from geleit.intake import assembling, parts
from geleit.intake.assembling import assemble
from geleit.intake.members import Written
from lengths import examples

PLAIN = Rules()
OWN = Rules(
    Identity.model_validate(
        {
            "hub": {"user_ids": 1, "degree": 2},
            "sources": {"till": {"ignore": ["phone"]}, "kiosk": {"links": False}, "web": {"blocked": ["^b"]}},
            "include": ["kiosk.device_id:b"],
        }
    )
)
TYPES = ["shop.user_id", "email", "phone", "kiosk.device_id", "till.order_id", "crm.contact_id"]
ENDS = st.builds(Identifier, st.sampled_from(TYPES), st.sampled_from(["a", "b", "ä", "B"]))
SETS = st.lists(ENDS, max_size=4, unique=True).map(sorted).map(tuple)
EVENTS = st.lists(
    st.tuples(SETS, st.integers(-5, 5), st.sampled_from(["till", "kiosk", "web", "shop"])), min_size=1, max_size=9
)
SOME = settings(max_examples=examples(25))


def stored(events):
    names = [fingerprint(members) for members, _, _ in events]
    columns = {
        "set_key": [key for key, _ in names],
        "rest": [rest for _, rest in names],
        "t": [t for _, t, _ in events],
    }
    bodies = [
        body_of(Event(source=source, key="k", kind="seen", t=t, identifiers=members)) for members, t, source in events
    ]
    return pa.table(
        {label: pa.array(values, pa.int64()) for label, values in columns.items()}
        | {"source": pa.array([source for _, _, source in events]), "body": pa.array(bodies)}
    )


def put(folder, chunks, remembering):
    """Write parts and segments; returns where they lie."""
    written, folders, segments = Written() if remembering else None, [], []
    for number, events in enumerate(chunks):
        rows = stored(events)
        folders.append(folder / f"{number}")
        parts.write(folders[-1], rows, written)
        if written:
            written.note(rows["set_key"].to_numpy())
        segments.append(folder / f"{number}.parquet")
        pq.write_table(rows.drop_columns(["rest"]), segments[-1])
    return folders, segments


@SOME
@given(chunks=st.lists(EVENTS, max_size=4), remembering=st.booleans(), rules=st.sampled_from([PLAIN, OWN]))
def test_what_events_say(tmp_path, monkeypatch, chunks, remembering, rules):
    monkeypatch.setattr(assembling, "TOGETHER", 2)
    found = assemble(*put(tmp_path, chunks, remembering), rules)
    events = [event for chunk in chunks for event in chunk]
    pairs = zip(found.known.kind.tolist(), found.known.values.to_pylist(), strict=True)
    names = [Identifier(found.known.types[kind], value) for kind, value in pairs]
    assert len(set(names)) == len(names)
    first = {one: min(t for members, t, _ in events if one in members) for members, _, _ in events for one in members}
    assert dict(zip(names, found.known.first_t.tolist(), strict=True)) == first
    prints = dict(fingerprint(members) for members, _, _ in events)
    assert dict(zip(found.keys.tolist(), found.rests.tolist(), strict=True)) == prints
    assert found.keys.tolist() == sorted(prints)
    said = sorted((found.keys[place], names[number]) for place, number in zip(found.sets, found.members, strict=True))
    assert said == sorted((fingerprint(some)[0], one) for some in {event[0] for event in events} for one in some)
    pairs = {frozenset((names[low], names[high])) for low, high in zip(*found.links(rules), strict=True)}
    assert len(pairs) == len(found.links(rules)[0])
    assert pairs == {
        frozenset(pair)
        for members, _, source in events
        for pair in combinations(members, 2)
        if all(rules.heeds(source, one) for one in pair)
    }


@SOME
@given(chunks=st.lists(EVENTS, max_size=2), rules=st.sampled_from([PLAIN, OWN]), wide=st.data())
def test_a_set_is_its_strongest_members(tmp_path, chunks, rules, wide):
    found = assemble(*put(tmp_path, chunks, remembering=True), rules)
    known = found.known
    groups = find_groups(known, *found.links(rules), rules)
    apart = np.array(wide.draw(st.lists(st.integers(0, 3), min_size=len(known), max_size=len(known))), np.int64)
    groups = Groups(
        groups.reason, groups.joined, apart, *(getattr(groups, n) for n in ("since_t", "ids", "simple", "rank"))
    )
    owner = find_owners(known, groups, rules, (found.sets, found.members), len(found.keys))

    def strength(number):
        type_ = known.types[known.kind[number]]
        rule = rules.of(type_)
        value = known.values[int(number)].as_py()
        return REASONS[groups.reason[number]] != "", not rule.links, rule.priority, type_, value

    for place in range(len(found.keys)):
        mine = found.members[found.sets == place]
        assert owner[place] == (apart[min(mine, key=strength)] if len(mine) else -1)


@pytest.mark.parametrize("lost", ["part", "segment"])
def test_parts_and_segments_of_other_events_are_refused(tmp_path, lost):
    some = [[((Identifier("email", f"{n}@example.org"),), 0, "shop")] for n in range(3)]
    folders, segments = put(tmp_path, some, remembering=False)
    del (folders if lost == "part" else segments)[1]
    with pytest.raises(pa.ArrowInvalid, match=re.escape("parts" if lost == "segment" else "segments")):
        assemble(folders, segments, PLAIN)


def test_a_part_that_rotted_is_refused(tmp_path):
    folders, segments = put(tmp_path, [[((Identifier("email", "ada@example.org"),), 0, "shop")]], remembering=False)
    path = folders[0] / parts.NAME
    content = path.read_bytes()
    place = content.index(b"ada@")
    path.write_bytes(content[:place] + b"eva@" + content[place + 4 :])
    with pytest.raises(OSError, match="CRC"):
        assemble(folders, segments, PLAIN)
