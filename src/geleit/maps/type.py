"""Type for pictures: how wide a text really is, and where its lines break, measured with the fonts that print it."""

from __future__ import annotations

import itertools
import math
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal

import uharfbuzz as hb

Face = Literal["record", "strong", "voice", "title"]

FONTS = Path(__file__).parent / "fonts"
FILES: dict[Face, str] = {
    "record": "GeleitRecord-Regular.ttf",
    "strong": "GeleitRecord-SemiBold.ttf",
    "voice": "GeleitVoice-Regular.ttf",
    "title": "GeleitVoice-Medium.ttf",
}
ASCENT, DESCENT = 0.86, 0.22  # of the size: holds capitals with marks above and letters with tails below
LEADING = 1.2  # line height of small labels, of the size
FULLER = 1.2  # a broken word's first line is rather longer than its last
MISSING_EM = 1.0  # a letter our fonts lack is drawn by a fallback font; none of those is wider

_VOWELS = "aeiouyäöüàáâãåèéêëìíîïòóôõùúûýæøœ"
_TOGETHER = (
    "sch",
    "ch",
    "ck",
    "ph",
    "th",
    "sh",
    "qu",
    "pf",
    "tr",
    "br",
    "gr",
    "dr",
    "kr",
    "pr",
    "fr",
    "bl",
    "pl",
    "gl",
)
_LINKS = r"(?<=..)(?:ungs|heits|keits|schafts|ions|täts)(?=[a-zäöüß]{3})"  # endings that join German words
_HEADS = (  # words that often end a compound in trade and service: a line breaks before them first
    "abholung|abteilung|anfrage|angebot|anlage|antrag|anzeige|artikel|auftrag|ausweis|beratung|bestellung|bestätigung|bewertung|"
    "daten|dienst|effizienz|erinnerung|fach|fahrt|forum|garantie|gebühr|gerät|geschäft|gespräch|gutschein|hilfe|karte|kasse|konto|kunde|laden|"
    "leistung|lieferung|liste|maschine|markt|meldung|museum|nachricht|notiz|nummer|portal|preis|programm|prüfung|rechnung|reparatur|"
    "schein|seite|service|software|spüler|stelle|system|tafel|technik|termin|vergleich|verkäufer|versand|vertrag|wagen|wahl|"
    "wechsel|werkstatt|zahlung|zeit|zentrale|zettel|verbrauch"
)
_JOINTS = re.compile(rf"{_LINKS}|(?<=...)(?={_HEADS})", re.IGNORECASE)
_BLANKS = " \t\n\r\f\v"
_SPACES = re.compile(rf"[{_BLANKS}]+")  # a no-break space is none of them
_SOFT = re.compile(
    r"(?<=[-\u2013\u2014/\u00ad\u200b])(?=.)"
)  # hyphen, dashes, slash, soft marks: after these a line may always break
_POINTS = re.compile(r"(?<=[._@:+&=?#,;|])(?=\w)|(?<=[a-zäöüß])(?=[A-ZÄÖÜ])")  # after these an over-long word may


@lru_cache(maxsize=len(FILES))
def _font(face: Face) -> hb.Font:
    return hb.Font(hb.Face(hb.Blob.from_file_path(str(FONTS / FILES[face]))))


@lru_cache(maxsize=65_536)
def _ems(text: str, face: Face) -> float:
    if not text:
        return 0.0
    font = _font(face)
    buffer = hb.Buffer()
    buffer.add_str(text)
    buffer.guess_segment_properties()
    hb.shape(font, buffer, {})
    upem = float(font.face.upem)
    glyphs = zip(buffer.glyph_infos, buffer.glyph_positions, strict=True)
    return sum(position.x_advance / upem if info.codepoint else MISSING_EM for info, position in glyphs)


def width(text: str, face: Face = "record", size: float = 12) -> float:
    """Width of one line in px at ``size`` px, kerning included.

    >>> round(width("Konfigurieren", "record", 12), 1)
    68.6
    """
    return _ems(text, face) * size


@dataclass(frozen=True, slots=True)
class Wrapped:
    """The lines of a text; ``cut`` if the generous limit was reached and the last line ends in an ellipsis."""

    lines: tuple[str, ...]
    cut: bool = False


