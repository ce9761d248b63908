"""The small picture of a person's journeys: one mark per step, its height the stage, all needs side by side."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from html import escape

from markupsafe import Markup

from geleit.clock import DAY
from geleit.maps.type import width, wrap
from geleit.web.lines import Mark
from geleit.web.reader import Reader

TOP, PITCH, SIDE = 46, 26, 16  # px: first stage's height, between stages, room at a block's ends
STEP, STEP_MAX, GAP = 25, 46, 34  # px between steps, at most, and between needs
SILENCE = 60 * DAY  # without contact for longer: a dotted line with its length
DATE_ROOM = 38  # px a date label takes
OPEN_ROOM = 58  # px for the dotted line to today


@dataclass(frozen=True, slots=True)
class Point:
    """One step: ``level`` = place of its stage from 0, ``count`` > 1 where equal steps had to be drawn as one."""

    t: int
    level: int
    mark: Mark
    label: str
    ids: str
    count: int = 1


@dataclass(frozen=True, slots=True)
class Strand:
    """One need: its name, how it stands (``open since ...``), its steps. ``earlier`` steps did not fit."""

    name: str
    state: str
    points: tuple[Point, ...]
    open: bool
    earlier: int = 0


@dataclass(frozen=True, slots=True)
class Head:
    """A stage at the left: its name and colour class."""

    label: str
    tone: str


@dataclass(frozen=True, slots=True)
class Frame:
    """How large the picture is, whose steps it opens, who reads it."""

    width: int
    address: str
    title: str
    reader: Reader


@dataclass(frozen=True, slots=True)
class Drawn:
    """The picture, how many older needs it leaves to a list, and how many early steps it has no room for."""

    picture: Markup
    left_out: int
    earlier: int


def strip(strands: Sequence[Strand], heads: Sequence[Head], frame: Frame) -> Drawn:
    """The picture of as many needs as fit, the newest always.

    Steps are folded (with their number) before they would stand closer than can be pressed.
    """
    left = max(width(head.label, "record", 13) for head in heads) + 21 + SIDE
    room = frame.width - left
    shown = [_fold(strands[-1], room - (OPEN_ROOM if strands[-1].open else 0))]
    for strand in reversed(strands[:-1]):
        if _least([strand, *shown], frame.reader) > room:
            break
        shown.insert(0, strand)
    height = TOP + PITCH * (len(heads) - 1) + 24
    parts = [_heads(heads, left, frame.width)]
    x = left
    spread = _spread(shown, room, frame.reader)
    for place, strand in enumerate(shown):
        last = place == len(shown) - 1
        block, x = _block(strand, x, frame, _Room(spread, height, frame.width if last else 0))
        parts.append(block)
        x += GAP
    title = escape(frame.title)
    drawn = (
        f'<svg class="strip" width="{frame.width}" height="{height}" viewBox="0 0 {frame.width} {height}" '
        f'role="group" aria-label="{title}">{"".join(parts)}</svg>'
    )
    picture = Markup(drawn)  # noqa: S704 (every text in it went through escape)
    return Drawn(picture, len(strands) - len(shown), sum(strand.earlier for strand in shown))


@dataclass(frozen=True, slots=True)
class _Room:
    """Distance of steps, the picture's height, and its right edge if this is the last block (else 0)."""

    spread: float
    height: int
    edge: int


