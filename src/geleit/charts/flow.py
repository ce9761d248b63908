"""The step flow as a picture: bars at each step, ribbons between them, and where journeys go no further a hatched stub."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from geleit.charts import tall_flow
from geleit.charts.drawing import (
    HIT,
    LABEL,
    LINE,
    TALL,
    Drawing,
    Fact,
    door,
    hatched,
    heading,
    legend,
    named_number,
    reach,
)
from geleit.charts.twin import Cell, Column, Twin
from geleit.charts.unrolled import REST, Ribbon, Stand, Unrolled, unroll
from geleit.maps.plan import PAGE
from geleit.maps.scene import Canvas, Door, Rect, Scene, Stroke, Text, number
from geleit.maps.style import NO_TONE
from geleit.maps.type import width, wrap

if TYPE_CHECKING:
    from geleit.analytics.flow import Link
    from geleit.analytics.result import Result

TOP = 6  # values of a step that are shown apart, unless the reader wants another number
TALLEST = 270.0  # px of the tallest column's bars
BAR = 14.0  # px: width of a bar
STUB = 22.0  # px: width of a hatched stub
NARROW, WIDE = 168.0, 330.0  # px from bar to bar
GAP = 14.0  # px between two values of a step
HEAD = 44.0  # px above the first value
LEAST = 2.0  # px: the smallest bar
SETTLED = "5"  # a goal without a stage wears ink, as what is settled does
LISTED = 24  # folded values that are listed when "others" are open


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a value stands: the top of its bar, and how high the bar is."""

    top: float
    high: float


@dataclass(frozen=True)
class Flowing:
    """A flow while it is drawn."""

    result: Result[Link]
    drawing: Drawing
    unrolled: Unrolled
    pitch: float
    unit: float  # px a journey
    goal: tuple[str, ...]

    @property
    def question(self) -> Any:
        """What is asked."""
        return self.result.question

    @property
    def backward(self) -> bool:
        """Whether it looks at what came before."""
        return bool(self.question.direction == "before")

    @property
    def wide(self) -> float:
        """How wide all columns are."""
        return self.edge + self.pitch * len(self.unrolled.columns)

    @property
    def edge(self) -> float:
        """Room at the left for what began at the first step drawn."""
        return STUB + 2 if self.backward else 0.0

    def x(self, column: int) -> float:
        """The left edge of a step's bars; what came before the anchor stands at its left."""
        place = len(self.unrolled.columns) - 1 - column if self.backward else column
        return self.edge + place * self.pitch

    def name(self, stand: Stand) -> str:
        """What people call a value at a step."""
        words = self.drawing.words
        if stand.value == REST:
            return words.counted("{n} other", "{n} others", len(stand.folded))
        name = words.name(stand.value, self.question.of)
        again = stand.column > 0 and stand.value in self.question.anchor
        return words.say("{name}, again", name=name) if again else name

    def head(self, column: int) -> str:
        """What a step is called."""
        words = self.drawing.words
        if column:
            return words.say("{n} before", n=column) if self.backward else words.say("Step {n}", n=column)
        if self.backward:
            return words.say("Up to here") if self.question.anchor else words.say("End")
        return words.say("Start")


def asks(result: Result[Link]) -> str:
    """The question in plain words, by the direction looked at."""
    backward = getattr(result.question, "direction", "after") == "before"
    return "What came before?" if backward else "What happens next?"


def draw(result: Result[Link], drawing: Drawing, *, title: str = "") -> Scene:
    """The picture; with a ``title`` it says itself what it shows and what its colors mean."""
    flow = _measured(result, drawing)
    canvas, tall = Canvas(), drawing.width < TALL
    top = heading(canvas, result, title, drawing) if title else 0.0
    bottom = tall_flow.draw(canvas, flow, top) if tall else _columns(canvas, flow, top)
    if title:
        limit = max(flow.wide, PAGE / 2)
        bottom = legend(canvas, bottom + 16, signs(result, drawing), limit)
    right = drawing.width if tall and not title else max(flow.wide, reach(canvas) + 1)
    words = drawing.words
    return Scene(
        right, bottom + 4, tuple(canvas.marks), title or words.say("Step flow"), words.explain(result), words.language
    )


