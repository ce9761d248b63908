"""What stands around a map: the need and what is known of it above, the legend below."""

from __future__ import annotations

from collections.abc import Callable

from geleit.language.words import translate
from geleit.maps.icons import RADIUS, SIDE, feeling_mark, triangle, unasked
from geleit.maps.journey import Feeling, Journey
from geleit.maps.plan import PAGE, Paragraph, Plan, rule, set_paragraphs
from geleit.maps.scene import Canvas, Circle, Rect, Text
from geleit.maps.sentences import contact_sentence, evidence_name, evidence_sentence, period, skipped_sentence, title
from geleit.maps.type import width

LEGEND_SIZE = 12.0
SIGN = 26.0  # px kept for a legend's sign
APART = 22.0  # px between two entries
ROW = 24.0
MEASURE = 0.74  # of the page: lines of the heading are not longer

Sign = Callable[[Canvas, float, float], None]


def draw_heading(canvas: Canvas, journey: Journey, picture: float) -> float:
    """The need, whose it is, and how much of the journey is known; returns where the map may begin."""
    measure = min(picture, PAGE) * (MEASURE if picture >= PAGE else 1)
    size = 27.0 if picture >= PAGE else 22.0
    need = Paragraph(title(journey), "title" if journey.quote.strip() else "strong", size)
    y = set_paragraphs(canvas, [need], 0, 0, measure, anchor="start")
    facts = " ".join(part for part in (period(journey), contact_sentence(journey)) if part)
    lines = [facts, evidence_sentence(journey), skipped_sentence(journey)]
    y = set_paragraphs(
        canvas, [Paragraph(line, "record", 15, "soft") for line in lines if line], 0, y + 4, measure, anchor="start"
    )
    return y + 20


def draw_legend(canvas: Canvas, columns: Plan, top: float) -> float:
    """What every sign means, in as many rows as it takes."""
    rule(canvas, columns, top, "rule")
    return legend(canvas, columns.journey, top + 8, min(columns.width, PAGE))


def legend(canvas: Canvas, journey: Journey, top: float, limit: float) -> float:
    """The legend's entries from ``top`` on in lines of at most ``limit`` px; returns where it ends."""
    x, y = 0.0, top + ROW / 2
    for text, draw, sign in entries(journey):
        wide = sign + width(text, "record", LEGEND_SIZE)
        if x and x + wide > limit:
            x, y = 0.0, y + ROW
        draw(canvas, x + sign / 2 - 4, y)
        canvas.add(Text(x + sign, y + 4, text, LEGEND_SIZE, "record", "start", "soft"))
        x += wide + APART
    return y + ROW / 2 + 4


def entries(journey: Journey) -> list[tuple[str, Sign, float]]:
    """(meaning, sign, width of the sign) of every entry."""
    language = journey.language
    return [
        (evidence_name("log", language), _ball("log1"), SIGN),
        (evidence_name("told", language), _ball("told1"), SIGN),
        (evidence_name("public", language), _ball("public1"), SIGN),
        (evidence_name("gap", language), _ball("gap"), SIGN),
        (translate(language, "contact, action alone"), _shapes, 2 * SIGN - 4),
        (translate(language, "started by us"), lambda canvas, x, y: canvas.add(triangle(x, y)), 18),
        (translate(language, "one of us is there"), _lines, SIGN + 14),
        (translate(language, "feeling: said"), _felt(estimated=False), 20),
        (translate(language, "estimated from text"), _felt(estimated=True), 22),
        (translate(language, "not asked"), lambda canvas, x, y: canvas.add(unasked(x, y)), 16),
    ]


def _ball(role: str) -> Sign:
    return lambda canvas, x, y: canvas.add(Circle(x, y, RADIUS - 2, role))


def _shapes(canvas: Canvas, x: float, y: float) -> None:
    canvas.add(Circle(x - 11, y, RADIUS - 2, "shape"), Rect(x + 3, y - SIDE / 2 + 2, SIDE - 4, SIDE - 4, "shape"))


def _lines(canvas: Canvas, x: float, y: float) -> None:
    canvas.line([(x - 14, y + 3), (x + 14, y + 3)], "way", thick=2.5)
    canvas.line([(x - 14, y - 3), (x + 14, y - 3)], "escort", thick=1.25)


def _felt(*, estimated: bool) -> Sign:
    return lambda canvas, x, y: canvas.add(feeling_mark(Feeling(0, estimated, ""), x, y))
