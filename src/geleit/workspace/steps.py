"""Says how far the steps are that follow reading: customers, archive, needs, journal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator

Told = Callable[[str], None]


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
