"""RFM as a grid: how recently people bought from left to right, how often from below to above, each field with its people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING

from geleit.charts.drawing import Drawing, Fact, door, heading, legend, reach
from geleit.charts.twin import Cell, Column, Twin
from geleit.language.formats import money
from geleit.maps.plan import Paragraph, set_paragraphs
from geleit.maps.scene import Canvas, Rect, Scene, Text

if TYPE_CHECKING:
    from geleit.analytics.result import Result
    from geleit.analytics.rfm import Scored

FIFTHS = 5
LEFT = 34.0  # px: the column of the frequency's scores
GAP = 4.0
HIGH = 74.0
GROUPS = {
    "regular": "often and lately",
    "growing": "several times and lately",
    "new": "once and lately",
    "slowing": "often, a while ago",
    "occasional": "seldom, a while ago",
    "missed": "often, long ago",
    "quiet": "several times, long ago",
    "once": "once, long ago",
    "no_order": "without an order",
}
ROLES = {"regular": "pale3", "growing": "pale3", "new": "pale1", "missed": "pale4", "slowing": "pale4"}


def _fields(result: Result[Scored]) -> Mapping[tuple[int, int], Counter[str]]:
    """Per pair of scores the groups with how many people; (0, 0) = without an order."""
    found: dict[tuple[int, int], Counter[str]] = {}
    for row in (*result.rows, *result.other.open()):
        found.setdefault((row.recency, row.frequency), Counter())[row.name] += row.people
    return found


def draw(result: Result[Scored], drawing: Drawing, *, title: str = "") -> Scene:
    """The grid; of an answer by groups a list of them."""
    canvas, words = Canvas(), drawing.words
    y = heading(canvas, result, title, drawing) if title else 0.0
    fields = _fields(result)
    if getattr(result.question, "by", "score") == "score" and any(at != (0, 0) for at in fields):
        y = _grid(canvas, drawing, fields, y)
    else:
        for row in result.rows:
            said = f"{words.say(GROUPS[row.name])}: {words.number(row.people)}"
            door(canvas, said, drawing.lead({"name": row.name}, {}), [Text(0, y + 14, said, 14, role="door")])
            y += 26
    if title:
        y = legend(canvas, y + 6, signs(result, drawing), drawing.width)
    right = max(drawing.width, reach(canvas))
    return Scene(
        right, y + 4, tuple(canvas.marks), title or words.say("Who buys how?"), words.explain(result), words.language
    )


def _grid(canvas: Canvas, drawing: Drawing, fields: Mapping[tuple[int, int], Counter[str]], top: float) -> float:
    words = drawing.words
    wide = (min(drawing.width, 960.0) - LEFT) / FIFTHS
    canvas.add(Text(0, top + 13, words.say("bought how often, 5 = most often"), 12.5, "strong"))
    y = top + 24
    for frequency in range(FIFTHS, 0, -1):
        canvas.add(Text(6, y + HIGH / 2, str(frequency), 13, "strong"))
        for recency in range(1, FIFTHS + 1):
            groups = fields.get((recency, frequency), Counter())
            people, name = groups.total(), next((one for one, _ in groups.most_common(1)), "")
            said = " / ".join(words.say(GROUPS[one]) for one, _ in groups.most_common())
            x = LEFT + (recency - 1) * wide
            role = ROLES.get(name, "ribbon") if people else "unasked"
            canvas.add(Rect(x, y, wide - GAP, HIGH - GAP, role, ground=True))
            if people:
                number = words.number(people)
                cell = {"recency": recency, "frequency": frequency}
                door(
                    canvas,
                    f"{said}: {number}",
                    drawing.lead(cell, {}),
                    [Text(x + 7, y + 18, number, 14, "strong", role="door")],
                )
                set_paragraphs(
                    canvas,
                    [Paragraph(said, "record", 10.5, "ink")],
                    x + 7,
                    y + 28,
                    wide - GAP - 12,
                    anchor="start",
                )
        y += HIGH
    for recency in range(1, FIFTHS + 1):
        canvas.add(Text(LEFT + (recency - 1) * wide + 7, y + 14, str(recency), 13, "strong"))
    canvas.add(Text(LEFT, y + 32, words.say("bought how lately, 5 = most lately"), 12.5, "strong"))
    y += 40
    if none := fields.get((0, 0)):
        said = f"{words.say(GROUPS['no_order'])}: {words.number(none.total())}"
        door(canvas, said, drawing.lead({"name": "no_order"}, {}), [Text(LEFT, y + 18, said, 13, role="door")])
        y += 28
    return y


def signs(_result: Result[Scored], drawing: Drawing) -> list[tuple[str, str]]:
    """What a score is, and what makes the groups."""
    words = drawing.words
    return [
        (
            "",
            words.say(
                "A score is one more for every whole fifth of people below; equal values have equal scores, so a field may be empty."
            ),
        ),
        (
            "",
            words.say(
                "Often: among the two upper fifths and three orders at least. Once: one order. Several times: what lies between."
            ),
        ),
    ]


def facts(result: Result[Scored], drawing: Drawing) -> list[Fact]:
    """How many are in each group."""
    words = drawing.words
    groups: dict[str, int] = {}
    for row in (*result.rows, *result.other.open()):
        groups[row.name] = groups.get(row.name, 0) + row.people
    said = {**GROUPS, "regular": "people buy often and lately", "missed": "bought often, and long ago"}
    return [
        Fact(words.number(groups[name]), drawing.lead({"name": name}, {}), words.say(text))
        for name, text in said.items()
        if name in groups
    ]


def twin(result: Result[Scored], drawing: Drawing) -> Twin:
    """Every combination of scores, or every group, as a row."""
    words = drawing.words
    rows = []
    for row in (*result.rows, *result.other.open()):
        cell: dict[str, object] = {"name": row.name}
        if row.recency:
            cell |= {"recency": row.recency, "frequency": row.frequency, "money": row.money}
        scores = [Cell(str(one) if one else "") for one in (row.recency, row.frequency, row.money)]
        rows.append(
            (
                Cell(words.say(GROUPS[row.name])),
                *scores,
                Cell(words.number(row.people), drawing.lead(cell, {})),
                Cell(words.share(row.share)),
                Cell(words.number(row.orders)),
                Cell(money(row.kept, row.currency or "EUR", words.language)),
                Cell("-" if row.days is None else words.number(round(row.days))),
            )
        )
    heads = (
        "Group",
        "lately",
        "often",
        "much",
        "People",
        "Share",
        "Orders",
        "kept for",
        "days since the last, on average",
    )
    return Twin(tuple(Column(words.say(head), numeric=head != "Group") for head in heads), tuple(rows))
