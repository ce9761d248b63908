"""The table twin of a map: the same facts, a row a step, a column a lane."""

from __future__ import annotations

from dataclasses import dataclass

from geleit.language.formats import stamp
from geleit.language.words import translate
from geleit.maps.journey import Journey, Step
from geleit.maps.sentences import (
    criteria,
    elapsed,
    evidence_name,
    feeling_line,
    initiator_name,
    medium_name,
    ownership_name,
    promise_line,
    spoken,
    stage_name,
    verdict_name,
)

SEPARATOR = "; "


@dataclass(frozen=True, slots=True)
class Column:
    """A column by its stable name and its head in the reader's language."""

    name: str
    head: str


@dataclass(frozen=True, slots=True)
class Row:
    """One step: its number, the events it opens, and a text per column."""

    number: int
    event_ids: tuple[str, ...]
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """All steps; every lane of the map is a column, empty or not."""

    columns: tuple[Column, ...]
    rows: tuple[Row, ...]


def table(journey: Journey) -> Table:
    """The journey as a table with everything that the picture shows."""
    columns = tuple(Column(name, head) for name, head in _heads(journey.language).items())
    rows = []
    for place, step in enumerate(journey.steps):
        cells = _cells(journey, step, journey.steps[place - 1] if place else None)
        rows.append(Row(step.number, step.event_ids, tuple(cells[column.name] for column in columns)))
    return Table(columns, tuple(rows))


def _heads(language: str) -> dict[str, str]:
    return {
        "step": translate(language, "Step"),
        "time": translate(language, "Time"),
        "elapsed": translate(language, "Time since"),
        "stage": translate(language, "Stage"),
        "text": translate(language, "What happened"),
        "channel": translate(language, "Channel"),
        "medium": translate(language, "Medium"),
        "ownership": translate(language, "Whose place"),
        "initiator": translate(language, "Begun by"),
        "evidence": translate(language, "How well known"),
        "source": translate(language, "Evidence"),
        "feeling": translate(language, "Feeling"),
        "criteria": translate(language, "What counts"),
        "staff": translate(language, "Person"),
        "promise": translate(language, "Promise"),
        "verdict": translate(language, "Designed against actual"),
        "opportunity": translate(language, "Opportunity"),
    }


def _cells(journey: Journey, step: Step, before: Step | None) -> dict[str, str]:
    language = journey.language
    promises = (f"{one.text} ({promise_line(one, journey)})" for one in step.promises)
    feelings = (feeling_line(feeling, language) for feeling in step.feelings)
    return {
        "step": str(step.number),
        "time": stamp(step.t, language, journey.zone),
        "elapsed": elapsed(before, step, language) if before else "",
        "stage": stage_name(journey, step.stage),
        "text": spoken(step, language),
        "channel": step.channel_label,
        "medium": medium_name(step.medium, language),
        "ownership": ownership_name(step.ownership, language)[0],
        "initiator": initiator_name(step, language),
        "evidence": evidence_name(step.evidence, language),
        "source": step.evidence_text,
        "feeling": SEPARATOR.join(feelings) or translate(language, "not asked"),
        "criteria": SEPARATOR.join(criteria(step, language)),
        "staff": step.staff,
        "promise": SEPARATOR.join(promises),
        "verdict": verdict_name(step.verdict, language) if step.verdict else "",
        "opportunity": SEPARATOR.join(step.opportunities),
    }
