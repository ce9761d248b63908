"""Funnel: how many journeys come how far on a way of steps, how long it takes, and where the others went instead."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np
import pyarrow as pa
from pydantic import Field, field_validator, model_validator

from geleit.analytics.kernels import reaching
from geleit.analytics.kernels.ranks import middle_and_tail
from geleit.analytics.question import Question
from geleit.analytics.selection import Selection, members, table, ways
from geleit.definitions import Duration
from geleit.language.formats import span
from geleit.language.words import translate

FOREVER = 2**62
FEWEST = 2  # steps of a funnel


@dataclass(frozen=True, slots=True)
class Instead:
    """What came directly after the last step reached; ``kind`` '' = nothing more."""

    kind: str
    journeys: int
    people: int


@dataclass(frozen=True, slots=True)
class FunnelStep:
    """``step`` from 1. Shares are of journeys. Spans since the first step in microseconds, by nearest rank.

    ``instead``: journeys that reached this step and no further, by what came next; they sum to those lost here.
    """

    step: int
    kinds: tuple[str, ...]
    journeys: int
    people: int
    of_first: float | None
    of_previous: float | None
    median_us: int | None
    p95_us: int | None
    instead: tuple[Instead, ...]


class Funnel(Question):
    """Steps that journeys are expected to take; of all attempts in a journey the one that comes farthest counts."""

    name: ClassVar[str] = "funnel"
    counted: ClassVar[pa.Schema] = pa.schema(
        [("part", pa.string()), ("step", pa.int64()), ("next", pa.string())]
        + [(name, pa.int64()) for name in ("journeys", "people", "median_us", "p95_us")]
    )
    keys: ClassVar[tuple[str, ...]] = ("part", "step", "next")
    kind_fields: ClassVar[tuple[str, ...]] = ("steps",)

    steps: tuple[tuple[str, ...], ...] = Field(
        description="the steps in order, each a kind or several of which one is enough", min_length=FEWEST
    )
    order: Literal["ordered", "strict", "unordered"] = Field(
        "ordered", description="ordered: other events may lie between; strict: none may; unordered: any order"
    )
    window: Duration | None = Field(None, description="from the first step to the last at most this long")
    step_window: Duration | None = Field(None, description="from one step to the next at most this long")

    @field_validator("steps", mode="before")
    @classmethod
    def _one_or_several(cls, value: Any) -> Any:
        if isinstance(value, str):
            raise ValueError("steps are a list of kinds")  # noqa: TRY004 (pydantic wants a ValueError)
        return tuple(tuple(step.split("|")) if isinstance(step, str) else tuple(step) for step in value)

    @model_validator(mode="after")
    def _can_be_told(self) -> Funnel:
        named = [kind for step in self.steps for kind in step]
        if self.order == "unordered" and self.step_window is not None:
            raise ValueError("step_window: steps in any order have no step before; use window")
        if self.order == "unordered" and len(named) != len(set(named)):
            raise ValueError("steps: in any order a kind can be of one step only")
        return self

    def parameters(self) -> Mapping[str, object]:
        """Values of the reference SQL's parameters."""
        return {"window": _micros(self.window), "step_window": _micros(self.step_window)}

    def tables(self, selection: Selection) -> Mapping[str, pa.Table]:  # noqa: ARG002 (the question alone says it)
        """Which kinds are of which step."""
        pairs = [(number, kind) for number, step in enumerate(self.steps, 1) for kind in step]
        return {"funnel_kinds": pa.table({"step": [one for one, _ in pairs], "kind": [kind for _, kind in pairs]})}

    def statement(self, texts: Mapping[str, str], which: str) -> str:
        """The reference SQL; one named query per step."""
        if which != "cells":
            return texts[which]
        return _compose(texts, len(self.steps), self.order, _micros(self.window))

    def count(self, selection: Selection) -> pa.Table:
        """Count by kernels."""
        depth, none = len(self.steps), len(selection.kinds)
        member = np.zeros((depth, none), np.bool_)
        for place, kinds in enumerate(self.steps):
            member[place] = members(selection.kinds, kinds)
        gap = 1 if self.order == "strict" else FOREVER
        steps = reaching.Steps(*reaching.steps_of(member), _micros(self.window), _micros(self.step_window), gap)
        all_ways = ways(selection, "kind")
        found = reaching.empty(depth, none, sum(len(way.owners) for way in all_ways))
        for way in all_ways:
            (reaching.unordered if self.order == "unordered" else reaching.ordered)(way, steps, found)
        median, tail = _quantiles(found)
        lost = found.lost
        step, code = np.nonzero(lost[:, :, 0])
        names = np.array([*selection.kinds, ""], object)
        reached = found.reached[:, 0] > 0
        return table(
            self.counted,
            part=["reached"] * reached.sum() + ["lost"] * len(step),
            step=np.concatenate([np.arange(1, depth + 1)[reached], step + 1]),
            next=[""] * reached.sum() + list(names[code]),
            journeys=np.concatenate([found.reached[reached, 0], lost[step, code, 0]]),
            people=np.concatenate([found.reached[reached, 1], lost[step, code, 1]]),
            median_us=np.concatenate([median[reached], np.full(len(step), -1)]),
            p95_us=np.concatenate([tail[reached], np.full(len(step), -1)]),
        )

    def rows(self, counts: pa.Table, selection: Selection) -> Sequence[FunnelStep]:  # noqa: ARG002 (counts say it all)
        """One row per step, in order."""
        listed = counts.to_pylist()
        reached = {row["step"]: row for row in listed if row["part"] == "reached"}
        found: list[FunnelStep] = []
        for number, kinds in enumerate(self.steps, 1):
            row = reached.get(number, {"journeys": 0, "people": 0, "median_us": None, "p95_us": None})
            gone = [one for one in listed if one["part"] == "lost" and one["step"] == number]
            gone.sort(key=lambda one: (-one["journeys"], one["next"]))
            first, before = (found[0].journeys, found[-1].journeys) if found else (row["journeys"], row["journeys"])
            found.append(
                FunnelStep(
                    step=number,
                    kinds=kinds,
                    journeys=row["journeys"],
                    people=row["people"],
                    of_first=row["journeys"] / first if first else None,
                    of_previous=row["journeys"] / before if before else None,
                    median_us=row["median_us"],
                    p95_us=row["p95_us"],
                    instead=tuple(Instead(one["next"], one["journeys"], one["people"]) for one in gone),
                )
            )
        return found

    def sentence(self, language: str) -> str:
        """What is counted, in words."""
        texts = {
            "ordered": "Counted is how many journeys take the steps {steps} in this order; other events may lie between.",
            "strict": "Counted is how many journeys take the steps {steps} directly one after the other.",
            "unordered": "Counted is how many journeys take how many of the steps {steps}, in any order.",
        }
        steps = " → ".join(" / ".join(step) for step in self.steps)
        limits = {
            "From the first step to the last at most {span}.": self.window,
            "From one step to the next at most {span}.": self.step_window,
        }
        said = [
            translate(language, text, span=span(limit, language)) for text, limit in limits.items() if limit is not None
        ]
        return " ".join([translate(language, texts[self.order], steps=steps), *said])


