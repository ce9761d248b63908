"""An answer: rows with their definition, state, population and filters, and the people behind every number."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from html import escape
from typing import Any, Generic, TypeVar

import pyarrow as pa

from geleit.analytics.question import Question
from geleit.analytics.reference import Actor
from geleit.analytics.selection import Population
from geleit.errors import GeleitError
from geleit.history.delta import AsOf
from geleit.language.formats import day_of, number
from geleit.language.words import translate

Row = TypeVar("Row")
SHOWN = 20  # rows of a notebook's table


@dataclass(frozen=True, slots=True)
class Other(Generic[Row]):
    """What is beyond the limit: ``rows`` folded rows, counted like the others; ``open`` gives them."""

    rows: int
    open: Callable[[], tuple[Row, ...]] = field(repr=False, compare=False)


@dataclass(frozen=True)
class Result(Generic[Row]):
    """What a question was answered: the rows shown, the folded rest, and what both are of."""

    question: Question
    as_of: AsOf
    population: Population
    rows: tuple[Row, ...]
    other: Other[Row]
    find: Callable[[Mapping[str, object]], list[Actor]] = field(repr=False, compare=False)

    @property
    def definition(self) -> Mapping[str, Any]:
        """The question, complete, without the ids of a segment's people."""
        return {"analysis": self.question.name, **self.question.model_dump(mode="json", exclude={"segment", "against"})}

    @property
    def filters(self) -> Mapping[str, Any]:
        """What narrowed the population."""
        asked = self.question
        return {
            "since": asked.since and asked.since.isoformat(),
            "until": asked.until and asked.until.isoformat(),
            "period_of": asked.period_of,
            "topic": asked.topic or None,
            "segment": None if asked.segment is None else len(asked.segment),
        }

    def actors(self, **cell: object) -> list[Actor]:
        """The people behind a cell, named by its key columns; without any, behind the whole answer.

        Errors: GeleitError for a column that names no cell.
        """
        wrong = [name for name in cell if name not in self.question.keys]
        if wrong:
            raise GeleitError(
                f"'{wrong[0]}' names no cell of {self.question.name}", hint=f"use {', '.join(self.question.keys)}"
            )
        return self.find(cell)

    def to_arrow(self) -> pa.Table:
        """All rows, the folded ones too."""
        return pa.Table.from_pylist([asdict(row) for row in (*self.rows, *self.other.open())])  # type: ignore[call-overload]

    def to_pandas(self) -> Any:
        """All rows as a data frame.

        Errors: GeleitError where pandas is not installed.
        """
        try:
            return self.to_arrow().to_pandas()
        except ModuleNotFoundError:
            raise GeleitError("pandas is not installed here", hint="pip install pandas, or use to_arrow()") from None

    def to_dict(self) -> dict[str, Any]:
        """The answer for programs: definition, as_of, population, filters, rows, and how much is folded."""
        return {
            "definition": dict(self.definition),
            "as_of": asdict(self.as_of),
            "population": asdict(self.population),
            "filters": dict(self.filters),
            "rows": [asdict(row) for row in self.rows],  # type: ignore[call-overload]
            "other": {"rows": self.other.rows},
        }

    def explain(self, language: str = "en") -> str:
        """What is counted, in words."""
        return " ".join([self.question.sentence(language), *_surroundings(self, language)])

    def _repr_html_(self) -> str:
        heads, lines = _lines(self.rows[:SHOWN])
        head = "".join(f"<th>{escape(name)}</th>" for name in heads)
        body = "".join(f"<tr>{''.join(f'<td>{escape(value)}</td>' for value in line)}</tr>" for line in lines)
        return f"<table><caption>{escape(self.explain())}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _lines(rows: Sequence[Any]) -> tuple[list[str], Iterable[list[str]]]:
    names = [one.name for one in fields(rows[0])] if rows else []
    return names, ([str(getattr(row, name)) for name in names] for row in rows)


def _surroundings(result: Result[Any], language: str) -> list[str]:
    """Sentences about population, filters and what is left out."""
    of, asked = result.population, result.question
    said = {name: number(value, language) for name, value in asdict(of).items()}
    by = (
        "{journeys} journeys of {people} people with {events} events; a journey is what belongs to one need."
        if asked.unit == "need"
        else "{journeys} journeys of {people} people with {events} events; a journey is all that one person did."
    )
    found = [translate(language, by, **said)]
    if asked.since or asked.until:
        found.append(_period(asked, language))
    if asked.segment is not None:
        chosen = "Only people of the segment {name}: {n}." if asked.of_segment else "Only {n} chosen people."
        found.append(translate(language, chosen, name=asked.of_segment, n=number(len(asked.segment), language)))
    if of.outside:
        found.append(translate(language, "{outside} events belong to no need and are not in it.", **said))
    if asked.topic:
        found.append(translate(language, "Only needs of the topic {topic}.", topic=asked.topic))
    if result.other.rows:
        rest = number(result.other.rows, language)
        found.append(translate(language, "{n} further rows were counted and are folded.", n=rest))
    return found


def _period(asked: Question, language: str) -> str:
    """Which days are asked of, in the language's way of writing them."""
    days = {name: day_of(day, language) for name in ("since", "until") if (day := getattr(asked, name))}
    texts = {
        ("journeys", "since until"): "Only journeys that began from {since} until before {until}.",
        ("journeys", "since"): "Only journeys that began on {since} or later.",
        ("journeys", "until"): "Only journeys that began before {until}.",
        ("events", "since until"): "Only events from {since} until before {until}.",
        ("events", "since"): "Only events of {since} or later.",
        ("events", "until"): "Only events before {until}.",
    }
    return translate(language, texts[asked.period_of, " ".join(days)], **days)
