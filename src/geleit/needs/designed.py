"""Designed journeys (journeys/*.yaml): the way as the company meant it, step by step."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Literal

import numpy as np
from pydantic import Field, model_validator

from geleit.definitions import Definition, Duration, Label
from geleit.needs.alignment import Rules

MOST_STEPS = 40  # a bit each in a whole number, and more than anybody can look at


class DesignedStep(Definition):
    """One step as the company meant it."""

    kind: str | tuple[str, ...] = Field(
        description="event kind as the sources or the vocabulary name it; a list: either of them", min_length=1
    )
    label: Label | None = Field(None, description="what a reader calls the step; by default the kind's label")
    within: Duration | None = Field(None, description="at most this long after what `since` says, e.g. 2 days")
    since: Literal["step", "start"] = Field(
        "step", description="`within` counts from the designed step taken before, or from where the way begins"
    )
    optional: bool = Field(False, description="the way is complete without it")
    repeats: bool = Field(False, description="may be taken several times in a row, with other things between")
    stage: str = Field("", description="only events of this stage are the step; by default of any")
    channel: str | tuple[str, ...] = Field((), description="only events through it, or one of these; by default any")

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of which any is this step."""
        return (self.kind,) if isinstance(self.kind, str) else self.kind

    @property
    def channels(self) -> tuple[str, ...]:
        """The channels through which it is this step; empty for any."""
        return (self.channel,) if isinstance(self.channel, str) else self.channel


class DesignedJourney(Definition):
    """journeys/NAME.yaml: the way as the company designed it, for needs of one topic."""

    name: str = Field(description="short name, used in addresses", pattern=r"^[a-z][a-z0-9_-]*$")
    label: Label = Field(description="what people read, per language")
    topic: str = Field("", description="for needs of this topic; empty: for every need")
    begins: str | tuple[str, ...] = Field(
        (), description="kinds at which the way begins: what came before is not compared; by default everything is"
    )
    steps: tuple[DesignedStep, ...] = Field(
        description="in the order they were meant", min_length=1, max_length=MOST_STEPS
    )

    @model_validator(mode="after")
    def _kinds_are_named(self) -> DesignedJourney:
        for place, step in enumerate(self.steps, 1):
            if not all(step.kinds):
                raise ValueError(f"step {place} names an empty kind")
        return self

    @property
    def beginnings(self) -> tuple[str, ...]:
        """The kinds at which the way begins; empty: wherever the journey does."""
        return (self.begins,) if isinstance(self.begins, str) else self.begins

    @property
    def rules(self) -> Rules:
        """What aligning asks of the steps."""
        return Rules(
            np.array([not step.optional for step in self.steps], np.bool_),
            np.array([step.repeats for step in self.steps], np.bool_),
        )


def mask(designed: DesignedJourney, canonical: Callable[[str], str], happened: tuple[str, str, str]) -> int:
    """Which designed steps something that happened (canonical kind, channel, stage) can be, a bit each."""
    kind, channel, stage = happened
    bits = 0
    for place, step in enumerate(designed.steps):
        fits = kind in {canonical(one) for one in step.kinds}
        through = not step.channels or channel in step.channels
        bits |= (fits and through and step.stage in ("", stage)) << place
    return bits


def begun(designed: DesignedJourney, canonical: Callable[[str], str], kinds: Sequence[str]) -> int:
    """The place from which events are compared with the design; ``len(kinds)`` if the way never begins."""
    wanted = {canonical(kind) for kind in designed.beginnings}
    return next((place for place, kind in enumerate(kinds) if not wanted or kind in wanted), len(kinds))


def fitting(journeys: Iterable[DesignedJourney], topic: str, kinds: Collection[str]) -> DesignedJourney | None:
    """The design that a need of a topic, in which these kinds happened, is laid beside: the one closest to it.

    One of its topic goes before one for all, one from the need's beginning before one that begins at a kind.
    """
    fit = [
        one
        for one in journeys
        if one.topic in ("", topic) and (not one.beginnings or not set(one.beginnings).isdisjoint(kinds))
    ]
    return min(fit, key=lambda one: (not one.topic, bool(one.beginnings)), default=None)
