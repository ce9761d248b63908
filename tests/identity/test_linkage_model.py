"""How likeness is learned: distinct combinations of levels are counted as a sort of whole rows would count them."""

from types import SimpleNamespace

import numpy as np
import pytest

from geleit.identity.linkage import model


@pytest.mark.parametrize("sizes", [(7, 5, 7, 6, 8, 5, 3, 2), (3,), (9,) * 25])
def test_patterns_are_the_distinct_rows(sizes):
    chance = np.random.default_rng(len(sizes))
    gammas = np.stack([chance.integers(-1, min(size, 3), 4000) for size in sizes], axis=1).astype(np.int8)
    gammas[:2000] = gammas[:40].repeat(50, axis=0)
    gammas[0] = [size - 1 for size in sizes]  # the last level of each
    rows, which, counts = model._patterns(gammas, [SimpleNamespace(size=size) for size in sizes])
    expected = np.unique(gammas, axis=0, return_counts=True)
    assert (rows == expected[0]).all()
    assert (counts == expected[1]).all()
    assert (rows[which] == gammas).all()
