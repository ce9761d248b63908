"""The transition graph as a picture: what there is, column by column, and arrows for the most frequent steps between it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import TYPE_CHECKING

from geleit.charts import tall_transitions
from geleit.charts.drawing import LABEL, LINE, TALL, Drawing, Fact, door, heading, legend, reach, said_of
from geleit.charts.layers import END, Layer, layers, places
from geleit.charts.twin import Cell, Column, Twin
from geleit.maps.plan import PAGE
from geleit.maps.scene import Box, Canvas, Door, Mark, Node, Rect, Scene, Stroke, Text, number
from geleit.maps.style import LINKS, NO_TONE
from geleit.maps.type import width, wrap

if TYPE_CHECKING:
    from geleit.analytics.result import Result
    from geleit.analytics.transitions import Transition

NARROW, WIDE = 208.0, 420.0  # px from column to column
BAR = 10.0  # px: width of a node
PORT = 10.0  # px from arrow to arrow at a node
LEAST = 18.0  # px: height of a node
GAP = 48.0  # px between two nodes
STAGGER = 34.0  # px that every other column stands lower, so that arrows past a node do not meet it
BULGE = 46.0  # px that an arrow within a column swings out
SMALL = 11.5
TRIED = (0.5, 0.42, 0.58, 0.34, 0.66, 0.26, 0.74, 0.18, 0.82)  # where on its arrow a number may stand


@dataclass(slots=True)
class _Node:
    """A node: its place in px, what it is called, and the arrows at its two sides."""

    value: str
    column: int
    x: float = 0.0
    top: float = 0.0
    bar: float = 0.0
    high: float = LEAST
    sides: tuple[list[tuple[float, int]], list[tuple[float, int]]] = field(default_factory=lambda: ([], []))


@dataclass(frozen=True)
class Graph:
    """A graph while it is drawn: ``every`` link there is, ``drawn`` the arrows."""

    result: Result[Transition]
    drawing: Drawing
    every: Sequence[Transition]
    drawn: Sequence[Transition]
    columns: Sequence[Layer]
    pitch: float
    nodes: dict[str, _Node]

    @property
    def of(self) -> str:
        """What steps are between."""
        return str(getattr(self.result.question, "of", "kind"))

    def name(self, value: str) -> str:
        """What people call a value."""
        return self.drawing.words.name(value, self.of)

    def lead(self, link: Transition) -> str:
        """The people of a step."""
        return self.drawing.lead({"source": link.source, "target": link.target}, {})

    def link(self, source: str, target: str) -> Transition | None:
        """The step between two values, if somebody took it."""
        return next((one for one in self.every if (one.source, one.target) == (source, target)), None)

    def inside(self, value: str) -> list[tuple[Transition, str]]:
        """Where journeys begin and end, and what follows itself: told with the node, not drawn."""
        words = self.drawing.words
        found = (
            (self.link(END, value), words.say("begin here")),
            (self.link(value, END), words.say("end here")),
            (self.link(value, value), words.say("again at once")),
        )
        return [(link, text) for link, text in found if link]

    def backward(self, link: Transition) -> bool:
        """Whether it leads to an earlier column."""
        return self.nodes[link.source].column > self.nodes[link.target].column


def draw(result: Result[Transition], drawing: Drawing, *, title: str = "") -> Scene:
    """The picture; with a ``title`` it says itself what it shows and what its signs mean."""
    graph, words = _measured(result, drawing), drawing.words
    canvas = Canvas()
    top = heading(canvas, result, title, drawing) if title else 0.0
    tall = drawing.width < TALL
    bottom, right = (tall_transitions.draw(canvas, graph, top), 0.0) if tall else _arrows(canvas, graph, top)
    bottom = _left_out(canvas, graph, 0, bottom) if tall else bottom
    if title:
        bottom = legend(canvas, bottom + 4, signs(result, drawing), max(PAGE / 2, drawing.width))
    right = drawing.width if tall and not title else max(graph.pitch * len(graph.columns), reach(canvas) + 1, right)
    name = title or words.say("Transitions")
    return Scene(right, bottom + 4, tuple(canvas.marks), name, words.explain(result), words.language)


def _arrows(canvas: Canvas, graph: Graph, top: float) -> tuple[float, float]:
    """Columns of nodes and the arrows between them; returns where they end, below and at the right."""
    texts = Canvas()
    bottom = _nodes(texts, graph, top)
    _ports(graph)
    taken = [box for mark in texts.marks for box in _boxes(mark)]
    curves = {at: _curve(graph, link, at) for at, link in enumerate(graph.drawn)}
    for at, link in enumerate(graph.drawn):
        _arrow(canvas, graph, link, curves[at])
    unsaid = sum(_number(texts, graph, link, curves[at], taken) for at, link in enumerate(graph.drawn))
    canvas.add(*texts.marks)
    bottom = max(bottom, max((box.bottom for box in taken), default=0.0) + 10)
    right = max(box.right + 1 for box in taken or [Box(0, 0, 0, 0)])
    return _left_out(canvas, graph, unsaid, bottom), right


def _boxes(mark: Mark | Node | Door) -> Sequence[Box]:
    """What a number must not stand on."""
    inner: tuple[Mark, ...] = mark.marks if isinstance(mark, Door | Node) else (mark,)
    return [box for one in inner if isinstance(one, Text) or not one.ground for box in one.boxes]


def _measured(result: Result[Transition], drawing: Drawing) -> Graph:
    of = said_of(result)
    every = [*result.rows, *result.other.open()]
    drawn = [one for one in result.rows if END not in (one.source, one.target) and one.source != one.target]
    ends = {end for one in every for end in (one.source, one.target)} - {END}
    words, index = drawing.words, drawing.words.catalogue.stage_index
    staged = sorted((index[stage], value) for value in ends if (stage := words.stage(value, of)) in index)
    stages = {value: words.stage(value, of) for _, value in staged}
    columns = layers(drawn, places(every), stages)
    pitch = min(WIDE, max(NARROW, drawing.width / max(len(columns), 1)))
    nodes = {value: _Node(value, at) for at, layer in enumerate(columns) for value in layer.nodes}
    return Graph(result, drawing, every, drawn, columns, pitch, nodes)


def _nodes(canvas: Canvas, graph: Graph, top: float) -> float:
    """All columns with their names and nodes; returns where the longest ends."""
    bottom = top
    named = any(layer.stage for layer in graph.columns)
    high = _heads(canvas, graph, top) if named else top
    for at, layer in enumerate(graph.columns):
        x, y = at * graph.pitch, high + (at % 2) * STAGGER
        for value in layer.nodes:
            y = _node(canvas, graph, graph.nodes[value], (x, y)) + GAP
        bottom = max(bottom, y)
    return bottom


def _heads(canvas: Canvas, graph: Graph, top: float) -> float:
    """The stages above their columns; returns where they end."""
    words, low = graph.drawing.words, top
    for stage, group in groupby(enumerate(graph.columns), key=lambda one: one[1].stage):
        its = [at for at, _ in group]
        x, right = its[0] * graph.pitch, (its[-1] + 1) * graph.pitch - 24
        lines = wrap(words.name(stage, "stage"), "strong", LABEL, right - x, 3).lines
        for nth, line in enumerate(lines):
            canvas.add(Text(x, top + 14 + nth * LINE, line, LABEL, "strong"))
        low = max(low, top + LINE * len(lines) + 9)
    for _, group in groupby(enumerate(graph.columns), key=lambda one: one[1].stage):
        its = [at for at, _ in group]
        canvas.line([(its[0] * graph.pitch, low + 0.5), ((its[-1] + 1) * graph.pitch - 24, low + 0.5)], "rule")
    return low + 15


def _node(canvas: Canvas, graph: Graph, node: _Node, at: tuple[float, float]) -> float:
    """A node's name, what of it has no arrow (begins, ends, the same again), and its bar; returns where it ends."""
    (x, y), room = at, graph.pitch - 30
    lines = wrap(graph.name(node.value), "strong", LABEL, room, 4).lines
    blank = Canvas()
    for line in lines:
        blank.add(Text(x, y + 13, line, LABEL, "strong"))
        y += LINE
    left = x
    for link, text in graph.inside(node.value):
        count = graph.drawing.words.number(link.journeys)
        wide = width(f"{text} ", "record", SMALL) + width(count, "record", SMALL)
        if left > x and left + wide > x + room:
            left, y = x, y + 24
        blank.add(Text(left, y + 13, text, SMALL, role="soft"))
        number_ = Text(left + width(f"{text} ", "record", SMALL), y + 13, count, SMALL, role="door")
        door(blank, f"{graph.name(node.value)}, {text}: {count}", graph.lead(link), [number_])
        left += wide + 12
    y += LINE + 4 if left > x else 2
    _ground(canvas, blank)
    canvas.add(*blank.marks)
    arrows = [_sides(graph, link, node) for link in graph.drawn if node.value in (link.source, link.target)]
    most = max((sum(side == which for side in arrows) for which in (0, 1)), default=0)
    node.x, node.top, node.bar, node.high = x, at[1], y, max(LEAST, PORT * most + 4)
    tone = graph.drawing.words.tone(node.value, graph.of)
    canvas.add(Rect(x, y, BAR, node.high, f"bar{tone}"))
    return y + node.high


