"""segments/*.yaml: a name for a condition over customers; checked as a whole, so that no segment asks for itself."""

from __future__ import annotations

import difflib
import hashlib
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import Field, model_validator

from geleit.definitions import Definition, Label, fit, read_tree
from geleit.errors import DefinitionError, NotFoundError
from geleit.events.kinds import Kinds, in_language
from geleit.events.vocabulary import VOCABULARY
from geleit.needs.rules import Needs
from geleit.segments.comparison import Comparison, names
from geleit.segments.conditions import (
    BY_WORD,
    Condition,
    Did,
    InSegment,
    NeedIs,
    Selector,
    Sequence,
    Unless,
    selectors,
    walk,
)

Place = tuple[str, ...]

ALIKE = 0.85  # how like a known kind an unknown one must be to be taken for a slip


class Segment(Definition):
    """A named condition over customers: whoever fulfils it is in the segment, whoever does not is not."""

    label: Label = Field(default_factory=dict, description="what people read, per language; by default the file's name")
    about: Label = Field(default_factory=dict, description="what it is for, per language")
    who: Condition = Field(description="the condition; begin with one of its words: " + ", ".join(BY_WORD))

    @model_validator(mode="before")
    @classmethod
    def _known_words(cls, value: Any) -> Any:
        if isinstance(value, Mapping) and "who" in value:
            for problem in _odd(value["who"], ("who",)):
                raise ValueError(problem)
        return value

    def title(self, name: str, language: str) -> str:
        """What people read; ``name`` is the file's."""
        return in_language(self.label, language) or name.replace("-", " ").replace("_", " ")

    @property
    def digest(self) -> str:
        """16 hexadecimal digits of what the condition says."""
        return hashlib.blake2b(self.who.model_dump_json(by_alias=True).encode(), digest_size=8).hexdigest()

    @property
    def selectors(self) -> dict[int, Selector]:
        """The events that it asks for, by the selectors' keys."""
        return {one.key: one for part in walk(self.who) for one in selectors(part)}

    @property
    def nested(self) -> tuple[str, ...]:
        """Segments that it asks for."""
        return tuple(part.segment for part in walk(self.who) if isinstance(part, InSegment))


def _odd(value: Any, place: Place) -> Iterator[str]:
    """What is no condition, in the words of an error: ``place: text``."""
    where = ".".join(place)
    if not isinstance(value, Mapping):
        if getattr(value, "word", None) is None:
            yield f"{where}: a condition is a mapping that begins with one of: {', '.join(BY_WORD)}"
        return
    words = [word for word in BY_WORD if word in value]
    if not words:
        known = {*BY_WORD, *(name for model in BY_WORD.values() for name in names(model))}
        yield f"{where}: no condition begins so{_meant(next(map(str, value), ''), known)}; one of: {', '.join(BY_WORD)}"
    elif len(words) > 1:
        yield f"{where}: '{words[0]}' and '{words[1]}' are two conditions; put each in an element of its own under all:"
    else:
        yield from _odd_fields(value, BY_WORD[words[0]], place)
        parts = value[words[0]] if words[0] in ("all", "any") else ()
        for number, part in enumerate(parts if isinstance(parts, list | tuple) else ()):
            yield from _odd(part, (*place, words[0], str(number)))
        if words[0] == "not":
            yield from _odd(value["not"], (*place, "not"))
        if words[0] == "sequence":
            yield from _odd_steps(value, place)


def _odd_steps(value: Mapping[str, Any], place: Place) -> Iterator[str]:
    steps = value["sequence"] if isinstance(value["sequence"], list | tuple) else ()
    for number, step in enumerate(steps):
        yield from _odd_fields(step, Selector, (*place, "sequence", str(number)))
    if after := value.get("not_followed_by"):
        yield from _odd_fields(after, Unless, (*place, "not_followed_by"))


def _odd_fields(value: Any, model: type[Definition], place: Place) -> Iterator[str]:
    if not isinstance(value, Mapping):
        return
    known = names(model)
    for name in map(str, value):
        if name not in known:
            close = _meant(name, known) or f"; known here: {', '.join(known)}"
            yield f"{'.'.join((*place, name))}: '{name}' is not known here{close}"
    if isinstance(value.get("where"), Mapping):
        for name, comparison in value["where"].items():
            if " " not in str(name) and ":" not in str(name):
                yield from _odd_fields(comparison, Comparison, (*place, "where", str(name)))


