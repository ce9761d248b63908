"""How an answer is worded for people: the company's own names for kinds, channels and stages, their colors, numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any

from geleit.events.kinds import Catalogue, in_language
from geleit.events.vocabulary import VOCABULARY
from geleit.language import formats
from geleit.language.words import plural, translate
from geleit.maps.style import NO_TONE

if TYPE_CHECKING:
    from geleit.analytics.question import Question
    from geleit.analytics.result import Result


@dataclass(frozen=True)
class Words:
    """One reader's words: language, the company's catalogue, the zone in which moments are shown.

    ``segments`` and ``topics`` are what people call them, by name.
    """

    language: str = "en"
    catalogue: Catalogue = field(default_factory=Catalogue)
    zone: str = "UTC"
    segments: Mapping[str, str] = field(default_factory=dict)
    topics: Mapping[str, str] = field(default_factory=dict)

    def say(self, text: str, /, **values: object) -> str:
        """A text in the reader's language."""
        return translate(self.language, text, **values)

    def counted(self, one: str, many: str, count: int, /, **values: object) -> str:
        """A text with a number in it, which is filled in as ``{n}``."""
        return plural(self.language, one, many, count, n=self.number(count), **values)

    def number(self, value: float) -> str:
        """``1.234,5``."""
        return _number(value, self.language)

    def share(self, value: float | None) -> str:
        """``37,1 %``; a dash where there is none."""
        if value is None:
            return "-"
        # No share but the whole is 100 %, and none but nothing is 0 %: rounding must not say so.
        percent = round(value * 100, 1)
        percent = min(percent, 99.9) if value < 1 else percent
        percent = max(percent, 0.1) if value > 0 else percent
        return f"{self.number(percent)}\u00a0%"

    def span(self, micros: int | None) -> str:
        """``3 Tage``; a dash where there is none."""
        return "-" if micros is None else formats.span(micros, self.language)

    def moment(self, t: int) -> str:
        """Day and time."""
        return formats.stamp(t, self.language, self.zone)

    def name(self, value: str, of: str = "kind") -> str:
        """What people call a kind, channel or stage."""
        if of == "channel":
            return self.catalogue.channel_label(value, self.language)
        if of == "stage":
            return self.catalogue.stage_label(value, self.language) or value
        if value not in self._kind_names:
            self._kind_names[value] = self._kind_name(value)
        return self._kind_names[value]

    def names(self, values: Sequence[str], of: str = "kind") -> str:
        """Several of which one is enough."""
        return " / ".join(self.name(value, of) for value in values)

    def stage(self, value: str, of: str = "kind") -> str:
        """The stage that a kind belongs to (a stage to itself); empty where there is none or more than one."""
        if of == "stage":
            return value if value in self.catalogue.stage_index else ""
        return self._kind_stages.get(value, "") if of == "kind" else ""

    def tone(self, value: str, of: str = "kind") -> str:
        """The end of a role's name that gives it the stage's color."""
        stage = self.stage(value, of)
        return str(self.catalogue.tone(stage)) if stage else NO_TONE

    def explain(self, result: Result[Any]) -> str:
        """What is counted, with the company's names for the kinds."""
        named = result.question.renamed(lambda kind: quoted(self.name(kind), self.language))
        if (of := getattr(named, "of", "kind")) != "kind":
            ends = {end: getattr(named, end) for end in ("anchor", "goal") if getattr(named, end, ())}
            said = {end: tuple(quoted(self.name(one, of), self.language) for one in some) for end, some in ends.items()}
            named = named.model_copy(update=said)
        return replace(result, question=self.called(named)).explain(self.language)

    def called(self, question: Question) -> Question:
        """A question with its topic and segments as people call them."""
        known = (("topic", self.topics), ("of_segment", self.segments), ("of_against", self.segments))
        said = {name: of.get(given, given) for name, of in known if (given := getattr(question, name, ""))}
        return question.model_copy(update={name: quoted(text, self.language) for name, text in said.items()})

    @cached_property
    def _kind_names(self) -> dict[str, str]:
        return {}

    def _kind_name(self, kind: str) -> str:
        """The kind's label; where only one of the company's own words means it, and has a label, that one's."""
        defined = self.catalogue.definition.kinds
        own = defined.get(kind)
        if not (own and own.label):
            meaning = [one for name, one in defined.items() if self.catalogue.canonical(name) == kind]
            if len(meaning) == 1 and meaning[0].label:
                return in_language(meaning[0].label, self.language).split("{")[0].strip(" :,") or kind
        return self.catalogue.label(kind, self.language).strip(" :,")

    @cached_property
    def _kind_stages(self) -> dict[str, str]:
        found: dict[str, set[str]] = {}
        for name, kind in self.catalogue.definition.kinds.items():
            if kind.stage:
                found.setdefault(self.catalogue.canonical(name), set()).add(kind.stage)
        for name, vocable in VOCABULARY.items():
            if vocable.stage in self.catalogue.stage_index:
                found.setdefault(name, {vocable.stage})
        return {kind: next(iter(stages)) for kind, stages in found.items() if len(stages) == 1}


@lru_cache(maxsize=8_192)
def _number(value: float, language: str) -> str:
    """A table says many numbers more than once."""
    return formats.number(value, language)


def quoted(text: str, language: str) -> str:
    """A name in the quotation marks of the language."""
    return f"„{text}“" if language == "de" else f"“{text}”"
