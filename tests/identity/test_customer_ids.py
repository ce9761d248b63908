"""Customer ids of whole columns are those of single identifiers, in the order of their texts."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geleit.events.event import Identifier
from geleit.identity import customer_ids
from geleit.identity.graph import customer_id
from lengths import examples

TYPES = ["email", "shop.user_id", "t" * 130]
LENGTHS = [0, 1, 121, 122, 123, 124, 249, 250, 251, 252, 400]  # around the ends of blocks, with "email:" before them
VALUES = st.one_of(st.text(max_size=8), st.sampled_from(LENGTHS).map(lambda length: "x" * length))


@pytest.mark.parametrize("worth", [0, customer_ids.WORTH])
@settings(max_examples=examples(40))
@given(given=st.lists(st.tuples(st.integers(0, 2), VALUES), max_size=12), skipped=st.integers(0, 3))
def test_ids_of_columns(worth, given, skipped):
    kinds = np.array([kind for kind, _ in given], np.int16)[skipped:]
    values = pa.array([value for _, value in given], pa.large_string())[skipped:]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(customer_ids, "WORTH", worth)
        found = customer_ids.ids_of(TYPES, kinds, values)
    names = [customer_id(Identifier(TYPES[kind], value)) for kind, value in given][skipped:]
    assert customer_ids.texts_of(found).to_pylist() == names
    places = [-1, *reversed(range(len(names))), -1]
    texts = customer_ids.texts_at(found, np.array(places)).to_pylist()
    assert texts == ["" if place < 0 else names[place] for place in places]
    assert [names[place] for place in np.argsort(customer_ids.order_of(found), kind="stable")] == sorted(names)
