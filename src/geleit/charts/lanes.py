"""The lanes of the map of many: who leaves, what they do besides, through which channels, how soon, and what they say."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import msgspec

from geleit.charts.along import Along, Lane, cut, further, parts
from geleit.charts.drawing import door, hatched
from geleit.charts.listing import ROW, SMALL, At, listed, small_door
from geleit.charts.words import Words
from geleit.events.kinds import in_language
from geleit.maps.plan import LABELS, Paragraph, set_paragraphs
from geleit.maps.scene import Canvas, Circle, Rect, Stroke, Text
from geleit.maps.type import width, wrap

if TYPE_CHECKING:
    from geleit.analytics.typical import TypicalStep

SHADES = ("ink", "soft", "online")  # of the three channels met most; the others are white
UNIT = 11.5  # px: one point of feeling
MOST = 2  # feelings run from -2 to +2
FEW = 10  # journeys: of fewer a feeling is shown pale, and without an interval
TOP = 5  # criteria named in a cell
STATES = ("kept", "late", "broken", "open")
STANDS = {"kept": "kept in time", "late": "kept too late", "broken": "not kept", "open": "still open"}


def criterion(value: str, words: Words) -> str:
    """What people judge by, in the reader's language where it is told in several."""
    if not value.startswith("{"):
        return value
    try:
        found = msgspec.json.decode(value, type=dict[str, str])
    except msgspec.DecodeError:
        return value
    return in_language(found, words.language)


def judged(value: float, words: Words) -> str:
    """A judgement from -2 to +2 with its sign."""
    text = words.number(abs(value))
    return f"+{text}" if value > 0 else f"\u2212{text}" if value < 0 else text


def _left(canvas: Canvas, picture: Along, step: TypicalStep, at: At) -> float:
    words = picture.drawing.words
    wide = max(at.room * step.ended / picture.everybody, 1.5)
    canvas.add(Stroke(hatched(at.x, at.y, wide, 8.0), "left", (), ground=True))
    canvas.line([(at.x + wide, at.y), (at.x + wide, at.y + 8)], "blunt", thick=2)
    count = words.number(step.ended)
    href = picture.lead("left", step.step)
    door(canvas, f"{picture.name(step)}: {count}", href, [small_door(at.x, at.y + 23, count)])
    return parts(canvas, picture, step, ("left", step.left), At(at.x, at.y + 28, at.room))


def _sum(canvas: Canvas, picture: Along, y: float) -> float:
    """All who leave are all there are."""
    words = picture.drawing.words
    total = sum(step.ended for step in picture.steps)
    said = words.say("together {n} of {all}", n=words.number(total), all=words.number(picture.everybody))
    return set_paragraphs(canvas, [Paragraph(said, "strong", 12)], 0, y + 3, LABELS - 14, anchor="start")


def _beside(canvas: Canvas, picture: Along, step: TypicalStep, at: At) -> float:
    return parts(canvas, picture, step, ("other", step.others), At(at.x, at.y - 2, at.room))


def _ranked(picture: Along) -> list[str]:
    """The channels met most."""
    total: dict[str, int] = {}
    for step in picture.steps:
        for one in step.channels:
            if one.value:
                total[one.value] = total.get(one.value, 0) + one.journeys
    return sorted(total, key=lambda value: (-total[value], value))


def _channels(canvas: Canvas, picture: Along, step: TypicalStep, at: At) -> float:
    words = picture.drawing.words
    shades = dict(zip(_ranked(picture), SHADES, strict=False))
    whole = sum(one.journeys for one in step.channels)
    x = at.x
    for value in [*shades, *(one.value for one in step.channels if one.value not in shades)]:
        wide = at.room * sum(one.journeys for one in step.channels if one.value == value) / whole
        canvas.add(*([Rect(x, at.y, wide, 9, shades.get(value, "offline"), ground=True)] if wide else []))
        x += wide
    low = at.y + 11
    for one in step.channels[:2]:
        name = words.name(one.value, "channel") if one.value else words.say("no channel")
        low += ROW
        share = words.share(one.journeys / whole)
        said = f"{cut(name, at.room - width(' ' + share, 'record', SMALL))} {share}"
        href = picture.lead("channel", step.step, value=one.value)
        door(canvas, f"{name}: {words.number(one.journeys)}", href, [small_door(at.x, low, said, SMALL)])
        low += 8
    return low


def _shades(canvas: Canvas, picture: Along, y: float) -> float:
    """Which shade is which channel, under the lane's head."""
    words, ranked = picture.drawing.words, _ranked(picture)
    named = [(words.name(value, "channel"), role) for value, role in zip(ranked, SHADES, strict=False)]
    y += 4
    for name, role in [*named, *([(words.say("other channels"), "offline")] if ranked[len(SHADES) :] else [])]:
        canvas.add(Rect(0, y + 2, 12, 9, role, ground=True))
        canvas.add(Text(18, y + 11, cut(name, LABELS - 36, "record", 12), 12, "record", role="soft", full=name))
        y += 17
    return y


def _span(canvas: Canvas, picture: Along, step: TypicalStep, at: At) -> float:
    words = picture.drawing.words
    longest = max(one.upper_us or 0 for one in picture.steps)
    spans = (step.lower_us or 0, step.median_us or 0, step.upper_us or 0)
    low, middle, high = (at.x + at.room * math.log1p(span / 1e6) / math.log1p(longest / 1e6) for span in spans)
    canvas.line([(at.x, at.y + 5), (at.x + at.room, at.y + 5)], "hair")
    canvas.add(Rect(low, at.y + 2, max(high - low, 1.5), 6, "online", ground=True))
    canvas.add(Circle(middle, at.y + 5, 3.5, "said", ground=True))
    between = words.say("{low} to {high}", low=words.span(step.lower_us), high=words.span(step.upper_us))
    said = [Paragraph(words.span(step.median_us), "strong", 12), Paragraph(between, "record", SMALL, "soft")]
    return set_paragraphs(canvas, said, at.x, at.y + 13, at.room, anchor="start")