def _columns(canvas: Canvas, flow: Flowing, top: float) -> float:
    """The steps side by side, ribbons between them; returns where the longest ends."""
    places: dict[tuple[int, str], _Place] = {}
    bottom, texts = top, Canvas()
    for column, stands in enumerate(flow.unrolled.columns):
        _head(texts, flow, column, top)
        bottom = max(bottom, _column(texts, flow, stands, top + HEAD, places))
    _ribbons(canvas, flow, places)
    canvas.add(*texts.marks)
    return bottom


def _measured(result: Result[Link], drawing: Drawing) -> Flowing:
    """The flow; folded once for picture, facts and signs."""
    key = ("flow", id(result))
    if key not in drawing.kept:
        drawing.kept[key] = (result, _folded(result, drawing))
    found: Flowing = drawing.kept[key][1]
    return found


def _folded(result: Result[Link], drawing: Drawing) -> Flowing:
    asked = drawing.chosen.get("top", "")
    goal = tuple(getattr(result.question, "goal", ()))
    unrolled = unroll(result, int(asked) if asked.isdecimal() and int(asked) else TOP, goal)
    room = drawing.width - (STUB + 2 if getattr(result.question, "direction", "") == "before" else 0)
    pitch = min(WIDE, max(NARROW, room / max(len(unrolled.columns), 1)))
    most = max((head.journeys for head in unrolled.heads), default=0)
    return Flowing(result, drawing, unrolled, pitch, TALLEST / most if most else 0.0, goal)


def _head(canvas: Canvas, flow: Flowing, column: int, top: float) -> None:
    """A step's name, how many journeys are there, and a hairline."""
    words, head, x = flow.drawing.words, flow.unrolled.heads[column], flow.x(column)
    name = flow.head(column)
    canvas.add(Text(x, top + 14, name, LABEL, "strong"))
    count = words.counted("{n} journey", "{n} journeys", head.journeys)
    after = Text(x + width(name, "strong", LABEL) + 6, top + 14, count, LABEL, "record", role="door")
    door(canvas, f"{name}: {count}", flow.drawing.lead(head.cell, head.less), [after])
    canvas.line([(x, top + 24.5), (x + flow.pitch - 24, top + 24.5)], "rule")


def _column(
    canvas: Canvas, flow: Flowing, stands: Sequence[Stand], top: float, places: dict[tuple[int, str], _Place]
) -> float:
    """The values of a step below each other; notes where their bars are; returns where the last one ends."""
    y, drawing = top, flow.drawing
    for stand in stands:
        x, room = flow.x(stand.column), flow.pitch - 26
        said = (flow.name(stand), drawing.words.number(stand.here.journeys))
        opens = stand.value == REST and str(stand.column) != drawing.chosen.get("open", "")
        bar = named_number(canvas, (x, y), room, said, href=drawing.lead(stand.here.cell, stand.here.less)) + 4
        place = _Place(bar, max(LEAST, stand.here.journeys * flow.unit))
        places[stand.column, stand.value] = place
        role = "stem" if stand.value == REST else f"bar{drawing.words.tone(stand.value, flow.question.of)}"
        canvas.add(Rect(x, bar, BAR, place.high, "bar" + NO_TONE if role == "stem" else role, ground=True))
        low = bar + place.high
        if stand.ended.journeys:
            low = max(low, _stub(canvas, flow, stand, place))
        if stand.value == REST:
            low = _others(canvas, flow, stand, low, opens=opens)
        y = low + GAP
    return y


def _stub(canvas: Canvas, flow: Flowing, stand: Stand, place: _Place) -> float:
    """Who goes no further, at the very bar that is left; returns where its label ends."""
    words = flow.drawing.words
    high = max(stand.ended.journeys * flow.unit, 1.5)
    x = flow.x(stand.column)
    top = place.top + place.high - high
    left, edge, said = x + BAR, x + BAR + STUB, x + BAR + STUB + 7
    text = words.counted("{n} no further", "{n} no further", stand.ended.journeys)
    if flow.backward:  # a beginning stands at the side from which nothing comes
        left, edge, said = x - STUB, x - STUB, x + BAR + 8
        text = words.counted("{n} began here", "{n} began here", stand.ended.journeys)
    baseline = max(top + high / 2 + 4, place.top + 12)
    label = Text(said, baseline, text, 12, "record", role="door")
    canvas.add(Rect(left, top, STUB, high, "paper", ground=True))
    canvas.add(Stroke(hatched(left, top, STUB, high), "left", (), ground=True))
    canvas.line([(edge, top), (edge, top + high)], "blunt", thick=2)
    name = flow.name(stand)
    door(canvas, f"{name}: {text}", flow.drawing.lead(stand.ended.cell, stand.ended.less), [label])
    return max(place.top + place.high, baseline + 6)


