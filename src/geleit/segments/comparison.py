"""Comparisons of a value that somebody told: a trait, or a property of an event. One function judges for both evaluators."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from pydantic import ConfigDict, Field, model_validator

from geleit.clock import EPOCH_DAY, GERMAN_DAY, local_day, localize, micros, moment
from geleit.definitions import Definition
from geleit.segments.spans import DayOfCalendar, SpanOfTime, day_start

Scalar = bool | int | float | str
NUMBER = re.compile(r"[+-]?\d{1,30}(\.\d{1,30})?")
SHORTEST_TIME = 11  # letters of a number that is microseconds, not a count

Bounds = tuple[int, int | None]  # microseconds UTC and, where only a day was told, that day


class Comparison(Definition):
    """What must hold of a value; several must hold together.

    Where nothing is known, only ``exists: false`` holds. Letters' case does not matter. Of a list, one element suffices;
    ``is_not`` and ``none_of`` must hold of all.
    """

    model_config = ConfigDict(populate_by_name=True)

    is_: Scalar | None = Field(None, alias="is", description="this text, number or truth value")
    is_not: Scalar | None = Field(None, description="something is known, and it is not this")
    one_of: tuple[Scalar, ...] = Field((), description="one of these")
    none_of: tuple[Scalar, ...] = Field((), description="something is known, and it is none of these")
    above: float | None = Field(None, description="a number greater than this")
    at_least: float | None = Field(None, description="a number not less than this")
    below: float | None = Field(None, description="a number less than this")
    at_most: float | None = Field(None, description="a number not greater than this")
    contains: str = Field("", description="a text with these words in it")
    starts_with: str = Field("", description="a text that begins so")
    exists: bool | None = Field(None, description="true: anything is known; false: nothing is")
    before: DayOfCalendar | None = Field(None, description="a day before this one: a date, or counted from today")
    after: DayOfCalendar | None = Field(None, description="a day after this one")
    within_last: SpanOfTime | None = Field(None, description="a time in the last so many days (today is one) or hours")
    within_next: SpanOfTime | None = Field(None, description="a time in the next so many days (today is one) or hours")

    @model_validator(mode="after")
    def _says_something(self) -> Comparison:
        if not self.said:
            raise ValueError(f"say what it is compared with: {', '.join(names(Comparison))}")
        if self.exists is False and len(self.said) > 1:
            raise ValueError("exists: false goes with nothing else: nothing is known then")
        return self

    @property
    def said(self) -> Mapping[str, Any]:
        """What is compared, by the name of the comparison in YAML, in a fixed order."""
        return {
            field.alias or name: getattr(self, name)
            for name, field in Comparison.model_fields.items()
            if getattr(self, name) not in (None, "", ())
        }

    @property
    def moves(self) -> bool:
        """Whether the answer depends on the day it is asked."""
        days = (day for day in (self.before, self.after) if day is not None)
        return bool(self.within_last or self.within_next) or any(day.fixed is None for day in days)

    def holds(self, value: Any, now: int, zone: str) -> bool:
        """Whether it holds of a JSON value (None: nothing known)."""
        leaves = list(_leaves(value))
        if self.exists is not None and self.exists is not bool(leaves):
            return False
        if not leaves:
            return self.exists is False
        checks = [name for name in self.said if name != "exists"]
        return all(self._check(name, leaves, now, zone) for name in checks)

    def turns(self, value: Any, now: int, zone: str) -> list[int]:
        """Moments after ``now`` at which the answer may change without anything happening."""
        if not self.moves:
            return []
        return [t for leaf in _leaves(value) if (at := _time(leaf, zone)) for t in self._edges(at, zone) if t > now]

    def _check(self, name: str, leaves: list[Scalar], now: int, zone: str) -> bool:
        if name in ("is_not", "none_of"):
            unwanted = (self.is_not,) if name == "is_not" else self.none_of
            return not any(_equal(leaf, one) for leaf in leaves for one in unwanted if one is not None)
        if name in ("is", "one_of"):
            wanted = (self.is_,) if name == "is" else self.one_of
            return any(_equal(leaf, one) for leaf in leaves for one in wanted if one is not None)
        if name in ("contains", "starts_with"):
            sought = getattr(self, name).casefold()
            texts = [_text(leaf).casefold() for leaf in leaves]
            return any(sought in text if name == "contains" else text.startswith(sought) for text in texts)
        if name in ("above", "at_least", "below", "at_most"):
            return any(
                _compare(name, number, getattr(self, name)) for leaf in leaves if (number := _number(leaf)) is not None
            )
        return any(self._in_time(name, at, now, zone) for leaf in leaves if (at := _time(leaf, zone)))

    def _in_time(self, name: str, at: Bounds, now: int, zone: str) -> bool:
        t, told = at
        today, day = local_day(now, zone), local_day(t, zone) if told is None else told
        if name == "before" and self.before:
            return day < self.before.number(today)
        if name == "after" and self.after:
            return day > self.after.number(today)
        span = self.within_last if name == "within_last" else self.within_next
        assert span is not None  # noqa: S101 (the last two comparisons)
        past = name == "within_last"
        if span.days is None:
            return now - span.exact < t <= now if past else now <= t < now + span.exact
        return today - span.days < day <= today if past else today <= day < today + span.days

    def _edges(self, at: Bounds, zone: str) -> Iterator[int]:
        t, told = at
        day = local_day(t, zone) if told is None else told
        for relative in (self.before, self.after):
            if relative is not None and relative.fixed is None:
                first = day - relative.offset
                yield from (day_start(first, zone), day_start(first + 1, zone))
        for span in (self.within_last, self.within_next):
            if span is None:
                continue
            if span.days is None:
                yield from (t, t + 1, t + span.exact, t - span.exact + 1)
            else:
                yield from (day_start(day + shift, zone) for shift in (0, 1, span.days, 1 - span.days))


def names(model: type[Definition]) -> list[str]:
    """The names of a model's fields as they are written in YAML."""
    return [field.alias or name for name, field in model.model_fields.items()]


