"""The catalogue of event kinds: name to stage, channel, medium, ownership, as kinds.yaml and the vocabulary say."""

from __future__ import annotations

import difflib
import re
import string
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar, cast

from pydantic import Field, model_validator

from geleit.definitions import Definition, Label
from geleit.events.event import Event, Evidence, Medium, Ownership
from geleit.events.vocabulary import VOCABULARY, Initiator, Vocable

T = TypeVar("T")

TONES = 6  # colours of the visual language, by place of a stage in its model


class Stage(Definition):
    """One stage of the way from need to no-more-need."""

    id: str = Field(description="short name used in kinds, SQL and addresses", pattern=r"^[a-z][a-z0-9_]*$")
    label: Label = Field(description="what people read, per language")
    tone: int | None = Field(
        None, ge=0, lt=TONES, description="which of the six stage colours; by default by its place"
    )


class Channel(Definition):
    """Where contact happens: store, web, phone ..."""

    label: Label = Field(description="what people read, per language")
    medium: Medium | None = Field(None, description="online, offline or phone")
    ownership: Ownership | None = Field(None, description="home, earned, paid, other or owned")
    icon: str = Field("", description="one of the icons of the visual language; by default by the medium")


class Kind(Definition):
    """How one event kind is read."""

    same_as: str = Field("", description="this name means that kind (a source's own word for it)")
    stage: str = Field("", description="id of a stage")
    channel: str = Field("", description="id of a channel")
    medium: Medium | None = Field(None, description="overrides the channel's")
    ownership: Ownership | None = Field(None, description="overrides the channel's")
    initiator: Initiator | None = Field(None, description="who began it: person or company")
    contact: bool | None = Field(None, description="true: contact with someone (circle); false: action alone (square)")
    step: bool | None = Field(None, description="false: belongs to a step (annotation) or is not shown on maps")
    label: Label | None = Field(None, description="what the person does, per language; {property} is filled in")


ICOS = (
    Stage(id="need", label={"en": "Need", "de": "Bedarf"}, tone=0),
    Stage(id="inform", label={"en": "Inform", "de": "Informieren"}, tone=1),
    Stage(id="configure", label={"en": "Configure", "de": "Konfigurieren"}, tone=2),
    Stage(id="order", label={"en": "Order", "de": "Bestellen"}, tone=3),
    Stage(id="service", label={"en": "Service", "de": "Service"}, tone=4),
    Stage(id="resolved", label={"en": "Resolved", "de": "Erledigt"}, tone=5),
)

CHANNELS: dict[str, Channel] = {
    "home": Channel(label={"en": "at home", "de": "zu Hause"}, medium="offline", ownership="home"),
    "web": Channel(label={"en": "website", "de": "Website"}, medium="online", ownership="owned"),
    "app": Channel(label={"en": "app", "de": "App"}, medium="online", ownership="owned"),
    "shop": Channel(label={"en": "web shop", "de": "Webshop"}, medium="online", ownership="owned"),
    "search": Channel(label={"en": "search", "de": "Suche"}, medium="online", ownership="earned"),
    "portal": Channel(label={"en": "portal", "de": "Portal"}, medium="online", ownership="earned"),
    "social": Channel(label={"en": "social media", "de": "soziale Medien"}, medium="online", ownership="earned"),
    "print": Channel(label={"en": "print", "de": "Zeitung"}, medium="offline", ownership="paid"),
    "advert": Channel(label={"en": "advert", "de": "Anzeige"}, medium="online", ownership="paid"),
    "store": Channel(label={"en": "store", "de": "Laden"}, medium="offline", ownership="owned"),
    "till": Channel(label={"en": "till", "de": "Kasse"}, medium="offline", ownership="owned"),
    "talk": Channel(label={"en": "conversation", "de": "Gespräch"}, medium="offline", ownership="owned"),
    "phone": Channel(label={"en": "phone", "de": "Telefon"}, medium="phone", ownership="owned"),
    "email": Channel(label={"en": "e-mail", "de": "E-Mail"}, medium="online", ownership="owned"),
    "sms": Channel(label={"en": "SMS", "de": "SMS"}, medium="online", ownership="owned"),
    "chat": Channel(label={"en": "chat", "de": "Chat"}, medium="online", ownership="owned"),
    "post": Channel(label={"en": "letter", "de": "Brief"}, medium="offline", ownership="owned"),
    "delivery": Channel(label={"en": "delivery", "de": "Lieferung"}, medium="offline", ownership="owned"),
    "desk": Channel(label={"en": "service desk", "de": "Kundendienst"}, medium="online", ownership="owned"),
    "survey": Channel(label={"en": "survey", "de": "Umfrage"}, medium="online", ownership="owned"),
}


