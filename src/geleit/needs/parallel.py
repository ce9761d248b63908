"""Cuts the needs of many customers on all processors: reading stays here, each batch is cut wherever there is room."""

from __future__ import annotations

import gc
import multiprocessing
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from itertools import islice
from typing import Any

from geleit.events.kinds import Catalogue, Kinds
from geleit.history.stored import StoredEvent, decode
from geleit.needs.cut import cut_all
from geleit.needs.need import Cut, ReadEvent
from geleit.needs.rules import Needs

BATCH = 300  # customers cut together: short enough that writing them never holds the ledger for long
ALONE = 3  # batches up to which starting another process costs more than it spares

History = tuple[str, Sequence[tuple[Any, ...]]]
Found = dict[str, Cut]


def read_all(stored: Sequence[StoredEvent], catalogue: Catalogue) -> list[ReadEvent]:
    """Events with their touchpoints, not yet given to needs."""
    return [ReadEvent(item.event, catalogue.touchpoint(item.event)) for item in stored]


def in_parallel(histories: Iterable[History], catalogue: Catalogue, rules: Needs) -> Iterator[Found]:
    """The needs of all customers, a batch at a time, in any order."""
    batches = _batches(iter(histories))
    for batch in islice(batches, ALONE):
        yield _cut(batch, catalogue, rules)
    first = next(batches, None)
    if first is None:
        return
    helpers = max((os.cpu_count() or 1) - 1, 0)
    if not helpers:
        yield _cut(first, catalogue, rules)
        yield from (_cut(batch, catalogue, rules) for batch in batches)
        return
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(helpers, context, _begin, (catalogue.definition, rules)) as pool:
        alone = partial(_cut, catalogue=catalogue, rules=rules)
        waiting: list[tuple[Future[Found], list[History]]] = [(pool.submit(_cut_there, first), first)]
        for batch in batches:
            done = [one for one in waiting if one[0].done()]
            yield from (_result(*one, alone) for one in done)
            waiting = [one for one in waiting if one not in done]
            future = (
                _submit(pool, batch) if len(waiting) <= helpers else None
            )  # one at work and one behind it, for each
            if future:
                waiting.append((future, batch))
            else:
                yield alone(batch)
        yield from (_result(*one, alone) for one in waiting)


def _submit(pool: ProcessPoolExecutor, batch: list[History]) -> Future[Found] | None:
    """Hand a batch to another process; None where there is none (a script without a main guard cannot start one)."""
    try:
        return pool.submit(_cut_there, batch)
    except BrokenProcessPool:
        return None


def _result(future: Future[Found], batch: list[History], alone: Callable[[list[History]], Found]) -> Found:
    """What another process found; cut here if it died."""
    try:
        return future.result()
    except BrokenProcessPool:
        return alone(batch)


def _batches(histories: Iterator[History]) -> Iterator[list[History]]:
    while batch := list(islice(histories, BATCH)):
        yield batch


def _cut(batch: Sequence[History], catalogue: Catalogue, rules: Needs) -> Found:
    return {customer: cut_all(read_all([decode(row) for row in rows], catalogue), rules) for customer, rows in batch}


_there: dict[str, Any] = {}


def _begin(kinds: Kinds, rules: Needs) -> None:
    """What a helping process needs, once."""
    gc.set_threshold(50_000)  # millions of objects, and none of them forms a ring
    _there.update(catalogue=Catalogue(kinds), rules=rules)


def _cut_there(batch: Sequence[History]) -> Found:
    return _cut(batch, _there["catalogue"], _there["rules"])