def _micros(span: int | None) -> int:
    return FOREVER if span is None else span


def _compose(texts: Mapping[str, str], depth: int, order: str, window: int) -> str:
    """The reference SQL of cells, step by step."""
    if order == "unordered":
        seen, marks = (
            mark.join(texts[name].split("\n", 1)[1].format(step=step) for step in range(1, depth + 1))
            for mark, name in ((" + ", "any_seen"), ("\n", "any_mark"))
        )
        frame = "UNBOUNDED" if window == FOREVER else str(window)
        named = [("step_1", texts["any_first"].format(seen=seen, marks=marks, frame=frame))]
        reached = [texts["any_reached"].format(step=step, last=1) for step in range(1, depth + 1)]
    else:
        frame = "1" if order == "strict" else "UNBOUNDED"
        named = [("step_1", texts["ordered_first"])]
        named += [
            (
                f"step_{step}",
                texts["ordered_next"].format(step=step, before=step - 1, frame=frame, carried=_starts(step)),
            )
            for step in range(2, depth + 1)
        ]
        reached = [texts["ordered_reached"].format(step=step, last=depth) for step in range(1, depth + 1)]
    named.append(("reached", "\nUNION ALL\n".join(f"SELECT * FROM ({one}) AS r" for one in reached)))  # noqa: S608
    queries = ",\n".join(f"{name} AS ({text})" for name, text in named)
    return f"WITH {queries}\n{texts['cells'].format(steps=depth)}"


def _starts(step: int) -> str:
    return ", ".join(f"start_{before}" for before in range(1, step))


def _quantiles(found: reaching.Found) -> tuple[np.ndarray, np.ndarray]:
    spans = [column[:size] for column, size in zip(found.spans, found.spanned, strict=True)]
    return middle_and_tail(np.concatenate(spans), np.concatenate([[0], np.cumsum(found.spanned)]))
