"""How people are made of likely pairs, and how well they fit a truth."""

import numpy as np
import pytest

from geleit.identity.linkage.clusters import cluster
from geleit.identity.linkage.measure import measure
from geleit.identity.linkage.threshold import choose


def people(count, pairs, threshold=0.0):
    left, right, weights = (np.array(column) for column in zip(*pairs, strict=True))
    return cluster(count, left.astype(int), right.astype(int), weights.astype(float), threshold).tolist()


def test_pairs_below_the_threshold_join_nobody():
    assert people(4, [(0, 1, 3.0), (1, 2, -1.0)]) == [0, 0, 2, 3]
    assert people(4, [(0, 1, 3.0), (1, 2, -1.0)], threshold=4.0) == [0, 1, 2, 3]


def test_one_false_link_joins_no_two_people():
    one = [(0, 1, 9.0), (0, 2, 9.0), (1, 2, 9.0)]
    other = [(3, 4, 9.0), (3, 5, 9.0), (4, 5, 9.0)]
    against = [(a, b, -9.0) for a in (0, 1, 2) for b in (3, 4, 5) if (a, b) != (2, 3)]
    assert people(6, [*one, *other, (2, 3, 4.0), *against]) == [0, 0, 0, 3, 3, 3]


def test_an_old_address_parts_no_person():
    same = [(0, 1, 8.0), (0, 2, 6.0), (1, 2, -1.0)]
    assert people(3, same) == [0, 0, 0]


@pytest.mark.parametrize("seed", range(5))
def test_the_order_of_pairs_changes_nothing(seed):
    chance = np.random.default_rng(seed)
    pairs = [(a, b, float(chance.normal(0, 5))) for a in range(12) for b in range(a + 1, 12)]
    turned = [pairs[place] for place in chance.permutation(len(pairs))]
    assert people(12, pairs) == people(12, turned)


def test_measures_of_a_known_case():
    found = measure(["a", "a", "a", "b", "c"], [1, 1, 2, 2, 3])
    assert found.pair_precision == pytest.approx(1 / 3)
    assert found.pair_recall == pytest.approx(1 / 2)
    assert found.pair_f1 == pytest.approx(0.4)
    assert found.bcubed_precision == pytest.approx((2 / 3 + 2 / 3 + 1 / 3 + 1 + 1) / 5)
    assert found.bcubed_recall == pytest.approx((1 + 1 + 1 / 2 + 1 / 2 + 1) / 5)
    assert found.exact_clusters == pytest.approx(1 / 3)


def test_records_without_a_truth_are_not_measured():
    assert measure(["a", "a", "b"], [1, 1, None]).pair_f1 == 1


def test_the_threshold_follows_the_expected_f1():
    sure = choose(np.array([20.0] * 50 + [-20.0] * 50))
    assert sure.threshold == pytest.approx(0, abs=0.01)
    assert sure.f1 == pytest.approx(1, abs=0.001)
    unsure = choose(np.array([0.0] * 50 + [-3.0] * 100))
    assert -1 <= unsure.threshold < 0
