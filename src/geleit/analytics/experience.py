"""What people said along the typical way: how they felt, what they judge by, whether promises to them were kept."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import floor, sqrt
from typing import Any, NamedTuple

import pyarrow as pa

from geleit.analytics.spoken import Spoken

Z = 1.959963984540054  # 95 % of a normal distribution lie within
ALL = 0  # the step that stands for whole journeys
STATES = ("open", "kept", "late", "broken")  # of several promises to one journey the last of these tells
CELLS = pa.schema(
    {name: pa.string() for name in ("journey", "customer_id", "part")} | {"step": pa.int64(), "value": pa.string()}
)


@dataclass(frozen=True, slots=True)
class Part:
    """Journeys and people that share a value: a channel, a step taken beside the way, a step of it, something said."""

    value: str
    journeys: int
    people: int


@dataclass(frozen=True, slots=True)
class Felt:
    """How many journeys said how a step was for them; the median of what they said (-2 to +2), and its 95 % interval.

    A journey that said several things counts once, with their median: ``values`` tells how many said which, the worst first.
    Medians by nearest rank; None where nobody said anything.
    """

    journeys: int = 0
    people: int = 0
    median: float | None = None
    low: float | None = None
    high: float | None = None
    values: tuple[Part, ...] = ()


NOTHING = Felt()


class Cell(NamedTuple):
    """A journey that says ``value`` (felt, criterion; '' = anything) at a step, or has promises that stand so."""

    journey: str
    customer: str
    part: str
    step: int
    value: str


def cells(
    said: Spoken, steps_of: Callable[[Sequence[tuple[str, ...]]], Mapping[tuple[str, ...], Sequence[int]]]
) -> pa.Table:
    """Who says what at which step of the way, and in the whole journey (step 0).

    ``steps_of`` gives of distinct ways the step that each of their places is (0 = none); none of ways that do not count.
    """
    found = list(_cells(said, steps_of(list(dict.fromkeys(said.ways.values())))))
    columns = list(zip(*found, strict=True)) or [()] * len(CELLS)
    return pa.table([pa.array(column, one.type) for column, one in zip(columns, CELLS, strict=True)], schema=CELLS)


def _cells(said: Spoken, steps: Mapping[tuple[str, ...], Sequence[int]]) -> Iterator[Cell]:
    heard: dict[tuple[str, str, str, int], list[str]] = defaultdict(list)
    for note in said.notes:
        way = said.ways[note.journey]
        if way in steps:
            for step in {ALL, int(steps[way][note.run])}:
                heard[note.journey, note.customer, note.of, step].append(note.value)
            # What belongs to a step beside the way is said in the journey alone.
    for (journey, customer, part, step), values in heard.items():
        if part == "felt":
            told = [f"{nearest(sorted(map(float, values))):g}", ""]
        elif part == "promise":
            told = [max(values, key=STATES.index)]
        else:
            told = [*dict.fromkeys(values), ""]
        yield from (Cell(journey, customer, part, step, value) for value in told)


def nearest(ordered: Sequence[float]) -> float:
    """The median by nearest rank.

    >>> nearest([-1, 0, 1, 2])
    0
    """
    return ordered[(len(ordered) - 1) // 2]


def felt(parts: Sequence[Part]) -> Felt:
    """From how many journeys said which value; '' among the values: anything."""
    of = {float(one.value): one.journeys for one in parts if one.value}
    size = sum(of.values())
    if not size:
        return Felt()
    people = next(one.people for one in parts if not one.value)
    low, high = around(size)
    at = [_ranked(of, rank) for rank in (low, (size + 1) // 2, high)]
    values = tuple(sorted((one for one in parts if one.value), key=lambda one: float(one.value)))
    return Felt(size, people, at[1], at[0], at[2], values)


def around(size: int) -> tuple[int, int]:
    """The ranks (from 1) between which the true median lies in at least 95 of 100 cases, whatever the distribution.

    By the normal approximation of the binomial distribution, rounded outward; of few values it is all of them.

    >>> around(10), around(100), around(3)
    ((1, 10), (40, 61), (1, 3))
    """
    low = max(1, floor((size - Z * sqrt(size)) / 2))
    return low, size + 1 - low


def _ranked(of: Mapping[float, int], rank: int) -> float:
    seen = 0
    for value in sorted(of):
        seen += of[value]
        if seen >= rank:
            return value
    raise AssertionError(rank)


def counts(rows: pa.Table) -> list[dict[str, Any]]:
    """Journeys and people of each cell."""
    grouped = rows.group_by(["part", "step", "value"]).aggregate(
        [("journey", "count_distinct"), ("customer_id", "count_distinct")]
    )
    return [
        {"part": row["part"], "step": row["step"], "value": row["value"], "journeys": row["journey_count_distinct"]}
        | {"people": row["customer_id_count_distinct"]}
        for row in grouped.to_pylist()
    ]
