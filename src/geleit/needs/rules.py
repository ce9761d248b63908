"""needs.yaml: which events open, continue and close a need."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

from pydantic import Field, field_validator

from geleit.clock import DAY
from geleit.definitions import Definition, Duration, Label
from geleit.needs.claims import Claims, Match


class NeedRule(Definition):
    """One topic people come with: what opens it, keeps it going and ends it."""

    topic: str = Field(description="short name of the topic", pattern=r"^[a-z][a-z0-9_]*$")
    label: Label = Field(description="what people read, per language")
    opens: tuple[Match, ...] = Field(
        min_length=1, description="any of these opens the need, if none of the topic is open"
    )
    continues: tuple[Match, ...] = Field(
        (Match(),), description="events that belong to it while it is open; default all"
    )
    closes: tuple[Match, ...] = Field((Match(kind="need_closed"),), description="events that end it")
    gap: dict[str, Duration] = Field(
        default_factory=lambda: {"default": 90 * DAY},
        description="silence that ends it: one span, or a span per stage of the last step with 'default'",
    )
    lookback: Duration = Field(0, description="continuing events this short before the opening belong to it as well")
    reopens: Duration = Field(0, description="an event this soon after the end takes the same need up again")

    @field_validator("gap", mode="before")
    @classmethod
    def _one_or_many(cls, value: Any) -> Any:
        return value if isinstance(value, Mapping) else {"default": value}

    def silence(self, stage: str) -> int:
        """Microseconds of silence after a step of this stage that end the need."""
        return self.gap.get(stage, self.gap.get("default", 90 * DAY))


class Needs(Definition):
    """All topics; an event belongs to at most one need. Between rules that claim it alike the earlier one wins."""

    needs: tuple[NeedRule, ...] = Field(
        description="an event goes to the need it names or closes, else one it opens, else the one active last that it continues",
        min_length=1,
    )

    @field_validator("needs")
    @classmethod
    def _topics_once(cls, rules: tuple[NeedRule, ...]) -> tuple[NeedRule, ...]:
        topics = [rule.topic for rule in rules]
        twice = sorted({topic for topic in topics if topics.count(topic) > 1})
        if twice:
            raise ValueError(f"topic '{twice[0]}' stands twice; give each topic one rule")
        return rules

    @cached_property
    def topics(self) -> frozenset[str]:
        """All topics."""
        return frozenset(rule.topic for rule in self.needs)

    @cached_property
    def claims(self) -> Claims:
        """Which topics an event opens, continues and closes."""
        return Claims({rule.topic: (rule.opens, rule.continues, rule.closes) for rule in self.needs})

    def label(self, topic: str, language: str) -> str:
        """The topic's name in a language; a topic without a rule names itself."""
        for rule in self.needs:
            if rule.topic == topic:
                return rule.label.get(language) or rule.label.get("en") or topic
        return topic.replace("_", " ")


EVERYTHING = Needs(
    needs=(NeedRule(topic="contact", label={"en": "contact with us", "de": "Kontakt mit uns"}, opens=(Match(),)),)
)
"""Without needs.yaml every step opens or continues one need, and 90 days of silence end it."""