def _others(canvas: Canvas, flow: Flowing, stand: Stand, top: float, *, opens: bool) -> float:
    """What is folded: a word that opens the list, or the list; returns where it ends."""
    words, x, drawing = flow.drawing.words, flow.x(stand.column), flow.drawing
    toggled = drawing.again({"open": str(stand.column) if opens else ""})
    y = top + 6
    if toggled:
        toggle = words.say("open the list") if opens else words.say("close the list")
        label = f"{flow.name(stand)}: {toggle}"
        door(canvas, label, toggled, [Text(x + BAR + 8, y + 10, toggle, 12, "record", role="door")])
        y += 20
    if opens:
        return y if toggled else top
    room = flow.pitch - 40
    for value, cell in stand.folded[:LISTED]:
        name = words.name(value, flow.question.of)
        y = _listed(canvas, (x, y), room, (name, words.number(cell.journeys)), drawing.lead(cell.cell, cell.less))
    if rarer := stand.folded[LISTED:]:
        shown = [value for value, _ in stand.folded[:LISTED]]
        less = {key: [*values, *shown] for key, values in stand.here.less.items()}
        said = (
            words.counted("{n} rarer", "{n} rarer", len(rarer)),
            words.number(sum(cell.journeys for _, cell in rarer)),
        )
        y = _listed(canvas, (x, y), room, said, drawing.lead(stand.here.cell, less))
    return y


def _listed(canvas: Canvas, at: tuple[float, float], room: float, said: tuple[str, str], href: str) -> float:
    """One folded value with its number at the right."""
    (x, y), (name, count) = at, said
    lines = wrap(name, "record", 12, room - width(count, "record", 12) - 20, 3).lines
    texts = [Text(x + 12, y + 12 + place * LINE, line, 12) for place, line in enumerate(lines)]
    texts.append(Text(x + room, y + 12, count, 12, "strong", "end", "door"))
    door(canvas, f"{name}: {count}", href, texts)
    return y + max(LINE * len(lines), HIT - 4)


def _ribbons(canvas: Canvas, flow: Flowing, places: Mapping[tuple[int, str], _Place]) -> None:
    """Each ribbon as thick as it has journeys; at both ends in the order of what is at the other."""
    order = {(stand.column, stand.value): at for stands in flow.unrolled.columns for at, stand in enumerate(stands)}
    out, into = ({key: place.top for key, place in places.items()} for _ in range(2))
    spots: dict[tuple[int, str, str], list[float]] = {}
    ribbons = flow.unrolled.ribbons

    def leaving(one: Ribbon) -> tuple[int, int, int]:
        return one.column, order[one.column, one.source], order[one.column + 1, one.target]

    def arriving(one: Ribbon) -> tuple[int, int, int]:
        return one.column, order[one.column + 1, one.target], order[one.column, one.source]

    for one in sorted(ribbons, key=leaving):
        spots[one.column, one.source, one.target] = [out[one.column, one.source]]
        out[one.column, one.source] += one.cell.journeys * flow.unit
    for one in sorted(ribbons, key=arriving):
        spots[one.column, one.source, one.target].append(into[one.column + 1, one.target])
        into[one.column + 1, one.target] += one.cell.journeys * flow.unit
    for one in sorted(ribbons, key=lambda ribbon: (ribbon.target in flow.goal, leaving(ribbon))):
        start, end = spots[one.column, one.source, one.target]
        _ribbon(canvas, flow, one, start, end)


def _ribbon(canvas: Canvas, flow: Flowing, one: Ribbon, start: float, end: float) -> None:
    thick = max(one.cell.journeys * flow.unit, 0.5)
    left, right = flow.x(one.column) + BAR, flow.x(one.column + 1)
    if flow.backward:
        left, right, start, end = right + BAR, left - BAR, end, start
    words, of = flow.drawing.words, flow.question.of
    tone = words.tone(one.target, of)
    role = f"pale{SETTLED if tone == NO_TONE else tone}" if one.target in flow.goal else "ribbon"
    lead = left + (right - left) * 0.3
    bend = (lead + right) / 2
    n = number
    d = (
        f"M{n(left)} {n(start)}H{n(lead)}C{n(bend)} {n(start)} {n(bend)} {n(end)} {n(right)} {n(end)}V{n(end + thick)}"
        f"C{n(bend)} {n(end + thick)} {n(bend)} {n(start + thick)} {n(lead)} {n(start + thick)}H{n(left)}Z"
    )
    ends = [words.say("the others") if end_ == REST else words.name(end_, of) for end_ in (one.source, one.target)]
    if flow.backward:
        ends.reverse()
    label = f"{ends[0]} → {ends[1]}: {words.number(one.cell.journeys)}"
    href = flow.drawing.lead(one.cell.cell, one.cell.less)
    canvas.add(Door(href, label, (Stroke(d, role, (), ground=True),), quiet=True))


