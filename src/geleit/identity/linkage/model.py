"""Learns, without labels, how much each likeness says: expectation maximization over all compared pairs with known chance levels.

Four kinds of pairs are told apart (Fellegi and Sunter's two, and two more): the same person; strangers; people of one
household, who share name, address and phone but neither first name nor birthday; and namesakes, who share a common name and
what is made of it (``anna.meyer@``), and nothing else. Without the third, relatives look like one person; without the fourth,
in a large file, everybody who is called alike does.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geleit.identity.linkage.comparisons import PERSONAL, Compared

NAMED = frozenset({"first_name", "last_name", "middle_name", "gender", "email"})  # what a name brings with it
ROUNDS = 60
STEADY = 1e-5
MOST = 0.45  # of all pairs, that one kind may be; the rest are strangers
MOST_PATTERNS = 2**62
PRIOR = 2.0  # made-up pairs behind each estimate, so that nothing is ever impossible
Floats = NDArray[np.float64]
Codes = NDArray[np.int8]


@dataclass(slots=True)
class Model:
    """What likeness says, per comparison from the best level to ``else``.

    Probability among the same person's pairs (m), strangers' (u), one household's (h), namesakes' (n), and how many of
    all possible pairs are of the first and the last two kinds.
    """

    m: list[Floats]
    u: list[Floats]
    h: list[Floats]
    n: list[Floats]
    same: float
    household: float
    namesake: float


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
    patterns, inverse, counts = _patterns(gammas, compared)
    rare = np.full(patterns.shape, np.nan)
    for place in range(gammas.shape[1]):
        told = ~np.isnan(rarity[:, place])
        where = inverse[told]
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


def _patterns(gammas: Codes, compared: Sequence[Compared]) -> tuple[Codes, NDArray[np.int64], NDArray[np.int64]]:
    """The distinct rows, which of them each row is, and how many rows each is.

    Rows as single numbers, as long as they fit: sorting those costs a thirtieth of sorting rows.
    """
    radix = [one.size + 1 for one in compared]
    if math.prod(radix) >= MOST_PATTERNS:
        rows, inverse, counts = np.unique(gammas, axis=0, return_inverse=True, return_counts=True)
        return rows, inverse.ravel(), counts
    steps = np.cumprod([1, *radix[::-1]])[-2::-1]
    codes = np.zeros(len(gammas), np.int64)
    for place, step in enumerate(steps):
        codes += (gammas[:, place].astype(np.int64) + 1) * step
    distinct, inverse, counts = np.unique(codes, return_inverse=True, return_counts=True)
    rows = np.stack([distinct // step % size - 1 for step, size in zip(steps, radix, strict=True)], axis=1)
    return rows.astype(np.int8), inverse, counts


@dataclass(frozen=True, slots=True)
class Patterns:
    """Distinct combinations of levels, the rarity of what is the same in them, and how many pairs show each."""

    levels: Codes
    rare: Floats
    pairs: Floats


def _start(u: list[Floats], compared: Sequence[Compared], possible: int, pairs: int) -> Model:
    m, h, n = [], [], []
    for one, chance_levels in zip(compared, u, strict=True):
        falling = 0.3 ** np.arange(one.size)
        falling[-1] = max(falling[-1], 0.03)
        m.append(falling / falling.sum())
        h.append(chance_levels.copy() if one.kind == PERSONAL else 0.5 * falling / falling.sum() + 0.5 * chance_levels)
        n.append(0.8 * m[-1] + 0.2 * chance_levels if one.name in NAMED else chance_levels.copy())
    expected = min(pairs * 0.5, (2 * max(possible, 1)) ** 0.5 * 0.5)
    share = min(max(expected, 0.5) / max(possible, 1), 0.3)
    household, namesake = (
        share if possible_kind else 0.0 for possible_kind in (has_household(compared), has_namesakes(compared))
    )
    return Model(m, u, h, n, share, household, namesake)


def has_household(compared: Sequence[Compared]) -> bool:
    """Whether these records can show that people live together: something shared and something of one's own."""
    names = {one.name for one in compared}
    return bool(names & {"street", "phone", "email", "town"}) and "first_name" in names


