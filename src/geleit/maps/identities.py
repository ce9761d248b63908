"""The picture of who is one: identifiers as boxes, with a letter for the source that showed them first, and what joins them.

Color means a stage, here as everywhere: so sources have letters, and the legend their names.

Thick: the chain asked about, or what joins them. Thick with a thin one beside it: a person decided so. Broken, with two
strokes across: seen together, and held back. What says the same once more is left out where it would hide the rest.
"""

from __future__ import annotations

import string
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from geleit.errors import GeleitError
from geleit.events.event import Identifier
from geleit.files import write_durably
from geleit.identity.explanation import Evidence, Explanation, Member
from geleit.identity.rules import IdentifierClass
from geleit.identity.words import type_name
from geleit.language.formats import day
from geleit.language.words import plural, translate
from geleit.maps import sheet
from geleit.maps.network import HIGH, WIDE, Kind, Line, Point, lay_out
from geleit.maps.scene import Canvas, Circle, Rect, Scene, Text
from geleit.maps.style import Theme
from geleit.maps.svg import inline, standalone
from geleit.maps.type import Face, width, wrap

Chain = Mapping[tuple[Identifier, Identifier], int]  # the place of links in the chain asked about

COLUMNS: dict[IdentifierClass, int] = {
    "device_id": 0,
    "anonymous_id": 0,
    "user_id": 1,
    "email": 2,
    "phone": 2,
    "other_id": 2,
    "loyalty_card": 3,
    "order_id": 3,
}
LETTERS = string.ascii_uppercase  # of the sources, the most frequent one first
BADGE = 14.0  # px of a box's right upper corner that a letter takes
ROWS = 14  # boxes of a column; what no chain, decision or refusal speaks of is folded beyond
TWICE = 16  # links up to which those that only say the same again are drawn, too
HELD = 16  # links held back that are drawn
EDGE = 24.0  # px of paper around a file
VALUE, SMALL = 14.0, 12.0
SMALLER = (VALUE, 13.0, 12.0, 11.0)  # sizes that a long value is tried in before it is cut
PAD = 10.0
TAIL = 7  # letters at the end of a value that is too long
SIGN = 32.0  # px of a sign in the legend
LEGEND = 720.0  # px that a legend may take where the picture is narrower
SHIFT = 4.0  # px between the two lines of a decision
READABLE = 0o644


@dataclass(frozen=True, slots=True)
class Naming:
    """How things are called: ``source`` gives a source's label, ``class_of`` the class of an identifier type."""

    language: str
    zone: str
    source: Callable[[str], str]
    class_of: Callable[[str], IdentifierClass]


@dataclass(frozen=True, slots=True)
class Picture:
    """The picture, and how much of the evidence it leaves to the table."""

    scene: Scene
    unseen: int


@dataclass(slots=True)
class _Box:
    """One box: an identifier, or the rest of a column and source (``folded``: how many)."""

    column: int
    title: str
    under: str
    source: str
    foreign: bool = False
    folded: int = 0


@dataclass(slots=True)
class _Drawn:
    """What goes into the picture: boxes, lines with their place in the chain (0: none), what is left out."""

    boxes: list[_Box] = field(default_factory=list)
    lines: list[tuple[Line, int]] = field(default_factory=list)
    unseen: int = 0


