"""The journeys that a question is about: events of base and delta that count, grouped by need or customer, in order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from geleit.analytics.kernels import selecting
from geleit.analytics.kernels.pairs import Way
from geleit.clock import local_day
from geleit.history.columns import Column, Columns, Part

FIRST_DAY, LAST_DAY = -(2**31), 2**31 - 1
NO_LOTS = np.zeros(0, np.uint8)  # where nobody counts by lot
EVERY_NEED = np.zeros(0, np.bool_)  # in place of a mask: needs are not asked for their topic


class Wanted(NamedTuple):
    """Which events count, and how they are grouped.

    ``in_need``: by need, else by customer. ``notes``: notes count like steps. ``whole``: the days (from ``since``, until
    before ``until``) say when a journey began; else which events count. ``segment``: only these customers.
    ``topic``: only needs of it ('' = any). ``own_kinds``: kinds are as sources call them.
    """

    in_need: bool
    notes: bool
    whole: bool
    since: int
    until: int
    segment: tuple[str, ...] | None
    topic: str = ""
    own_kinds: bool = False


@dataclass(frozen=True, slots=True)
class Population:
    """Who and what is counted, and what is not: ``supposed`` (nobody recorded it), ``notes``, ``outside`` every need.

    ``another_topic`` = events of needs of other topics, where one was asked for; ``another_time`` = events outside the
    period, where the period is one of events.
    """

    journeys: int
    people: int
    events: int
    supposed: int
    notes: int
    outside: int
    another_time: int
    another_topic: int = 0


class Journeys:
    """Journeys of one part: those from ``starts[u]`` to ``starts[u + 1]`` are journey ``first + u`` of customer ``owners[u]``.

    Numbers of journeys and customers are unlike those of every other part. ``lots`` gives those of the part's customers.
    """

    def __init__(
        self,
        part: Part,
        grouped: tuple[Column, Column, Column],
        first: int,
        first_owner: int,
        *,
        lots: Callable[[], Column] = lambda: NO_LOTS,
    ) -> None:
        rows, self.starts, owners = grouped
        self.first = first
        self.owners = owners + np.int32(first_owner)
        self._draw: Callable[[], Column] = lambda: lots()[owners]
        self._part = part
        self._rows = None if len(rows) == len(part.column("t")) and selecting.in_order(rows) else rows
        self._read: dict[str, Column] = {}

    @cached_property
    def lots(self) -> Column:
        """The lot of each journey's customer."""
        return self._draw()

    def column(self, name: str) -> Column:
        """The events' values, journey after journey; codes (kind, channel, stage) as two bytes."""
        if name not in self._read:
            found = self._part.column(name)
            if self._rows is not None:
                found = found[self._rows]
            wide = np.uint16 if name in {"kind", "channel", "stage"} else found.dtype
            self._read[name] = np.ascontiguousarray(found.astype(wide, copy=False))
        return self._read[name]


@dataclass(frozen=True, slots=True)
class Selection:
    """All journeys a question is about, with the values of the codes; ``today`` = the answer's day, since 1970.

    ``days``: the first and the last day of all events, where they are known without asking the parts.
    """

    parts: Sequence[Journeys]
    population: Population
    today: int
    kinds: list[str]
    channels: list[str]
    stages: list[str]
    days: tuple[int, int] | None = None

    def values(self, of: str) -> list[str]:
        """The values of a coded column by code."""
        return {"kind": self.kinds, "channel": self.channels, "stage": self.stages}[of]

    @property
    def journeys(self) -> int:
        """How many there are."""
        return self.population.journeys


def select(columns: Columns, wanted: Wanted, zone: str, needs: Sequence[str] = ()) -> Selection:
    """Choose and group; two linear passes over what is in base and delta. ``needs`` are those of the wanted topic."""
    found: list[Journeys] = []
    left = np.zeros(5, np.int64)
    units, owners, people, events = 0, 0, 0, 0
    of_topic = columns.among_needs(needs) if wanted.topic else [EVERY_NEED] * len(columns.parts)
    for place, (part, keep, mine) in enumerate(
        zip(columns.parts, _kept(columns, wanted.segment), of_topic, strict=True)
    ):
        grouped = _group(part, (keep, mine), wanted, left)
        named = _by_own_kinds(part) if wanted.own_kinds else part
        found.append(Journeys(named, grouped, units, owners, lots=partial(_lots, columns, place)))
        units += len(grouped[2])
        owners += len(keep)
        people += selecting.distinct(grouped[2])
        events += len(grouped[0])
    population = Population(units, people, events, *map(int, left))
    kinds = columns.own_kinds if wanted.own_kinds else columns.kinds
    today = local_day(columns.as_of.at, zone)
    return Selection(tuple(found), population, today, kinds, columns.channels, columns.stages)


def _lots(columns: Columns, place: int) -> Column:
    return columns.lots[place]


def _by_own_kinds(part: Part) -> Part:
    """The same events by the kinds that sources gave them."""
    return Part(lambda name: part.column("own_kind" if name == "kind" else name), part.keep)


def _group(
    part: Part, keep: tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]], wanted: Wanted, left: Column
) -> tuple[Column, Column, Column]:
    customer, need, day = (part.column(name) for name in ("customer", "need", "local_day"))
    days = (wanted.since, wanted.until)
    between = (FIRST_DAY, LAST_DAY) if wanted.whole else days
    events = selecting.Events(customer, need, part.column("flags"), day)
    rows = selecting.choose(events, keep, selecting.Wanted(wanted.in_need, wanted.notes, *between), left)
    if wanted.in_need:
        grouped = selecting.by_need(rows, customer, need, int(need.max(initial=-1)) + 1)
    else:
        grouped = (rows, *selecting.by_customer(rows, customer))
    if wanted.whole and days != (FIRST_DAY, LAST_DAY):
        grouped = selecting.begun_within(grouped, day, *days)
    return grouped


def _kept(columns: Columns, segment: tuple[str, ...] | None) -> list[npt.NDArray[np.bool_]]:
    if segment is None:
        return [part.keep for part in columns.parts]
    return [part.keep & wanted for part, wanted in zip(columns.parts, columns.chosen(segment), strict=True)]


def ways(selection: Selection, of: str) -> list[Way]:
    """Each part's journeys as kernels walk them, by a coded column."""
    return [Way(part.column(of), part.column("t"), part.starts, part.owners, part.first) for part in selection.parts]


def members(values: Sequence[str], chosen: Sequence[str]) -> npt.NDArray[np.bool_]:
    """Which codes are of the chosen values."""
    wanted = set(chosen)
    return np.array([value in wanted for value in values], np.bool_)


def table(schema: pa.Schema, **columns: object) -> pa.Table:
    """Columns as a table of a schema; -1 in a column of spans means that there is none."""
    arrays = []
    for field in schema:
        values = columns[field.name]
        none = np.asarray(values) < 0 if field.name.endswith("_us") else None
        arrays.append(pa.array(values, field.type, mask=none))
    return pa.table(arrays, schema=schema)
