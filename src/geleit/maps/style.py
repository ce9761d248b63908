"""How a map looks: one table of rules; a palette fills in its colours, literal for files, the page's own for the web."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from geleit.events.kinds import TONES

Theme = Literal["light", "dark", "print"]

TONE_TOKENS = ("need", "inform", "configure", "order", "service", "resolved")  # the visual language's names, by tone
NO_TONE = "none"  # a step without a stage
LINKS = (1.25, 2.5, 4.5, 7, 10)  # px: how thick arrows of a graph are
TINTS = (0.05, 0.11, 0.18, 0.27, 0.38)  # of ink in paper, for cells by share; ink stays readable on each

_LIGHT = {
    "paper": "#ffffff",
    "ink": "#172426",
    "ink-2": "#4a585b",
    "ink-3": "#6a777a",
    "rule": "#d5dbda",
    "rule-2": "#e8eceb",
    "need": "#4d3a80",
    "inform": "#0676c6",
    "configure": "#623100",
    "order": "#2b6b3e",
    "service": "#b54a7e",
    "resolved": "#172426",
    "on-stage": "#ffffff",
    "alarm": "#b3290f",
}
_DARK = {
    "paper": "#141a1c",
    "ink": "#e6edec",
    "ink-2": "#b3bfc0",
    "ink-3": "#8b999b",
    "rule": "#344043",
    "rule-2": "#242e30",
    "need": "#cdb2f5",
    "inform": "#5a97e0",
    "configure": "#d09a52",
    "order": "#62dc9a",
    "service": "#d4649a",
    "resolved": "#e3eeef",
    "on-stage": "#0d1213",
    "alarm": "#ff8f73",
}
_PRINT = _LIGHT | {"rule": "#b9c1c0", "rule-2": "#d5dbda", "ink-2": "#333f41", "ink-3": "#4a585b"}
THEMES: Mapping[Theme, Mapping[str, str]] = {"light": _LIGHT, "dark": _DARK, "print": _PRINT}
_PALE: Mapping[Theme, float] = {"light": 0.26, "dark": 0.34, "print": 0.26}
_WASH: Mapping[Theme, float] = {"light": 0.11, "dark": 0.15, "print": 0.11}

RECORD, VOICE = "Geleit Record", "Geleit Voice"


@dataclass(frozen=True, slots=True)
class Palette:
    """Values of the tokens: colours by name, tints of them, and the two type families."""

    colours: Mapping[str, str]
    pale: Mapping[str, str]
    wash: str
    record: str
    voice: str


def literal(theme: Theme) -> Palette:
    """The palette of a picture that stands alone: plain hexadecimal colours, our own fonts."""
    colours = THEMES[theme]
    tones = (*TONE_TOKENS, "ink-3")
    pale = {tone: _mix(colours[tone], colours["paper"], _PALE[theme]) for tone in tones}
    wash = _mix(colours["ink"], colours["paper"], _WASH[theme])
    return Palette(colours, pale, wash, f'"{RECORD}",sans-serif', f'"{VOICE}",serif')


def of_page() -> Palette:
    """The palette of a picture inside a page: the page's custom properties, so that it follows the page's theme."""
    colours = {name: f"var(--{name})" for name in _LIGHT}
    pale = {tone: f"color-mix(in srgb,var(--{tone}) var(--pale),var(--paper))" for tone in (*TONE_TOKENS, "ink-3")}
    wash = "color-mix(in srgb,var(--ink) var(--wash),var(--paper))"
    return Palette(colours, pale, wash, "var(--record)", "var(--voice)")


def _mix(colour: str, paper: str, share: float) -> str:
    pairs = [(int(colour[at : at + 2], 16), int(paper[at : at + 2], 16)) for at in (1, 3, 5)]
    return "#" + "".join(f"{round(one * share + other * (1 - share)):02x}" for one, other in pairs)


def tone_class(tone: int | None) -> str:
    """The end of a role's name that says which stage colour it wears."""
    return NO_TONE if tone is None else str(tone)