def _ground(canvas: Canvas, over: Canvas) -> None:
    """Paper behind texts, so that arrows pass behind them."""
    for mark in over.marks:
        for box in (mark if isinstance(mark, Text) else mark.marks[0]).boxes:  # type: ignore[union-attr]
            place = (box.left - 2, box.top + 1, box.right - box.left + 4, box.bottom - box.top - 1)
            canvas.add(Rect(*place, "paper", ground=True))


def _sides(graph: Graph, link: Transition, node: _Node) -> int:
    """At which side an arrow touches a node: 0 left, 1 right."""
    source, target = graph.nodes[link.source].column, graph.nodes[link.target].column
    if source == target:
        return 1
    return int((source < target) == (node.value == link.source))


def _ports(graph: Graph) -> None:
    """The arrows at each side of each node, by the height of their other ends."""
    for at, link in enumerate(graph.drawn):
        ends = graph.nodes[link.source], graph.nodes[link.target]
        for node, other in (ends, ends[::-1]):
            node.sides[_sides(graph, link, node)].append((other.bar + other.high / 2 + at / 1000, at))
    for node in graph.nodes.values():
        for side in node.sides:
            side.sort()


def _port(graph: Graph, node: _Node, at: int) -> tuple[float, float]:
    side = _sides(graph, graph.drawn[at], node)
    its = [which for _, which in node.sides[side]]
    y = node.bar + node.high * (its.index(at) + 0.5) / len(its)
    return node.x + (BAR + 2 if side else -3), y


