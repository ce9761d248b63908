"""The usual dirt of exports, planted on purpose: each spoiled record is an extra one, known by reason."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from geleit.demo.exports import Line
from geleit.demo.world import World

Spoil = Callable[[str, str], Line]
Change = Callable[[dict[str, Any]], None]


@dataclass(frozen=True, slots=True)
class Dirt:
    """One way to spoil: the quarantine's reason, the share of records, and how; ``make(line, mark)`` gives the line.

    ``mark`` is unique, so that no two spoiled records are equal.
    """

    reason: str
    share: float
    make: Spoil


def spoil(
    world: World, source: str, lines: Sequence[str], plan: Sequence[Dirt], *, repeated: float = 0.0
) -> list[Line]:
    """The lines with spoiled copies and word-for-word repetitions between them, at least one of each kind."""
    if not lines:
        return list(lines)
    rng = world.rng(f"dirt {source} {len(lines)}")
    extra: dict[int, list[Line]] = {}
    for dirt in plan:
        count = max(1, round(dirt.share * len(lines)))
        made = []
        before = world.truth.quarantined[source, dirt.reason]
        for turn, place in enumerate(rng.integers(0, len(lines), count).tolist(), before):
            mark = f"{world.number:02d}{initials(dirt.reason)}{turn:05d}"
            made.append(dirt.make(lines[place], mark))
            extra.setdefault(place, []).append(made[-1])
        world.truth.spoiled(source, dirt.reason, [shown(line) for line in made])
    count = round(repeated * len(lines))
    for place in rng.integers(0, len(lines), count).tolist():
        extra.setdefault(place, []).append(lines[place])
    world.truth.repeated[source] += count
    result: list[Line] = []
    for place, line in enumerate(lines):
        result.append(line)
        result.extend(extra.get(place, ()))
    return result


def initials(reason: str) -> str:
    """A short mark of a reason for invented keys."""
    return "".join(word[0] for word in reason.split("_"))


def shown(line: Line) -> str:
    """A line as text, whatever its bytes are."""
    return line if isinstance(line, str) else line.decode("utf-8", "replace")


def cut_off(line: str, _mark: str) -> Line:
    """A line whose second half is missing."""
    return line[: int(len(line) * 0.6)]


def latin(line: str, mark: str) -> Line:
    """A line of JSON whose umlauts are not UTF-8."""
    return f'{{"quelle":"für Prüfung {mark}",{line[1:]}'.encode("cp1252", "replace")


def changed(key: str, change: Change) -> Spoil:
    """Change an object, under a key of its own."""

    def make(line: str, mark: str) -> Line:
        record = json.loads(line)
        record[key] = f"{record[key]}-{mark}"
        change(record)
        return json.dumps(record, ensure_ascii=False, separators=(",", ":"))

    return make


def field(place: int, value: Callable[[str], str], delimiter: str = ";", key: int = 0) -> Spoil:
    """Change one field of a line of fields without quotes, under a key of its own."""

    def make(line: str, mark: str) -> Line:
        fields = line.split(delimiter)
        fields[key] = f"{fields[key]}-{mark}"
        fields[place] = value(fields[place])
        return delimiter.join(fields)

    return make


def one_more(delimiter: str = ";", key: int = 0) -> Spoil:
    """A line with one field too many, as an unquoted delimiter in a remark makes it."""

    def make(line: str, mark: str) -> Line:
        fields = line.split(delimiter)
        fields[key] = f"{fields[key]}-{mark}"
        return delimiter.join([*fields[:-1], "links", fields[-1]])

    return make


def wrong_encoding(old: str, delimiter: str = ";", key: int = 0) -> Spoil:
    """A line in cp1252 among lines in UTF-8; ``old`` becomes a word with umlauts where it stands."""

    def make(line: str, mark: str) -> Line:
        fields = line.split(delimiter)
        fields[key] = f"{fields[key]}-{mark}"
        changed = delimiter.join(fields)
        changed = changed.replace(old, "für Müller", 1) if old and old in changed else f"{changed}ü"
        return changed.encode("cp1252", "replace")

    return make
