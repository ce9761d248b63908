"""Questions about an exported journal: reference SQL counts on an engine, here or on other machines; kernels have no part in it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, overload

import numpy as np
import pyarrow as pa

from geleit.analytics.analytics import Analytics
from geleit.analytics.desk import Engine, State
from geleit.analytics.orders import BOUGHT
from geleit.analytics.question import Question, Supplies
from geleit.analytics.reference import Reference
from geleit.analytics.result import Result
from geleit.analytics.selection import Journeys, Population, Selection, Wanted
from geleit.analytics.spoken import Spoken
from geleit.clock import local_day
from geleit.errors import GeleitError
from geleit.events.kinds import Catalogue
from geleit.history.columns import PERSON, Column, Part
from geleit.history.exported import Exported, Exports
from geleit.needs.designed import DesignedJourney


class ExportAnalytics(Analytics):
    """Every question, asked of the newest export in a place; ``as_of`` of an answer is the export's."""

    def __init__(self, exports: Exports, catalogue: Catalogue, designs: Mapping[str, DesignedJourney]) -> None:
        super().__init__(exports, catalogue, "", designs)  # type: ignore[arg-type]  # gives states as a history does
        self._exports = exports
        self._supplies = Supplies(self.designs, self._orders)

    def ask(self, question: Question, engine: Engine = "sql") -> Result[Any]:  # noqa: ARG002 (there are no kernels)
        """Answer a question by its reference SQL."""
        return super().ask(question, "sql")

    def _orders(self) -> pa.Table:
        """What people bought, as the export has it."""
        names = ", ".join(BOUGHT.names)
        return self._newest().reference.engine.rows(f"SELECT {names} FROM orders", {}).cast(BOUGHT)  # noqa: S608 (our names)

    def _open(self) -> State:
        return ExportState(self._exports.open_columns())


class ExportState(State):
    """One export, asked by SQL alone."""

    def __init__(self, exported: Exported) -> None:
        super().__init__(exported, exported.zone, self._needs)  # type: ignore[arg-type]  # of columns only what SQL needs
        self._exported = exported

    def choose(self, wanted: Wanted) -> Selection:
        """Who is counted; the journeys themselves are fetched only for what SQL does not do."""
        of = self._exported
        return Selection(
            Fetched(lambda: fetch(self.reference, wanted, of)),
            self.reference.population(wanted),
            local_day(of.as_of.at, of.zone),
            of.own_kinds if wanted.own_kinds else of.kinds,
            of.channels,
            of.stages,
            of.days,
        )

    def population(self, wanted: Wanted, engine: Engine) -> Population:  # noqa: ARG002 (there are no kernels)
        """Who and what is counted; asked once."""
        return self.selection(wanted).population

    def spoken(self, wanted: Wanted) -> Spoken:  # noqa: ARG002 (there is nothing of any)
        """An export holds no texts.

        Errors: GeleitError, always.
        """
        raise GeleitError(
            "an exported journal does not hold what people said, so it cannot be counted from there",
            hint="ask without --said, or with --engine kernels",
        )

    def _needs(self, topic: str) -> Sequence[str]:
        found = self._exported.engine.rows("SELECT need_id FROM needs WHERE topic = $topic", {"topic": topic})
        return [str(need) for need in found["need_id"].to_pylist()]


class Fetched(Sequence[Journeys]):
    """Journeys that come over the network when somebody looks at them, once."""

    def __init__(self, fetch: Callable[[], Journeys]) -> None:
        self._fetch = fetch
        self._found: tuple[Journeys, ...] = ()

    @overload
    def __getitem__(self, place: int) -> Journeys: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[Journeys]: ...
    def __getitem__(self, place: int | slice) -> Journeys | Sequence[Journeys]:
        self._found = self._found or (self._fetch(),)
        return self._found[place]

    def __len__(self) -> int:
        return 1


def fetch(reference: Reference, wanted: Wanted, of: Exported) -> Journeys:
    """All journeys in memory, as kernels read them."""
    steps = reference.steps(wanted)
    codes = {"kind": of.own_kinds if wanted.own_kinds else of.kinds, "channel": of.channels, "stage": of.stages}
    columns: dict[str, Column] = {name: _coded(steps[name], values) for name, values in codes.items()}
    columns |= {name: steps[name].to_numpy() for name in ("t", "local_day")}
    columns["flags"] = (steps["by_person"].to_numpy() * PERSON).astype(np.uint8)
    owners = np.unique(steps["customer_id"].to_numpy(zero_copy_only=False).astype(str), return_inverse=True)[1]
    starts = np.flatnonzero(steps["place"].to_numpy() == 1)
    rows = np.arange(len(steps))
    grouped = (rows, np.append(starts, len(steps)), owners[starts].astype(np.int32))
    return Journeys(Part(columns.__getitem__, np.ones(len(starts), np.bool_)), grouped, 0, 0)


def _coded(column: pa.ChunkedArray, values: Sequence[str]) -> Column:
    place = {value: code for code, value in enumerate(values)}
    return np.array([place[value] for value in column.to_pylist()], np.uint16)
