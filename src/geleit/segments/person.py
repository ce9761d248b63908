"""Asks conditions of one person: whether they hold, and when that may change though nothing happens."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from geleit.customers.profile import Consent, Order
from geleit.segments import conditions as c
from geleit.segments.asking import Asked
from geleit.segments.definition import the_segment
from geleit.segments.meaning import between, product_meant
from geleit.segments.spans import Span

CLOSED = ("returned", "cancelled")  # orders that do not count


class Seen(NamedTuple):
    """One event, as far as a condition asks; the order of these is the total order."""

    t: int
    ord: int
    event_id: str
    local_day: int


class NeedSeen(NamedTuple):
    """One need."""

    topic: str
    stage: str
    opened_at: int
    closed_at: int | None
    last_at: int
    silent_at: int | None
    stage_at: int | None


@dataclass(slots=True)
class Person:
    """What is known of one person. ``events`` by selector, in total order; ``traits``: stated and guessed, newest last."""

    events: Mapping[int, Sequence[Seen]] = field(default_factory=dict)
    traits: Mapping[str, Any] = field(default_factory=dict)
    needs: Sequence[NeedSeen] = ()
    orders: Sequence[Order] = ()
    consents: Sequence[Consent] = ()

    def of(self, selector: c.Selector) -> Sequence[Seen]:
        """The events that a selector means, future ones too."""
        return self.events.get(selector.key, ())


class Answer(NamedTuple):
    """Whether a condition holds; ``turns``: the next moment at which that may change by itself, None for never."""

    holds: bool
    turns: int | None


@dataclass(frozen=True, slots=True)
class Question:
    """Conditions asked of one person at one moment. A turn may be named too early, never too late."""

    person: Person
    asked: Asked
    _known: dict[int, list[Any]] = field(default_factory=dict)  # what both of an answer's halves need, by condition

    def answer(self, condition: c.Condition) -> Answer:
        """Whether it holds, and until when at least."""
        turns = [t for t in self._turns(condition) if t > self.asked.now]
        return Answer(self.holds(condition), min(turns, default=None))

    def holds(self, condition: c.Condition) -> bool:
        """Whether it holds now."""
        if isinstance(condition, c.All):
            return all(self.holds(one) for one in condition.all)
        if isinstance(condition, c.AnyOf):
            return any(self.holds(one) for one in condition.any)
        if isinstance(condition, c.Not):
            return not self.holds(condition.not_)
        if isinstance(condition, c.InSegment):
            return self.holds(the_segment(self.asked.segments, condition.segment).who)
        return _JUDGES[type(condition)](self, condition)

    def _turns(self, condition: c.Condition) -> Iterator[int]:
        for part in c.walk(condition):
            if isinstance(part, c.Did):
                yield from self._did_turns(part)
            elif isinstance(part, c.Sequence):
                yield from self._sequence_turns(part)
            elif isinstance(part, c.Trait):
                yield from part.turns(self._told(part), self.asked.now, self.asked.zone)
            elif isinstance(part, c.NeedIs):
                yield from self._need_turns(part)
            elif isinstance(part, c.Orders):
                yield from self._order_turns(part)
            elif isinstance(part, c.InSegment):
                yield from self._turns(the_segment(self.asked.segments, part.segment).who)

    # --- what was done ------------------------------------------------------------------------------------------

    def _past(self, selector: c.Selector) -> list[Seen]:
        return [one for one in self.person.of(selector) if one.t <= self.asked.now]

    def _future(self, selector: c.Selector) -> Iterator[int]:
        """The first event of a later time: it counts from then on."""
        yield from [one.t for one in self.person.of(selector) if one.t > self.asked.now][:1]

    def _over(self, t: int, span: Span | None) -> Iterator[int]:
        """When a time leaves a span; nothing without one."""
        if span is not None:
            yield span.over(t, self.asked.zone)

    def _old(self, t: int, span: Span | None) -> bool:
        """Whether a time lies before the last such span; so it does where none is asked for."""
        return span is None or span.over(t, self.asked.zone) <= self.asked.now

    def _window(self, did: c.Did) -> list[Seen]:
        if (known := self._known.get(id(did))) is None:
            known = self._known[id(did)] = self._counted(did)
        return known

    def _counted(self, did: c.Did) -> list[Seen]:
        first, end = between(did, self.asked.now, self.asked.zone)
        if did.only == "any":
            return [one for one in self._past(did) if first <= one.t < end]
        there = self._past(did.plain)
        edge = (there[0] if did.only == "first" else there[-1]) if there else None
        return [one for one in self._past(did) if one == edge and first <= one.t < end]

    def _did(self, did: c.Did) -> bool:
        if did.not_since:
            past = self._past(did)
            return bool(past) and self._old(past[-1].t, did.not_since)
        count = len(self._window(did))
        return did.low <= count and (did.high is None or count <= did.high)

    def _did_turns(self, did: c.Did) -> Iterator[int]:
        yield from self._future(did)
        if did.only != "any":
            yield from self._future(did.plain)
        if did.not_since:
            for one in self._past(did)[-1:]:
                yield from self._over(one.t, did.not_since)
            return
        inside = self._window(did)
        # The answer changes when as many have left the window as are too many, or when too few are left.
        for limit in (did.low, None if did.high is None else did.high + 1):
            if limit and len(inside) >= limit:
                yield from self._over(inside[len(inside) - limit].t, did.within)

    def _ways(self, one: c.Sequence) -> list[tuple[Seen, Seen, Seen | None]]:
        if (known := self._known.get(id(one))) is None:
            known = self._known[id(one)] = list(self._found(one))
        return known

    def _found(self, one: c.Sequence) -> Iterator[tuple[Seen, Seen, Seen | None]]:
        """Every last step with the latest first step that leads to it, and what came after it that must not."""
        steps = [set(self._past(step)) for step in one.sequence]
        after = self._past(one.not_followed_by) if one.not_followed_by else []
        begun: list[Seen | None] = [None] * len(steps)  # the latest first step by how far it came
        for event in sorted(set().union(*steps)):
            for place in reversed(range(len(steps))):
                start = event if place == 0 else begun[place - 1]
                if event not in steps[place] or start is None:
                    continue
                if place == len(steps) - 1:
                    yield start, event, next((later for later in after if later > event), None)
                begun[place] = start if begun[place] is None else max(start, begun[place] or start)

    def _sequence(self, one: c.Sequence) -> bool:
        first = between(one, self.asked.now, self.asked.zone)[0]
        for start, end, later in self._ways(one):
            if start.t < first or not _near(start, end, one.within):
                continue
            wait = one.not_followed_by.within if one.not_followed_by else None
            if wait is None and later is None:
                return True
            if wait is not None and self._old(end.t, wait) and (later is None or not _near(end, later, wait)):
                return True
        return False

    def _sequence_turns(self, one: c.Sequence) -> Iterator[int]:
        for selector in (*one.sequence, *([one.not_followed_by] if one.not_followed_by else [])):
            yield from self._future(selector)
        for start, end, _ in self._ways(one):
            yield from self._over(start.t, one.begun_within)
            yield from self._over(end.t, one.not_followed_by.within if one.not_followed_by else None)

    # --- what is known ------------------------------------------------------------------------------------------

    def _trait(self, one: c.Trait) -> bool:
        return one.holds(self._told(one), self.asked.now, self.asked.zone)

    def _needs(self, one: c.NeedIs) -> bool:
        return any(self._is(one, need) for need in self.person.needs)

    def _told(self, trait: c.Trait) -> Any:
        stated = self.person.traits.get(trait.trait)
        if stated is None and trait.guessed:
            return self.person.traits.get(f"guess.{trait.trait}")
        return stated

    def _is(self, one: c.NeedIs, need: NeedSeen) -> bool:
        now = self.asked.now
        wanted = ("any" in one.need or need.topic in one.need) and (not one.stage or need.stage in one.stage)
        if not wanted or need.opened_at > now:
            return False
        open_ = need.closed_at is None and (need.silent_at is None or need.silent_at >= now)
        if open_ is not (one.state == "open"):
            return False
        ended = need.last_at if need.closed_at is None else need.closed_at
        if one.closed_within and self._old(ended, one.closed_within):
            return False
        since = need.opened_at if need.stage_at is None else need.stage_at
        times = ((since, one.stage_for), (need.opened_at, one.open_for), (need.last_at, one.silent_for))
        return all(self._old(t, span) for t, span in times)

    def _need_turns(self, one: c.NeedIs) -> Iterator[int]:
        for need in self.person.needs:
            yield need.opened_at
            if need.closed_at is None and need.silent_at is not None:
                yield need.silent_at + 1
            ended = need.last_at if need.closed_at is None else need.closed_at
            since = need.opened_at if need.stage_at is None else need.stage_at
            yield from self._over(ended, one.closed_within)
            yield from self._over(since, one.stage_for)
            yield from self._over(need.opened_at, one.open_for)
            yield from self._over(need.last_at, one.silent_for)

    def _counting(self, orders: c.Orders) -> list[Order]:
        return [
            order
            for order in self.person.orders
            if order.state not in CLOSED
            and (not orders.products or any(product_meant(orders.products, o.product_id, o.name) for o in order.lines))
        ]

    def _bought(self, orders: c.Orders) -> bool:
        first, end = between(orders, self.asked.now, self.asked.zone)
        counting = [order for order in self._counting(orders) if first <= order.ordered_at < end]
        if orders.not_since and (not counting or not self._old(max(o.ordered_at for o in counting), orders.not_since)):
            return False
        company = self.asked.setting.currency
        least, most = orders.spent_at_least, orders.spent_at_most
        if (amount := least or most) is not None:
            currency = amount.currency or company
            spent = sum((o.total or 0) - o.refunded for o in counting if o.currency == currency)
            if (least and spent < least.minor(company)) or (most and spent > most.minor(company)):
                return False
        return orders.low <= len(counting) and (orders.at_most is None or len(counting) <= orders.at_most)

    def _order_turns(self, orders: c.Orders) -> Iterator[int]:
        for order in self._counting(orders):
            yield order.ordered_at
            yield from self._over(order.ordered_at, orders.within)
            yield from self._over(order.ordered_at, orders.not_since)

    def _consented(self, consent: c.ConsentIs) -> bool:
        answers = [
            one.given
            for one in self.person.consents
            if one.purpose == consent.consent and one.channel in ("", consent.channel)
        ]
        return consent.is_ == (("given" if all(answers) else "withdrawn") if answers else "unknown")


def _near(start: Seen, end: Seen, span: Span | None) -> bool:
    """Whether the second lies within the span of the first."""
    if span is None:
        return True
    return end.t - start.t < span.exact if span.days is None else end.local_day - start.local_day < span.days


_JUDGES: dict[type, Callable[[Question, Any], bool]] = {
    c.Did: Question._did,  # noqa: SLF001 (ours)
    c.Sequence: Question._sequence,  # noqa: SLF001
    c.Trait: Question._trait,  # noqa: SLF001
    c.NeedIs: Question._needs,  # noqa: SLF001
    c.Orders: Question._bought,  # noqa: SLF001
    c.ConsentIs: Question._consented,  # noqa: SLF001
}
