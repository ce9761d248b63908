"""Customers of many identifiers at once: groups that nothing holds back are joined as whole columns of numbers.

Equal to ``graph.resolve`` for those groups, because where no limit is reached and nobody decided anything, every link
joins, in whatever order; all other groups are named difficult and left to it. Identifiers are numbers from 0 on; texts
are looked at where numbers do not decide.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import cached_property
from typing import get_args

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from geleit.clock import DAY
from geleit.events.event import Identifier
from geleit.identity.components import components
from geleit.identity.customer_ids import ids_of, order_of
from geleit.identity.graph import COUNTED, PERSONAL, Reason, fixed_reason
from geleit.identity.normalize import plain
from geleit.identity.rules import Rules, TypeRule

REASONS: tuple[Reason, ...] = get_args(Reason)  # by their numbers; 0 = it may join
AMBIGUOUS, HUB = REASONS.index("ambiguous"), REASONS.index("hub")

Numbers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Known:
    """Identifiers by their numbers: the place of each one's type in ``types``, its value, when it was seen first."""

    types: Sequence[str]
    kind: npt.NDArray[np.int16]
    values: pa.Array  # large_string
    first_t: Numbers

    def __len__(self) -> int:
        return len(self.kind)

    def of_type(self, place: int) -> tuple[Numbers, pa.Array]:
        """The numbers of all identifiers of a type, and their values."""
        numbers = np.flatnonzero(self.kind == place)
        if len(numbers) and numbers[-1] - numbers[0] == len(numbers) - 1:
            return numbers, self.values.slice(int(numbers[0]), len(numbers))
        return numbers, self.values.take(pa.array(numbers))

    def find(self, wanted: Iterable[Identifier]) -> Iterator[tuple[int, Identifier]]:
        """Those of a few identifiers that are among them, with their numbers."""
        by_type: dict[str, list[str]] = {}
        for one in wanted:
            by_type.setdefault(one.type, []).append(one.value)
        for place, type_ in enumerate(self.types):
            if some := by_type.get(type_):
                numbers, values = self.of_type(place)
                there = pc.is_in(values, pa.array(some, values.type)).to_numpy(zero_copy_only=False)
                for number in numbers[there].tolist():
                    yield number, Identifier(type_, self.values[number].as_py())

    @cached_property
    def orders(self) -> Numbers:
        """The place of each type among all of them by name."""
        return np.argsort(np.argsort(np.array(self.types, dtype=object))).astype(np.int64)


class Held:
    """What the rules say of each type, in columns by the place of the type."""

    def __init__(self, known: Known, rules: Rules) -> None:
        self.rules = [rules.of(type_) for type_ in known.types]
        self.links = self._flags(lambda rule: rule.links)
        self.counted = self._flags(lambda rule: rule.class_ in COUNTED)
        self.personal = self._flags(lambda rule: rule.class_ in PERSONAL)
        self.shared_by = np.array([rule.shared_by or 0 for rule in self.rules], np.int64)
        self.shared = self._flags(lambda rule: rule.shared_by is not None)
        priority = np.array([rule.priority for rule in self.rules], np.int64)
        self.rank = np.empty(len(priority), np.int64)  # by priority, then by name
        self.rank[np.lexsort((known.orders, priority))] = np.arange(len(priority))

    def _flags(self, of: Callable[[TypeRule], bool]) -> Flags:
        return np.array([of(rule) for rule in self.rules], bool)


@dataclass(frozen=True, slots=True)
class Groups:
    """Who belongs together: for each identifier why it joins nobody (see ``REASONS``) and its group, then the groups.

    ``joined`` are the parts of a group that are one without its order numbers. ``ids`` are as ``customer_ids`` numbers
    them, ``rank`` is the place of each group: those that are ``simple`` first, by their ids.
    """

    reason: npt.NDArray[np.int8]
    joined: Numbers
    wide: Numbers
    since_t: Numbers
    ids: npt.NDArray[np.uint64]
    simple: Flags
    rank: Numbers


def find_groups(
    known: Known, low: Numbers, high: Numbers, rules: Rules, named: AbstractSet[Identifier] = frozenset()
) -> Groups:
    """The groups of all identifiers. ``low`` and ``high``: who was seen together, each pair once, by a source that counts.

    ``named``: identifiers of which people decided something.
    """
    held = Held(known, rules)
    reason = _reasons(known, low, high, (held, rules))
    may = (reason[low] == 0) & (reason[high] == 0)
    low, high = low[may], high[may]
    inner = held.links[known.kind[low]] & held.links[known.kind[high]]
    joined = components(len(known), low[inner], high[inner])
    wide = joined if inner.all() else components(len(known), low, high)
    count = int(wide.max()) + 1 if len(wide) else 0
    since_t = np.full(count, np.iinfo(np.int64).max)
    np.minimum.at(since_t, wide, known.first_t)
    oldest = _oldest(known, held, wide, count)
    ids = ids_of(known.types, known.kind[oldest], known.values.take(pa.array(oldest)))
    simple = np.ones(count, bool)
    simple[_difficult(known, held, joined, wide)] = False
    simple[[wide[number] for number, _ in known.find(named)]] = False
    rank = np.empty(count, np.int64)
    rank[np.lexsort((order_of(ids), ~simple))] = np.arange(count)
    return Groups(reason, joined, wide, since_t, ids, simple, rank)


