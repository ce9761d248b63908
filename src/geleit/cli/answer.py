"""An answer about all journeys as a table that people read; its numbers in their units, its ranges beside what they are of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from importlib import import_module
from typing import TYPE_CHECKING, Any

from geleit.cli.output import say, table
from geleit.language.formats import number, span, stamp
from geleit.language.words import translate

if TYPE_CHECKING:
    from geleit.analytics.result import Result
    from geleit.events.kinds import Catalogue

SHARES = {"share", "of_first", "of_previous", "conversion", "share_a", "share_b", "with_it", "without_it", "difference"}
ENDS = ("_low", "_high")


def tell(result: Result[Any], language: str, zone: str, catalogue: Catalogue) -> None:
    """Print what is counted, the rows, and as of when; a field with ends (``x_low``, ``x_high``) has them in brackets.

    Stages and groups stand by their names, with the id that options take in brackets.
    """
    say(result.explain(language))
    every = [one.name for one in fields(result.rows[0])] if result.rows else []
    ranged = {name for name in every if all(f"{name}{end}" in every for end in ENDS)}
    names = [name for name in every if not any(name == f"{one}{end}" for one in ranged for end in ENDS)]
    heads = [translate(language, name.removesuffix("_us").replace("_", " ")) for name in names]
    lines = [[_within(row, name, ranged, language) for name in names] for row in result.rows]
    for place, name in enumerate(names):
        told = _names(result, name, language, catalogue)
        for line, row in zip(lines, result.rows, strict=True):
            if (of := getattr(row, name)) in told:
                line[place] = _with_id(of, told[of])
    table(heads, lines, language=language)
    say(translate(language, "As of {moment}.", moment=stamp(result.as_of.at, language, zone)))
    if waiting := result.as_of.adopting:
        said = "The people of {n} events are still being taken in; their needs and profiles follow."
        say(translate(language, said, n=number(waiting, language)))


def _names(result: Result[Any], column: str, language: str, catalogue: Catalogue) -> Mapping[Any, str]:
    """What people call the values of a column, where these are stages or groups."""
    if column == "stage" or (result.question.looked_at == "stage" and column in ("value", "source", "target")):
        return {stage.id: catalogue.stage_label(stage.id, language) for stage in catalogue.stages}
    if column == "name" and result.question.name == "rfm":
        groups = import_module("geleit.charts.rfm").GROUPS  # what sets letters loads slowly
        return {group: translate(language, said) for group, said in groups.items()}
    return {}


def _with_id(value: str, name: str) -> str:
    return value if name.casefold() in ("", value.casefold()) else f"{name} ({value})"


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
