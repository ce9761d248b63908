"""Who is in the sets of staged rows is read alike by machine code and one by one, and each set is written once."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geleit.events.event import Event, Identifier
from geleit.history.stored import body_of
from geleit.identity.evidence import fingerprint
from geleit.intake import members
from geleit.intake.members import Written, members_of
from lengths import examples

TYPES = st.one_of(st.sampled_from(["email", "shop.user_id", "anonymous_id"]), st.text(min_size=1, max_size=4))
VALUES = st.one_of(st.sampled_from(["a", "ä", 'say "hi"', "back\\slash", "]]", '","', "u1"]), st.text(max_size=6))
SETS = st.lists(
    st.lists(st.builds(Identifier, TYPES, VALUES), max_size=4, unique=True).map(sorted).map(tuple), max_size=8
)


def staged(sets, properties=None):
    bodies = [
        body_of(Event(source="s", key="k", kind="seen", t=0, identifiers=one, properties=properties or {}))
        for one in sets
    ]
    names = [fingerprint(one) for one in sets]
    columns = {"set_key": [key for key, _ in names], "rest": [rest for _, rest in names]}
    return pa.table(
        {label: pa.array(values, pa.int64()) for label, values in columns.items()}
        | {"body": pa.array(bodies, pa.string())}
    )


def read(table):
    """Set -> its rest and its members, each set in one place."""
    found, last = {}, None
    for row in table.to_pylist():
        if row["set_key"] != last:
            assert row["set_key"] not in found
            found[row["set_key"]] = (row["rest"], [])
        last = row["set_key"]
        found[last][1].append((row["type"], row["value"]))
    return found


def expected(sets):
    return {
        key: (rest, [(one.type, one.value) for one in members] or [(None, None)])
        for members in sets
        for key, rest in [fingerprint(members)]
    }


@pytest.mark.parametrize("quick", [True, False])
@settings(max_examples=examples(40))
@given(sets=SETS, more=st.booleans())
def test_members_are_those_of_the_events(quick, sets, more):
    rows = staged(sets, {"identifiers": [["email", "not one"]]} if more else None)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(members, "worthwhile", lambda _rows: quick)
        assert read(members_of(rows)) == expected(sets)
        pieces = pa.concat_tables([rows.slice(0, len(sets) // 2), rows.slice(len(sets) // 2)])
        assert read(members_of(pieces)) == expected(sets)


def test_more_types_than_machine_code_counts_are_read_too(monkeypatch):
    monkeypatch.setattr(members, "worthwhile", lambda _rows: True)
    sets = [(Identifier(f"t{number}.id", "v"),) for number in range(300)]
    assert read(members_of(staged(sets))) == expected(sets)


def test_what_is_written_is_not_written_again(monkeypatch):
    monkeypatch.setattr(members, "REMEMBERED", 4)
    written = Written()
    sets = [(Identifier("email", f"{number}@example.org"),) for number in range(40)]
    rows = staged(sets)
    keys = rows["set_key"].to_numpy()
    assert read(members_of(rows, written)) == expected(sets)
    written.note(keys[:20])
    left = read(members_of(rows, written)).keys()
    assert {*keys[20:].tolist()} <= left
    last = {key & 3: key for key in keys[:20].tolist()}  # one for each place that there is
    assert left == {*keys.tolist()} - set(last.values())
    assert not len(written.without(np.array(list(last.values()), np.int64)))