Curve = tuple[tuple[float, float], tuple[float, float], tuple[float, float], tuple[float, float]]


def _curve(graph: Graph, link: Transition, at: int) -> Curve:
    """Start, two handles and end."""
    source, target = graph.nodes[link.source], graph.nodes[link.target]
    (x0, y0), (x1, y1) = _port(graph, source, at), _port(graph, target, at)
    if source.column == target.column:
        swing = BULGE + min(abs(y1 - y0), 300) * 0.22
        return (x0, y0), (x0 + swing, y0), (x1 + swing, y1), (x1, y1)
    bend = (x1 - x0) * 0.5
    return (x0, y0), (x0 + bend, y0), (x1 - bend, y1), (x1, y1)


def _point(curve: Curve, share: float) -> tuple[float, float]:
    rest = 1 - share
    weights = (rest**3, 3 * rest**2 * share, 3 * rest * share**2, share**3)
    x, y = (sum(w * end[axis] for w, end in zip(weights, curve, strict=True)) for axis in (0, 1))
    return x, y


def _arrow(canvas: Canvas, graph: Graph, link: Transition, curve: Curve) -> None:
    """An arrow, thicker the more journeys take the step; one that leads back is dashed."""
    most = max(one.journeys for one in graph.drawn)
    thick = min(len(LINKS), 1 + int(len(LINKS) * link.journeys / (most + 1)))
    role = "back" if graph.backward(link) else f"link{thick}"
    said = [f"{number(x)} {number(y)}" for x, y in curve]
    canvas.add(Stroke(f"M{said[0]}C{said[1]} {said[2]} {said[3]}", role, (), ground=True))
    (x, y), way = curve[3], 1 if curve[3][0] > curve[2][0] else -1
    tip = f"M{number(x)} {number(y)}l{-6 * way} -3.5v7z"
    canvas.add(Stroke(tip, "said", (), ground=True))


