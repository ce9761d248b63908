"""Designed against actual: a designed journey (journeys/*.yaml) laid beside the steps a person really took."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pydantic import Field

from geleit.clock import DAY, local_day
from geleit.definitions import Definition, Duration, Label
from geleit.language.formats import span
from geleit.language.words import translate
from geleit.maps.journey import Verdict

_DELIVERED = ("delivered", "geliefert", "zugestellt")


class DesignedStep(Definition):
    """One step as the company meant it."""

    kind: str = Field(description="event kind, as the sources or the vocabulary name it", min_length=1)
    within: Duration | None = Field(None, description="at most this long after the designed step before, e.g. 2 days")
    label: Label | None = Field(None, description="what a reader calls the step; by default the kind's label")


class DesignedJourney(Definition):
    """journeys/NAME.yaml: the way as the company designed it, for needs of one topic."""

    name: str = Field(description="short name, used in addresses", pattern=r"^[a-z][a-z0-9_-]*$")
    label: Label = Field(description="what people read, per language")
    topic: str = Field("", description="for needs of this topic; empty: for every need")
    steps: tuple[DesignedStep, ...] = Field(description="in the order they were meant", min_length=1)


@dataclass(frozen=True, slots=True)
class Done:
    """What judging needs of an actual step: canonical kind, first and last moment, and what delivery it speaks of."""

    kind: str
    t: int
    end: int
    channel: str = ""
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
    """Lay the designed journey beside the actual one by the longest common order of kinds.

    A step of the common order is as designed, or late where ``within`` ran out; a designed kind outside the order is
    there in another order; everything else is extra, which is information, not an error. While a need is open, only
    designed steps before the last one reached count as skipped. A delivery after its promised day is late anyway.
    """
    if designed is None:
        verdicts: list[Verdict | None] = [None] * len(done)
        skipped: tuple[int, ...] = ()
    else:
        verdicts, skipped = _aligned(done, designed, judging)
    for place, late_by in _late_deliveries(done, judging.zone):
        verdicts[place] = _late(late_by, judging.language)
    return Judged(tuple(verdicts), skipped)


def _aligned(
    done: Sequence[Done], designed: DesignedJourney, judging: Judging
) -> tuple[list[Verdict | None], tuple[int, ...]]:
    wanted = [judging.canonical(step.kind) for step in designed.steps]
    pairs = common_order(wanted, [step.kind for step in done])
    verdicts: list[Verdict | None] = [Verdict("extra") for _ in done]
    before: Done | None = None
    for at, place in pairs:
        limit = designed.steps[at].within
        over = done[place].t - before.end - limit if before and limit is not None else 0
        verdicts[place] = _late(over, judging.language) if over > 0 else Verdict("as_designed")
        before = done[place]
    matched = {at for at, _ in pairs}
    taken = {place for _, place in pairs}
    left = [at for at in range(len(wanted)) if at not in matched]
    for place, step in enumerate(done):
        elsewhere = [at for at in left if wanted[at] == step.kind]
        if place not in taken and elsewhere:
            verdicts[place] = Verdict("other_order")
            left.remove(elsewhere[0])
    reached = len(wanted) if judging.ended else max(matched, default=-1)
    return verdicts, tuple(at for at in left if at < reached)


def common_order(wanted: Sequence[str], actual: Sequence[str]) -> list[tuple[int, int]]:
    """Longest common subsequence as pairs of places (wanted, actual); the earliest actual step is taken.

    >>> common_order(["look", "order", "deliver"], ["look", "ask", "order", "order", "deliver"])
    [(0, 0), (1, 2), (2, 4)]
    """
    rest = [[0] * (len(actual) + 1) for _ in range(len(wanted) + 1)]
    for i in reversed(range(len(wanted))):
        for j in reversed(range(len(actual))):
            same = wanted[i] == actual[j]
            rest[i][j] = 1 + rest[i + 1][j + 1] if same else max(rest[i + 1][j], rest[i][j + 1])
    pairs, i, j = [], 0, 0
    while i < len(wanted) and j < len(actual):
        if wanted[i] == actual[j]:
            pairs.append((i, j))
            i, j = i + 1, j + 1
        elif rest[i + 1][j] > rest[i][j + 1]:
            i += 1
        else:
            j += 1
    return pairs


def _late_deliveries(done: Sequence[Done], zone: str) -> list[tuple[int, int]]:
    """(place, microseconds late) of every delivery that came after the day that was promised for its order."""
    late = []
    for place, promise in enumerate(done):
        if promise.kind != "delivery_promised" or promise.due_at is None:
            continue
        for later in range(place + 1, len(done)):
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
