"""Aligning with a design against trying every way of giving events to steps."""

import random
from itertools import pairwise, product

import numpy as np
import pytest

from geleit.needs.alignment import Rules, align, place


def aligned(fits, required, repeats):
    """Begin, end, step of each event, and each step's event in another order."""
    rules = Rules(np.array(required, np.bool_), np.array(repeats, np.bool_))
    begin, end, other = (np.full(len(required), -1, np.int64) for _ in range(3))
    step_of = np.full(len(fits), -1, np.int64)
    align(np.array(fits, np.int64), rules, begin, end)
    place(np.array(fits, np.int64), rules, (begin, end), step_of, other)
    return begin.tolist(), end.tolist(), step_of.tolist(), other.tolist()


def brute(fits, required, repeats):
    """The best of all alignments, by the words of its definition."""
    choices = [[-1, *(j for j in range(len(required)) if fit >> j & 1)] for fit in fits]
    best = None
    for given in product(*choices):
        steps = [step for step in given if step >= 0]
        if any(a > b or (a == b and not repeats[a]) for a, b in pairwise(steps)):
            continue
        begin = [given.index(j) if j in given else -1 for j in range(len(required))]
        end = [len(given) - 1 - given[::-1].index(j) if j in given else -1 for j in range(len(required))]
        good = (-sum(required[j] for j in set(steps)), -len(steps))
        early = [(len(fits), 0) if begin[j] < 0 else (begin[j], end[j]) for j in range(len(required))]
        if best is None or (good, early) < best[0]:
            best = ((good, early), begin, end, list(given))
    _, begin, end, given = best
    other = [-1] * len(required)
    for j in range(len(required)):
        left = [i for i, step in enumerate(given) if step < 0 and fits[i] >> j & 1]
        if begin[j] < 0 and left:
            given[left[0]] = j
            other[j] = left[0]
    return begin, end, given, other


@pytest.mark.parametrize("seed", range(300))
def test_the_best_alignment_is_found(seed):
    chance = random.Random(seed)
    steps = chance.randint(1, 4)
    required = [chance.random() < 0.7 for _ in range(steps)]
    repeats = [chance.random() < 0.4 for _ in range(steps)]
    fits = [
        chance.choice((0, *(1 << j for j in range(steps)), chance.getrandbits(steps)))
        for _ in range(chance.randint(0, 7))
    ]
    assert aligned(fits, required, repeats) == brute(fits, required, repeats)


def test_a_required_step_is_worth_more_than_many_events():
    # the second step repeats and is optional; the third, required, comes before its repeats
    begin, _, step_of, _ = aligned([1, 4, 2, 2, 2], [True, False, True], [False, True, False])
    assert begin == [0, -1, 1]
    assert step_of == [0, 2, 1, -1, -1]  # one event of the step left out is there, in another order


def test_nothing_happened():
    assert aligned([], [True], [False]) == ([-1], [-1], [], [-1])
