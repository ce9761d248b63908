"""The heart of a wide map: the person's one path through the lanes of ownership, with nodes, places and companions."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from geleit.maps.icons import node
from geleit.maps.plan import Plan, rule, set_head
from geleit.maps.scene import Canvas, Text
from geleit.maps.sentences import OWNERSHIPS, ownership_name, presence
from geleit.maps.type import ASCENT, LEADING, Wrapped, width, wrap

ABOVE, BELOW = 18.0, 14.0  # px over a node's middle without a companion, and under the node's label
SLANT = 5.5  # px: half the width of the path where it changes lanes
CLEAR = 8.0  # px: texts stay this far from a border where the path changes lanes
NEAR = 1.5  # px: texts stay this far from any other border
PLACE_SIZE, PRESENCE_SIZE = 11.5, 11.0
PLACE_TOP = 13.0  # px from a node's middle to the top of its place
ESCORT = 13.5  # px from a node's middle up to the companion's line
REACH = 12.0  # px that a companion's line reaches beyond a node's middle
ROOM_MIN = 34.0  # px: a lane in which nothing happened


@dataclass(frozen=True, slots=True)
class _Label:
    x: float
    anchor: str
    wrapped: Wrapped


@dataclass(frozen=True, slots=True)
class _Run:
    """Neighbouring steps of one lane at which the same colleague was there; ``label`` where the name is new."""

    start: int
    end: int
    label: _Label | None


@dataclass(frozen=True, slots=True)
class Pathway:
    """Lanes, lane of every step, and what is written at the steps; measured before anything is drawn."""

    plan: Plan
    lanes: tuple[str, ...]
    lane_of: tuple[int, ...]
    places: tuple[_Label, ...]
    runs: tuple[_Run, ...]

    def above(self, lane: int) -> float:
        """Space over the node's middle in a lane: more where a companion is named."""
        here = [run for run in self.runs if self.lane_of[run.start] == lane]
        lines = max((len(run.label.wrapped.lines) for run in here if run.label), default=0)
        return ABOVE + (4 if here else 0) + (lines * LEADING * PRESENCE_SIZE + 4 if lines else 0)

    def below(self, lane: int) -> float:
        """Space under the node's middle in a lane: its longest place."""
        lines = max(
            (len(label.wrapped.lines) for label, at in zip(self.places, self.lane_of, strict=True) if at == lane),
            default=0,
        )
        return PLACE_TOP + lines * LEADING * PLACE_SIZE + 5 if lines else BELOW


def pathway(plan: Plan) -> Pathway:
    """Find lanes and room for every text between the places where the path passes."""
    steps = plan.steps
    used = {step.ownership if step.ownership in OWNERSHIPS else "" for step in steps} | {"owned"}
    lanes = tuple(name for name in OWNERSHIPS if name in used)
    lane_of = tuple(lanes.index(step.ownership if step.ownership in OWNERSHIPS else "") for step in steps)
    places = tuple(_place(plan, lane_of, place) for place in range(len(steps)))
    return Pathway(plan, lanes, lane_of, places, tuple(_runs(plan, lane_of)))


def _passes(lane_of: Sequence[int], place: int, other: int, *, under: bool) -> bool:
    """Whether the path leaves a node towards a neighbour downward (or upward)."""
    if not 0 <= other < len(lane_of):
        return False
    return lane_of[other] > lane_of[place] if under else lane_of[other] < lane_of[place]


def _room(plan: Plan, lane_of: Sequence[int], place: int, *, under: bool) -> tuple[float, float]:
    """Left and right bound for a text under (or over) a node: clear of the path where it leaves that way."""
    left = plan.edge(place) + (CLEAR if _passes(lane_of, place, place - 1, under=under) else NEAR)
    right = plan.edge(place + 1) - (CLEAR if _passes(lane_of, place, place + 1, under=under) else NEAR)
    return left, right


def _place(plan: Plan, lane_of: Sequence[int], place: int) -> _Label:
    left, right = _room(plan, lane_of, place, under=True)
    left, right = left - _spare(plan, lane_of, place, place - 1), right + _spare(plan, lane_of, place, place + 1)
    wrapped = wrap(plan.steps[place].channel_label, "record", PLACE_SIZE, right - left)
    half = max((width(line, "record", PLACE_SIZE) for line in wrapped.lines), default=0) / 2
    return _Label(min(max(plan.centre(place), left + half), right - half), "middle", wrapped)


def _spare(plan: Plan, lane_of: Sequence[int], place: int, other: int) -> float:
    """What a neighbour of the same lane leaves free beyond the border: only if its own place is short and central."""
    if not 0 <= other < len(lane_of) or lane_of[other] != lane_of[place]:
        return 0
    left, right = _room(plan, lane_of, other, under=True)
    free = min(plan.centre(other) - left, right - plan.centre(other))
    half = width(plan.steps[other].channel_label, "record", PLACE_SIZE) / 2
    return max(0.0, plan.column / 2 - half - 2 * NEAR) if half <= free else 0