def signs(result: Result[Link], drawing: Drawing) -> list[tuple[str, str]]:
    """What the colors mean (role, stage), in the order of the stages; then what else needs a word."""
    flow = _measured(result, drawing)
    words, of = drawing.words, flow.question.of
    values = [stand.value for stands in flow.unrolled.columns for stand in stands if stand.value != REST]
    seen = {words.stage(value, of) for value in values}
    found = [
        (f"bar{words.catalogue.tone(stage.id)}", words.catalogue.stage_label(stage.id, words.language))
        for stage in words.catalogue.stages
        if stage.id in seen
    ]
    if "" in seen:
        found.append((f"bar{NO_TONE}", words.say("no stage, or several")))
    if flow.backward:
        return [*found, ("", words.say("Hatched: the journey began there."))]
    under_way = words.say("Hatched: nothing more is recorded of the journey; some may still be under way.")
    return [*found, ("", under_way), ("", words.say("What follows the last step is not drawn."))]


def facts(result: Result[Link], drawing: Drawing) -> list[Fact]:
    """How many there are, how many come to the goal, how many end before the last step shown, who is further on."""
    flow = _measured(result, drawing)
    words, lead, question = drawing.words, drawing.lead, flow.question
    if not flow.unrolled.heads:
        return []
    far = "source" if flow.backward else "target"
    start = flow.unrolled.heads[0]
    ended = sum(stand.ended.journeys for stands in flow.unrolled.columns for stand in stands)
    found = [Fact(words.number(start.journeys), lead(start.cell, start.less), words.say("journeys are followed"))]
    reached = 0
    if flow.goal:
        reached = sum(
            stand.here.journeys for stands in flow.unrolled.columns[1:] for stand in stands if stand.value in flow.goal
        )
        goal = words.names(flow.goal, question.of)
        if len(flow.goal) == 1:
            found.append(
                Fact(words.number(reached), lead({far: flow.goal[0]}, {}), words.say("come to: {goal}", goal=goal))
            )
    text = words.say("began within these steps") if flow.backward else words.say("go no further within these steps")
    found.append(Fact(words.number(ended), lead({far: ""}, {}), text))
    further = start.journeys - ended - reached
    onward = (
        words.say("began earlier") if flow.backward else words.say("are further on after {n} steps", n=question.depth)
    )
    found.append(Fact(words.number(further), "", onward))
    return found


def twin(result: Result[Link], drawing: Drawing) -> Twin:
    """Every link as a row: from, to, how many, of how many, of how many people."""
    words, question = drawing.words, result.question
    of = getattr(question, "of", "kind")
    backward = getattr(question, "direction", "after") == "before"
    links = [*result.rows, *result.other.open()]
    total: dict[tuple[int, str], int] = {}
    for link in links:
        near = (link.step, link.target if backward else link.source)
        total[near] = total.get(near, 0) + link.journeys
    ended = words.say("began here") if backward else words.say("no further")
    rows = []
    for link in links[: drawing.rows]:
        whole = total[link.step, link.target if backward else link.source]
        cell = {"step": link.step, "source": link.source, "target": link.target}
        ends = [words.name(end, of) if end else ended for end in (link.source, link.target)]
        rows.append(
            (
                Cell(str(link.step)),
                Cell(ends[0]),
                Cell(ends[1]),
                Cell(words.number(link.journeys), drawing.lead(cell, {})),
                Cell(words.say("of {n}", n=words.number(whole))),
                Cell(words.share(link.journeys / whole)),
                Cell(words.number(link.people)),
            )
        )
    heads = (
        Column(words.say("Step"), numeric=True),
        Column(words.say("where from")),
        Column(words.say("where to")),
        Column(words.say("Journeys"), numeric=True),
        Column("", numeric=True),
        Column(words.say("Share"), numeric=True),
        Column(words.say("People"), numeric=True),
    )
    return Twin(heads, tuple(rows), len(links))