def _reasons(known: Known, low: Numbers, high: Numbers, by: tuple[Held, Rules]) -> npt.NDArray[np.int8]:
    """Why each identifier joins nobody, by the same counts as ``graph.reason_of``."""
    held, rules = by
    count = len(known)
    low_kind, high_kind = known.kind[low], known.kind[high]

    def neighbors(which: Flags) -> Numbers:
        """How many of certain types each was seen with."""
        found = np.bincount(low[which[high_kind]], minlength=count)
        found += np.bincount(high[which[low_kind]], minlength=count)
        return found

    users = np.zeros(count, np.int64)
    for place, rule in enumerate(held.rules):
        if rule.class_ == "user_id":
            np.maximum(users, neighbors(np.arange(len(held.rules)) == place), out=users)
    many = (users > rules.hub.user_ids) | (neighbors(held.counted) > rules.hub.degree)
    many &= ~held.personal[known.kind]
    shared = held.shared[known.kind]
    reason = np.where(many & ~shared, HUB, 0).astype(np.int8)
    reason[shared & (many | (users >= held.shared_by[known.kind]))] = AMBIGUOUS
    reason[[number for number, _ in known.find(rules.include)]] = 0
    for number, why in _fixed(known, rules):
        reason[number] = REASONS.index(why)
    return reason


def _fixed(known: Known, rules: Rules) -> Iterator[tuple[int, Reason]]:
    """Values that join nobody whatever they were seen with; plain ones need no look."""
    for place, type_ in enumerate(known.types):
        numbers, values = known.of_type(place)
        odd = pc.invert(pc.match_substring_regex(values, plain(type_, rules))).to_numpy(zero_copy_only=False)
        for number in numbers[odd].tolist():
            if reason := fixed_reason(Identifier(type_, known.values[number].as_py()), rules):
                yield number, reason
    seen = {one for one in rules.exclude if re.search(plain(one.type, rules), one.value)}  # the others were seen above
    for number, _ in known.find(seen):
        yield number, "excluded"


def _oldest(known: Known, held: Held, wide: Numbers, count: int) -> Numbers:
    """After whom each group is named: the oldest identifier that joins, by (first seen, priority, type, value)."""
    best = np.arange(len(known))
    for key in (~held.links[known.kind], known.first_t, held.rank[known.kind]):
        best = _least(best, wide[best], key[best].astype(np.int64), count)
    found = np.empty(count, np.int64)
    found[wide[best]] = best
    _untie(known, best, wide[best], found)
    return found


def _least(places: Numbers, of: Numbers, keys: Numbers, count: int) -> Numbers:
    """The places with the smallest key of those of the same number ``of``, below ``count``."""
    least = np.full(count, np.iinfo(np.int64).max)
    np.minimum.at(least, of, keys)
    found: Numbers = places[keys == least[of]]
    return found


def _untie(known: Known, numbers: Numbers, of: Numbers, found: Numbers) -> None:
    """Let values decide where several identifiers of one type stand for the same ``of``."""
    tied = np.bincount(of, minlength=len(found))[of] > 1
    values = known.values.take(pa.array(numbers[tied])).to_pylist()
    least: dict[int, tuple[str, int]] = {}
    for place, value, number in zip(of[tied].tolist(), values, numbers[tied].tolist(), strict=True):
        least[place] = min(least.get(place, (value, number)), (value, number))
    for place, (_, number) in least.items():
        found[place] = number


def _difficult(known: Known, held: Held, joined: Numbers, wide: Numbers) -> Numbers:
    """Groups in which a limit holds a link back, and those whose order numbers lead to several people or to nobody."""
    found = []
    for place, rule in enumerate(held.rules):
        if not rule.links or rule.limit is None:
            continue
        numbers = np.flatnonzero(known.kind == place)
        crowded = np.bincount(joined[numbers], minlength=len(known))[joined[numbers]] > rule.limit
        numbers = numbers[crowded]
        slots = np.stack([joined[numbers], _slots(known.first_t[numbers], rule)], axis=1)
        _, inverse, counts = np.unique(slots, axis=0, return_inverse=True, return_counts=True)
        found.append(wide[numbers[counts[inverse.reshape(-1)] > rule.limit]])
    count = int(wide.max()) + 1 if len(wide) else 0
    linking = held.links[known.kind]
    part = np.full(len(known), -1)  # the group of each joined part that has more than order numbers
    part[joined[linking]] = wide[linking]
    cores = np.bincount(part[part >= 0], minlength=count)
    members = np.bincount(wide, minlength=count)
    return np.concatenate([*found, np.flatnonzero((cores > 1) | ((cores == 0) & (members > 1)))])


def _slots(first_t: Numbers, rule: TypeRule) -> Numbers:
    """The window of a limit that each time counts in, as ``TypeRule.slot`` says it."""
    if rule.per == "ever":
        return np.zeros(len(first_t), np.int64)
    if rule.per == "week":
        return (first_t // DAY + 3) // 7
    return first_t.astype("M8[us]").astype("M8[Y]" if rule.per == "year" else "M8[M]").astype(np.int64)


def find_owners(known: Known, groups: Groups, rules: Rules, members: tuple[Numbers, Numbers], count: int) -> Numbers:
    """Whose each of ``count`` sets is, as a group: its strongest member's; -1 of a set without members.

    ``members``: which set has which identifier, as two columns.
    """
    held = Held(known, rules)
    sets, who = members
    kind = known.kind[who]
    strength = ((groups.reason[who] > 0) * 2 + ~held.links[kind]) * len(held.rules) + held.rank[kind]
    best = _least(np.arange(len(sets)), sets, strength, count)
    wide = groups.wide[who]
    owner = np.full(count, -1)
    owner[sets[best]] = wide[best]
    differ = np.zeros(count, bool)
    differ[sets[best][owner[sets[best]] != wide[best]]] = True
    if differ.any():
        tied = best[differ[sets[best]]]
        chosen = np.full(count, -1)
        _untie(known, who[tied], sets[tied], chosen)
        owner[chosen >= 0] = groups.wide[chosen[chosen >= 0]]
    return owner