def _runs(plan: Plan, lane_of: Sequence[int]) -> list[_Run]:
    keys = [f"{lane_of[place]}\n{step.staff}" if step.staff else "" for place, step in enumerate(plan.steps)]
    spans = [(start, end) for start, end, key in plan.runs(keys) if key]
    runs, named = [], ""
    for at, (start, end) in enumerate(spans):
        staff = plan.steps[start].staff
        limit = spans[at + 1][0] if at + 1 < len(spans) else len(lane_of)
        label = _presence(plan, lane_of, start, limit) if staff != named else None
        runs.append(_Run(start, end, label))
        named = staff
    return runs


def _presence(plan: Plan, lane_of: Sequence[int], start: int, limit: int) -> _Label:
    """The companion's name over the first node, as far to the right as lane and next companion leave room."""
    last = start
    while last + 1 < limit and lane_of[last + 1] == lane_of[start]:
        last += 1
    left, _ = _room(plan, lane_of, start, under=False)
    _, right = _room(plan, lane_of, last, under=False)
    text = presence(plan.steps[start].staff, plan.journey.language)
    x = max(left, min(plan.centre(start) - REACH, right - width(text, "record", PRESENCE_SIZE)))
    return _Label(x, "start", wrap(text, "record", PRESENCE_SIZE, right - x))


def draw_pathway(canvas: Canvas, plan: Plan, top: float) -> float:
    """All lanes of ownership with the path through them; returns where they end."""
    way = pathway(plan)
    middles, y = [], top
    for lane, name in enumerate(way.lanes):
        title, sub = ownership_name(name, plan.journey.language)
        if lane:
            rule(canvas, plan, y)
        middle = y + way.above(lane)
        head = set_head(canvas, middle - (13 if sub else 6), title, sub)
        middles.append(middle)
        y = max(middle + way.below(lane), head + 4, y + ROOM_MIN)
    heights = [middles[lane] for lane in way.lane_of]
    _draw_path(canvas, plan, heights)
    _draw_companions(canvas, way, heights)
    for place, (step, height) in enumerate(zip(plan.steps, heights, strict=True)):
        canvas.add(node(plan.journey, step, plan.centre(place), height))
        _draw_label(canvas, way.places[place], height + PLACE_TOP, PLACE_SIZE)
    return y


def _draw_path(canvas: Canvas, plan: Plan, heights: Sequence[float]) -> None:
    """One line through all nodes; dotted where it leads to or from a gap."""
    journey, steps = plan.journey, plan.steps
    gaps = [step.evidence == "gap" for step in steps]
    stretches: list[tuple[str, list[tuple[float, float]]]] = []
    if steps and plan.first > 0:
        unknown = gaps[0] or journey.steps[plan.first - 1].evidence == "gap"
        stretches.append((_way(unknown=unknown), [(plan.left - 8, heights[0]), (plan.centre(0), heights[0])]))
    for place, (start, end) in enumerate(itertools.pairwise(heights)):
        border = plan.edge(place + 1)
        bend = [(border - SLANT, start), (border + SLANT, end)] if start != end else []
        points = [(plan.centre(place), start), *bend, (plan.centre(place + 1), end)]
        stretches.append((_way(unknown=gaps[place] or gaps[place + 1]), points))
    if steps and plan.last < len(journey.steps):
        unknown = gaps[-1] or journey.steps[plan.last].evidence == "gap"
        at = len(steps) - 1
        stretches.append((_way(unknown=unknown), [(plan.centre(at), heights[at]), (plan.right - 2, heights[at])]))
    for role, group in itertools.groupby(stretches, key=lambda stretch: stretch[0]):
        points = [point for _, stretch in group for point in stretch]
        canvas.line([point for point, _ in itertools.groupby(points)], role, thick=2.5, corner=5)


def _way(*, unknown: bool) -> str:
    return "unknown" if unknown else "way"


def _draw_companions(canvas: Canvas, way: Pathway, heights: Sequence[float]) -> None:
    plan = way.plan
    for run in way.runs:
        y = heights[run.start] - ESCORT
        ends = [(plan.centre(run.start) - REACH, y), (plan.centre(run.end - 1) + REACH, y)]
        canvas.line(ends, "escort", thick=1.25)
        if run.label:
            lines = len(run.label.wrapped.lines)
            _draw_label(canvas, run.label, y - 4.5 - lines * LEADING * PRESENCE_SIZE, PRESENCE_SIZE)


def _draw_label(canvas: Canvas, label: _Label, top: float, size: float) -> None:
    for place, line in enumerate(label.wrapped.lines):
        y = top + ASCENT * size + place * LEADING * size
        canvas.add(Text(label.x, y, line, size, "record", label.anchor, "soft"))
