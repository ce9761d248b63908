"""The tall map for phones: time runs down, one row a step; the path weaves through narrow lanes on the left."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from geleit.language.formats import stamp
from geleit.language.words import translate
from geleit.maps.frame import draw_heading, legend
from geleit.maps.icons import Icon, draw_icon, feeling_mark, node, unasked
from geleit.maps.journey import Feeling, Journey, Step
from geleit.maps.plan import Paragraph, set_paragraphs
from geleit.maps.scene import Canvas, Rect, Scene, Text
from geleit.maps.sentences import (
    OWNERSHIPS,
    criteria,
    description,
    feeling_line,
    later,
    ownership_name,
    place,
    presence,
    promise_line,
    quoted,
    stage_name,
    title,
    tone,
    verdict_name,
)
from geleit.maps.style import tone_class

PHONE = 358.0  # px: content width of a phone of 390 px
LANE_FIRST, LANE = 26.0, 22.0  # px: middle of the first lane, and from lane to lane
HEAD_ROW = 17.0
TEXT_GAP = 27.0  # px from the last lane's middle to the texts
MARK = 18.0  # px kept before a text for its mark
NODE_DOWN = 9.0  # px from a row's first line to the node's middle
ROW_GAP = 16.0
CROSSING = 24.0  # px above a node where the path comes over from another lane
BEND = 5.0
ESCORT = 13.5
BAND = 5.0

APART = " · "  # between facts of one line

Draw = Callable[[Canvas, float, float], None]


@dataclass(frozen=True, slots=True)
class _Entry:
    """A text of a row with the mark before it."""

    paragraph: Paragraph
    mark: Draw | None = None


@dataclass(frozen=True, slots=True)
class _Row:
    """Where a step stands: its lane's middle, its node's height, and where its row begins and ends."""

    step: Step
    x: float
    y: float
    top: float
    bottom: float


def tall(journey: Journey, *, heading: bool = True) -> Scene:
    """The whole journey as a scene of 358 px width, as long as it needs to be."""
    canvas = Canvas()
    y = draw_heading(canvas, journey, PHONE) if heading else 0.0
    used = {_lane_name(step) for step in journey.steps} | {"owned"}
    lanes = [name for name in OWNERSHIPS if name in used]
    start = _heads(canvas, journey, lanes, y)
    texts = LANE_FIRST + (len(lanes) - 1) * LANE + TEXT_GAP
    words = Canvas()
    rows = _rows(words, journey, lanes, texts, start)
    end = rows[-1].bottom if rows else start
    for at in range(len(lanes)):
        x = LANE_FIRST + at * LANE
        canvas.line([(x, y + (at + 1) * HEAD_ROW), (x, end)], "hair")
    _bands(canvas, journey, rows)
    _path(canvas, rows)
    _companions(canvas, rows)
    canvas.add(*words.marks, *(node(journey, row.step, row.x, row.y) for row in rows))
    canvas.line([(0, end + 8), (PHONE, end + 8)], "rule")
    bottom = legend(canvas, journey, end + 14, PHONE)
    return Scene(PHONE, bottom, tuple(canvas.marks), title(journey), description(journey), journey.language)


def _lane_name(step: Step) -> str:
    return step.ownership if step.ownership in OWNERSHIPS else ""


def _heads(canvas: Canvas, journey: Journey, lanes: Sequence[str], top: float) -> float:
    """Names of the lanes, each above its own line; returns where the rows begin."""
    for at, name in enumerate(lanes):
        head = ownership_name(name, journey.language)[0]
        canvas.add(Text(LANE_FIRST + at * LANE - 3, top + at * HEAD_ROW + 12, head, 12, "strong"))
    return top + len(lanes) * HEAD_ROW + 14


def _rows(canvas: Canvas, journey: Journey, lanes: Sequence[str], texts: float, top: float) -> list[_Row]:
    """Write every step's texts and say where its row stands."""
    rows: list[_Row] = []
    y = top
    for before, step in zip((None, *journey.steps), journey.steps, strict=False):
        x = LANE_FIRST + lanes.index(_lane_name(step)) * LANE
        bottom = y
        for entry in _entries(journey, before, step):
            indent = MARK if entry.mark else 0.0
            if entry.mark:
                entry.mark(canvas, texts + 6, bottom + 8)
            ends = set_paragraphs(
                canvas, [entry.paragraph], texts + indent, bottom, PHONE - texts - indent, anchor="start"
            )
            bottom = ends + 2
        rows.append(_Row(step, x, y + NODE_DOWN, y, bottom + ROW_GAP))
        y = bottom + ROW_GAP
    return rows