def draw(explanation: Explanation, naming: Naming, *, heading: bool = False) -> Picture:
    """The picture of an explanation; with ``heading`` it says itself what it shows."""
    drawn = _chosen(explanation, naming)
    heads = sorted({box.column for box in drawn.boxes})
    columns = [[number for number, box in enumerate(drawn.boxes) if box.column == column] for column in heads]
    canvas = Canvas()
    top = _heading(canvas, explanation, naming) if heading else 0.0
    layout = lay_out(columns, [line for line, _ in drawn.lines], top)
    ways = list(zip(drawn.lines, layout.routes, strict=True))
    for line, route in sorted(ways, key=lambda one: _depth(one[0])):
        _line(canvas, line, route.points, route.mark)
    names = _column_names(naming.language)
    for left, column in zip(layout.columns, heads, strict=True):
        canvas.add(Text(left, top + 14, names[column], 13, "strong", role="soft"))
    sources = _sources(drawn.boxes)
    for at, box in enumerate(drawn.boxes):
        _box(canvas, box, layout.boxes[at], sources)
    for (_, place), route in ways:
        if place:
            canvas.add(Circle(*route.mark, 9.5, "said", ground=True))
            canvas.add(Text(route.mark[0], route.mark[1] + 4, str(place), 12, "strong", "middle", "paper"))
    limit = max(layout.width, LEGEND)
    bottom = _legend(canvas, drawn, limit, naming, layout.height + 34)
    wide = max([limit if heading else layout.width, *(box.right for mark in canvas.marks for box in mark.boxes)])
    said = _description(explanation, naming)
    scene = Scene(wide, bottom, tuple(canvas.marks), _title(explanation, naming), said, naming.language)
    return Picture(scene, drawn.unseen)


def export(explanation: Explanation, naming: Naming, target: Path, *, theme: Theme = "light") -> Path:
    """Write the picture to a file that ends in .svg or .png. Errors: GeleitError for another ending."""
    form = target.suffix.lower()
    if form not in (".svg", ".png"):
        raise GeleitError(f"'{target.suffix}' is no form of this picture", hint="end the file's name in .svg or .png")
    scene = draw(explanation, naming, heading=True).scene
    made = standalone(scene, theme, margin=EDGE).encode() if form == ".svg" else sheet.picture(scene, theme, EDGE)
    write_durably(target, made, mode=READABLE)
    return target


def in_page(picture: Picture, prefix: str = "identity") -> str:
    """The picture as a part of a page: it scrolls sideways where it is wider; needs map.css."""
    svg = inline(picture.scene, href="", prefix=prefix)
    return f'<div class="map-scroll" role="region" tabindex="0" aria-labelledby="{prefix}-title">{svg}</div>'


def _chosen(explanation: Explanation, naming: Naming) -> _Drawn:
    """Which identifiers and links are drawn."""
    chain = (
        {_pair(link): place for place, link in enumerate(explanation.chain, 1)} if explanation.same is not None else {}
    )
    joined, more = _needed(explanation.joined, chain)
    held = [*explanation.held_back, *(link for link in explanation.chain if link.rule)]
    held = list({_pair(link): link for link in held}.values())
    shown = [*joined, *held[:HELD]]
    unseen = more + len(held) - len(held[:HELD])
    drawn = _Drawn(unseen=unseen)
    places = _fold(explanation, naming, (shown, chain), drawn)
    seen: set[tuple[int, int, Kind]] = set()
    for link in shown:
        kind: Kind = "held" if link.rule else "decision" if link.decision else "joined"
        a, b = places[link.a], places[link.b]
        if a != b and (a, b, kind) not in seen:
            seen.add((a, b, kind))
            drawn.lines.append((Line(a, b, kind), chain.get(_pair(link), 0)))
    return drawn


def _needed(joined: Sequence[Evidence], chain: Chain) -> tuple[list[Evidence], int]:
    """The links that made it one customer, first come first; and how many others only say the same again."""
    if len(joined) <= TWICE:
        return list(joined), 0
    root: dict[Identifier, Identifier] = {}

    def find(one: Identifier) -> Identifier:
        while root.setdefault(one, one) != one:
            one = root[one]
        return one

    needed = []
    for link in sorted(joined, key=lambda link: _pair(link) not in chain):
        a, b = find(link.a), find(link.b)
        if a != b or _pair(link) in chain:
            root[a] = b
            needed.append(link)
    return needed, len(joined) - len(needed)


