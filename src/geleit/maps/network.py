"""Where the boxes and lines of a network of identifiers go: columns of boxes, lines that bend at right angles.

The same network gives the same picture. A line never runs behind a box: it leaves its box sideways, goes up or down in a
lane between two columns, and past other columns between their rows. Lines of one box share a lane, as a tree's branches
share its trunk; lines of different boxes or kinds never do.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["joined", "decision", "held"]
Point = tuple[float, float]
Spot = tuple[int, int]  # column, row

WIDE, HIGH = 240.0, 46.0  # px of a box
PITCH = 74.0  # px from row to row
HEAD = 46.0  # px above the first row
STUB = 34.0  # px between a box and the first lane: room for a numeral
LANE = 11.0  # px between two lanes
PORT = 9.0  # px between two lines at one side of a box
REACH = 34.0  # px of a box's side that lines may take
GUTTER = 5.0  # px between two lines that pass between two rows
SWEEPS = 4


@dataclass(frozen=True, slots=True)
class Line:
    """A line between two boxes (by their numbers)."""

    a: int
    b: int
    kind: Kind


@dataclass(frozen=True, slots=True)
class Route:
    """Where a line goes; ``mark``: a place on it, beside a box, where a sign can stand."""

    points: tuple[Point, ...]
    mark: Point


@dataclass(frozen=True, slots=True)
class Layout:
    """Left upper corners of boxes, the ways of lines, the left edges of the columns, and the size in px."""

    boxes: Mapping[int, Point]
    routes: tuple[Route, ...]
    columns: tuple[float, ...]
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class _Way:
    """How one line runs before lanes have places: ``owner`` is the box whose trunk it uses."""

    owner: int
    other: int
    out: int  # side of the owner: 1 right, -1 left
    into: int  # side of the other box
    trunk: int  # gap of the owner's lane
    entry: int  # gap beside the other box
    kind: Kind


@dataclass(slots=True)
class _Lanes:
    """Stretches up and down in the gaps between columns; each gets a lane where no other one is."""

    spans: dict[tuple[int, object], list[float]] = field(default_factory=dict)
    places: dict[tuple[int, object], int] = field(default_factory=dict)
    counts: dict[int, int] = field(default_factory=lambda: defaultdict(int))

    def take(self, gap: int, key: object, ys: Iterable[float]) -> None:
        """A stretch over these heights."""
        self.spans.setdefault((gap, key), []).extend(ys)

    def settle(self) -> None:
        """Give every stretch the first free lane, from the top."""
        ends: dict[int, list[float]] = defaultdict(list)
        for name, ys in sorted(self.spans.items(), key=lambda one: (one[0][0], min(one[1]), max(one[1]), str(one[0]))):
            lanes = ends[name[0]]
            free = next((at for at, end in enumerate(lanes) if end + PORT < min(ys)), len(lanes))
            lanes[free:] = [max(ys), *lanes[free + 1 :]]
            self.places[name] = free
        self.counts.update({gap: len(lanes) for gap, lanes in ends.items()})


def lay_out(columns: Sequence[Sequence[int]], lines: Sequence[Line], top: float = 0) -> Layout:
    """Places for boxes given by column (each in its preferred order) and lines among them, from ``top`` px on."""
    order = _ordered(columns, lines)
    tallest = max((len(column) for column in order), default=0)
    spots = {
        box: (at, row + (tallest - len(column)) // 2)
        for at, column in enumerate(order)
        for row, box in enumerate(column)
    }
    ways = _ways(lines, spots)
    ports = _ports(ways, spots)
    gutters = _gutters(ways, spots)
    lanes = _Lanes()
    for at, way in enumerate(ways):
        start, end = ports[at]
        if way.trunk == way.entry:
            lanes.take(way.trunk, _trunk(way), (start, end))
        else:
            lanes.take(way.trunk, _trunk(way), (start, gutters[at]))
            lanes.take(way.entry, (at, "entry"), (gutters[at], end))
    lanes.settle()
    edges, xs, width = _across(len(order), lanes.counts)
    routes = []
    for at, way in enumerate(ways):
        start, end = ports[at]
        trunk = xs[way.trunk] + LANE * lanes.places[way.trunk, _trunk(way)]
        first, last = _side(edges, spots[way.owner], way.out), _side(edges, spots[way.other], way.into)
        points = [(first, start), (trunk, start)]
        if way.trunk == way.entry:
            points += [(trunk, end)]
        else:
            entry = xs[way.entry] + LANE * lanes.places[way.entry, (at, "entry")]
            points += [(trunk, gutters[at]), (entry, gutters[at]), (entry, end)]
        points.append((last, end))
        points = [(x, top + y) for x, y in points]
        routes.append(Route(_straight(points), (last + way.into * STUB / 2, top + end)))
    boxes = {box: (edges[column], top + _top(row)) for box, (column, row) in spots.items()}
    return Layout(boxes, tuple(routes), edges, width, top + _top(tallest) - (PITCH - HIGH))


def _ordered(columns: Sequence[Sequence[int]], lines: Sequence[Line]) -> list[list[int]]:
    """Bring what is joined to about one height; a few sweeps, each box toward the middle of its neighbors."""
    order = [list(column) for column in columns]
    around: dict[int, list[int]] = defaultdict(list)
    for line in lines:
        around[line.a].append(line.b)
        around[line.b].append(line.a)
    for sweep in range(SWEEPS):
        for column in order if sweep % 2 == 0 else reversed(order):
            height = {box: row - len(some) / 2 for some in order for row, box in enumerate(some)}
            middle = {
                box: sum(height[other] for other in around[box]) / len(around[box]) if around[box] else height[box]
                for box in column
            }
            column.sort(key=lambda box: middle[box])
    return order


def _ways(lines: Sequence[Line], spots: Mapping[int, Spot]) -> list[_Way]:
    degree: dict[int, int] = defaultdict(int)
    for line in lines:
        degree[line.a] += 1
        degree[line.b] += 1
    ways = []
    for line in lines:
        owner, other = sorted((line.a, line.b), key=lambda box: (-degree[box], spots[box]))
        here, there = spots[owner][0], spots[other][0]
        if here == there:
            ways.append(_Way(owner, other, 1, 1, here, here, line.kind))
        elif here < there:
            ways.append(_Way(owner, other, 1, -1, here, there - 1, line.kind))
        else:
            ways.append(_Way(owner, other, -1, 1, here - 1, there, line.kind))
    return ways


def _trunk(way: _Way) -> tuple[int, int, Kind]:
    return way.owner, way.out, way.kind


def _ports(ways: Sequence[_Way], spots: Mapping[int, Spot]) -> list[tuple[float, float]]:
    """At which height each line leaves its owner and comes to the other box."""
    ends: dict[tuple[int, int], dict[object, list[float]]] = defaultdict(lambda: defaultdict(list))
    for at, way in enumerate(ways):
        ends[way.owner, way.out][_trunk(way)].append(_middle(spots[way.other]))
        ends[way.other, way.into][at].append(_middle(spots[way.owner]))
    heights: dict[tuple[int, int, object], float] = {}
    for (box, side), some in ends.items():
        keys = sorted(some, key=lambda key: (sum(some[key]) / len(some[key]), str(key)))
        apart = min(PORT, REACH / max(len(keys) - 1, 1))
        for place, key in enumerate(keys):
            heights[box, side, key] = _middle(spots[box]) + (place - (len(keys) - 1) / 2) * apart
    return [(heights[way.owner, way.out, _trunk(way)], heights[way.other, way.into, at]) for at, way in enumerate(ways)]


def _gutters(ways: Sequence[_Way], spots: Mapping[int, Spot]) -> dict[int, float]:
    """Between which rows lines pass other columns: beside the row of the other box, on the owner's side."""
    rows: dict[int, list[int]] = defaultdict(list)
    for at, way in enumerate(ways):
        if way.trunk != way.entry:
            below = spots[way.owner][1] > spots[way.other][1]
            rows[spots[way.other][1] + below].append(at)
    found = {}
    for row, some in rows.items():
        apart = min(GUTTER, (PITCH - HIGH - 8) / max(len(some) - 1, 1))
        for place, at in enumerate(some):
            found[at] = _top(row) - (PITCH - HIGH) / 2 + (place - (len(some) - 1) / 2) * apart
    return found


