"""The conditions of which segments are made. Each is known by its first word: ``trait``, ``did``, ``sequence``, ``need`` ..."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from datetime import date
from functools import cached_property
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, ConfigDict, Discriminator, Field, Tag, field_validator, model_validator

from geleit.definitions import Definition
from geleit.segments.comparison import Comparison
from geleit.segments.money import Amount
from geleit.segments.spans import SpanOfTime

TAG = "condition:"  # before the first word in pydantic's places of errors


def _as_list(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


def _plain(value: Any) -> bool:
    return isinstance(value, str | int | float | bool)


Words = Annotated[tuple[str, ...], BeforeValidator(_as_list)]


class Trait(Comparison):
    """A fact about the person, as the profile shows it: the newest that any source stated."""

    model_config = ConfigDict(populate_by_name=True)
    word: ClassVar[str] = "trait"

    trait: str = Field(description="name of the trait", min_length=1)
    guessed: bool = Field(False, description="true: where nobody stated it, a guess will do")


class Selector(Definition):
    """Which events are meant. What is only supposed (a gap) is never meant."""

    did: Words = Field(min_length=1, description="kind of event, or a list of kinds of which any will do")
    where: dict[str, Comparison] = Field(
        default_factory=dict,
        description="what must hold of properties: a value, a list of which any will do, or a comparison; "
        "`products.category` looks into a list",
    )
    channel: Words = Field((), description="only on these channels")
    source: Words = Field((), description="only from these sources")

    @field_validator("where", mode="before")
    @classmethod
    def _shortly(cls, where: Any) -> Any:
        """``topic: repair`` is ``topic: {is: repair}``."""
        if not isinstance(where, Mapping):
            return where
        return {
            name: {"one_of": value} if isinstance(value, list | tuple) else {"is": value} if _plain(value) else value
            for name, value in where.items()
        }

    @field_validator("where")
    @classmethod
    def _fixed(cls, where: dict[str, Comparison]) -> dict[str, Comparison]:
        for name, comparison in where.items():
            if comparison.moves:
                raise ValueError(
                    f"'{name}' is compared with a day counted from today; of an event compare with fixed days only"
                )
        return where

    @property
    def selector(self) -> Selector:
        """The events alone, without what is asked of them."""
        return Selector(did=self.did, where=self.where, channel=self.channel, source=self.source)

    @property
    def plain(self) -> Selector:
        """The same events whatever their properties are."""
        return Selector(did=self.did, channel=self.channel, source=self.source)

    @cached_property
    def key(self) -> int:
        """A number that is the same for all selectors of the same events; fits a BIGINT."""
        said = Selector(
            did=tuple(sorted(set(self.did))),
            where=dict(sorted(self.where.items())),
            channel=tuple(sorted(set(self.channel))),
            source=tuple(sorted(set(self.source))),
        )
        text = said.model_dump_json(by_alias=True, exclude_defaults=True)
        return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big", signed=True)


class Did(Selector):
    """What the person did, or what happened to them: how often, within which time. Without a number: at least once."""

    word: ClassVar[str] = "did"

    only: Literal["any", "first", "last"] = Field(
        "any", description="look only at the first or the last of these events; it must fulfil `where` and the time"
    )
    at_least: int | None = Field(None, ge=1, description="so many times or more")
    at_most: int | None = Field(None, ge=0, description="so many times or less, also never")
    never: bool = Field(False, description="true: not once (within the time, if one is named)")
    within: SpanOfTime | None = Field(None, description="only events of the last so many days (today is one) or hours")
    since: date | None = Field(None, description="only events of this day or later")
    until: date | None = Field(None, description="only events before this day")
    not_since: SpanOfTime | None = Field(None, description="it happened, but not in the last so many days or hours")

    @model_validator(mode="after")
    def _one_question(self) -> Did:
        counted = self.at_least is not None or self.at_most is not None
        if self.never and (counted or self.only != "any" or self.not_since):
            raise ValueError("never: goes with no number, no only and no not_since")
        if self.only != "any" and (counted or self.not_since):
            raise ValueError(f"only: {self.only} is one event; it goes with no number and no not_since")
        if self.not_since and (counted or self.within or self.since or self.until):
            raise ValueError("not_since: goes with no number and no other time")
        if None not in (self.at_least, self.at_most) and self.low > (self.high or 0):
            raise ValueError(f"at_least: {self.at_least} is more than at_most: {self.at_most}")
        if self.since and self.until and self.since >= self.until:
            raise ValueError(f"until: {self.until} must come after since: {self.since}")
        return self

    @property
    def low(self) -> int:
        """The least number."""
        return self.at_least if self.at_least is not None else int(self.at_most is None and not self.never)

    @property
    def high(self) -> int | None:
        """The greatest number; None without one."""
        return 0 if self.never else self.at_most


class Unless(Selector):
    """What must not have come afterwards."""

    within: SpanOfTime | None = Field(
        None, description="holds once so much time has passed without it; by default as long as it has not come"
    )


class Sequence(Definition):
    """Steps one after another; other events may lie between."""

    word: ClassVar[str] = "sequence"

    sequence: tuple[Selector, ...] = Field(min_length=1, max_length=6, description="the steps in their order")
    within: SpanOfTime | None = Field(None, description="from the first step to the last at most")
    begun_within: SpanOfTime | None = Field(None, description="the first step lies in the last so many days or hours")
    since: date | None = Field(None, description="the first step was on this day or later")
    not_followed_by: Unless | None = Field(None, description="what must not have come after the last step")


class NeedIs(Definition):
    """A need of the person: its topic, its stage, and for how long."""

    word: ClassVar[str] = "need"

    need: Words = Field(min_length=1, description="topic of needs.yaml, a list of topics, or `any`")
    state: Literal["open", "closed"] = Field("open", description="still open, or ended")
    stage: Words = Field((), description="its stage now is one of these")
    stage_for: SpanOfTime | None = Field(None, description="in this stage for longer than so many days or hours")
    open_for: SpanOfTime | None = Field(None, description="opened longer ago than this")
    silent_for: SpanOfTime | None = Field(None, description="its last step is longer ago than this")
    closed_within: SpanOfTime | None = Field(None, description="ended in the last so many days or hours")

    @model_validator(mode="after")
    def _fits_state(self) -> NeedIs:
        if self.state == "open" and self.closed_within:
            raise ValueError("closed_within: goes with state: closed")
        if self.state == "closed" and (self.stage_for or self.open_for or self.silent_for):
            raise ValueError("stage_for, open_for and silent_for ask of open needs")
        return self


class Orders(Definition):
    """What the person bought. Orders that were canceled or given back wholly do not count."""

    word: ClassVar[str] = "orders"

    orders: Literal["any"] = Field("any", description="write `orders: any`, then what is asked of them")
    at_least: int | None = Field(None, ge=1, description="so many orders or more; by default one")
    at_most: int | None = Field(None, ge=0, description="so many orders or less, also none")
    spent_at_least: Amount | None = Field(None, description="together so much or more, less what was given back")
    spent_at_most: Amount | None = Field(None, description="together so much or less")
    products: Words = Field((), description="only orders with one of these products: its number, or words of its name")
    within: SpanOfTime | None = Field(None, description="only orders of the last so many days or hours")
    since: date | None = Field(None, description="only orders of this day or later")
    until: date | None = Field(None, description="only orders before this day")
    not_since: SpanOfTime | None = Field(None, description="bought, but not in the last so many days or hours")

    @model_validator(mode="after")
    def _one_question(self) -> Orders:
        counted = self.at_least is not None or self.at_most is not None
        if self.not_since and (counted or self.spent or self.within or self.since or self.until):
            raise ValueError("not_since: goes with no number, no amount and no other time")
        if None not in (self.at_least, self.at_most) and self.low > (self.at_most or 0):
            raise ValueError(f"at_least: {self.at_least} is more than at_most: {self.at_most}")
        return self

    @property
    def spent(self) -> bool:
        """Whether an amount is asked for."""
        return self.spent_at_least is not None or self.spent_at_most is not None

    @property
    def low(self) -> int:
        """The least number of orders."""
        return self.at_least if self.at_least is not None else int(self.at_most is None and self.spent_at_most is None)


class ConsentIs(Definition):
    """The person's standing answer to a purpose. A withdrawal is the stricter answer and wins."""

    word: ClassVar[str] = "consent"

    model_config = ConfigDict(populate_by_name=True)

    consent: str = Field(min_length=1, description="the purpose")
    channel: str = Field("", description="what holds for this channel, answers for all channels included")
    is_: Literal["given", "withdrawn", "unknown"] = Field("given", alias="is", description="the answer")