def _fold(
    explanation: Explanation,
    naming: Naming,
    scope: tuple[Sequence[Evidence], Chain],
    drawn: _Drawn,
) -> dict[Identifier, int]:
    """Boxes for all identifiers; returns in which box each stands."""
    shown, chain = scope
    ends = [end for link in shown for end in (link.a, link.b)]
    busy = {end for link in shown if _pair(link) in chain or link.rule or link.decision for end in (link.a, link.b)}
    asked = {explanation.a, explanation.b}
    places: dict[Identifier, int] = {}
    counts: dict[int, int] = {}
    rest: dict[tuple[int, str], list[Member]] = {}
    members = [one for one in explanation.members if one.customer in explanation.customers or one.identifier in ends]
    ranked = sorted(members, key=lambda one: -(one.identifier in busy or str(one.identifier) in asked))
    for one in ranked:
        column = COLUMNS[naming.class_of(one.identifier.type)]
        counts[column] = counts.get(column, 0) + 1
        if counts[column] > ROWS and one.identifier not in busy:
            rest.setdefault((column, one.source), []).append(one)
            continue
        places[one.identifier] = len(drawn.boxes)
        foreign = one.customer not in explanation.customers
        drawn.boxes.append(_Box(column, one.identifier.value, _under(one, naming), one.source, foreign))
    for (column, source), some in rest.items():
        places.update((one.identifier, len(drawn.boxes)) for one in some)
        said = plural(naming.language, "{count} more", "{count} more", len(some))
        drawn.boxes.append(_Box(column, said, naming.source(source) if source else "", source, folded=len(some)))
    return places


def _under(one: Member, naming: Naming) -> str:
    name = type_name(one.identifier.type, naming.language)
    since = day(one.first_t, naming.language, naming.zone)
    return translate(naming.language, "{name}, since {day}", name=name, day=since)


def _pair(link: Evidence) -> tuple[Identifier, Identifier]:
    return (link.a, link.b) if link.a < link.b else (link.b, link.a)


def _sources(boxes: Iterable[_Box]) -> dict[str, str]:
    """The letter of each source, the most frequent first; those beyond the alphabet have a dot."""
    counts: dict[str, int] = {}
    for box in boxes:
        if box.source:
            counts[box.source] = counts.get(box.source, 0) + max(box.folded, 1)
    ranked = sorted(counts, key=lambda source: (-counts[source], source))
    return {source: LETTERS[place] if place < len(LETTERS) else "·" for place, source in enumerate(ranked)}


def _depth(line: tuple[Line, int]) -> tuple[bool, bool, bool]:
    """What is drawn first lies below."""
    return line[1] > 0, line[0].kind == "decision", line[0].kind == "joined"


def _line(canvas: Canvas, line: tuple[Line, int], points: Sequence[Point], mark: Point) -> None:
    kind, place = line[0].kind, line[1]
    role = {"held": "unknown", "decision": "way", "joined": "way" if place else "stem"}[kind]
    canvas.line(points, role, corner=6)
    if kind == "decision":
        canvas.line([(x + SHIFT, y + SHIFT) for x, y in points], "escort", corner=6)
    if kind == "held" and not place:
        x, y = mark
        for left in (x - 3, x + 2):
            canvas.line([(left - 2, y + 4.5), (left + 3, y - 4.5)], "icon")


def _box(canvas: Canvas, box: _Box, place: Point, sources: Mapping[str, str]) -> None:
    x, y = place
    canvas.add(Rect(x, y, WIDE, HIGH, _role(box), 3, ground=True))
    badge = BADGE if box.source else 0.0
    lines: list[tuple[str, tuple[float, ...], float, Face, float]] = [
        (box.title, SMALLER, 20, "strong", badge),
        (box.under, (SMALL, 11.0), 37, "record", 0.0),
    ]
    for text, sizes, down, face, less in lines:
        room = WIDE - 2 * PAD - less
        size = next((one for one in sizes if width(text, face, one) <= room), sizes[-1])
        shown = _fitting(text, face, size, room)
        canvas.add(Text(x + PAD, y + down, shown, size, face, full=text if shown != text else ""))
    if box.source:
        canvas.add(Text(x + WIDE - PAD + 3, y + 17, sources[box.source], SMALL, "strong", "end", "soft"))


