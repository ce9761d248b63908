"""Which selectors an arriving event fulfils, and which segments what is said of a person may touch."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec

from geleit.customers.facts import CONSENTS, ORDERS, Setting
from geleit.customers.profiles import GUESS
from geleit.events.event import Event
from geleit.events.kinds import Touchpoint
from geleit.events.vocabulary import CONSENT_TRAIT
from geleit.segments import conditions as c
from geleit.segments.bearing import EITHER, bearings
from geleit.segments.comparison import Comparison
from geleit.segments.definition import Segment, the_segment
from geleit.segments.meaning import value_at
from geleit.segments.people import NOTHING, Wanted, wanted

Touch = tuple[str, int]  # name of a segment, and which way (see ``bearing``)


def parts_of(segment: Segment, segments: Mapping[str, Segment]) -> Iterator[c.Condition]:
    """All conditions of a segment, those of the segments that it asks for as well."""
    for part in c.walk(segment.who):
        yield part
        if isinstance(part, c.InSegment):
            yield from parts_of(the_segment(segments, part.segment), segments)


class Matching:
    """The selectors and names of some segments, ready to be met by events."""

    def __init__(self, segments: Mapping[str, Segment], setting: Setting) -> None:
        self.segments, self.setting = segments, setting
        self.parts = {name: list(parts_of(one, segments)) for name, one in segments.items()}
        self._selectors: dict[str, dict[int, c.Selector]] = defaultdict(dict)
        self._kinds: dict[int, frozenset[str]] = {}
        self._by_key: dict[int, set[Touch]] = defaultdict(set)
        self._by_trait: dict[str, set[Touch]] = defaultdict(set)
        self._with: dict[type, set[Touch]] = defaultdict(set)
        self._silent: set[str] = set()
        self._wanted = {name: wanted(parts) for name, parts in self.parts.items()}
        for name, parts in self.parts.items():
            for part in parts:
                self._with[type(part)].add((name, EITHER))
                self._learn(name, part)
            for key, way in bearings(segments[name], segments).items():
                self._by_key[key].add((name, way))

    def _learn(self, name: str, part: c.Condition) -> None:
        if isinstance(part, c.Trait):
            self._by_trait[part.trait].add((name, EITHER))
        if isinstance(part, c.NeedIs) and part.silent_for:
            self._silent.add(name)
        for selector in c.selectors(part):
            self._kinds[selector.key] = frozenset(selector.did)
            for kind in selector.did:
                self._selectors[self.setting.catalogue.canonical(kind)][selector.key] = selector

    def fulfilled(self, event: Event, touchpoint: Touchpoint) -> list[int]:
        """The keys of the selectors that mean an event."""
        if touchpoint.evidence == "gap":
            return []
        found = self._selectors.get(touchpoint.kind)
        if not found:
            return []
        own = touchpoint.kind if event.kind == "step_told" else event.kind
        named = (
            touchpoint.kind,
            own,
        )  # a kind of the company's own means just that, a known one all that it stands for
        return [
            key
            for key, selector in found.items()
            if not self._kinds[key].isdisjoint(named) and _means(selector, event, touchpoint, self.setting.zone)
        ]

    def touched(self, event: Event, keys: Sequence[int]) -> set[Touch]:
        """The segments whose answer an event may change and which way; ``keys``: the selectors that it fulfils.

        What it does to needs is told by who carries these on: see ``moved_by_needs``.
        """
        found = set[Touch]().union(*(self._by_key[key] for key in keys))
        for trait in event.traits:
            found |= self._by_trait.get(trait.removeprefix(GUESS), set())
            if trait.startswith(CONSENT_TRAIT):
                found |= self._with[c.ConsentIs]
        kind = self.setting.catalogue.canonical(event.kind)
        if kind in ORDERS:
            found |= self._with[c.Orders]
        if kind in CONSENTS:
            found |= self._with[c.ConsentIs]
        return found

    def moved_by_needs(self, *, merely_going_on: bool) -> set[str]:
        """The segments whose answer a need may change that opened, closed or is in another stage, or that goes on."""
        return self._silent if merely_going_on else {name for name, _ in self._with[c.NeedIs]}

    def wanted(self, names: Iterable[str]) -> Wanted:
        """What has to be known of a person to ask for these segments."""
        return sum((self._wanted[name] for name in names), NOTHING)


def _means(selector: c.Selector, event: Event, touchpoint: Touchpoint, zone: str) -> bool:
    if selector.channel and touchpoint.channel not in selector.channel:
        return False
    if selector.source and event.source not in selector.source:
        return False
    return all(_fulfils(event, name, comparison, zone) for name, comparison in selector.where.items())


def _fulfils(event: Event, name: str, comparison: Comparison, zone: str) -> bool:
    root, *rest = name.split(".")
    value = event.properties.get(root)
    if not isinstance(value, str | bool | None):  # as it will stand in the stores
        value = msgspec.json.decode(msgspec.json.encode(value))
    return comparison.holds(value_at(value, rest), 0, zone)