def _number(canvas: Canvas, graph: Graph, link: Transition, curve: Curve, taken: list[Box]) -> int:
    """How many take a step, after how long, where on its arrow there is room; 1 if there is none, else 0."""
    words = graph.drawing.words
    count, span = words.number(link.journeys), words.span(link.median_us)
    wide = width(count, "strong", SMALL) + width(f" {span}", "record", SMALL)
    for share in TRIED:
        x, y = _point(curve, share)
        box = Box(x - wide / 2 - 3, y - 9, x + wide / 2 + 3, y + 7)
        if box.left < 0 or any(box.meets(other) for other in taken):
            continue
        taken.append(box)
        canvas.add(Rect(box.left, box.top, box.right - box.left, box.bottom - box.top, "paper", ground=True))
        left = x - wide / 2
        text = Text(left, y + 3.5, count, SMALL, "strong", role="door")
        label = f"{graph.name(link.source)} → {graph.name(link.target)} ({span}): {count}"
        door(canvas, label, graph.lead(link), [text])
        canvas.add(Text(left + wide, y + 3.5, span, SMALL, anchor="end", role="soft"))
        return 0
    return 1


def _left_out(canvas: Canvas, graph: Graph, unsaid: int, top: float) -> float:
    """What has no arrow, and which arrows have no number; the table has all."""
    words, y = graph.drawing.words, top
    plain = [
        one for one in graph.result.other.open() if END not in (one.source, one.target) and one.source != one.target
    ]
    said = []
    if plain:
        most = words.number(max(one.journeys for one in plain))
        text = (
            "{n} rarer step, of {most} journeys, has no arrow.",
            "{n} rarer steps, of {most} journeys at most, have no arrow.",
        )
        said.append(words.counted(*text, len(plain), most=most))
    if unsaid:
        text = (
            "{n} arrow has no room for its number; the table has it.",
            "{n} arrows have no room for their numbers; the table has them.",
        )
        said.append(words.counted(*text, unsaid))
    for line in wrap(" ".join(said), "record", 12, graph.drawing.width).lines if said else ():
        canvas.add(Text(0, y + 12, line, 12, role="soft"))
        y += LINE
    return y


def signs(result: Result[Transition], drawing: Drawing) -> list[tuple[str, str]]:
    """The stages, and how to read arrows."""
    if not result.rows:
        return []
    graph, words = _measured(result, drawing), drawing.words
    tones = {words.tone(value, graph.of) for value in graph.nodes}
    found = [
        (f"bar{words.catalogue.tone(stage.id)}", words.catalogue.stage_label(stage.id, words.language))
        for stage in words.catalogue.stages
        if str(words.catalogue.tone(stage.id)) in tones
    ]
    if NO_TONE in tones and graph.of == "kind":
        found.append((f"bar{NO_TONE}", words.say("no stage, or several")))
    said = words.say("Numbers: journeys with this step, and the median until it. Dashed arrows lead back.")
    return [*found, ("", said)]


def facts(result: Result[Transition], drawing: Drawing) -> list[Fact]:
    """The most frequent step."""
    plain = [one for one in result.rows if END not in (one.source, one.target) and one.source != one.target]
    if not plain:
        return []
    words, of = drawing.words, said_of(result)
    most = max(plain, key=lambda one: (one.journeys, one.source, one.target))
    text = words.say(
        "journeys go from “{source}” to “{target}” directly, the most frequent step",
        source=words.name(most.source, of),
        target=words.name(most.target, of),
    )
    return [Fact(words.number(most.journeys), drawing.lead({"source": most.source, "target": most.target}, {}), text)]


def twin(result: Result[Transition], drawing: Drawing) -> Twin:
    """Every step as a row, the rarer ones too."""
    words, of = drawing.words, said_of(result)
    rows = [
        (
            Cell(words.name(one.source, of) if one.source else words.say("Start")),
            Cell(words.name(one.target, of) if one.target else words.say("End")),
            Cell(words.number(one.journeys), drawing.lead({"source": one.source, "target": one.target}, {})),
            Cell(words.number(one.people)),
            Cell(words.number(one.count)),
            Cell(words.span(one.median_us)),
            Cell(words.span(one.p95_us)),
        )
        for one in (*result.rows, *result.other.open())
    ]
    heads = (
        Column(words.say("where from")), Column(words.say("where to")), Column(words.say("Journeys"), numeric=True),
        Column(words.say("People"), numeric=True), Column(words.say("Times"), numeric=True),
        Column(words.say("half within"), numeric=True), Column(words.say("95 % within"), numeric=True),
    )  # fmt: skip
    return Twin(heads, tuple(rows))