def _across(count: int, lanes: Mapping[int, int]) -> tuple[tuple[float, ...], dict[int, float], float]:
    """Left edges of the columns, the first lane of each gap (that behind the last column included), the width."""
    x, edges, firsts = 1.0, [], {}
    for column in range(count):
        edges.append(x)
        x += WIDE
        firsts[column] = x + STUB
        if column + 1 < count:
            x += 2 * STUB + LANE * max(lanes.get(column, 0) - 1, 0)
        elif lanes.get(column):
            x += STUB + LANE * (lanes[column] - 1) + 8
    return tuple(edges), firsts, x


def _side(edges: Sequence[float], spot: Spot, side: int) -> float:
    return edges[spot[0]] + (WIDE if side > 0 else 0)


def _top(row: int) -> float:
    return HEAD + row * PITCH


def _middle(spot: Spot) -> float:
    return _top(spot[1]) + HIGH / 2


def _straight(points: Sequence[Point]) -> tuple[Point, ...]:
    """Without corners that are none."""
    kept: list[Point] = []
    for point in points:
        if kept and point == kept[-1]:
            continue
        if len(kept) > 1 and (kept[-2][0] == kept[-1][0] == point[0] or kept[-2][1] == kept[-1][1] == point[1]):
            kept[-1] = point
        else:
            kept.append(point)
    return tuple(kept)
