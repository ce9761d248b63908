"""An answer about all journeys as a table that people read; its numbers in their units, its ranges beside what they are of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Any

from geleit.cli.output import say, table
from geleit.language.formats import number, span, stamp
from geleit.language.words import translate

if TYPE_CHECKING:
    from geleit.analytics.result import Result

SHARES = {"share", "of_first", "of_previous", "conversion", "share_a", "share_b", "with_it", "without_it", "difference"}
ENDS = ("_low", "_high")


def tell(result: Result[Any], language: str, zone: str) -> None:
    """Print what is counted, the rows, and as of when; a field with ends (``x_low``, ``x_high``) has them in brackets."""
    say(result.explain(language))
    every = [one.name for one in fields(result.rows[0])] if result.rows else []
    ranged = {name for name in every if all(f"{name}{end}" in every for end in ENDS)}
    names = [name for name in every if not any(name == f"{one}{end}" for one in ranged for end in ENDS)]
    heads = [translate(language, name.removesuffix("_us").replace("_", " ")) for name in names]
    lines = [[_within(row, name, ranged, language) for name in names] for row in result.rows]
    table(heads, lines)
    say(translate(language, "As of {moment}.", moment=stamp(result.as_of.at, language, zone)))


def _within(row: Any, name: str, ranged: set[str], language: str) -> Any:
    value = shown(name, getattr(row, name), language)
    low, high = (getattr(row, f"{name}{end}") if name in ranged else None for end in ENDS)
    if low is None or high is None:
        return value
    return f"{value} ({shown(name, round(low, 1), language)}\u2013{shown(name, round(high, 1), language)})"


def shown(name: str, value: Any, language: str) -> Any:
    """A value as people read it."""
    if value is None:
        return "-"
    if name.endswith("_us"):
        return span(int(value), language)
    if name == "kept":
        return number(value / 100, language)
    if name in SHARES | {"low", "high"}:
        return f"{number(round(value * 100, 1), language)} %"
    if isinstance(value, bool):
        return translate(language, "yes" if value else "no")
    if isinstance(value, float):
        return number(round(value, 2), language)
    if isinstance(value, tuple):
        return _listed(value, language)
    return value if isinstance(value, int) else str(value) or "·"


def _listed(value: Sequence[Any], language: str) -> str:
    if all(isinstance(one, str) for one in value):
        return " → ".join(value)
    nothing = translate(language, "nothing more")
    named = [list(asdict(one).values()) for one in value[:3]]
    return ", ".join(f"{name or nothing} {number(count, language)}" for name, count, *_ in named)
