"""The small drawn marks of a map: icons, node shapes, triangles; drawn as paths, so that no font can lack them."""

from __future__ import annotations

from typing import Literal

from geleit.maps.journey import Feeling, Journey, Step
from geleit.maps.scene import Box, Canvas, Circle, Mark, Node, Rect, Stroke, Text, number
from geleit.maps.sentences import alternative, tone
from geleit.maps.style import tone_class

Icon = Literal["open", "kept", "late", "as_designed", "extra", "other_order"]

ICON = 12.0  # px: every icon fills a square of this side
RADIUS = 9.5  # px: a node's circle
SIDE = 18.0  # px: a node's square
_PATHS: dict[Icon, tuple[str, str]] = {
    "kept": ("M-5 .5l3.2 3.2L5-3.6", "icon"),
    "as_designed": ("M-5 .5l3.2 3.2L5-3.6", "icon"),
    "late": ("M0-5.2V1.4M0 4.6V5", "iconalarm"),
    "extra": ("M-4.5 0h9M0-4.5v9", "iconsoft"),
    "open": ("M4.6 0a4.6 4.6 0 1 1-9.2 0a4.6 4.6 0 1 1 9.2 0", "icon"),
    "other_order": ("M-5-2.6H4.6M2.2-5L4.6-2.6L2.2-.2M5 2.8H-4.6M-2.2 .4L-4.6 2.8L-2.2 5.2", "iconsoft"),
}


def draw_icon(canvas: Canvas, icon: Icon, x: float, y: float) -> None:
    """An icon around its middle."""
    path, role = _PATHS[icon]
    half = ICON / 2
    canvas.add(Stroke(moved(path, x, y), role, (Box(x - half, y - half, x + half, y + half),)))


def moved(path: str, x: float, y: float) -> str:
    """Path data drawn around the origin, moved to a place; only its first and further absolute commands change."""
    parts, at = [], 0
    while at < len(path):
        command = path[at]
        end = at + 1
        while end < len(path) and not path[end].isalpha():
            end += 1
        parts.append(_command(command, path[at + 1 : end], x, y))
        at = end
    return "".join(parts)


def _command(command: str, values: str, x: float, y: float) -> str:
    numbers = [float(value) for value in values.replace("-", " -").split()]
    if command.islower():
        return command + " ".join(number(value) for value in numbers)
    if command in "HV":
        return command + number(numbers[0] + (x if command == "H" else y))
    return command + " ".join(number(value + (y if place % 2 else x)) for place, value in enumerate(numbers))


def node(journey: Journey, step: Step, x: float, y: float) -> Node:
    """A step's mark: circle for contact, square for action; its fill says how well it is known."""
    role = "gap" if step.evidence == "gap" else f"{step.evidence}{tone_class(tone(journey, step.stage))}"
    body: Mark = Circle(x, y, RADIUS, role) if step.contact else Rect(x - SIDE / 2, y - SIDE / 2, SIDE, SIDE, role)
    numeral = {"log": "onstage", "gap": "soft"}.get(step.evidence, "ink")
    size = 11.0
    marks: list[Mark] = [body, Text(x, y + 3.9, str(step.number), size, "strong", "middle", numeral)]
    if step.initiator == "company":
        marks.append(triangle(x + 16.5, y - 6))
    return Node(step.number, step.event_ids, alternative(step, journey), tuple(marks), x, y)


def triangle(x: float, y: float) -> Stroke:
    """Started by us: a small triangle pointing down, around its middle."""
    path = f"M{number(x - 3.5)} {number(y - 3)}h7l-3.5 6z"
    return Stroke(path, "ink", (Box(x - 3.5, y - 3, x + 3.5, y + 3),))


def feeling_mark(feeling: Feeling, x: float, y: float) -> Mark:
    """A dot for what the person said, a diamond for what is estimated from text."""
    if not feeling.estimated:
        return Circle(x, y, 5, "said")
    path = f"M{number(x)} {number(y - 6)}l6 6-6 6-6-6z"
    return Stroke(path, "estimated", (Box(x - 6, y - 6, x + 6, y + 6),))


def unasked(x: float, y: float) -> Circle:
    """Nobody asked: a small open dot."""
    return Circle(x, y, 2.5, "unasked")
