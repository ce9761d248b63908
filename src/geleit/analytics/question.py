"""What every question about all journeys shares: whose journeys, of which time, and what of them counts."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any, ClassVar, Literal, NamedTuple, Self

import pyarrow as pa
from pydantic import Field, model_validator

from geleit.analytics.selection import FIRST_DAY, LAST_DAY, Selection, Wanted
from geleit.analytics.spoken import Spoken
from geleit.definitions import Definition
from geleit.needs.designed import DesignedJourney

Unit = Literal["need", "customer"]
EPOCH = date(1970, 1, 1).toordinal()


class Supplies(NamedTuple):
    """What questions may take beside the columns: designed journeys by name, orders, what people said, everybody's id."""

    designs: Mapping[str, DesignedJourney]
    orders: Callable[[], pa.Table]
    spoken: Callable[[Wanted], Spoken] = lambda _wanted: Spoken()
    customers: Callable[[], Sequence[str]] = tuple


class Question(Definition):
    """One question, complete: asked again of the same state it gives the same answer."""

    name: ClassVar[str] = ""
    counted: ClassVar[pa.Schema] = pa.schema([])
    """The whole numbers that kernels and reference SQL count alike; sorted by ``keys``."""
    keys: ClassVar[tuple[str, ...]] = ()
    """Columns that name a cell; ``actors`` gives the people behind one."""
    sorted_by: ClassVar[tuple[str, ...]] = ()
    """Columns that order what is counted; by default the keys."""

    by_sql: ClassVar[bool] = False
    """Counted by the reference SQL alone: few rows, and not from the journal's columns."""
    kind_fields: ClassVar[tuple[str, ...]] = ()
    """Fields that name kinds."""
    value_fields: ClassVar[tuple[str, ...]] = ()
    """Fields that name values of what it looks at: kinds, channels or stages."""
    only: ClassVar[Unit | None] = None
    """The one unit that makes sense, if it is one."""

    unit: Unit = Field("need", description="a journey is the events of one need, or of one customer")
    since: date | None = Field(None, description="first day, in the company's time zone")
    until: date | None = Field(None, description="first day that no longer belongs to it")
    period_of: Literal["journeys", "events"] = Field(
        "journeys", description="days count the journeys that began then, whole; or only the events of these days"
    )
    topic: str = Field("", description="only needs of this topic; by default of any")
    segment: tuple[str, ...] | None = Field(None, description="only these customers, by their ids; by default all")
    of_segment: str = Field("", description="how the segment is called; it only tells, the ids choose")
    own_kinds: bool = Field(
        False, description="kinds as sources call them, not the known kinds that kinds.yaml says they mean"
    )
    notes: bool = Field(False, description="count notes (a criterion, a judgement) like steps")
    limit: int = Field(50, ge=1, description="rows shown; the rest is folded into 'other', which opens")

    @model_validator(mode="after")
    def _time_runs_forward(self) -> Question:
        if self.since and self.until and self.since >= self.until:
            raise ValueError(f"until: {self.until} must come after since: {self.since}")
        if self.only and self.unit != self.only:
            raise ValueError(f"unit: {self.name} is counted by {self.only}, not by {self.unit}")
        return self

    @property
    def days(self) -> tuple[int, int]:
        """The period as days since 1970, the second excluded."""
        first = self.since.toordinal() - EPOCH if self.since else FIRST_DAY
        last = self.until.toordinal() - EPOCH if self.until else LAST_DAY
        return first, last

    @property
    def wanted(self) -> Wanted:
        """Which events count, and how they are grouped."""
        whole = self.period_of == "journeys"
        return Wanted(self.unit == "need", self.notes, whole, *self.days, self.segment, self.topic, self.own_kinds)

    @property
    def kinds(self) -> Sequence[str]:
        """The kinds of events that the question names."""
        return [kind for name in self.kind_fields for kind in _flat(getattr(self, name))]

    @property
    def looked_at(self) -> str:
        """Whether it looks at kinds, channels or stages."""
        return str(getattr(self, "of", "kind"))

    @property
    def named_values(self) -> Sequence[str]:
        """The channels or stages that it names, where it looks at those."""
        return [one for name in self.value_fields for one in _flat(getattr(self, name))]

    def renamed(self, canonical: Callable[[str], str]) -> Self:
        """The same question with every kind by the name it is counted under."""
        return self.model_copy(update={name: _each(getattr(self, name), canonical) for name in self.kind_fields})

    def completed(self, supplies: Supplies) -> Self:  # noqa: ARG002 (few need any)
        """The same question with what it takes from outside the journal: a designed journey, orders."""
        return self

    def parts(self) -> Sequence[Question]:
        """Questions whose counts this one puts together, as groups a and b; by default it counts itself."""
        return ()

    def count(self, selection: Selection) -> pa.Table:
        """Count by kernels: a table of ``counted``, in any order."""
        raise NotImplementedError

    def parameters(self) -> Mapping[str, object]:
        """Values of the reference SQL's parameters."""
        return {}

    def tables(self, selection: Selection) -> Mapping[str, pa.Table]:  # noqa: ARG002 (most need none)
        """Small tables that the reference SQL reads beside the steps."""
        return {}

    def cell(self, cell: Mapping[str, object], selection: Selection) -> Mapping[str, object]:  # noqa: ARG002 (as above)
        """A cell that somebody named, as the reference SQL names it."""
        return cell

    def statement(self, texts: Mapping[str, str], which: str) -> str:
        """The reference SQL named ``which``: ``cells`` (who is in which cell) or ``counts`` of them."""
        return texts[which]

    @abstractmethod
    def rows(self, counts: pa.Table, selection: Selection) -> Sequence[Any]:
        """The answer's rows from what was counted, the most important first; all divisions happen here."""

    def folded(self, counts: pa.Table) -> int | None:  # noqa: ARG002 (few fold)
        """How many rows were folded while counting; None if all were counted apart."""
        return None

    @abstractmethod
    def sentence(self, language: str) -> str:
        """What is counted, in words."""


def _flat(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    else:
        for one in value:
            yield from _flat(one)


def _each(value: Any, change: Callable[[str], str]) -> Any:
    return change(value) if isinstance(value, str) else tuple(_each(one, change) for one in value)