def _fitting(text: str, face: Face, size: float, room: float) -> str:
    """A text so wide at most: what is too long loses its middle, for its end tells it from others."""
    head = len(text)
    if width(text, face, size) <= room:
        return text
    tail = text[-TAIL:]
    while head and width(f"{text[:head]}…{tail}", face, size) > room:
        head -= 1
    return f"{text[:head]}…{tail}"


def _role(box: _Box) -> str:
    """How a box looks: broken if it is somebody else's."""
    return "gap" if box.foreign else "offline"


def _column_names(language: str) -> tuple[str, ...]:
    return (
        translate(language, "Browsers and devices"),
        translate(language, "Accounts"),
        translate(language, "Addresses and numbers"),
        translate(language, "Cards and orders"),
    )


def _legend(canvas: Canvas, drawn: _Drawn, limit: float, naming: Naming, top: float) -> float:
    """What letters and lines mean, below the picture; returns where it ends."""
    entries: list[tuple[str, str]] = [
        (naming.source(source), letter) for source, letter in _sources(drawn.boxes).items()
    ]
    if any(box.foreign for box in drawn.boxes):
        entries.append((translate(naming.language, "somebody else"), "gap"))
    kinds = {line.kind for line, _ in drawn.lines}
    words = {
        "chain": (any(place for _, place in drawn.lines), translate(naming.language, "the chain shown")),
        "stem": ("joined" in kinds, translate(naming.language, "seen together, joined")),
        "decision": ("decision" in kinds, translate(naming.language, "one person, as somebody decided")),
        "held": ("held" in kinds, translate(naming.language, "seen together, held back")),
    }
    entries += [(text, sign) for sign, (there, text) in words.items() if there]
    x, y = 0.0, top
    for text, sign in entries:
        wide = SIGN + width(text, "record", SMALL)
        if x and x + wide > limit:
            x, y = 0.0, y + 24
        _sign(canvas, sign, x, y)
        canvas.add(Text(x + SIGN, y + 4, text, SMALL, role="soft"))
        x += wide + 22
    return y + 14


def _sign(canvas: Canvas, sign: str, x: float, y: float) -> None:
    if sign in ("chain", "stem", "decision", "held"):
        kind: Kind = sign if sign in ("decision", "held") else "joined"  # type: ignore[assignment]
        _line(canvas, (Line(0, 0, kind), int(sign == "chain")), [(x, y), (x + 24, y)], (x + 12, y))
    elif sign == "gap":
        canvas.add(Rect(x, y - 7, 24, 14, sign, 3, ground=True))
    else:
        canvas.add(Rect(x, y - 9, 24, 18, "offline", 3, ground=True))
        canvas.add(Text(x + 12, y + 4, sign, SMALL, "strong", "middle", "soft"))


def _heading(canvas: Canvas, explanation: Explanation, naming: Naming) -> float:
    """What a file says of itself above the picture; returns where the picture begins."""
    canvas.add(Text(0, 24, _title(explanation, naming), 22, "strong"))
    y = 50.0
    for line in wrap(_description(explanation, naming), "record", 15, 900).lines:
        canvas.add(Text(0, y, line, 15, role="soft"))
        y += 21
    return y + 14


def _title(explanation: Explanation, naming: Naming) -> str:
    if explanation.same is False:
        return translate(naming.language, "Why these are two people")
    return translate(naming.language, "Why this is one person")


def _description(explanation: Explanation, naming: Naming) -> str:
    """The picture in a sentence or two."""
    mine = [one for one in explanation.members if one.customer in explanation.customers]
    sources = len({one.source for one in mine if one.source})
    parts = [
        plural(naming.language, "{count} identifier", "{count} identifiers", len(mine)),
        plural(naming.language, "{count} source", "{count} sources", sources),
        plural(
            naming.language,
            "{count} piece of evidence joins them",
            "{count} pieces of evidence join them",
            len(explanation.joined),
        ),
    ]
    if held := len(explanation.held_back):
        parts.append(plural(naming.language, "{count} was held back", "{count} were held back", held))
    return ", ".join(parts) + "."