def _leaves(value: Any) -> Iterator[Scalar]:
    """The texts and numbers in a value: itself, a list's elements, a mapping's values; nothing for what is empty."""
    if isinstance(value, Mapping):
        value = list(value.values())
    if isinstance(value, list | tuple):
        for one in value:
            yield from _leaves(one)
    elif value is not None and value != "":
        yield value


def _text(leaf: Scalar) -> str:
    if isinstance(leaf, bool):
        return "true" if leaf else "false"
    if isinstance(leaf, float) and leaf.is_integer():
        return str(int(leaf))
    return str(leaf)


def _number(leaf: Scalar) -> Decimal | None:
    if isinstance(leaf, bool):
        return None
    if isinstance(leaf, str):
        return Decimal(leaf.strip()) if NUMBER.fullmatch(leaf.strip()) else None
    try:
        number = Decimal(str(leaf))
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _equal(leaf: Scalar, wanted: Scalar) -> bool:
    if not isinstance(wanted, bool | str) and (number := _number(leaf)) is not None:
        return number == _number(wanted)
    return _text(leaf).strip().casefold() == _text(wanted).strip().casefold()


def _compare(name: str, number: Decimal, limit: float) -> bool:
    edge = Decimal(str(limit))
    if name in ("above", "at_most"):
        return (number > edge) is (name == "above")
    return (number >= edge) is (name == "at_least")


def _time(leaf: Scalar, zone: str) -> Bounds | None:
    """A value as a moment, and as a day where only a day was told; None for what is no time."""
    if isinstance(leaf, bool):
        return None
    text = _text(leaf).strip()
    if german := GERMAN_DAY.fullmatch(text):
        text = f"{german[3]}-{german[2]:>02}-{german[1]:>02}"
    try:
        if text.lstrip("-").isdigit():
            return _told(int(text), zone) if len(text) >= SHORTEST_TIME else None
        if len(text) <= len("2026-11-22"):
            day = (date.fromisoformat(text) - EPOCH_DAY).days
            return day_start(day, zone), day
        at = datetime.fromisoformat(text)
        return _told(micros(at if at.tzinfo else localize(at, zone)), zone)
    except (ValueError, OverflowError):
        return None


def _told(t: int, zone: str) -> Bounds | None:
    try:
        moment(t, zone)
    except (ValueError, OverflowError):
        return None
    return t, None
