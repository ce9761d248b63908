"""Learns, without labels, how much each likeness says: expectation maximization over all compared pairs with known chance levels.

Three kinds of pairs are told apart (Fellegi and Sunter's two, and one more): the same person, strangers, and people of one
household, who share name, address and phone but neither first name nor birthday. Without the third, relatives look like one person.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geleit.identity.linkage.comparisons import PERSONAL, Compared

ROUNDS = 60
STEADY = 1e-5
MOST = 0.45  # of all pairs, that one kind may be; the rest are strangers
PRIOR = 2.0  # made-up pairs behind each estimate, so that nothing is ever impossible
Floats = NDArray[np.float64]
Codes = NDArray[np.int8]


@dataclass(slots=True)
class Model:
    """What likeness says, per comparison from the best level to ``else``.

    Probability among the same person's pairs (m), strangers' (u), one household's (h), and how many of all possible
    pairs are of the first and the last kind.
    """

    m: list[Floats]
    u: list[Floats]
    h: list[Floats]
    same: float
    household: float


def chance(gammas: Codes, compared: Sequence[Compared]) -> list[Floats]:
    """Level probabilities among strangers, from randomly drawn pairs; -1 (unknown) does not count."""
    found = []
    for place, one in enumerate(compared):
        levels = gammas[:, place]
        counts = np.bincount(levels[levels >= 0], minlength=one.size).astype(float)
        found.append((counts + 0.3) / (counts.sum() + 0.3 * one.size))
    return found


def learn(gammas: Codes, rarity: Floats, observed: list[Floats], compared: Sequence[Compared], possible: int) -> Model:
    """The model of these pairs.

    ``gammas``: level of each pair and comparison, 0 the best, -1 unknown; ``rarity``: bits that a stranger's sameness in
    this value would take (NaN where it is not the same value); ``observed``: level shares among random pairs;
    ``possible``: how many pairs there are in all.
    """
    patterns, inverse, counts = np.unique(gammas, axis=0, return_inverse=True, return_counts=True)
    rare = np.full(patterns.shape, np.nan)
    for place in range(gammas.shape[1]):
        told = ~np.isnan(rarity[:, place])
        where = inverse.ravel()[told]
        known = np.bincount(where, minlength=len(patterns))
        sums = np.bincount(where, weights=rarity[told, place], minlength=len(patterns))
        rare[known > 0, place] = sums[known > 0] / known[known > 0]
    model = _start(observed, compared, possible, gammas.shape[0])
    for _ in range(ROUNDS):
        before = model.same
        model = _improved(model, Patterns(patterns, rare, counts.astype(float)), compared, observed, possible)
        if abs(model.same - before) <= STEADY * before:
            break
    return model


@dataclass(frozen=True, slots=True)
class Patterns:
    """Distinct combinations of levels, the rarity of what is the same in them, and how many pairs show each."""

    levels: Codes
    rare: Floats
    pairs: Floats


def _start(u: list[Floats], compared: Sequence[Compared], possible: int, pairs: int) -> Model:
    m, h = [], []
    for one, chance_levels in zip(compared, u, strict=True):
        falling = 0.3 ** np.arange(one.size)
        falling[-1] = max(falling[-1], 0.03)
        m.append(falling / falling.sum())
        h.append(chance_levels.copy() if one.kind == PERSONAL else 0.5 * falling / falling.sum() + 0.5 * chance_levels)
    expected = min(pairs * 0.5, (2 * max(possible, 1)) ** 0.5 * 0.5)
    share = min(max(expected, 0.5) / max(possible, 1), 0.3)
    return Model(m, u, h, share, share if has_household(compared) else 0.0)


def has_household(compared: Sequence[Compared]) -> bool:
    """Whether these records can show that people live together: something shared and something of one's own."""
    names = {one.name for one in compared}
    return bool(names & {"street", "phone", "email", "town"}) and "first_name" in names


def _logs(levels: list[Floats], patterns: Codes) -> Floats:
    total = np.zeros(len(patterns))
    for place, probabilities in enumerate(levels):
        table = np.append(np.log2(probabilities), 0.0)  # the last is for -1, unknown
        total += table[patterns[:, place]]
    return total


