"""Which topics an event opens, continues or closes: judged once for all events that the rules cannot tell apart."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from pydantic import Field

from geleit.definitions import Definition
from geleit.needs.need import Readable

Scalar = str | int | float | bool


class Match(Definition):
    """Events of one kind whose properties have given values."""

    kind: str = Field("*", description="an event kind, as the source names it or canonical; * for any")
    where: dict[str, Scalar | tuple[Scalar, ...]] = Field(
        default_factory=dict, description="property (dots reach inside, through lists) to value or list of values"
    )


class Claim(NamedTuple):
    """Topics whose rules say that an event opens, continues, closes them."""

    opening: frozenset[str]
    continuing: frozenset[str]
    closing: frozenset[str]


Matches = Sequence[Match]
Values = frozenset[str]  # what a property has of the values that a rule asks for, in one case
NONE: Values = frozenset()


class Claims:
    """The claims of all rules: ``rules`` are matches that open, continue and close, by topic."""

    def __init__(self, rules: Mapping[str, tuple[Matches, Matches, Matches]]) -> None:
        self.rules = rules
        self._asked: dict[str, dict[str, set[str]]] = {}  # kind -> property -> values
        for match in _matches(rules):
            for path, wanted in match.where.items():
                self._asked.setdefault(match.kind, {}).setdefault(path, set()).update(_folded(wanted))
        self._paths: dict[tuple[str, str], Sequence[tuple[str, Values]]] = {}
        self._known: dict[tuple[object, ...], Claim] = {}

    @property
    def properties(self) -> set[str]:
        """Names of the properties that rules ask for."""
        return {path.partition(".")[0] for asked in self._asked.values() for path in asked}

    def of(self, read: Readable) -> Claim:
        """What the rules say of an event."""
        kinds = read.kind, read.touchpoint.kind
        paths = self._paths.get(kinds)
        if paths is None:
            paths = self._paths[kinds] = self._asked_of(kinds)
        properties = read.properties
        if paths and properties:
            values: tuple[Values, ...] = tuple(_values(properties, path, wanted) for path, wanted in paths)
        else:
            values = ()
        key = (kinds, values)
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = self._judged(kinds, dict(zip((path for path, _ in paths), values, strict=False)))
        return found

    def _asked_of(self, kinds: tuple[str, str]) -> Sequence[tuple[str, Values]]:
        """The properties that rules ask of events of a kind, with the values that they know."""
        asked: dict[str, set[str]] = {}
        for kind in {"*", *kinds}:
            for path, wanted in self._asked.get(kind, {}).items():
                asked.setdefault(path, set()).update(wanted)
        return [(path, frozenset(wanted)) for path, wanted in sorted(asked.items())]

    def _judged(self, kinds: tuple[str, str], values: Mapping[str, Values]) -> Claim:
        def holds(match: Match) -> bool:
            known = ("*", *kinds)
            return match.kind in known and all(
                not values.get(path, NONE).isdisjoint(_folded(wanted)) for path, wanted in match.where.items()
            )

        def topics(place: int) -> frozenset[str]:
            return frozenset(topic for topic, some in self.rules.items() if any(holds(match) for match in some[place]))

        return Claim(topics(0), topics(1), topics(2))


def _matches(rules: Mapping[str, tuple[Matches, Matches, Matches]]) -> Iterable[Match]:
    return (match for some in rules.values() for matches in some for match in matches)


def _folded(wanted: Scalar | tuple[Scalar, ...]) -> set[str]:
    choices = wanted if isinstance(wanted, tuple) else (wanted,)
    return {str(choice).casefold() for choice in choices}


def _values(properties: Mapping[str, Any], path: str, wanted: Values) -> Values:
    """Which of the wanted values a property has."""
    plain = properties.get(path)
    if plain is None and "." not in path:
        return NONE
    if isinstance(plain, str) and "." not in path:
        folded = plain.casefold()
        return frozenset((folded,)) if folded in wanted else NONE
    return frozenset(str(value).casefold() for value in _at(properties, path)) & wanted


def _at(value: Any, path: str) -> Iterator[Any]:
    if isinstance(value, list):
        for item in value:
            yield from _at(item, path)
    elif not path:
        if value is not None:
            yield value
    elif isinstance(value, Mapping):
        head, _, rest = path.partition(".")
        yield from _at(value.get(head), rest)