def _fold(strand: Strand, room: float) -> Strand:
    """Fewer marks if they do not fit: equal neighbours become one with its number, then the oldest are only counted."""
    fitting = max(3, int((room - 2 * SIDE) // STEP))
    if len(strand.points) <= fitting:
        return strand
    folded: list[Point] = []
    for point in strand.points:
        last = folded[-1] if folded else None
        if last and (last.level, last.mark) == (point.level, point.mark):
            folded[-1] = replace(last, count=last.count + point.count, ids=f"{last.ids},{point.ids}")
        else:
            folded.append(point)
    kept = folded[-fitting:]
    dropped = sum(point.count for point in folded[: len(folded) - len(kept)])
    return replace(strand, points=tuple(kept), earlier=dropped)


def _silences(strand: Strand) -> list[int]:
    """Long silences between neighbouring steps, 0 where there is none."""
    pairs = itertools.pairwise(strand.points)
    return [b.t - a.t if b.t - a.t >= SILENCE else 0 for a, b in pairs]


def _silence_room(strand: Strand, reader: Reader) -> float:
    return sum(width(_silence(silent, reader), "record", 12) + 2 for silent in _silences(strand) if silent)


def _silence(micros: int, reader: Reader) -> str:
    return reader.say("{span} without contact", span=reader.span(micros))


def _least(strands: Sequence[Strand], reader: Reader) -> float:
    """The least width that these needs take."""
    blocks = [
        max((len(s.points) - 1) * STEP + _silence_room(s, reader) + 2 * SIDE, _head_width(s), 90)
        + (OPEN_ROOM if s.open else 0)
        for s in strands
    ]
    return sum(blocks) + GAP * (len(blocks) - 1)


def _head_width(strand: Strand) -> float:
    return width(f"{strand.name} ", "strong", 13) + width(strand.state, "record", 13) + 8


def _spread(strands: Sequence[Strand], room: float, reader: Reader) -> float:
    """How far apart steps may stand, so that all blocks fit."""
    steps = sum(max(1, len(strand.points) - 1) for strand in strands)
    fixed = sum(_silence_room(s, reader) + 2 * SIDE + (OPEN_ROOM if s.open else 0) for s in strands)
    free = room - fixed - GAP * (len(strands) - 1)
    return max(STEP, min(STEP_MAX, free / steps)) if len(strands) == 1 or free / steps >= STEP else STEP


def _heads(heads: Sequence[Head], left: float, right: float) -> str:
    found = []
    for place, head in enumerate(heads):
        y = TOP + PITCH * place
        found.append(
            f'<path class="hair" d="M{left - SIDE + 4:.1f} {y}H{right}"/>'
            f'<rect class="key {head.tone}" x="0" y="{y - 2.5}" width="14" height="5"/>'
            f'<text class="name" x="21" y="{y + 4.5}">{escape(head.label)}</text>'
        )
    return "".join(found)


def _block(strand: Strand, x: float, frame: Frame, room: _Room) -> tuple[str, float]:
    """One need's drawing from ``x``, and where it ends."""
    reader = frame.reader
    places = _places(strand, x + SIDE, room.spread, reader)
    end = max(places[-1] + SIDE, x + min(_head_width(strand), frame.width - x)) if places else x + 90
    if room.edge and strand.open:
        end = room.edge
    parts = [_label(strand, x + SIDE - 7, end)]
    for (a, b), (ax, bx), silent in zip(
        itertools.pairwise(strand.points), itertools.pairwise(places), _silences(strand), strict=True
    ):
        unsure = " unsure" if "gap" in (a.mark.evidence, b.mark.evidence) else ""
        parts.append(f'<path class="path{unsure}" d="M{ax:.1f} {_y(a)}L{bx:.1f} {_y(b)}"/>')
        if silent:
            parts.append(_silent(ax, bx, _silence(silent, reader), room.height))
    parts.append(_escort(strand.points, places))
    parts.append(_marks(strand.points, places, frame))
    parts.append(_dates(strand.points, places, reader, room.height))
    if strand.open and places and room.edge:
        parts.append(_today(strand.points[-1], places[-1], room.edge, reader))
    return "".join(parts), end


def _places(strand: Strand, x: float, spread: float, reader: Reader) -> list[float]:
    places = [x] if strand.points else []
    for silent in _silences(strand):
        extra = width(_silence(silent, reader), "record", 12) + 2 if silent else 0
        places.append(places[-1] + spread + extra)
    return places


def _y(point: Point) -> int:
    return TOP + PITCH * point.level


def _label(strand: Strand, x: float, end: float) -> str:
    room = end - x
    name = wrap(strand.name, "strong", 13, room, 1).lines
    left = room - width(f"{name[0]} ", "strong", 13) if name else room
    rest = wrap(strand.state, "record", 13, left, 1).lines if left > 40 else ()  # noqa: PLR2004 (px worth beginning in)
    words = f'{escape(name[0]) if name else ""} <tspan class="aside">{escape(rest[0]) if rest else ""}</tspan>'
    return (
        f'<text class="head" x="{x:.1f}" y="12">{words}</text>'
        f'<path class="brace" d="M{x:.1f} 24V19H{end:.1f}{"" if strand.open else "V24"}"/>'
    )


def _silent(start: float, end: float, text: str, height: int) -> str:
    x = (start + end) / 2 - width(text, "record", 12) / 2 - 4
    return (
        f'<path class="silence" d="M{x:.1f} {TOP - 12}V{height - 18}"/>'
        f'<text class="aside" x="{x + 6:.1f}" y="{TOP + 17}">{escape(text)}</text>'
    )


def _escort(points: Sequence[Point], places: Sequence[float]) -> str:
    """The thin line: one of us was there; joined over neighbouring steps."""
    parts = []
    run: list[tuple[float, int]] = []
    for point, x in [*zip(points, places, strict=True), (None, 0.0)]:
        if point is not None and point.mark.escorted:
            run.append((x, _y(point) - 11))
        elif run:
            if len(run) == 1:
                run = [(run[0][0] - 9, run[0][1]), (run[0][0] + 9, run[0][1])]
            parts.append('<path class="with" d="M' + "L".join(f"{px:.1f} {py}" for px, py in run) + '"/>')
            run = []
    return "".join(parts)


def _marks(points: Sequence[Point], places: Sequence[float], frame: Frame) -> str:
    found = []
    for point, x in zip(points, places, strict=True):
        y, mark = _y(point), point.mark
        shape = (
            f'<circle class="nd" cx="{x:.1f}" cy="{y}" r="6.5"/>'
            if mark.contact
            else f'<rect class="nd" x="{x - 6:.1f}" y="{y - 6}" width="12" height="12"/>'
        )
        times = f'<text class="times" x="{x:.1f}" y="{y + 19}">{point.count}&#215;</text>' if point.count > 1 else ""
        found.append(
            f'<a href="{escape(frame.address)}?ids={point.ids}" aria-label="{escape(point.label)}">'
            f'<rect class="press" x="{x - 12:.1f}" y="{y - 12}" width="24" height="24" rx="3"/>'
            f'<g class="{mark.tone} {mark.evidence}">{shape}</g>{times}</a>'
        )
    return "".join(found)


def _dates(points: Sequence[Point], places: Sequence[float], reader: Reader, height: int) -> str:
    """Days below, each once, as many as have room."""
    found, free, last = [], -1000.0, ""
    for point, x in zip(points, places, strict=True):
        text = reader.day(point.t, "short")
        if text == last or x - free < DATE_ROOM:
            continue
        found.append(f'<text class="date" x="{x:.1f}" y="{height - 2}">{escape(text)}</text>')
        free, last = x, text
    return "".join(found)


def _today(point: Point, x: float, edge: int, reader: Reader) -> str:
    y = _y(point)
    return (
        f'<path class="open" d="M{x + 9:.1f} {y}H{edge}"/>'
        f'<text class="today" x="{edge}" y="{y - 9}">{escape(reader.say("today"))}</text>'
    )