class Kinds(Definition):
    """kinds.yaml: the stage model, the channels, and how each kind of event is read."""

    stages: tuple[Stage, ...] = Field(
        ICOS, description="in order from first need to no more need; default ICOS", min_length=2
    )
    channels: dict[str, Channel] = Field(default_factory=dict, description="added to, or instead of, the built-in ones")
    kinds: dict[str, Kind] = Field(default_factory=dict, description="by the name the sources deliver")

    @model_validator(mode="after")
    def _names_exist(self) -> Kinds:
        stages = {stage.id for stage in self.stages}
        channels = CHANNELS.keys() | self.channels.keys()
        for name, kind in self.kinds.items():
            if kind.stage and kind.stage not in stages:
                raise ValueError(
                    f"kinds.{name}.stage: '{kind.stage}' is none of the stages {', '.join(sorted(stages))}"
                )
            if kind.channel and kind.channel not in channels:
                raise ValueError(f"kinds.{name}.channel: '{kind.channel}' is no channel{meant(kind.channel, channels)}")
            if kind.same_as and kind.same_as not in VOCABULARY and kind.same_as not in self.kinds:
                raise ValueError(
                    f"kinds.{name}.same_as: '{kind.same_as}' is no known kind{meant(kind.same_as, {*VOCABULARY, *self.kinds})}"
                )
        return self


def meant(word: str, known: Collection[str]) -> str:
    """What was probably meant: ``; did you mean service?``, else what there is."""
    close = difflib.get_close_matches(word, list(known), n=1)
    return f"; did you mean {close[0]}?" if close else f"; there is: {', '.join(sorted(known))}"


@dataclass(frozen=True, slots=True)
class Touchpoint:
    """How one event is read: stage, place, what a map draws of it. Empty strings mean: not known."""

    kind: str
    stage: str
    channel: str
    medium: str
    ownership: str
    initiator: Initiator
    contact: bool
    step: bool
    evidence: Evidence


