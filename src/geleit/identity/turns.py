"""Whose turn it was at a browser that several people use: a pure function of what was seen there, in the order of time.

A visit is what happens at a browser without half an hour of silence; signing out ends it, too. A visit in which one person
was seen is this person's turn, from its beginning to its end. Where two were seen in one visit, each has what lies between
their own sightings, and what lies between one and the other is nobody's, as is every visit in which nobody was seen.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from geleit.clock import MINUTE

SILENCE = 30 * MINUTE  # between two visits
SIGNED_OUT = frozenset(("signed_out", "logged_out", "user_signed_out", "logout"))


@dataclass(frozen=True, slots=True, order=True)
class Moment:
    """One event at a browser: its place in time, the identifier set it points at, who is known to be there (or ``""``)."""

    t: int
    order: int
    event_id: str
    set_id: int
    person: str
    ends: bool = False  # somebody signs out


@dataclass(frozen=True, slots=True)
class Turn:
    """From ``from_t`` until before ``until_t`` the browser was in the hands of the one whom the set ``as_set`` names."""

    from_t: int
    until_t: int
    as_set: int
    person: str


@dataclass(slots=True)
class _Run:
    """Sightings of one person in one visit with nobody between them, by their places among the moments."""

    first: int
    last: int


def turns(moments: Iterable[Moment]) -> list[Turn]:
    """The turns at one browser, oldest first; they do not overlap.

    >>> at = [Moment(0, 0, "", 1, ""), Moment(MINUTE, 0, "", 2, "anna"), Moment(2 * MINUTE, 0, "", 1, "")]
    >>> [(turn.from_t, turn.until_t > 2 * MINUTE, turn.person) for turn in turns(at)]
    [(0, True, 'anna')]
    """
    seen = sorted(moments)
    part = _parts(seen)
    runs = _runs(seen, part)
    found: list[Turn] = []
    for place, run in enumerate(runs):
        before = runs[place - 1].last if place else -1
        after = runs[place + 1].first if place + 1 < len(runs) else len(seen)
        first, last = run.first, run.last
        if before < 0 or part[before] != part[first]:
            while first - 1 > before and part[first - 1] == part[run.first]:
                first -= 1
        if after == len(seen) or part[after] != part[last]:
            while last + 1 < after and part[last + 1] == part[run.last]:
                last += 1
        begin, end = seen[first].t, seen[last].t + 1
        if before >= 0 and seen[before].t == seen[run.first].t:  # two at one moment: that moment is nobody's
            begin += 1
        if after < len(seen) and seen[after].t == seen[run.last].t:
            end -= 1
        if begin < end:
            found.append(Turn(begin, end, seen[run.first].set_id, seen[run.first].person))
    return found


def both(mine: Sequence[Turn], theirs: Sequence[Turn]) -> list[Turn]:
    """The stretches of time in which two browsers were in the same hands."""
    found = []
    for one in mine:
        for other in theirs:
            begin, end = max(one.from_t, other.from_t), min(one.until_t, other.until_t)
            if begin < end and one.person == other.person:
                found.append(Turn(begin, end, one.as_set, one.person))
    return found


def _parts(seen: Sequence[Moment]) -> list[int]:
    """The number of the visit that each moment belongs to."""
    part = [0] * len(seen)
    for place, (one, other) in enumerate(pairwise(seen)):
        part[place + 1] = part[place] + (one.ends or other.t - one.t > SILENCE)
    return part


def _runs(seen: Sequence[Moment], part: Sequence[int]) -> list[_Run]:
    """Sightings of the same person one after another in one visit."""
    runs: list[_Run] = []
    for place, moment in enumerate(seen):
        if not moment.person:
            continue
        last = runs[-1].last if runs else -1
        if last >= 0 and seen[last].person == moment.person and part[last] == part[place]:
            runs[-1].last = place
        else:
            runs.append(_Run(place, place))
    return runs