def _meant(word: str, known: Collection[str]) -> str:
    close = difflib.get_close_matches(word, list(known), n=1)
    return f"; did you mean '{close[0]}'?" if close else ""


def load_segment(path: Path, root: Path) -> Segment:
    """Read one file.

    Errors: DefinitionError naming file, line, value and remedy.
    """
    name = str(path.relative_to(root)) if path.is_relative_to(root) else path.name
    return fit(read_tree(path, name), Segment, name)


def check_all(segments: Mapping[str, Segment], kinds: Kinds, needs: Needs) -> list[DefinitionError]:
    """What no single file can know to be wrong: other segments that are missing or ask in a circle, unknown topics."""
    return [
        *(problem for name, one in segments.items() for problem in check_one(name, one, segments, (kinds, needs))),
        *_circles(segments),
    ]


def check_one(
    name: str, segment: Segment, segments: Mapping[str, Segment], known: tuple[Kinds, Needs]
) -> Iterator[DefinitionError]:
    """Names in one segment that lead nowhere."""
    kinds, needs = known
    file = f"segments/{name}.yaml"
    stages = [stage.id for stage in kinds.stages]
    known_kinds = {*VOCABULARY, *kinds.kinds}
    for part in walk(segment.who):
        if isinstance(part, InSegment) and part.segment not in segments:
            yield _unknown(file, "segment", part.segment, segments)
        for kind in {kind for selector in selectors(part) for kind in selector.did} - known_kinds:
            if close := difflib.get_close_matches(kind, known_kinds, n=1, cutoff=ALIKE):
                hint = f"did you mean '{close[0]}'? kinds of your own are named in kinds.yaml"
                yield DefinitionError(f"no event is known to be of the kind '{kind}'", file=file, hint=hint)
        if isinstance(part, NeedIs):
            topics = [*needs.topics, "any"]
            yield from (_unknown(file, "topic", one, topics) for one in part.need if one not in topics)
            yield from (_unknown(file, "stage", one, stages) for one in part.stage if one not in stages)


def _unknown(file: str, what: str, name: str, known: Collection[str]) -> DefinitionError:
    close = difflib.get_close_matches(name, list(known), n=1)
    hint = f"did you mean '{close[0]}'?" if close else f"there is: {', '.join(sorted(known)) or 'none'}"
    return DefinitionError(f"there is no {what} '{name}'", file=file, hint=hint)


def _circles(segments: Mapping[str, Segment]) -> list[DefinitionError]:
    """A segment that asks for itself, at once or through others, with the way."""
    done: set[str] = set()
    found: list[DefinitionError] = []

    def visit(name: str, way: tuple[str, ...]) -> None:
        if name in way:
            circle = " → ".join((*way[way.index(name) :], name))
            found.append(
                DefinitionError(
                    f"a segment asks for itself: {circle}",
                    file=f"segments/{name}.yaml",
                    hint="take one of these conditions out",
                )
            )
            return
        if name in done or name not in segments:
            return
        done.add(name)
        for other in segments[name].nested:
            visit(other, (*way, name))

    for name in segments:
        visit(name, ())
    return found


def in_order(segments: Mapping[str, Segment]) -> dict[str, Segment]:
    """The segments, each after those that it asks for."""
    ordered: dict[str, Segment] = {}

    def visit(name: str) -> None:
        if name not in ordered:
            for other in segments[name].nested:
                visit(other)
            ordered[name] = segments[name]

    for name in sorted(segments):
        visit(name)
    return ordered


def kinds_asked(segment: Segment) -> Iterator[str]:
    """Kinds of events that it waits for."""
    for part in walk(segment.who):
        if isinstance(part, Did):
            yield from part.did
        elif isinstance(part, Sequence):
            yield from (kind for step in part.sequence for kind in step.did)
            if part.not_followed_by:
                yield from part.not_followed_by.did


def the_segment(segments: Mapping[str, Segment], name: str) -> Segment:
    """A segment by name.

    Errors: NotFoundError naming the nearest.
    """
    if name not in segments:
        raise NotFoundError(
            f"there is no segment '{name}'{_meant(name, segments)}",
            hint=f"segments of this workspace: {', '.join(segments) or 'none'}",
        )
    return segments[name]
