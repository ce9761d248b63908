"""Lifecycle and stickiness as pictures: a row for each span of days, its people as a bar, every number leading to them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from geleit.charts.drawing import LINE, Drawing, Fact, door, hatched, heading, legend, reach
from geleit.charts.twin import Cell, Column, Twin
from geleit.charts.words import Words
from geleit.language.formats import day_of
from geleit.maps.scene import Canvas, Rect, Scene, Stroke, Text
from geleit.maps.type import width

if TYPE_CHECKING:
    from geleit.analytics.lifecycle import Lived
    from geleit.analytics.result import Result
    from geleit.analytics.stickiness import Sticky

SHOWN = 24  # spans in the picture, the latest; the table has all
NAMES = 118.0  # px: the column of days
BAR = 16.0
SMALL = 12.5
STATES = {
    "returning": "came in the span before as well",
    "resurrected": "back after a pause",
    "new": "for the first time",
    "dormant": "stayed away",
}
ROLES = {"returning": "bar4", "resurrected": "pale4", "new": "bar3", "dormant": "left"}


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a row's bar: how many people, drawn how (``left`` = hatched), what it is called, where it leads."""

    people: int
    role: str
    name: str
    href: str


def draw_lifecycle(result: Result[Lived], drawing: Drawing, *, title: str = "") -> Scene:
    """Who came in each span, and who stayed away."""
    rows = [
        (row.begins, row.complete, [
            Piece(getattr(row, state), role, drawing.words.say(STATES[state]), drawing.lead({"begins": row.begins.isoformat(), "state": state}, {}))
            for state, role in ROLES.items()
        ])
        for row in result.rows[-SHOWN:]
    ]  # fmt: skip
    return _drawn(
        result, drawing, rows, (title, drawing.words.say("Who comes, who stays away")), lifecycle_signs(result, drawing)
    )


def draw_stickiness(result: Result[Sticky], drawing: Drawing, *, title: str = "") -> Scene:
    """How many came on one day only, how many on several."""
    words = drawing.words
    rows = [
        (row.begins, row.complete, [
            Piece(row.people - row.once, "bar4", words.say("on several days"), drawing.lead({"begins": row.begins.isoformat()}, {"days": ["1"]})),
            Piece(row.once, "pale4", words.say("on one day only"), drawing.lead({"begins": row.begins.isoformat(), "days": 1}, {})),
        ])
        for row in result.rows[-SHOWN:]
    ]  # fmt: skip
    return _drawn(result, drawing, rows, (title, words.say("How often people come")), stickiness_signs(result, drawing))


def _drawn(
    result: Result[Lived] | Result[Sticky],
    drawing: Drawing,
    rows: Sequence[tuple[date, bool, Sequence[Piece]]],
    titles: tuple[str, str],
    signs: Sequence[tuple[str, str]],
) -> Scene:
    canvas, words = Canvas(), drawing.words
    y = heading(canvas, result, titles[0], drawing) if titles[0] else 0.0
    most = max((sum(piece.people for piece in pieces) for _, _, pieces in rows), default=1)
    for begins, complete, pieces in (row for row in rows if any(piece.people for piece in row[2])):
        y = _row(canvas, drawing, (begins, complete), pieces, (y, (drawing.width - NAMES - 2) / max(most, 1)))
    if titles[0]:
        y = legend(canvas, y + 4, signs, drawing.width)
    right = max(drawing.width, reach(canvas))
    return Scene(right, y + 4, tuple(canvas.marks), titles[0] or titles[1], words.explain(result), words.language)


