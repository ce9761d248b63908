"""What both evaluators must read alike: which times count, what a property's path leads to, which products are meant."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Protocol

from geleit.clock import EPOCH_DAY
from geleit.segments.spans import Span, day_start

FIRST = -(2**62)


class Timed(Protocol):
    """A condition that looks at a time."""

    @property
    def since(self) -> date | None:
        """First day."""


def between(condition: Timed, now: int, zone: str) -> tuple[int, int]:
    """The moments between which it looks at ``now``; the second no longer belongs to it. What comes later never counts."""
    span: Span | None = getattr(condition, "within", None)
    if hasattr(condition, "begun_within"):  # of a sequence ``within`` is from step to step
        span = condition.begun_within
    until: date | None = getattr(condition, "until", None)
    first = span.begin(now, zone) if span else FIRST
    if condition.since:
        first = max(first, _start(condition.since, zone))
    return first, min(now + 1, _start(until, zone)) if until else now + 1


def _start(day: date, zone: str) -> int:
    return day_start((day - EPOCH_DAY).days, zone)


def value_at(value: Any, path: Sequence[str]) -> Any:
    """What a path leads to: into mappings by name, into lists to each element."""
    for name in path:
        if isinstance(value, Mapping):
            value = value.get(name)
        elif isinstance(value, list | tuple):
            value = [found for one in value if (found := value_at(one, (name,))) is not None]
        else:
            return None
    return value


def product_meant(wanted: Sequence[str], product_id: str, name: str) -> bool:
    """Whether a product is one of the wanted: its number, or words of its name."""
    return any(one.casefold() == product_id.casefold() or one.casefold() in name.casefold() for one in wanted if one)
