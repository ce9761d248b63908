"""What attribution gives to each touch, from what was counted: by all people, and without the people of each lot."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from geleit.analytics import lots
from geleit.analytics.kernels.crediting import WHOLE

Floats = npt.NDArray[Any]
SHARING = ("first", "last", "linear", "position", "decay")  # models that share each success in whole millionths
MODELS = (*SHARING, "markov", "shapley")
REACHED = ("journeys", "people", "successes", "successful")
START, SUCCESS, NOTHING = "(start)", "(success)", "(nothing)"


class Credited:
    """Counts of one attribution by touch; touches in the order of their names."""

    def __init__(self, counts: pa.Table) -> None:
        self._of = {name: _codes(counts[name]) for name in ("what", "a", "b", "lot")}
        self._value = counts["value"].to_numpy()
        self.touches = sorted(self._names("journeys", "a"))
        self._lots = sorted(self._names("drawn", "lot"))
        self.reached = {what: [int(n) for n in self._summed(what, {"a": self.touches})] for what in REACHED}

    @cached_property
    def whole(self) -> Floats:
        """Credit by touch and model."""
        found = self._models(self._credits.sum(0)[None], self._shapley.sum(0)[None], self._follows.sum(0)[None])[0]
        exact = self._summed("shapley", {"a": self.touches, "b": self._parties})
        for place, by_parties in enumerate(exact):
            shares = [Fraction(int(n), int(size)) for n, size in zip(by_parties, self._parties, strict=True)]
            found[place, -1] = float(sum(shares, Fraction(0)))
        return np.asarray(found)

    def ranges(self) -> tuple[Floats, Floats] | None:
        """Lower and upper ends by touch and model, from estimates without the people of each lot."""
        people = self._summed("drawn", {"lot": self._lots})
        if len(people) < lots.FEWEST:
            return None
        left = [every.sum(0) - every for every in (self._credits, self._shapley, self._follows)]
        raised = people.sum() / (people.sum() - people)
        return lots.ranges(self.whole, self._models(*left) * raised[:, None, None], people)

    @cached_property
    def _credits(self) -> Floats:
        by_model = [self._summed(what, {"lot": self._lots, "a": self.touches}) for what in SHARING]
        return np.stack(by_model, axis=-1).reshape(len(self._lots), len(self.touches), len(SHARING))

    @cached_property
    def _parties(self) -> list[str]:
        return sorted(self._names("shapley", "b"))

    @cached_property
    def _shapley(self) -> Floats:
        by_parties = self._summed("shapley", {"lot": self._lots, "a": self.touches, "b": self._parties})
        return by_parties / np.array([int(size) for size in self._parties], float) if self._parties else by_parties

    @cached_property
    def _states(self) -> list[str]:
        return [START, *(touch for touch in self.touches if touch)]

    @cached_property
    def _follows(self) -> Floats:
        states = self._states
        return self._summed("follows", {"lot": self._lots, "a": states, "b": [*states, SUCCESS, NOTHING]})

    def _models(self, credits_: Floats, shapley: Floats, follows: Floats) -> Floats:
        """Credit by set, touch and model, of sets of counts that all stand along the first axis."""
        found = np.zeros((*credits_.shape[:2], len(MODELS)))
        found[:, :, : len(SHARING)] = credits_ / WHOLE
        found[:, :, -1] = shapley.sum(-1)
        effects = effects_of(follows)
        total = effects.sum(1, keepdims=True)
        share = np.divide(effects, total, out=np.zeros_like(effects), where=total > 0)
        named = [bool(touch) for touch in self.touches]
        markov = found[:, :, MODELS.index("markov")]
        markov[:, named] = share * follows[:, :, -2].sum(1)[:, None]
        markov[:, [not name for name in named]] = credits_[:, [not name for name in named], 0] / WHOLE
        return found

    def _names(self, what: str, column: str) -> list[str]:
        names, codes = self._of[column]
        return [names[code] for code in np.unique(codes[self._rows(what)])]

    def _rows(self, what: str) -> npt.NDArray[np.bool_]:
        names, codes = self._of["what"]
        return np.asarray(codes == (names.index(what) if what in names else -1))

    def _summed(self, what: str, by: Mapping[str, list[str]]) -> Floats:
        """Values of one sort as an array whose axes are columns, over their other columns summed."""
        chosen = self._rows(what)
        found = np.zeros(tuple(len(names) for names in by.values()), np.int64)
        places = []
        for column, wanted in by.items():
            names, codes = self._of[column]
            order = {name: place for place, name in enumerate(wanted)}
            places.append(np.array([order.get(name, -1) for name in names], np.int64)[codes[chosen]])
        np.add.at(found, tuple(places), self._value[chosen])
        return found


def _codes(column: pa.ChunkedArray) -> tuple[list[str], npt.NDArray[Any]]:
    coded = column.combine_chunks().dictionary_encode()
    return coded.dictionary.to_pylist(), coded.indices.to_numpy()


def effects_of(follows: Floats) -> Floats:
    """Share of successes that a first-order chain of touches loses without each touch, for sets of counts.

    ``follows[set, a, b]`` = how often b came directly after a; state 0 is the start, the two last are success and nothing.
    The chain is solved exactly (Anderl et al., 2016, "Mapping the customer journey"), and once for all touches: without one
    whoever comes to it is lost, and how likely that is the same inverse says.
    """
    totals = follows.sum(2, keepdims=True)
    moves = np.divide(follows, totals, out=np.zeros(follows.shape), where=totals > 0)
    visits = np.linalg.inv(np.eye(follows.shape[1]) - moves[:, :, :-2])
    likely = (visits @ moves[:, :, -2:-1])[:, :, 0]
    comes = visits[:, 0, 1:] / np.diagonal(visits, axis1=1, axis2=2)[:, 1:]
    every = likely[:, :1]
    return np.asarray(np.divide(comes * likely[:, 1:], every, out=np.zeros(comes.shape), where=every > 0))


def removal_effects(follows: Mapping[tuple[str, str], int]) -> dict[str, float]:
    """The same of one chain, with its states by name: START, SUCCESS, NOTHING and the touches."""
    touches = sorted({state for pair in follows for state in pair} - {START, SUCCESS, NOTHING})
    order = {state: place for place, state in enumerate([START, *touches, SUCCESS, NOTHING])}
    counted = np.zeros((1, len(touches) + 1, len(order)), np.int64)
    for (a, b), count in follows.items():
        counted[0, order[a], order[b]] += count
    return dict(zip(touches, map(float, effects_of(counted)[0]), strict=True))
