"""Chooses the events that count and groups them by journey: by customer, or by need within the customer."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from geleit.compiling import kernel

Ints = npt.NDArray[Any]


class Events(NamedTuple):
    """Columns of one part."""

    customer: Ints
    need: Ints
    flags: Ints
    day: Ints


class Wanted(NamedTuple):
    """What counts: only events in a need; notes as well; from one day until before another."""

    in_need: bool
    notes: bool
    since: int
    until: int


@kernel
def choose(
    events: Events, keep: tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]], wanted: Wanted, left: Ints
) -> Ints:
    """Rows that count, of kept customers and, if that mask is not empty, kept needs; ``left`` counts the others by reason."""
    customers, needs = keep
    rows = np.empty(len(events.customer), np.int32)
    chosen = 0
    for i in range(len(events.customer)):
        if not customers[events.customer[i]]:
            continue
        if events.flags[i] & 2:
            left[0] += 1
        elif not wanted.notes and not events.flags[i] & 1:
            left[1] += 1
        elif wanted.in_need and events.need[i] < 0:
            left[2] += 1
        elif len(needs) and (events.need[i] < 0 or not needs[events.need[i]]):
            left[4] += 1
        elif events.day[i] < wanted.since or events.day[i] >= wanted.until:
            left[3] += 1
        else:
            rows[chosen] = i
            chosen += 1
    return rows[:chosen].copy()


@kernel
def by_customer(rows: Ints, customer: Ints) -> tuple[Ints, Ints]:
    """Where each customer's rows start (one more than journeys), and whose they are."""
    starts = np.empty(len(rows) + 1, np.int64)
    owners = np.empty(len(rows), np.int32)
    units = 0
    for j in range(len(rows)):
        if j == 0 or customer[rows[j]] != customer[rows[j - 1]]:
            starts[units] = j
            owners[units] = customer[rows[j]]
            units += 1
    starts[units] = len(rows)
    return starts[: units + 1].copy(), owners[:units].copy()


@kernel
def by_need(rows: Ints, customer: Ints, need: Ints, needs: int) -> tuple[Ints, Ints, Ints]:
    """Rows regrouped by need within each customer, needs in the order they began; starts and owners as above."""
    grouped = np.empty_like(rows)
    starts = np.empty(len(rows) + 1, np.int64)
    owners = np.empty(len(rows), np.int32)
    slot = np.full(needs, -1, np.int64)  # the unit a need has with the customer at hand
    cursor = np.empty(len(rows) + 1, np.int64)
    units, first = 0, 0
    while first < len(rows):
        last, before = first, units
        while last < len(rows) and customer[rows[last]] == customer[rows[first]]:
            code = need[rows[last]]
            if slot[code] < before:
                slot[code] = units
                cursor[units] = 0
                owners[units] = customer[rows[last]]
                units += 1
            cursor[slot[code]] += 1
            last += 1
        place = first
        for unit in range(before, units):
            starts[unit] = place
            place += cursor[unit]
            cursor[unit] = starts[unit]
        for j in range(first, last):
            unit = slot[need[rows[j]]]
            grouped[cursor[unit]] = rows[j]
            cursor[unit] += 1
        first = last
    starts[units] = len(rows)
    return grouped, starts[: units + 1].copy(), owners[:units].copy()


@kernel
def begun_within(grouped: tuple[Ints, Ints, Ints], day: Ints, since: int, until: int) -> tuple[Ints, Ints, Ints]:
    """Only journeys whose first event is within the days, whole."""
    rows, starts, owners = grouped
    kept = np.empty_like(rows)
    places = np.empty_like(starts)
    whose = np.empty_like(owners)
    units, place = 0, 0
    for unit in range(len(owners)):
        began = day[rows[starts[unit]]]
        if since <= began < until:
            places[units] = place
            whose[units] = owners[unit]
            units += 1
            for j in range(starts[unit], starts[unit + 1]):
                kept[place] = rows[j]
                place += 1
    places[units] = place
    return kept[:place].copy(), places[: units + 1].copy(), whose[:units].copy()


@kernel
def in_order(rows: Ints) -> bool:
    """Whether the rows are 0, 1, 2 ..., so that columns can be read where they are."""
    for j in range(len(rows)):  # noqa: SIM110 (compiled)
        if rows[j] != j:
            return False
    return True


@kernel
def distinct(owners: Ints) -> int:
    """How many customers have journeys; a customer's journeys stand together."""
    found = 0
    for unit in range(len(owners)):
        if unit == 0 or owners[unit] != owners[unit - 1]:
            found += 1
    return found