class Catalogue:
    """Reads events by kinds.yaml; pure, so a changed kinds.yaml reads the whole past anew."""

    def __init__(self, definition: Kinds | None = None) -> None:
        self.definition = definition or Kinds()
        self.stages = self.definition.stages
        self.channels = CHANNELS | self.definition.channels
        self._read: dict[tuple[object, ...], Touchpoint] = {}

    @cached_property
    def stage_index(self) -> Mapping[str, int]:
        """Stage id to its place in the model, from 0."""
        return {stage.id: place for place, stage in enumerate(self.stages)}

    def tone(self, stage: str) -> int:
        """Which of the six stage colours a stage wears; models of another length spread over the six."""
        place = self.stage_index.get(stage)
        if place is None:
            return TONES - 1
        given = self.stages[place].tone
        return given if given is not None else round(place * (TONES - 1) / (len(self.stages) - 1))

    def canonical(self, kind: str) -> str:
        """The kind that a source's own word means (``same_as`` followed to its end)."""
        seen = {kind}
        while (defined := self.definition.kinds.get(kind)) and defined.same_as and defined.same_as not in seen:
            kind = defined.same_as
            seen.add(kind)
        return kind

    def _layers(self, kind: str) -> tuple[Kind, Kind, Vocable]:
        canonical = self.canonical(kind)
        none = Kind()
        known = VOCABULARY.get(canonical) or Vocable(canonical, en=humanize(canonical), de=humanize(canonical))
        return self.definition.kinds.get(kind, none), self.definition.kinds.get(canonical, none), known

    def touchpoint(self, event: Event) -> Touchpoint:
        """Read one event. A told step is read as the kind it tells of, unless that is not named."""
        told = event.kind == "step_told"
        kind = str(event.properties.get("step") or event.kind) if told else event.kind
        # A company has some dozens of places where things happen, and millions of events: read each place once.
        known = (kind, evidence_of(event), *event.place.items())
        if (found := self._read.get(known)) is None:
            found = self._read[known] = self._touchpoint(event, kind)
        return found

    def _touchpoint(self, event: Event, kind: str) -> Touchpoint:
        own, base, known = self._layers(kind)
        place = event.place
        channel = place.get("channel") or own.channel or base.channel
        where = self.channels.get(channel)
        stage = place.get("stage") or own.stage or base.stage or known.stage
        medium = place.get("medium") or own.medium or base.medium or (where.medium if where else None) or ""
        ownership = (
            place.get("ownership")
            or own.ownership
            or base.ownership
            or (where.ownership if where else None)
            or known.ownership
        )
        return Touchpoint(
            kind=known.kind,
            stage=stage if stage in self.stage_index else "",
            channel=channel,
            medium=medium,
            ownership=ownership,
            initiator=cast(
                "Initiator", place.get("initiator") or first(own.initiator, base.initiator, known.initiator)
            ),
            contact=bool(first(own.contact, base.contact, known.contact)),
            step=bool(first(own.step, base.step, known.step)),
            evidence=evidence_of(event),
        )

    def text(self, event: Event, language: str) -> str:
        """What the person did, in words: the event's own text, else the kind's label with properties filled in."""
        own_text = event.properties.get("text")
        if isinstance(own_text, Mapping):
            own_text = in_language(own_text, language)
        if own_text and event.kind != "need_opened":
            return str(own_text)
        told = event.kind == "step_told" and event.properties.get("step")
        named = event.properties.get("name") or event.properties.get("product_name") or ""
        return self.label(str(told or event.kind), language, {**event.properties, "name": named})

    def label(self, kind: str, language: str, properties: Mapping[str, Any] | None = None) -> str:
        """The kind's label in a language, ``{property}`` filled from the properties (missing ones are left out)."""
        own, base, known = self._layers(kind)
        label = own.label or base.label
        template = in_language(label, language) if label else (known.de if language == "de" else known.en)
        spoken = {
            name: in_language(v, language) if isinstance(v, Mapping) else v for name, v in (properties or {}).items()
        }
        return _Filler().vformat(template, (), spoken).strip().removesuffix(":")

    def channel_label(self, channel: str, language: str) -> str:
        """The channel's name in a language; an unknown channel names itself."""
        known = self.channels.get(channel)
        return in_language(known.label, language) if known else humanize(channel)

    def stage_label(self, stage: str, language: str) -> str:
        """The stage's name in a language; empty for none."""
        place = self.stage_index.get(stage)
        return "" if place is None else in_language(self.stages[place].label, language)

    def missing(self, event: Event) -> list[str]:
        """Which required properties of a reserved or e-commerce kind the event lacks (alternatives as ``a|b``)."""
        has = {name for name, value in event.properties.items() if value not in (None, "")}
        return [need for need in self.requires(event.kind) if not has.intersection(need.split("|"))]

    def requires(self, kind: str) -> tuple[str, ...]:
        """The properties that events of a kind must have (alternatives as ``a|b``)."""
        known = VOCABULARY.get(self.canonical(kind))
        return known.requires if known else ()


class _Filler(string.Formatter):
    def get_value(self, key: int | str, args: Any, kwargs: Mapping[str, Any]) -> Any:  # noqa: ARG002 (Formatter's signature)
        value = kwargs.get(str(key), "")
        return "" if value is None else value

    def format_field(self, value: Any, format_spec: str) -> str:  # noqa: ARG002 (labels carry no format codes)
        return str(value)


def evidence_of(event: Event) -> Evidence:
    """What the event rests on: a supposed step is a gap, a told one told, else as its source says."""
    if event.kind == "step_told":
        return "gap" if event.properties.get("supposed") else "told"
    return event.evidence


def first(*values: T | None) -> T | None:
    """The first that is not None."""
    return next((value for value in values if value is not None), None)


def in_language(label: Mapping[str, str], language: str) -> str:
    """The label in a language, else in English, else whichever there is."""
    return label.get(language) or label.get("en") or next(iter(label.values()), "")


def humanize(name: str) -> str:
    """``shipping_details`` -> ``shipping details``."""
    return re.sub(r"[_.\-]+", " ", name).strip()


def snake(name: str) -> str:
    """A source's event name as a kind: ``Order Completed`` and ``orderCompleted`` -> ``order_completed``.

    >>> snake("Order Completed"), snake("orderCompleted"), snake("checkout-Step 2")
    ('order_completed', 'order_completed', 'checkout_step_2')
    """
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name.strip())
    return re.sub(r"[^a-z0-9äöüß]+", "_", spaced.lower()).strip("_")
