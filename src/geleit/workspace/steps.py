"""The steps that follow reading (customers, archive, needs, journal): how far they are, and what they did."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from geleit.history.generation import Generation
from geleit.processes import keeping, seldom_searched

Told = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Synced:
    """What ``sync`` brought up to date."""

    recut: int
    archived: int
    generation: Generation


@contextmanager
def in_bulk() -> Iterator[None]:
    """Work with many events: memory is searched seldom, and a process beside goes on to the next step's work."""
    with seldom_searched(), keeping():
        yield


def said(told: Told, step: str, slices: Iterator[int], what: str) -> Iterator[int]:
    """The slices of a step, each by its count; after each it is told how many there were.

    >>> list(said(print, "needs", iter([2, 1]), "customers"))
    needs
    needs: 2 customers
    needs: 3 customers
    [2, 1]
    """
    told(step)
    done = 0
    for count in slices:
        done += count
        told(f"{step}: {done:,} {what}")
        yield count


def summed(told: Told, step: str) -> Callable[[str, int], None]:
    """What a step with parts calls with (part, how many more of it are done)."""
    told(step)
    done: Counter[str] = Counter()

    def more(part: str, count: int) -> None:
        done[part] += count
        told(f"{step}: {done[part]:,} {part}" if done[part] else step)

    return more
