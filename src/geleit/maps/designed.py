"""Designed against actual: a designed journey (journeys/*.yaml) laid beside the steps a person really took."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from geleit.clock import DAY, local_day
from geleit.language.formats import span
from geleit.language.words import translate
from geleit.maps.journey import Verdict
from geleit.needs.alignment import align, place
from geleit.needs.designed import DesignedJourney, begun, mask

_DELIVERED = ("delivered", "geliefert", "zugestellt")


@dataclass(frozen=True, slots=True)
class Done:
    """What judging needs of an event: canonical kind, moment, where it was, and what delivery it speaks of."""

    kind: str
    t: int
    channel: str = ""
    stage: str = ""
    order_id: str = ""
    state: str = ""
    due_at: int | None = None


@dataclass(frozen=True, slots=True)
class Judging:
    """How to compare: what a kind's name means, for whom to say it, and whether the need has ended."""

    canonical: Callable[[str], str]
    language: str
    zone: str
    ended: bool


@dataclass(frozen=True, slots=True)
class Judged:
    """A verdict per actual step (None without a designed journey), and the places of designed steps never taken."""

    verdicts: tuple[Verdict | None, ...]
    skipped: tuple[int, ...] = ()


def judge(done: Sequence[Done], designed: DesignedJourney | None, judging: Judging) -> Judged:
    """Lay the designed journey beside the events of the actual one (``needs.alignment`` says how).

    A step of the common order is as designed, or late where ``within`` ran out; a designed kind outside the order is
    there in another order; everything else is extra, which is information, not an error. While a need is open, only
    designed steps before the last one reached count as skipped. What came before the design begins gets no verdict. A
    delivery after its promised day is late anyway.
    """
    verdicts: list[Verdict | None] = [None] * len(done)
    skipped: tuple[int, ...] = ()
    if designed is not None:
        first = begun(designed, judging.canonical, [one.kind for one in done])
        verdicts[first:], skipped = _aligned(done[first:], designed, judging)
    for at, late_by in _late_deliveries(done, judging.zone):
        verdicts[at] = _late(late_by, judging.language)
    return Judged(tuple(verdicts), skipped)


def _aligned(
    done: Sequence[Done], designed: DesignedJourney, judging: Judging
) -> tuple[list[Verdict], tuple[int, ...]]:
    steps = len(designed.steps)
    fits = np.array([mask(designed, judging.canonical, (d.kind, d.channel, d.stage)) for d in done], np.int64)
    begin, end, other, step_of = (np.full(n, -1, np.int64) for n in (steps, steps, steps, len(done)))
    align(fits, designed.rules, begin, end)
    place(fits, designed.rules, (begin, end), step_of, other)
    verdicts = [Verdict("extra" if step < 0 else "as_designed") for step in step_of]
    before: Done | None = None
    for at, step in enumerate(designed.steps):
        if other[at] >= 0:
            verdicts[other[at]] = Verdict("other_order")
        if begin[at] < 0:
            continue
        since = done[0] if step.since == "start" else before
        over = done[begin[at]].t - since.t - step.within if since and step.within is not None else 0
        if over > 0:
            verdicts[begin[at]] = _late(over, judging.language)
        before = done[end[at]]
    reached = steps if judging.ended else max((at for at in range(steps) if begin[at] >= 0), default=-1)
    left = (at for at in range(reached) if begin[at] < 0 and other[at] < 0 and not designed.steps[at].optional)
    return verdicts, tuple(left) if done else ()


def _late_deliveries(done: Sequence[Done], zone: str) -> list[tuple[int, int]]:
    """(place, microseconds late) of every delivery that came after the day that was promised for its order."""
    late = []
    for made, promise in enumerate(done):
        if promise.kind != "delivery_promised" or promise.due_at is None:
            continue
        for later in range(made + 1, len(done)):
            if _delivers(done[later], promise):
                if done[later].t > promise.due_at:
                    late.append((later, _overdue(promise.due_at, done[later].t, zone)))
                break
    return late


def _overdue(due_at: int, t: int, zone: str) -> int:
    """Microseconds late; what was due by the end of a day is late by whole days."""
    days = local_day(t, zone) - local_day(due_at, zone)
    by_day = local_day(due_at + 1, zone) > local_day(due_at, zone)
    return days * DAY if by_day else t - due_at


def _delivers(step: Done, promise: Done) -> bool:
    # A van that came and met nobody says so by its state.
    arrives = _is_delivered(step.state) if step.state else step.channel == "delivery"
    return arrives and (not step.order_id or not promise.order_id or step.order_id == promise.order_id)


def _is_delivered(state: str) -> bool:
    return any(re.search(rf"\b{word}\b", state.lower()) for word in _DELIVERED)


def _late(over: int, language: str) -> Verdict:
    return Verdict("late", translate(language, "{span} late", span=span(over, language)))