def _entries(journey: Journey, before: Step | None, step: Step) -> list[_Entry]:
    """Everything a column of the wide map says, line by line."""
    language = journey.language
    entries = []
    if before is None or before.stage != step.stage:
        entries.append(_Entry(Paragraph(stage_name(journey, step.stage), "strong", 13)))
    passed = later(before, step, language) if before else ""
    when = stamp(step.t, language, journey.zone)
    entries.append(_Entry(Paragraph(APART.join((when, passed)) if passed else when, "record", 12, "soft")))
    if step.text != step.quote:
        entries.append(_Entry(Paragraph(step.text, "record", 14)))
    if step.quote:
        entries.append(_Entry(Paragraph(quoted(step.quote, language), "voice", 15.5)))
    entries.append(_Entry(Paragraph(place(step, language), "record", 12, "soft")))
    entries += _visible(step, language)
    return entries + _behind(journey, step)


def _visible(step: Step, language: str) -> list[_Entry]:
    """Feelings and criteria."""
    entries = [
        _Entry(Paragraph(feeling_line(feeling, language), "record", 12), _felt(feeling)) for feeling in step.feelings
    ]
    if not step.feelings:
        text = translate(language, "not asked")
        entries.append(_Entry(Paragraph(text, "record", 12, "soft"), lambda canvas, x, y: canvas.add(unasked(x, y))))
    if counts := criteria(step, language):
        text = translate(language, "Judges by: {criterion}", criterion=APART.join(counts))
        entries.append(_Entry(Paragraph(text, "record", 12)))
    return entries


def _behind(journey: Journey, step: Step) -> list[_Entry]:
    """What lies behind the line of visibility: who, promised what, how we know, designed or not, what we could do."""
    language = journey.language
    entries = [_Entry(Paragraph(presence(step.staff, language), "record", 12))] if step.staff else []
    icons: dict[str, Icon] = {"made": "open", "open": "open", "kept": "kept", "late": "late"}
    for promise in step.promises:
        entries.append(_Entry(Paragraph(promise.text, "strong", 12), _icon(icons[promise.state])))
        status = Paragraph(promise_line(promise, journey), "record", 12, "alarm" if promise.state == "late" else "soft")
        entries.append(_Entry(status, _nothing))
    evidence = translate(language, "Evidence: {evidence}", evidence=step.evidence_text)
    entries.append(_Entry(Paragraph(evidence, "record", 12, "soft")))
    if step.verdict:
        role = "alarm" if step.verdict.kind == "late" else "soft"
        verdict = Paragraph(verdict_name(step.verdict, language), "record", 12, role)
        entries.append(_Entry(verdict, _icon(step.verdict.kind)))
    if step.opportunities:
        text = translate(language, "Opportunity: {opportunity}", opportunity=APART.join(step.opportunities))
        entries.append(_Entry(Paragraph(text, "record", 12)))
    return entries


def _felt(feeling: Feeling) -> Draw:
    return lambda canvas, x, y: canvas.add(feeling_mark(feeling, x, y))


def _icon(icon: Icon) -> Draw:
    return lambda canvas, x, y: draw_icon(canvas, icon, x, y)


def _nothing(_canvas: Canvas, _x: float, _y: float) -> None:
    """Only the indent of a mark."""


def _bands(canvas: Canvas, journey: Journey, rows: Sequence[_Row]) -> None:
    """A band at the left edge per run of one stage."""
    for stage, group in itertools.groupby(rows, key=lambda row: row.step.stage):
        run = list(group)
        top, bottom = run[0].top, run[-1].bottom
        canvas.add(Rect(0, top + 1, BAND, bottom - top - 3, f"band{tone_class(tone(journey, stage))}"))


def _path(canvas: Canvas, rows: Sequence[_Row]) -> None:
    """One line through all nodes, crossing to another lane shortly before the next node."""
    stretches = []
    for start, end in itertools.pairwise(rows):
        border = end.y - CROSSING
        bend = [(start.x, border - BEND), (end.x, border + BEND)] if start.x != end.x else []
        unknown = "gap" in (start.step.evidence, end.step.evidence)
        stretches.append(("unknown" if unknown else "way", [(start.x, start.y), *bend, (end.x, end.y)]))
    for role, group in itertools.groupby(stretches, key=lambda stretch: stretch[0]):
        points = [point for _, stretch in group for point in stretch]
        canvas.line([point for point, _ in itertools.groupby(points)], role, thick=2.5, corner=5)


def _companions(canvas: Canvas, rows: Sequence[_Row]) -> None:
    """The thin line beside the path where a colleague was there."""
    for (staff, x), group in itertools.groupby(rows, key=lambda row: (row.step.staff, row.x)):
        run = list(group)
        if staff:
            canvas.line([(x - ESCORT, run[0].y - 12), (x - ESCORT, run[-1].y + 12)], "escort", thick=1.25)
