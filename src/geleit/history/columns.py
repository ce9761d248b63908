"""The view base + delta as coded columns: memory-mapped ones of the base with a mask, and those of the delta in memory."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from geleit.history.delta import AsOf
from geleit.history.engine import DuckEngine
from geleit.history.generation import Generation
from geleit.history.statements import load

# Bits of the column ``flags``.
STEP = 1  # a step, not a note
GAP = 2  # supposed: nobody recorded it
PERSON = 4  # the person began it
CONTACT = 8  # contact with somebody, no action alone

LOTS = 32  # people are drawn by lot, for the ranges of what is estimated from them; by their id, so always alike

NAMES = ("customer", "t", "ord", "kind", "own_kind", "channel", "stage", "local_day", "need", "flags")
Column = npt.NDArray[Any]


@dataclass(frozen=True, slots=True)
class Part:
    """Events clustered by (customer, t, order); only customers whose place in ``keep`` is true are to be read.

    ``column(name)`` gives one of ``NAMES``. Codes of kinds, channel and stage are those of ``Columns``; customers and needs
    are numbered within the part.
    """

    column: Callable[[str], Column]
    keep: npt.NDArray[np.bool_]


class Columns:
    """Base and delta of one state (``as_of``) as coded columns, and as the view ``events`` on ``duck``.

    A customer's events stand wholly in one part. Close it after use.
    """

    def __init__(self, duck: duckdb.DuckDBPyConnection, base: Generation | None, stages: Sequence[str]) -> None:
        self.duck = duck
        self.base = base
        self.as_of = AsOf(*duck.execute("SELECT * FROM as_of").fetchall()[0])
        codes = base.codes if base else {"kind": [], "own_kind": [], "channel": [], "stage": []}
        self.kinds = self._extended(codes["kind"], "kinds")
        self.own_kinds = self._extended(codes["own_kind"], "own_kinds")
        self.channels = self._extended(codes["channel"], "channels")
        # Stages of definitions that changed since the base was built come behind its own.
        self.stages = [*codes["stage"], *(stage for stage in (*stages, "") if stage not in codes["stage"])]

    @cached_property
    def engine(self) -> DuckEngine:
        """Where reference SQL about this state runs."""
        return DuckEngine(self.duck)

    @cached_property
    def parts(self) -> tuple[Part, ...]:
        """The base, if there is one, and the delta."""
        delta = self._delta()
        return (self._masked(self.base), delta) if self.base else (delta,)

    @cached_property
    def lots(self) -> Sequence[Column]:
        """The lot, below ``LOTS``, of each part's customers by their numbers; drawn when first asked for."""
        queries = (["base_lots"] if self.base else []) + ["delta_lots"]
        return [self.duck.execute(load("columns.sql")[query]).fetchnumpy()["lot"] for query in queries]

    def chosen(self, customers: Sequence[str]) -> list[npt.NDArray[np.bool_]]:
        """Which customers of each part are among these, by their numbers in the part."""
        wanted = pa.table({"customer_id": pa.array(customers, pa.string())})
        self.duck.register("wanted", wanted)
        queries = (["base_chosen"] if self.base else []) + ["delta_chosen"]
        found = []
        for part, query in zip(self.parts, queries, strict=True):
            mask = np.zeros(len(part.keep), np.bool_)
            mask[self._values(query)] = True
            found.append(mask)
        self.duck.unregister("wanted")
        return found

    def among_needs(self, needs: Sequence[str]) -> list[npt.NDArray[np.bool_]]:
        """Which needs of each part are among these, by their numbers in the part; never empty."""
        self.duck.register("wanted", pa.table({"need_id": pa.array(needs, pa.string())}))
        queries = (["base_needs"] if self.base else []) + ["delta_needs"]
        found = []
        for part, query in zip(self.parts, queries, strict=True):
            mask = np.zeros(int(part.column("need").max(initial=0)) + 1, np.bool_)
            mask[self._values(query)] = True
            found.append(mask)
        self.duck.unregister("wanted")
        return found

    def close(self) -> None:
        """Let go of the connection."""
        self.duck.close()

    def _extended(self, codes: Sequence[str], query: str) -> list[str]:
        known = set(codes)
        return [*codes, *(value for value in self._values(query) if value not in known)]

    def _values(self, query: str) -> list[Any]:
        return [row[0] for row in self.duck.execute(load("columns.sql")[query]).fetchall()]

    def _masked(self, base: Generation) -> Part:
        keep = np.ones(self._values("customers")[0], np.bool_)
        keep[self._values("dirty_codes")] = False
        keep[self._values("nobody_code")] = False
        return Part(lambda name: np.asarray(base.column(name)), keep)

    def _delta(self) -> Part:
        codes = {"kinds": self.kinds, "own_kinds": self.own_kinds, "channels": self.channels, "stages": self.stages}
        found = self.duck.execute(load("columns.sql")["coded"], codes).fetchnumpy()
        customers = self._values("delta_customers")
        keep = np.array([customer != "" for customer in customers], np.bool_)
        columns = {name: np.ascontiguousarray(found[name]) for name in NAMES}
        return Part(columns.__getitem__, keep)