def _improved(
    model: Model, patterns: Patterns, compared: Sequence[Compared], observed: list[Floats], possible: int
) -> Model:
    match, home = _posteriors(model, patterns, compared)
    matches, homes = patterns.pairs * match, patterns.pairs * home
    same = min(max(matches.sum(), 0.5) / possible, MOST)
    household = min(max(homes.sum(), 0.5) / possible, MOST) if model.household else 0.0
    m, h, u = [], [], []
    for place, one in enumerate(compared):
        levels = patterns.levels[:, place]
        m.append(_estimate(levels, matches, one, model.u[place]))
        h.append(model.u[place] if one.kind == PERSONAL else _estimate(levels, homes, one, model.u[place]))
        # Random pairs hold some of the same person, in small files many.
        among = observed[place] - same * m[-1] - household * h[-1]
        among = np.maximum(among, 0.02 * observed[place])
        u.append(among / among.sum())
    return Model(m, u, h, same, household)


def _estimate(levels: Codes, weights: Floats, one: Compared, u: Floats) -> Floats:
    """Level probabilities by weight; a better level never speaks less for one person than a worse one."""
    known = levels >= 0
    counts = np.bincount(levels[known], weights=weights[known], minlength=one.size) + PRIOR / one.size
    found: Floats = counts / counts.sum()
    places = np.array(one.ordered)
    ratio = np.log(found[places] / u[places])
    found[places] = u[places] * np.exp(-_rising(-ratio, counts[places]))
    found /= found.sum()
    if found[-1] > one.differing:
        found[:-1] *= (1 - one.differing) / found[:-1].sum()
        found[-1] = one.differing
    return found


def _rising(values: Floats, weights: Floats) -> Floats:
    """Isotonic regression: the nearest sequence that never falls (pool adjacent violators)."""
    blocks: list[list[float]] = []
    for value, weight in zip(values, weights, strict=True):
        blocks.append([float(value), float(weight), 1])
        while len(blocks) > 1 and blocks[-2][0] > blocks[-1][0]:
            last, before = blocks.pop(), blocks.pop()
            total = last[1] + before[1]
            blocks.append([(last[0] * last[1] + before[0] * before[1]) / total, total, last[2] + before[2]])
    return np.concatenate([np.full(int(size), value) for value, _, size in blocks])


def _posteriors(model: Model, patterns: Patterns, compared: Sequence[Compared]) -> tuple[Floats, Floats]:
    """(same person, household) for each pattern."""
    match, home, stranger = _three(model, patterns.levels, patterns.rare, compared)
    top = np.maximum(np.maximum(stranger, match), home)
    parts = [np.exp2(one - top) for one in (match, home, stranger)]
    total = parts[0] + parts[1] + parts[2]
    return parts[0] / total, parts[1] / total


def _three(model: Model, levels: Codes, rare: Floats, compared: Sequence[Compared]) -> tuple[Floats, Floats, Floats]:
    """log2 likelihood, with its share, of each row as the same person, one household, strangers."""
    match = _logs(model.m, levels) + np.log2(model.same)
    stranger = np.full(len(levels), np.log2(1 - model.same - model.household))
    home = np.full(len(levels), np.log2(model.household) if model.household else -np.inf)
    for place, one in enumerate(compared):
        told = ~np.isnan(rare[:, place])
        by_chance = _logs([model.u[place]], levels[:, [place]])
        by_chance[told] = -rare[told, place]
        stranger += by_chance
        # People of one household share rare last names, but a rare first name only by chance.
        home += by_chance if one.kind == PERSONAL else _logs([model.h[place]], levels[:, [place]])
    return match, home, stranger


def weights(model: Model, gammas: Codes, rarity: Floats, compared: Sequence[Compared]) -> tuple[Floats, Floats]:
    """(log2 odds that each pair is one person, how much of it the household took away)."""
    match, home, stranger = _three(model, gammas, rarity, compared)
    other = np.logaddexp2(stranger, home)
    return match - other, other - stranger
