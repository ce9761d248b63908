"""Conditions in words that a colleague reads, in English and German: one line each, deeper ones indented."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from babel.dates import format_date
from babel.lists import format_list

from geleit.events.kinds import Catalogue, humanize
from geleit.language.formats import number
from geleit.language.words import plural, translate
from geleit.segments import conditions as c
from geleit.segments.comparison import Comparison
from geleit.segments.spans import Day, Span


@dataclass(frozen=True, slots=True)
class Line:
    """One line; ``depth`` tells inside of how many others it stands."""

    depth: int
    text: str


@dataclass(frozen=True, slots=True)
class Speaker:
    """Who says it: in which language, by which names of kinds, topics and segments."""

    language: str
    catalogue: Catalogue
    topic: Callable[[str], str]
    title: Callable[[str], str]

    def lines(self, condition: c.Condition, depth: int = 0) -> list[Line]:
        """A condition as lines."""
        heads: dict[type, str] = {
            c.All: "All of these hold:",
            c.AnyOf: "At least one of these holds:",
            c.Not: "This does not hold:",
        }
        if isinstance(condition, c.All | c.AnyOf | c.Not):
            inside = [line for part in c.inner(condition) for line in self.lines(part, depth + 1)]
            return [Line(depth, self.say(heads[type(condition)])), *inside]
        return [Line(depth, self.sentence(condition))]

    def sentence(self, condition: c.Condition) -> str:
        """A condition that holds no others, as one sentence."""
        makers: dict[type, Callable[[Any], str]] = {
            c.Did: self._did,
            c.Sequence: self._sequence,
            c.Trait: self._trait,
            c.NeedIs: self._need,
            c.Orders: self._orders,
            c.ConsentIs: self._consent,
            c.InSegment: lambda one: self.say("is in the segment “{name}”", name=self.title(one.segment)),
        }
        return makers[type(condition)](condition)

    def say(self, text: str, /, **values: object) -> str:
        """A text in the language."""
        return translate(self.language, text, **values)

    def _join(self, parts: Iterator[str]) -> str:
        return ", ".join(part for part in parts if part)

    def _did(self, did: c.Did) -> str:
        return f"{self._events(did)}: {self._join(self._often(did))}"

    def _often(self, did: c.Did) -> Iterator[str]:
        if did.not_since:
            yield self.say("at least once, but not in the last {span}", span=self.span(did.not_since))
            return
        if did.only != "any":
            yield self.say("the first time") if did.only == "first" else self.say("the last time")
        else:
            yield self._times(did.low, did.high)
        yield from self._when(did)

    def _times(self, low: int, high: int | None) -> str:
        if high == 0:
            return self.say("never")
        if low == high:
            return self.say("exactly once") if low == 1 else self.say("exactly {n} times", n=self.number(low))
        if high is None:
            return self.say("at least once") if low == 1 else self.say("at least {n} times", n=self.number(low))
        if not low:
            return self.say("at most once") if high == 1 else self.say("at most {n} times", n=self.number(high))
        return self.say("{low} to {high} times", low=self.number(low), high=self.number(high))

    def _when(self, one: Any) -> Iterator[str]:
        if one.within:
            today = one.within.days == 1
            yield self.say("today") if today else self.say("in the last {span}", span=self.span(one.within))
        if one.since:
            yield self.say("since {day}", day=self.date(one.since))
        if getattr(one, "until", None):
            yield self.say("before {day}", day=self.date(one.until))

    def _events(self, selector: c.Selector) -> str:
        """Kinds with what is asked of them, as a phrase in quotation marks."""
        labels = [self.catalogue.label(kind, self.language) or kind for kind in selector.did]
        parts = [self.say("“{what}”", what=self.listed(labels, "or"))]
        for name, comparison in selector.where.items():
            parts.append(f"{humanize(name)} {self.comparison(comparison)}")
        if selector.channel:
            names = [self.catalogue.channel_label(one, self.language) for one in selector.channel]
            parts.append(self.say("channel: {names}", names=self.listed(names, "or")))
        if selector.source:
            parts.append(self.say("from {names}", names=self.listed(list(selector.source), "or")))
        return parts[0] if len(parts) == 1 else f"{parts[0]} ({'; '.join(parts[1:])})"

    def _sequence(self, one: c.Sequence) -> str:
        def more() -> Iterator[str]:
            yield " → ".join(self._events(step) for step in one.sequence)
            if one.within:
                yield self.say("within {span}", span=self.span(one.within))
            if one.begun_within:
                yield self.say("begun in the last {span}", span=self.span(one.begun_within))
            if one.since:
                yield self.say("begun since {day}", day=self.date(one.since))
            if after := one.not_followed_by:
                what = self._events(after)
                if after.within:
                    yield self.say("and then not {what} for {span}", what=what, span=self.span(after.within))
                else:
                    yield self.say("and since then not {what}", what=what)

        return self._join(more())

    def _trait(self, trait: c.Trait) -> str:
        guessed = self.say(" (a guess will do)") if trait.guessed else ""
        return f"{humanize(trait.trait)} {self.comparison(trait)}{guessed}"

    def comparison(self, comparison: Comparison) -> str:
        """What must hold of a value."""
        return self.listed([self._compared(name, value) for name, value in comparison.said.items()], "and")

    def _compared(self, name: str, value: Any) -> str:
        if name == "exists":
            return self.say("is known") if value else self.say("is not known")
        texts = {
            "is": "is {value}", "is_not": "is not {value}", "one_of": "is {value}", "none_of": "is none of {value}",
            "above": "is more than {value}", "at_least": "is at least {value}", "below": "is less than {value}",
            "at_most": "is at most {value}", "contains": "contains {value}", "starts_with": "begins with {value}",
            "before": "is before {value}", "after": "is after {value}", "within_last": "is in the last {value}",
            "within_next": "is in the next {value}",
        }  # fmt: skip
        return self.say(texts[name], value=self._value(value))

    def _value(self, value: Any) -> str:
        if isinstance(value, tuple):
            return self.listed([self._value(one) for one in value], "or")
        if isinstance(value, Span):
            return self.span(value)
        if isinstance(value, Day):
            return self.day(value)
        if isinstance(value, bool):
            return self.say("yes" if value else "no")
        return self.number(value) if isinstance(value, int | float) else self.say("“{what}”", what=value)

    def _need(self, need: c.NeedIs) -> str:
        def more() -> Iterator[str]:
            topics = self.listed([self.topic(one) for one in need.need], "or")
            if "any" in need.need:
                yield self.say("has an open need") if need.state == "open" else self.say("had a need that ended")
            elif need.state == "open":
                yield self.say("has an open need: {topics}", topics=topics)
            else:
                yield self.say("had a need that ended: {topics}", topics=topics)
            if need.stage:
                stages = [self.catalogue.stage_label(one, self.language) or one for one in need.stage]
                yield self.say("stage: {names}", names=self.listed(stages, "or"))
            if need.stage_for:
                yield self.say("in this stage for more than {span}", span=self.span(need.stage_for))
            if need.open_for:
                yield self.say("opened more than {span} ago", span=self.span(need.open_for))
            if need.silent_for:
                yield self.say("no step for more than {span}", span=self.span(need.silent_for))
            if need.closed_within:
                yield self.say("ended in the last {span}", span=self.span(need.closed_within))

        return self._join(more())

    def _orders(self, orders: c.Orders) -> str:
        def more() -> Iterator[str]:
            if orders.not_since:
                yield self.say("at least once, but not in the last {span}", span=self.span(orders.not_since))
            elif orders.low or orders.at_most is not None:
                yield self._times(orders.low, orders.at_most)
            if orders.spent_at_least:
                yield self.say("together at least {amount}", amount=orders.spent_at_least)
            if orders.spent_at_most:
                yield self.say("together at most {amount}", amount=orders.spent_at_most)
            if orders.products:
                yield self.say("with {names}", names=self.listed(list(orders.products), "or"))
            yield from self._when(orders)

        return self.say("bought: {how}", how=self._join(more()))

    def _consent(self, consent: c.ConsentIs) -> str:
        texts = {
            "given": "agreed to “{purpose}”",
            "withdrawn": "withdrew consent to “{purpose}”",
            "unknown": "was never heard on consent to “{purpose}”",
        }
        said = self.say(texts[consent.is_], purpose=humanize(consent.consent))
        channel = self.catalogue.channel_label(consent.channel, self.language) if consent.channel else ""
        return f"{said} ({channel})" if channel else said

    def span(self, span: Span) -> str:
        """``30 days``, as it stands behind "in the last"."""
        count = span.count if span.days is None else span.days
        forms = {"minute": ("{n} minute", "{n} minutes"), "hour": ("{n} hour", "{n} hours")}
        one, many = forms.get(span.unit, ("{n} day", "{n} days"))
        return plural(self.language, one, many, count, n=self.number(count))

    def day(self, day: Day) -> str:
        """A day, fixed or counted from today."""
        if day.fixed:
            return self.date(day.fixed)
        if not day.offset:
            return self.say("today")
        span = self.span(Span(abs(day.offset), "day"))
        return (
            self.say("the day {span} from now", span=span)
            if day.offset > 0
            else self.say("the day {span} ago", span=span)
        )

    def date(self, value: Any) -> str:
        """A calendar day."""
        return str(format_date(value, "medium", locale=self.language))

    def number(self, value: float) -> str:
        """A number."""
        return number(value, self.language)

    def listed(self, items: list[str], word: str) -> str:
        """``a, b or c``."""
        if not items:
            return ""
        return str(format_list(items, style="or" if word == "or" else "standard", locale=self.language))