def has_namesakes(compared: Sequence[Compared]) -> bool:
    """Whether these records can show that people are only called alike: a whole name and something besides."""
    names = {one.name for one in compared}
    return {"first_name", "last_name"} <= names and bool(names & {"birthday", "street", "phone", "national_id"})


def _logs(levels: list[Floats], patterns: Codes) -> Floats:
    total = np.zeros(len(patterns))
    for place, probabilities in enumerate(levels):
        table = np.append(np.log2(probabilities), 0.0)  # the last is for -1, unknown
        total += table[patterns[:, place]]
    return total


def _improved(
    model: Model, patterns: Patterns, compared: Sequence[Compared], observed: list[Floats], possible: int
) -> Model:
    same, home, namesake = _posteriors(model, patterns, compared)
    matches, homes, namesakes = patterns.pairs * same, patterns.pairs * home, patterns.pairs * namesake
    shares = [
        _share(matches, possible, 1.0),
        _share(homes, possible, model.household),
        _share(namesakes, possible, model.namesake),
    ]
    m, h, n, u = [], [], [], []
    for place, one in enumerate(compared):
        levels, by_chance = patterns.levels[:, place], model.u[place]
        m.append(_estimate(levels, matches, one, by_chance))
        h.append(by_chance if one.kind == PERSONAL else _estimate(levels, homes, one, by_chance))
        n.append(_estimate(levels, namesakes, one, by_chance) if one.name in NAMED else by_chance)
        if one.name == "email":
            n[-1][0] = min(by_chance[0], n[-1][0])  # a whole address is no part of a name
            n[-1] /= n[-1].sum()
        # Random pairs hold some of the same person, in small files many.
        among = observed[place] - shares[0] * m[-1] - shares[1] * h[-1]
        among = np.maximum(among, 0.02 * observed[place])
        u.append(among / among.sum())
    return Model(m, u, h, n, *shares)


def _share(weights: Floats, possible: int, before: float) -> float:
    """A kind's part of all possible pairs; a kind that these records cannot show has none."""
    return min(max(float(weights.sum()), 0.5) / possible, MOST) if before else 0.0


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


def _posteriors(model: Model, patterns: Patterns, compared: Sequence[Compared]) -> tuple[Floats, Floats, Floats]:
    """(same person, household, namesakes) for each pattern."""
    kinds = _kinds(model, patterns.levels, patterns.rare, compared)
    top = np.max(kinds, axis=0)
    parts = [np.exp2(one - top) for one in kinds]
    total = sum(parts)
    return parts[0] / total, parts[1] / total, parts[2] / total


def _kinds(model: Model, levels: Codes, rare: Floats, compared: Sequence[Compared]) -> list[Floats]:
    """log2 likelihood, with its share, of each row as the same person, one household, namesakes, strangers."""
    match = _logs(model.m, levels) + np.log2(model.same)
    rest = max(1 - model.same - model.household - model.namesake, 1e-3)
    home, namesake, stranger = (
        np.full(len(levels), np.log2(share) if share else -np.inf) for share in (model.household, model.namesake, rest)
    )
    for place, one in enumerate(compared):
        told = ~np.isnan(rare[:, place])
        column = levels[:, [place]]
        by_chance = _logs([model.u[place]], column)
        by_chance[told] = -rare[told, place]
        stranger += by_chance
        # People of one household share rare last names, but a rare first name only by chance.
        home += by_chance if one.kind == PERSONAL else _logs([model.h[place]], column)
        called = by_chance
        if one.name in NAMED:
            # Namesakes mostly have common names: as strangers do who happen to be called alike.
            called = _logs([model.n[place]], column)
            called[told] += -rare[told, place] - np.log2(model.u[place][0])
        namesake += called
    return [match, home, namesake, stranger]


def weights(model: Model, gammas: Codes, rarity: Floats, compared: Sequence[Compared]) -> tuple[Floats, Floats]:
    """(log2 odds that each pair is one person, how much of it household and name took away)."""
    match, home, namesake, stranger = _kinds(model, gammas, rarity, compared)
    other = np.logaddexp2(np.logaddexp2(stranger, home), namesake)
    return match - other, other - stranger
