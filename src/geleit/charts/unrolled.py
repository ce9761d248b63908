"""A step flow as columns: which values stand at which step, what is folded into 'others', who goes no further there."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from geleit.analytics.flow import Link
    from geleit.analytics.result import Result

REST = "…"  # all values folded at a step; no value is called so


@dataclass(frozen=True, slots=True)
class Cell:
    """Journeys: those of ``cell``, without those of ``less`` (values of its columns)."""

    cell: Mapping[str, object]
    less: Mapping[str, Sequence[str]]
    journeys: int


@dataclass(frozen=True, slots=True)
class Stand:
    """A value at a step: who is there, who of them goes no further, and what is folded into it (value, journeys)."""

    column: int
    value: str
    here: Cell
    ended: Cell
    folded: tuple[tuple[str, Cell], ...] = ()


@dataclass(frozen=True, slots=True)
class Ribbon:
    """Journeys from a value at ``column`` to one at the next; both may be ``REST``."""

    column: int
    source: str
    target: str
    cell: Cell


@dataclass(frozen=True, slots=True)
class Unrolled:
    """All of it: ``columns`` from the anchor outward, ``heads`` how many journeys are at each."""

    columns: tuple[tuple[Stand, ...], ...]
    heads: tuple[Cell, ...]
    ribbons: tuple[Ribbon, ...]


@dataclass(frozen=True, slots=True)
class _Keys:
    """Which column of an answer is the end toward the anchor, and which the one away from it."""

    near: str
    far: str

    def ends(self, link: Link) -> tuple[str, str]:
        return getattr(link, self.near), getattr(link, self.far)


def unroll(result: Result[Link], top: int, goal: Sequence[str] = ()) -> Unrolled:
    """Columns with at most ``top`` values each, and the rest; no journey is lost by folding."""
    question: Any = result.question
    links = [*result.rows, *result.other.open()]
    keys = _Keys("source", "target") if question.direction == "after" else _Keys("target", "source")
    weights: dict[int, Counter[str]] = defaultdict(Counter)
    for link in links:
        near, far = keys.ends(link)
        if link.step == 1:
            weights[0][near] += link.journeys
        if far:
            weights[link.step][far] += link.journeys
    kept = {column: _kept(weight, top, goal) for column, weight in weights.items()}
    ended: dict[int, Counter[str]] = defaultdict(Counter)
    ribbons: Counter[tuple[int, str, str]] = Counter()
    for link in links:
        near, far = keys.ends(link)
        column = link.step - 1
        source = near if near in kept[column] else REST
        if not far:
            ended[column][source] += link.journeys
        else:
            ribbons[column, source, far if far in kept[link.step] else REST] += link.journeys
    columns = tuple(
        _stands(column, weights[column], kept[column], ended[column], keys) for column in range(len(weights))
    )
    heads = tuple(_head(column, weights[column].total(), keys) for column in range(len(weights)))
    found = tuple(
        Ribbon(column, source, target, _link_cell(column, (source, target), journeys, (kept, keys)))
        for (column, source, target), journeys in ribbons.items()
    )
    return Unrolled(columns, heads, found)


def _kept(weight: Counter[str], top: int, goal: Sequence[str]) -> list[str]:
    """The goal first, then the most frequent; a single value is never folded alone."""
    order = sorted(weight, key=lambda value: (value not in goal, -weight[value], value))
    return order if len(order) <= top + 1 else order[:top]


def _stands(
    column: int, weight: Counter[str], kept: Sequence[str], ended: Counter[str], keys: _Keys
) -> tuple[Stand, ...]:
    found = [
        Stand(column, value, _at(column, value, weight[value], keys), _ended(column, value, ended[value], keys))
        for value in kept
    ]
    if rest := sorted((value for value in weight if value not in kept), key=lambda one: (-weight[one], one)):
        where = _at(column, "", 0, keys).cell
        key = keys.near if column == 0 else keys.far
        here = {name: value for name, value in where.items() if name != key}
        total = sum(weight[value] for value in rest)
        folded = tuple((value, _at(column, value, weight[value], keys)) for value in rest)
        less = {key: [*kept] if column == 0 else [*kept, ""]}
        gone = Cell({"step": column + 1, keys.far: ""}, {keys.near: [*kept]}, ended[REST])
        found.append(Stand(column, REST, Cell(here, less, total), gone, folded))
    return tuple(found)


def _at(column: int, value: str, journeys: int, keys: _Keys) -> Cell:
    """Who is at a value: at the anchor those leaving it, further out those who arrive."""
    if column == 0:
        return Cell({"step": 1, keys.near: value}, {}, journeys)
    return Cell({"step": column, keys.far: value}, {}, journeys)


def _ended(column: int, value: str, journeys: int, keys: _Keys) -> Cell:
    return Cell({"step": column + 1, keys.near: value, keys.far: ""}, {}, journeys)


def _head(column: int, journeys: int, keys: _Keys) -> Cell:
    return Cell({"step": 1}, {}, journeys) if column == 0 else Cell({"step": column}, {keys.far: [""]}, journeys)


def _link_cell(
    column: int, ends: tuple[str, str], journeys: int, how: tuple[Mapping[int, Sequence[str]], _Keys]
) -> Cell:
    kept, keys = how
    cell: dict[str, object] = {"step": column + 1}
    less: dict[str, Sequence[str]] = {}
    if ends[0] == REST:
        less[keys.near] = [*kept[column]]
    else:
        cell[keys.near] = ends[0]
    if ends[1] == REST:
        less[keys.far] = [*kept[column + 1], ""]
    else:
        cell[keys.far] = ends[1]
    return Cell(cell, less, journeys)