def _felt(canvas: Canvas, picture: Along, step: TypicalStep, at: At) -> float:
    """The median on a scale from -2 to +2 with its interval; of few journeys a hollow dot without."""
    words, felt, axis = picture.drawing.words, step.felt, at.y + 4 + MOST * UNIT
    if felt.median is None or felt.low is None or felt.high is None:
        return axis
    few = felt.journeys < FEW
    canvas.line([(at.x, axis), (at.x + at.room, axis)], "hair")
    for value in (-MOST, MOST):
        canvas.line([(at.x, axis - value * UNIT), (at.x + 12, axis - value * UNIT)], "hair")
    if not few:
        top = axis - felt.high * UNIT - 2
        canvas.add(Rect(at.x + 2, top, 8, (felt.high - felt.low) * UNIT + 4, "online", ground=True))
    canvas.add(Circle(at.x + 6, axis - felt.median * UNIT, 4.5, "unasked" if few else "said", ground=True))
    median = judged(felt.median, words)
    canvas.add(Text(at.x + 20, axis - 5, median, 12, "record" if few else "strong", role="soft" if few else "ink"))
    if felt.low != felt.high and not few:
        low, high = judged(felt.low, words), judged(felt.high, words)
        canvas.add(Text(at.x + 20, axis + 14, words.say("{low} to {high}", low=low, high=high), SMALL, role="soft"))
    return _count_of(canvas, picture, step, ("felt", felt.journeys), At(at.x, axis + MOST * UNIT + 6, at.room))


def _count_of(canvas: Canvas, picture: Along, step: TypicalStep, counted: tuple[str, int], at: At) -> float:
    """So many of those at the step said it."""
    words, (part, count) = picture.drawing.words, counted
    text, of = words.number(count), words.say("of {n}", n=words.number(step.journeys))
    y = at.y + 13
    href = picture.lead(part, step.step, value="")
    door(canvas, f"{picture.name(step)}: {text}", href, [small_door(at.x, y, text)])
    after = at.x + width(text + " ", "record", 13)
    for line in wrap(of, "record", SMALL, at.room, 2).lines:
        if after + width(line, "record", SMALL) > at.x + at.room:
            after, y = at.x, y + ROW
        canvas.add(Text(after, y, line, SMALL, role="soft"))
    return y + 6


def _criteria(canvas: Canvas, picture: Along, step: TypicalStep, at: At) -> float:
    """The criteria named most, each with its share of those who named any."""
    words, (everybody, *named) = picture.drawing.words, step.criteria
    y = _count_of(canvas, picture, step, ("criterion", everybody.journeys), At(at.x, at.y - 4, at.room))
    said = [
        (
            criterion(one.value, words),
            words.number(one.journeys),
            picture.lead("criterion", step.step, value=one.value),
            words.share(one.journeys / everybody.journeys),
        )
        for one in named[:TOP]
    ]
    y = listed(canvas, At(at.x, y + 4, at.room), said)
    if rest := len(named) - TOP if len(named) > TOP else 0:
        text = words.counted("+ {n} other", "+ {n} others", rest)
        y = further(canvas, picture, text, At(at.x, y, at.room))
    return y


def _promises(canvas: Canvas, picture: Along, step: TypicalStep, at: At) -> float:
    """Which share of the promises that were due was kept in time; how all of them stand."""
    words = picture.drawing.words
    stand = {one.value: one.journeys for one in step.promises}
    due = sum(count for state, count in stand.items() if state != "open")
    y = at.y
    if due:
        kept = stand.get("kept", 0) / due
        canvas.add(Rect(at.x, y, at.room, 9, "offline", ground=True))
        canvas.add(*([Rect(at.x, y, at.room * kept, 9, "ink", ground=True)] if kept else []))
        said = words.say("{share} kept", share=words.share(kept))
        y = set_paragraphs(canvas, [Paragraph(said, "strong", 12)], at.x, y + 13, at.room, anchor="start")
    told = [
        (words.say(STANDS[state]), words.number(stand[state]), picture.lead("promise", step.step, value=state), "")
        for state in STATES
        if state in stand
    ]
    return listed(canvas, At(at.x, y, at.room), told)


LANES = (
    Lane("Leave the way here", "and what they do next", lambda step: step.ended > 0, _left, _sum),
    Lane("Beside the way", "before the next step of it", lambda step: bool(step.others), _beside),
    Lane("Through", "", lambda step: bool(step.channels), _channels, _shades),
    Lane(
        "After the step before",
        "median, and where the middle half lies",
        lambda step: step.median_us is not None,
        _span,
    ),
    Lane(
        "How it was for them",
        "median of what they said, from \u22122 to +2, and where it truly lies in 95 of 100 cases",
        lambda step: step.felt.journeys > 0,
        _felt,
    ),
    Lane(
        "What they judge by",
        "named by so many; share of those who named anything",
        lambda step: bool(step.criteria),
        _criteria,
    ),
    Lane("Promises to them", "share kept in time of those that were due", lambda step: bool(step.promises), _promises),
)