def rules(palette: Palette) -> dict[str, dict[str, str]]:
    """Class name to declarations, for every role that a scene may use."""
    c = palette.colours
    line = {"fill": "none", "stroke": c["ink"]}
    found = {
        "m-record": {"font-family": palette.record, "font-weight": "400"},
        "m-strong": {"font-family": palette.record, "font-weight": "600"},
        "m-voice": {"font-family": palette.voice, "font-weight": "400", "font-variation-settings": '"opsz" 16'},
        "m-title": {"font-family": palette.voice, "font-weight": "500", "font-variation-settings": '"opsz" 16'},
        "m-ink": {"fill": c["ink"]},
        "m-soft": {"fill": c["ink-2"]},
        "m-alarm": {"fill": c["alarm"]},
        "m-onstage": {"fill": c["on-stage"]},
        "m-paper": {"fill": c["paper"]},
        "m-way": line | {"stroke-width": "2.5", "stroke-linejoin": "round"},
        "m-unknown": line | {"stroke": c["ink-2"], "stroke-width": "1.75", "stroke-dasharray": "2 4"},
        "m-escort": line | {"stroke-width": "1.25"},
        "m-start": line | {"stroke-width": "1"},
        "m-rule": line | {"stroke": c["rule"], "stroke-width": "1"},
        "m-hair": line | {"stroke": c["rule-2"], "stroke-width": "1"},
        "m-sight": line | {"stroke-width": "1", "stroke-dasharray": "1 3"},
        "m-stem": line | {"stroke": c["ink-3"], "stroke-width": "1"},
        "m-said": {"fill": c["ink"]},
        "m-estimated": {"fill": c["paper"], "stroke": c["ink"], "stroke-width": "1.5"},
        "m-unasked": {"fill": c["paper"], "stroke": c["ink-3"], "stroke-width": "1"},
        "m-icon": line | {"stroke-width": "1.5", "stroke-linecap": "round", "stroke-linejoin": "round"},
        "m-iconsoft": line | {"stroke": c["ink-3"], "stroke-width": "1.4", "stroke-linecap": "round"},
        "m-iconalarm": line | {"stroke": c["alarm"], "stroke-width": "1.75", "stroke-linecap": "round"},
        "m-online": {"fill": palette.wash, "stroke": palette.wash, "stroke-width": "1"},
        "m-offline": {"fill": c["paper"], "stroke": c["ink-3"], "stroke-width": "1"},
        "m-phone": {"fill": c["paper"], "stroke": c["ink"], "stroke-width": "1.5"},
        "m-shape": line | {"stroke": c["ink-2"], "stroke-width": "1.5"},
        "m-gap": {"fill": c["paper"], "stroke": c["ink-3"], "stroke-width": "1.6", "stroke-dasharray": "3 2.6"},
        "m-hit": {"fill": "none", "stroke": "none", "pointer-events": "all"},
        "m-door": {"fill": c["ink"]},
        "m-ribbon": {"fill": palette.wash},
        "m-left": line | {"stroke": c["ink-3"], "stroke-width": "1"},
        "m-blunt": line | {"stroke-width": "2"},
        "m-open": {"fill": "none", "stroke": c["ink-3"], "stroke-width": "1.2", "stroke-dasharray": "3 2.6"},
    }
    tints = {f"m-tint{step}": {"fill": c["ink"], "fill-opacity": str(share)} for step, share in enumerate(TINTS, 1)}
    return found | tints | _links(palette) | _by_tone(palette)


def _links(palette: Palette) -> dict[str, dict[str, str]]:
    """Arrows of a graph, thin to thick, and those that lead back."""
    ink = {"fill": "none", "stroke": palette.colours["ink"], "stroke-opacity": "0.24"}
    found = {f"m-link{at}": ink | {"stroke-width": str(wide)} for at, wide in enumerate(LINKS, 1)}
    return found | {"m-back": ink | {"stroke-opacity": "0.6", "stroke-width": "1.25", "stroke-dasharray": "2 3.5"}}


def _by_tone(palette: Palette) -> dict[str, dict[str, str]]:
    """The roles that wear a stage's color."""
    c, found = palette.colours, {}
    for tone in (*range(TONES), None):
        token, end = ("ink-3" if tone is None else TONE_TOKENS[tone]), tone_class(tone)
        found[f"m-band{end}"] = {"fill": c[token]} if tone is not None else {"fill": c["paper"], "stroke": c[token]}
        found[f"m-log{end}"] = {"fill": c[token], "stroke": c[token], "stroke-width": "2"}
        found[f"m-told{end}"] = {"fill": c["paper"], "stroke": c[token], "stroke-width": "2"}
        found[f"m-public{end}"] = {"fill": palette.pale[token], "stroke": c[token], "stroke-width": "1.25"}
        found[f"m-bar{end}"] = {"fill": c[token]}
        found[f"m-pale{end}"] = {"fill": palette.pale[token]}
    return found


def sheet(palette: Palette, scope: str = "") -> str:
    """The rules as CSS text, one rule a line; ``scope`` is a selector they are held under."""
    prefix = f"{scope} " if scope else ""
    return "\n".join(
        f"{prefix}.{name}{{{';'.join(f'{key}:{value}' for key, value in declarations.items())}}}"
        for name, declarations in rules(palette).items()
    )


PAGE_EXTRAS = """.map{display:block;overflow:visible}
.map-scroll{display:grid;grid-template-columns:max-content;overflow-x:auto}
.map-scroll>*{grid-area:1/1}
.map-scroll>.map-heads{position:sticky;left:0;z-index:1;overflow:hidden;background:var(--paper)}
.map-scroll:focus-visible{outline:2px solid var(--ink);outline-offset:4px}
.map a{text-decoration:none;outline:none;cursor:pointer}
.map a .m-door{text-decoration:underline dotted var(--ink-2) 1px;text-underline-offset:3px}
.map a[tabindex]:hover .m-ribbon{fill:color-mix(in srgb,var(--ink) 26%,var(--paper))}
.map a:focus-visible .m-hit,.map a:hover .m-hit{stroke:var(--ink);stroke-width:1.5}
.map a:focus-visible .m-hit{stroke-width:2}
@media (forced-colors:active){.map a:focus-visible .m-hit{stroke:Highlight}}"""


def page_css() -> str:
    """The text of map.css: the same rules in the page's own colours, and how steps answer pointer and keyboard."""
    head = "/* Journey maps inside pages; written by geleit.maps.style.page_css, held equal to it by a test. */"
    return f"{head}\n{sheet(of_page(), '.map')}\n{PAGE_EXTRAS}\n"
