"""Writes a scene as SVG: standing alone with its colours and letters inside, or as part of a page."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from urllib.parse import quote

from geleit.maps.faces import embedded
from geleit.maps.journey import Journey
from geleit.maps.plan import LABELS
from geleit.maps.scene import Circle, Door, Mark, Node, Rect, Scene, Stroke, Text, number
from geleit.maps.style import Theme, literal, sheet
from geleit.maps.wide import wide

NAMESPACE = "http://www.w3.org/2000/svg"


def standalone(scene: Scene, theme: Theme = "light", *, embed: bool = True, margin: float = 0) -> str:
    """A file of its own: literal colours in one style element, the letters it uses embedded (unless ``embed`` is off).

    Steps are named groups, not links: the file leads nowhere. ``margin`` = px of empty paper around the picture.
    """
    style = f"{embedded(scene.texts()) if embed else ''}{sheet(literal(theme))}"
    ground = _mark(Rect(-margin, -margin, scene.width + 2 * margin, scene.height + 2 * margin, "paper"))
    opening = _opening(scene, "map", f'xmlns="{NAMESPACE}" role="group"', margin)
    return f"{opening}<style>{style}</style>{ground}{_body(scene.marks, None)}</svg>\n"


def inline(scene: Scene, *, href: str = "", prefix: str = "map") -> str:
    """A part of a page, coloured by its map.css; no style attribute, no style element.

    ``href`` is where a step leads, ``{ids}`` standing for its event ids, joined by commas; ``prefix`` keeps the ids of
    several pictures in one page apart.
    """
    opening = _opening(scene, prefix, 'class="map" role="group"')
    return f"{opening}{_body(scene.marks, href)}</svg>"


def scrolled(journey: Journey, *, href: str, prefix: str = "map") -> str:
    """The wide map for a page: scrolls sideways while its lanes' heads stay; heading and legend are the page's own.

    ``href`` and ``prefix`` as for ``inline``. Needs map.css.
    """
    scene = wide(journey, heading=False, legend=False)
    high = number(scene.height)
    heads = "".join(_mark(mark) for mark in scene.marks if not isinstance(mark, Node | Door) and _is_head(mark))
    still = f'<svg class="map map-heads" aria-hidden="true" width="{number(LABELS - 4)}" height="{high}">{heads}</svg>'
    region = f'class="map-scroll" role="region" tabindex="0" aria-labelledby="{prefix}-title"'
    return f"<div {region}>{inline(scene, href=href, prefix=prefix)}{still}</div>"


def _is_head(mark: Mark) -> bool:
    """A text of the label column, or a lane's rule, whose beginning shows under it."""
    if isinstance(mark, Text):
        return all(box.right < LABELS for box in mark.boxes)
    return isinstance(mark, Stroke) and all(box.left <= 0 for box in mark.boxes)


def _opening(scene: Scene, prefix: str, attributes: str, margin: float = 0) -> str:
    wide, high = number(scene.width + 2 * margin), number(scene.height + 2 * margin)
    edge = number(-margin)
    named = f'aria-labelledby="{prefix}-title" aria-describedby="{prefix}-desc" lang="{scene.language}"'
    return (
        f'<svg {attributes} width="{wide}" height="{high}" viewBox="{edge} {edge} {wide} {high}" {named}>'
        f'<title id="{prefix}-title">{escape(scene.title)}</title><desc id="{prefix}-desc">{escape(scene.description)}</desc>'
    )


def _body(marks: Sequence[Mark | Node | Door], href: str | None) -> str:
    """Marks in drawing order; what no reader needs twice is hidden from screen readers."""
    parts: list[str] = []
    quiet = False
    for mark in marks:
        hidden = not isinstance(mark, Node | Door)
        if hidden != quiet:
            parts.append('<g aria-hidden="true">' if hidden else "</g>")
            quiet = hidden
        if isinstance(mark, Node):
            parts.append(_node(mark, href))
        else:
            parts.append(_door(mark, href) if isinstance(mark, Door) else _mark(mark))
    return "\n".join(parts) + ("</g>" if quiet else "")


def _node(node: Node, href: str | None) -> str:
    reach = node.reach
    inner = "".join(_mark(mark) for mark in node.marks)
    hit = _mark(Rect(node.x - reach, node.y - reach, 2 * reach, 2 * reach, "hit", 3))
    label = escape(node.label)
    if href is None:
        return f'<g role="img" aria-label="{label}"><title>{label}</title>{hit}{inner}</g>'
    target = escape(href.replace("{ids}", quote(",".join(node.event_ids), safe=",")))
    return f'<a href="{target}" aria-label="{label}"><title>{label}</title>{hit}{inner}</a>'


def _door(door: Door, href: str | None) -> str:
    """A door leads where it says itself; in a file it is a named group."""
    box = door.hit
    hit = _mark(Rect(box.left, box.top, box.right - box.left, box.bottom - box.top, "hit", 3)) if box else ""
    label, inner = escape(door.label), "".join(_mark(mark) for mark in door.marks)
    titled = f"<title>{label}</title>{hit}{inner}"
    if href is None or not door.href:
        return (
            f'<g aria-hidden="true">{titled}</g>' if door.quiet else f'<g role="img" aria-label="{label}">{titled}</g>'
        )
    passed = 'tabindex="-1" aria-hidden="true"' if door.quiet else f'aria-label="{label}"'
    return f'<a href="{escape(door.href)}" {passed}>{titled}</a>'


def _mark(mark: Mark) -> str:
    if isinstance(mark, Text):
        return _text(mark)
    if isinstance(mark, Circle):
        return f'<circle class="m-{mark.role}" cx="{number(mark.x)}" cy="{number(mark.y)}" r="{number(mark.radius)}"/>'
    if isinstance(mark, Stroke):
        return f'<path class="m-{mark.role}" d="{mark.d}"/>'
    corner = f' rx="{number(mark.radius)}"' if mark.radius else ""
    place = f'x="{number(mark.x)}" y="{number(mark.y)}" width="{number(mark.width)}" height="{number(mark.height)}"'
    return f'<rect class="m-{mark.role}" {place}{corner}/>'


def _text(text: Text) -> str:
    anchor = "" if text.anchor == "start" else f' text-anchor="{text.anchor}"'
    full = f"<title>{escape(text.full)}</title>" if text.full else ""
    place = f'x="{number(text.x)}" y="{number(text.y)}" font-size="{number(text.size)}"'
    return f'<text class="m-{text.face} m-{text.role}" {place}{anchor}>{full}{escape(_printable(text.text))}</text>'


def _printable(text: str) -> str:
    """Without the control characters that XML may not hold."""
    return "".join(letter for letter in text if letter.isprintable() or letter in "\u00a0\u00ad")