def _row(
    canvas: Canvas, drawing: Drawing, when: tuple[date, bool], pieces: Sequence[Piece], at: tuple[float, float]
) -> float:
    (begins, complete), (top, unit), words = when, at, drawing.words
    canvas.add(Text(0, top + 13, day_of(begins, words.language), SMALL, "strong"))
    if not complete:
        canvas.add(Text(0, top + 13 + LINE, words.say("not over"), 11.5, role="soft"))
    x = NAMES
    for piece in pieces:
        wide = piece.people * unit
        if piece.role == "left" and wide:
            canvas.add(Stroke(hatched(x, top, wide, BAR, 4), "left", (), ground=True))
        elif wide:
            canvas.add(Rect(x, top, wide, BAR, piece.role, ground=True))
        x += wide
    x, y = NAMES, top + BAR + 4
    for piece in pieces:
        if not piece.people:
            continue
        number = words.number(piece.people)
        taken = 14 + width(number, "record", SMALL)
        if x + taken > drawing.width:
            x, y = NAMES, y + LINE + 2
        if piece.role == "left":
            canvas.add(Stroke(hatched(x, y + 4, 9, 9, 4), "left", (), ground=True))
        else:
            canvas.add(Rect(x, y + 4, 9, 9, piece.role, ground=True))
        door(
            canvas,
            f"{day_of(begins, words.language)}, {piece.name}: {number}",
            piece.href,
            [Text(x + 14, y + 13, number, SMALL, role="door")],
        )
        x += taken + 22
    return y + LINE + 14


def lifecycle_signs(_result: Result[Lived], drawing: Drawing) -> list[tuple[str, str]]:
    """What the parts of a bar mean."""
    say = drawing.words.say
    said = [(role, say(STATES[state])) for state, role in ROLES.items() if role != "left"]
    return [*said, ("", say("Hatched: came in the span before and not in this one."))]


def stickiness_signs(_result: Result[Sticky], drawing: Drawing) -> list[tuple[str, str]]:
    """What the parts of a bar mean."""
    say = drawing.words.say
    return [("bar4", say("on several days")), ("pale4", say("on one day only"))]


def lifecycle_facts(result: Result[Lived], drawing: Drawing) -> list[Fact]:
    """Who was new, and who stayed away, in the last span that is over."""
    over = [row for row in result.rows if row.complete]
    if not over:
        return []
    last, words = over[-1], drawing.words
    day = day_of(last.begins, words.language)
    begins = last.begins.isoformat()
    new = words.say("people are new in the span from {day}", day=day)
    gone = words.say("who came before stayed away")
    return [
        Fact(words.number(last.new), drawing.lead({"begins": begins, "state": "new"}, {}), new),
        Fact(words.number(last.dormant), drawing.lead({"begins": begins, "state": "dormant"}, {}), gone),
    ]


def lifecycle_twin(result: Result[Lived], drawing: Drawing) -> Twin:
    """Every span as a row, the latest first."""
    words, lead = drawing.words, drawing.lead
    rows = []
    for row in reversed(result.rows):
        begins = row.begins.isoformat()
        numbers = [
            Cell(
                words.number(getattr(row, state)),
                lead({"begins": begins, "state": state}, {}) if getattr(row, state) else "",
            )
            for state in ("new", "returning", "resurrected", "dormant")
        ]
        rows.append((Cell(_day(words, row.begins, complete=row.complete)), Cell(words.number(row.people)), *numbers))
    heads = (
        "Begins",
        "People",
        "for the first time",
        "came in the span before as well",
        "back after a pause",
        "stayed away",
    )
    return Twin(tuple(Column(words.say(head), numeric=head != "Begins") for head in heads), tuple(rows))


def stickiness_twin(result: Result[Sticky], drawing: Drawing) -> Twin:
    """Every span as a row, the latest first."""
    words, lead = drawing.words, drawing.lead
    rows = [
        (
            Cell(_day(words, row.begins, complete=row.complete)),
            Cell(words.number(row.people), lead({"begins": row.begins.isoformat()}, {})),
            Cell(words.number(round(row.daily, 1))),
            Cell(words.share(row.share)),
            Cell(words.number(row.once), lead({"begins": row.begins.isoformat(), "days": 1}, {}) if row.once else ""),
            Cell(words.number(row.median)),
            Cell(words.number(row.p95)),
        )
        for row in reversed(result.rows)
    ]
    heads = (
        "Begins",
        "People",
        "on an average day",
        "Share",
        "on one day only",
        "half of them on days",
        "95 % on days at most",
    )
    return Twin(tuple(Column(words.say(head), numeric=head != "Begins") for head in heads), tuple(rows))


def _day(words: Words, begins: date, *, complete: bool) -> str:
    day = day_of(begins, words.language)
    return day if complete else f"{day} ({words.say('not over')})"
