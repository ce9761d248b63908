"""The wide map: time runs to the right, one column a step, one lane for each thing that is known of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from geleit.language.formats import day
from geleit.language.words import translate
from geleit.maps.frame import draw_heading, draw_legend
from geleit.maps.icons import Icon, feeling_mark, unasked
from geleit.maps.journey import Feeling, Journey, Step
from geleit.maps.pathway import draw_pathway
from geleit.maps.plan import GUTTER, LABELS, PAD, Paragraph, Plan, cell_lane, plan, rule, set_head, set_paragraphs
from geleit.maps.scene import Canvas, Rect, Scene, Text
from geleit.maps.sentences import (
    criteria,
    description,
    elapsed,
    judged,
    medium_name,
    promise_line,
    quoted,
    stage_name,
    title,
    tone,
    verdict_name,
)
from geleit.maps.style import tone_class
from geleit.maps.type import ASCENT, LEADING, wrap

BAND = 5.0  # px: height of a stage band
PILL = 18.0  # px: height of a medium's bar
UNIT = 11.5  # px: one point of feeling
SCALE = 2  # feelings run from -2 to +2
SMALL = 11.0

Lane = Callable[[Canvas, Plan, float], float]


def wide(
    journey: Journey,
    first: int = 0,
    last: int | None = None,
    *,
    column: float | None = None,
    heading: bool = True,
    legend: bool = True,
) -> Scene:
    """The map of a journey, or of its steps ``first`` up to ``last`` (exclusive), as a scene in px.

    1344 px wide for up to 18 steps; longer journeys grow to the right with columns of 66 px. ``column`` sets another
    width of columns, ``heading`` and ``legend`` may be left to the page around the picture.
    """
    columns = plan(journey, first, last, column)
    canvas = Canvas()
    y = draw_heading(canvas, journey, columns.width) if heading else 0.0
    for lane in _lanes(columns):
        y = lane(canvas, columns, y)
    if legend:
        y = draw_legend(canvas, columns, y)
    return Scene(columns.width, y, tuple(canvas.marks), title(journey), description(journey), journey.language)


def _lanes(columns: Plan) -> list[Lane]:
    """The lanes in order; those of which nothing is known are left out, but the one of feelings never is."""
    steps = columns.steps
    ruled = [(draw_pathway, True), (_media, any(step.medium for step in steps)), (_feelings, True)]
    ruled.append((_criteria, any(step.criteria or step.expectations for step in steps)))
    behind = [(_people, any(step.staff or step.promises for step in steps)), (_evidence, bool(steps))]
    behind.append((_verdicts, any(step.verdict for step in steps)))
    behind.append((_opportunities, any(step.opportunities for step in steps)))
    front = [_stages, _texts, *(_ruled(lane) for lane, known in ruled if known)]
    back = [lane for lane, known in behind if known]
    return [*front, _sight, *back[:1], *(_ruled(lane) for lane in back[1:])]


def _ruled(lane: Lane) -> Lane:
    """A lane under a hairline."""

    def drawn(canvas: Canvas, columns: Plan, top: float) -> float:
        rule(canvas, columns, top)
        return lane(canvas, columns, top)

    return drawn


def _stages(canvas: Canvas, columns: Plan, top: float) -> float:
    """A band per run of one stage with its name above; loops are several bands."""
    journey = columns.journey
    runs = list(columns.runs([step.stage for step in columns.steps]))
    names = [
        wrap(stage_name(journey, stage), "strong", 12, (end - start) * columns.column - 3).lines
        for start, end, stage in runs
    ]
    height = max((len(lines) for lines in names), default=1) * LEADING * 12
    band = top + height + 3
    for (start, end, stage), lines in zip(runs, names, strict=True):
        left, wide_ = columns.edge(start) + 1.5, (end - start) * columns.column - 3
        canvas.add(Rect(left, band, wide_, BAND, f"band{tone_class(tone(journey, stage))}"))
        for place, line in enumerate(lines):
            y = band - 5 - (len(lines) - 1 - place) * LEADING * 12
            canvas.add(Text(left, y, line, 12, "strong"))
    canvas.add(Text(0, band + BAND + 1, translate(journey.language, "Stage"), 13, "strong"))
    return band + BAND + 4


def _texts(canvas: Canvas, columns: Plan, top: float) -> float:
    """What the person does, in words, with number and day; the time between stands on the borders below."""
    journey = columns.journey
    language = journey.language
    sub = translate(language, "and the time between")
    name = translate(language, "What {name} does", name=journey.customer_name)
    bottom = set_head(canvas, top + PAD, name, sub)
    for place, step in enumerate(columns.steps):
        cell = [Paragraph(str(step.number), "strong", 12), *_day(columns, place), *_what(step, language)]
        bottom = max(bottom, set_paragraphs(canvas, cell, columns.centre(place), top + PAD, columns.column - GUTTER))
    lowest = bottom + 8
    for place in range(1, len(columns.steps)):
        passed = elapsed(columns.steps[place - 1], columns.steps[place], language)
        cell = [Paragraph(passed, "record", SMALL, "soft")]
        lowest = max(lowest, set_paragraphs(canvas, cell, columns.edge(place), bottom + 8, columns.column - GUTTER))
    return lowest + 8


def _day(columns: Plan, place: int) -> list[Paragraph]:
    """The day where it changes, and of the first column; other columns keep the line free."""
    journey, steps = columns.journey, columns.steps
    here = day(steps[place].t, journey.language, journey.zone, "short")
    known = place > 0 and day(steps[place - 1].t, journey.language, journey.zone) == day(
        steps[place].t, journey.language, journey.zone
    )
    return [Paragraph("\u00a0" if known else here, "record", SMALL, "soft")]


def _what(step: Step, language: str) -> list[Paragraph]:
    said = [Paragraph(quoted(step.quote, language), "voice", 12.5)] if step.quote else []
    return said if step.quote and step.text == step.quote else [Paragraph(step.text, "record", 12), *said]


def _media(canvas: Canvas, columns: Plan, top: float) -> float:
    """Online, offline or phone: one bar per run with its word."""
    language = columns.journey.language
    sub = translate(language, "and phone")
    bottom = set_head(canvas, top + PAD, translate(language, "Online, offline"), sub)
    y = top + (max(bottom - top + PAD - 4, PILL + 2 * PAD) - PILL) / 2
    for start, end, medium in columns.runs([step.medium for step in columns.steps]):
        name = medium_name(medium, language)
        if name:
            left, width = columns.edge(start) + 3, (end - start) * columns.column - 6
            canvas.add(Rect(left, y, width, PILL, medium, PILL / 2, ground=True))
            canvas.add(Text(left + width / 2, y + PILL / 2 + 4, name, 11.5, "record", "middle"))
    return max(bottom + PAD - 4, y + PILL + PAD)


def _feelings(canvas: Canvas, columns: Plan, top: float) -> float:
    """What was felt, where it was said or estimated; nothing joins the marks, and nobody asked shows as such."""
    language = columns.journey.language
    sub = translate(language, "only what was said or stands in a text")
    head = set_head(canvas, top + PAD, translate(language, "Feeling"), sub, LABELS - 40)
    axis = top + PAD + 6 + SCALE * UNIT
    canvas.line([(columns.left, axis), (columns.width, axis)], "rule")
    for value in (SCALE, 0, -SCALE):
        canvas.add(Text(LABELS - 8, axis - value * UNIT + 4, judged(value, language), SMALL, "record", "end", "soft"))
    bottom = lowest = axis + SCALE * UNIT + 9
    for place, step in enumerate(columns.steps):
        x = columns.centre(place)
        _draw_feelings(canvas, step.feelings, x, axis, columns.column)
        lowest = max(
            lowest, set_paragraphs(canvas, _sources(step.feelings, language), x, bottom, columns.column - GUTTER)
        )
    return max(lowest + 8, head + PAD)


def _draw_feelings(canvas: Canvas, feelings: Sequence[Feeling], x: float, axis: float, column: float) -> None:
    if not feelings:
        canvas.add(unasked(x, axis))
    apart = min(13.0, (column - 12) / max(len(feelings), 1))
    for place, feeling in enumerate(feelings):
        at = x + (place - (len(feelings) - 1) / 2) * apart
        y = axis - max(-SCALE, min(SCALE, feeling.value)) * UNIT
        if y != axis:
            canvas.line([(at, axis), (at, y)], "stem")
        canvas.add(feeling_mark(feeling, at, y))


def _sources(feelings: Sequence[Feeling], language: str) -> list[Paragraph]:
    """The words and the source of every feeling; equal sources once."""
    words = [Paragraph(quoted(feeling.words, language), "voice", 12) for feeling in feelings if feeling.words]
    named = [
        f"{feeling.facet}: {feeling.source}" if feeling.facet and len(feelings) > 1 else feeling.source
        for feeling in feelings
    ]
    return [*words, *(Paragraph(text, "record", SMALL, "soft") for text in dict.fromkeys(named) if text)]


def _criteria(canvas: Canvas, columns: Plan, top: float) -> float:
    language = columns.journey.language
    head = (
        translate(language, "What counts for {name}", name=columns.journey.customer_name),
        translate(language, "? means only supposed"),
    )
    cells = [[Paragraph(text) for text in criteria(step, language)] for step in columns.steps]
    return cell_lane(canvas, columns, top, head, cells)


def _sight(canvas: Canvas, columns: Plan, top: float) -> float:
    """What the person sees ends here; below is how we know and what we do."""
    label = translate(columns.journey.language, "Line of visibility")
    y = top + 10
    canvas.add(Text(0, y + ASCENT * SMALL / 2 - 1, label, SMALL, "record", "start", "soft"))
    canvas.line([(LABELS, y), (columns.width, y)], "sight")
    return top + 18


def _people(canvas: Canvas, columns: Plan, top: float) -> float:
    journey = columns.journey
    head = (
        translate(journey.language, "Person and promise"),
        translate(journey.language, "who was there, what was promised"),
    )
    return cell_lane(canvas, columns, top, head, [_person(step, journey) for step in columns.steps])


def _person(step: Step, journey: Journey) -> list[Paragraph]:
    cell = [Paragraph(step.staff)] if step.staff else []
    icons: dict[str, Icon] = {"made": "open", "open": "open", "kept": "kept", "late": "late"}
    for promise in step.promises:
        cell.append(Paragraph(promise.text, "strong", 11.5, "ink", icons[promise.state]))
        status = "alarm" if promise.state == "late" else "soft"
        cell.append(Paragraph(promise_line(promise, journey), "record", SMALL, status))
    return cell


def _evidence(canvas: Canvas, columns: Plan, top: float) -> float:
    language = columns.journey.language
    head = (translate(language, "Evidence"), translate(language, "how we know of it"))
    cells = [
        [Paragraph(step.evidence_text, role="soft" if step.evidence == "gap" else "ink")] for step in columns.steps
    ]
    return cell_lane(canvas, columns, top, head, cells)


def _verdicts(canvas: Canvas, columns: Plan, top: float) -> float:
    language = columns.journey.language
    head = (translate(language, "Designed against actual"), translate(language, "anything extra is no error"))
    cells = [
        [
            Paragraph(
                verdict_name(step.verdict, language),
                "record",
                SMALL,
                "alarm" if step.verdict.kind == "late" else "soft",
                step.verdict.kind,
            )
        ]
        if step.verdict
        else []
        for step in columns.steps
    ]
    return cell_lane(canvas, columns, top, head, cells)


def _opportunities(canvas: Canvas, columns: Plan, top: float) -> float:
    language = columns.journey.language
    head = (translate(language, "Opportunity"), translate(language, "where we could help better"))
    return cell_lane(
        canvas, columns, top, head, [[Paragraph(text) for text in step.opportunities] for step in columns.steps]
    )