@lru_cache(maxsize=16_384)  # layouts are tried at several widths, and pages drawn again
def wrap(text: str, face: Face, size: float, max_width: float, max_lines: int = 40) -> Wrapped:
    """Break a text into lines of at most ``max_width`` px.

    Breaks at spaces and after hyphens and slashes; a word that is wider than a line breaks at its points, then between
    its syllables, at last anywhere. Nothing is dropped before ``max_lines``.
    """
    lines: list[str] = []
    line = ""
    for glue, piece in _pieces(text, face, size, max_width):
        candidate = f"{line}{glue}{piece}" if line else piece
        if not line or width(_shown(candidate), face, size) <= max_width:
            line = candidate
        else:
            lines.append(_shown(line))
            line = piece
    if line:
        lines.append(_shown(line))
    if len(lines) <= max_lines:
        return Wrapped(tuple(lines))
    return Wrapped((*lines[: max_lines - 1], _ellipsis(lines[max_lines - 1], face, size, max_width)), cut=True)


def _shown(line: str) -> str:
    """A line as it is drawn: a soft hyphen shows only where the line ends at it."""
    end = "-" if line.endswith("\u00ad") else ""
    return line.replace("\u00ad", "").replace("\u200b", "") + end


def _ellipsis(line: str, face: Face, size: float, max_width: float) -> str:
    while line and width(f"{line}…", face, size) > max_width:
        line = line[:-1]
    return f"{line.rstrip()}…"


def _pieces(text: str, face: Face, size: float, max_width: float) -> list[tuple[str, str]]:
    """(glue, piece) in order: glue is the space that stands before a piece if it does not begin a line."""
    pieces = []
    for word in _SPACES.split(text.strip(_BLANKS)):
        glue = " "
        if not word:
            continue
        for part in _SOFT.split(word):
            for fragment in _fragments(part, face, size, max_width):
                pieces.append((glue, fragment))
                glue = ""
    return pieces


def _fragments(word: str, face: Face, size: float, max_width: float) -> list[str]:
    """The word itself if it fits a line, else pieces that do."""
    if width(_shown(word), face, size) <= max_width:
        return [word]
    parts = _POINTS.split(word)
    if len(parts) > 1:
        return [fragment for part in parts for fragment in _fragments(part, face, size, max_width)]
    fragments = []
    while word and width(_shown(word), face, size) > max_width:
        head, word = _split(word, face, size, max_width)
        fragments.append(head)
    return [*fragments, word] if word else fragments


def _split(word: str, face: Face, size: float, max_width: float) -> tuple[str, str]:
    """A beginning that fits with its hyphen (kept as a soft hyphen), and the rest; always moves on.

    A joint of a compound comes first, else a syllable that leaves the lines of about one length.
    """
    whole = width(word, face, size)
    ideal = FULLER * whole / math.ceil(whole / max_width)
    joints = _joints(word)
    fitting = [place for place in syllables(word) if width(f"{word[:place]}-", face, size) <= max_width]
    if fitting:
        best = min(fitting, key=lambda place: (place not in joints, abs(width(word[:place], face, size) - ideal)))
        return f"{word[:best]}\u00ad", word[best:]
    place = len(word) - 1
    while place > 1 and width(f"{word[:place]}-", face, size) > max_width:
        place -= 1
    place = max(place, 1)
    soft = "\u00ad" if word[place - 1].isalpha() and word[place : place + 1].isalpha() else "\u200b"
    return f"{word[:place]}{soft}", word[place:]


def _joints(word: str) -> set[int]:
    return {match.end() for match in _JOINTS.finditer(word)}


@lru_cache(maxsize=4096)
def syllables(word: str) -> tuple[int, ...]:
    """Places where a word may be divided, by the rule of both our languages: the last consonant goes with its vowel.

    >>> [ "Gewährleistungsakte"[:place] for place in syllables("Gewährleistungsakte") ]
    ['Gewähr', 'Gewährleis', 'Gewährleistungs']
    """
    lower = word.lower()
    joints = _joints(word)
    places = set(joints)
    vowels = [place for place, letter in enumerate(lower) if letter in _VOWELS]
    for left, right in itertools.pairwise(vowels):
        cluster = lower[left + 1 : right]
        if not cluster or not cluster.isalpha() or any(left < joint <= right for joint in joints):
            continue
        unit = next((unit for unit in _TOGETHER if cluster.endswith(unit)), cluster[-1])
        places.add(right - len(unit))
    return tuple(place for place in sorted(places) if 3 <= place <= len(word) - 3)  # noqa: PLR2004 (letters left on a line)
