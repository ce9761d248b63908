"""What hangs together is found the same by a few array operations and by the library for large graphs."""

import numpy as np
import pytest

from geleit.identity import components as room
from geleit.identity.components import components


def by_library(count, low, high, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(room, "MANY", 0)
        return components(count, low, high)


@pytest.mark.parametrize(("count", "links"), [(1, 1), (10, 4), (500, 200), (500, 600), (3_000, 2_900)])
def test_small_graphs_need_no_library(count, links, monkeypatch):
    rng = np.random.default_rng(links)
    low, high = rng.integers(0, count, (2, links))
    expected = by_library(count, low, high, monkeypatch)
    assert components(count, low, high).tolist() == expected.tolist()
    assert room._first_of_each(count, low, high) is not None


def test_a_long_chain_in_any_order_is_one(monkeypatch):
    order = np.random.default_rng(7).permutation(5_000)
    low, high = order[:-1], order[1:]
    assert set(components(5_000, low, high).tolist()) == {0}
    monkeypatch.setattr(room, "ROUNDS", 1)
    assert room._first_of_each(5_000, low, high) is None
    assert set(components(5_000, low, high).tolist()) == {0}


def test_nothing_hangs_together_without_links():
    assert components(3, np.zeros(0, np.int64), np.zeros(0, np.int64)).tolist() == [0, 1, 2]
    assert components(0, np.zeros(0, np.int64), np.zeros(0, np.int64)).tolist() == []