class InSegment(Definition):
    """Whoever is in another segment."""

    word: ClassVar[str] = "segment"

    segment: str = Field(min_length=1, description="name of the other segment")


class All(Definition):
    """Every one of several conditions."""

    word: ClassVar[str] = "all"

    all: tuple[Condition, ...] = Field(min_length=1, description="all of these hold")


class AnyOf(Definition):
    """At least one of several conditions."""

    word: ClassVar[str] = "any"

    any: tuple[Condition, ...] = Field(min_length=1, description="at least one of these holds")


class Not(Definition):
    """The opposite of a condition."""

    word: ClassVar[str] = "not"

    model_config = ConfigDict(populate_by_name=True)

    not_: Condition = Field(alias="not", description="this does not hold")


KINDS = (Trait, Did, Sequence, NeedIs, Orders, ConsentIs, InSegment, All, AnyOf, Not)
BY_WORD: Mapping[str, type[Definition]] = {model.word: model for model in KINDS}


def word_of(value: Any) -> str | None:
    """The word by which a condition is known."""
    if isinstance(value, Mapping):
        return next((TAG + word for word in BY_WORD if word in value), None)
    word = getattr(value, "word", None)
    return TAG + word if word else None


Condition = Annotated[
    Annotated[Trait, Tag(TAG + "trait")]
    | Annotated[Did, Tag(TAG + "did")]
    | Annotated[Sequence, Tag(TAG + "sequence")]
    | Annotated[NeedIs, Tag(TAG + "need")]
    | Annotated[Orders, Tag(TAG + "orders")]
    | Annotated[ConsentIs, Tag(TAG + "consent")]
    | Annotated[InSegment, Tag(TAG + "segment")]
    | Annotated[All, Tag(TAG + "all")]
    | Annotated[AnyOf, Tag(TAG + "any")]
    | Annotated[Not, Tag(TAG + "not")],
    Discriminator(word_of),
]

for _model in (All, AnyOf, Not):
    _model.model_rebuild()


def inner(condition: Condition) -> tuple[Condition, ...]:
    """The conditions that a condition is made of."""
    if isinstance(condition, All):
        return condition.all
    if isinstance(condition, AnyOf):
        return condition.any
    return (condition.not_,) if isinstance(condition, Not) else ()


def walk(condition: Condition) -> Iterator[Condition]:
    """A condition and all inside it."""
    yield condition
    for one in inner(condition):
        yield from walk(one)


def selectors(condition: Condition) -> Iterator[Selector]:
    """The selectors of events that one condition (not those inside it) asks for."""
    if isinstance(condition, Did):
        yield condition.selector
        if condition.only != "any":
            yield condition.plain
    elif isinstance(condition, Sequence):
        yield from (step.selector for step in condition.sequence)
        if condition.not_followed_by:
            yield condition.not_followed_by.selector
