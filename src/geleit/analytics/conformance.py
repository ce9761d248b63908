"""Conformance: actual journeys laid beside a designed one; per step as designed, late, in another order, skipped, or extra."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pydantic import Field, PrivateAttr

from geleit.analytics import conformance_text
from geleit.analytics.conformance_text import NEVER
from geleit.analytics.kernels import aligning
from geleit.analytics.kernels.pairs import Way
from geleit.analytics.kernels.ranks import middle_and_tail
from geleit.analytics.question import Question, Supplies
from geleit.analytics.selection import Journeys, Selection, members, table
from geleit.errors import NotFoundError
from geleit.events.kinds import in_language
from geleit.language.words import translate
from geleit.needs.designed import DesignedJourney

Part = Literal["journey", "step", "extra"]
PARTS = ("journey", "step", "extra")
WHOLE = ("as_designed", "so_far", "deviating", "elsewhere")  # in the order of the kernel's numbers
OF_STEP = ("as_designed", "late", "other_order", "skipped", "not_reached")
BY = ("by_person", "by_company")


@dataclass(frozen=True, slots=True)
class Conformed:
    """One verdict and how many got it.

    ``part`` journey: on the whole journey (``share`` of all journeys): as_designed, so_far (nothing wrong, end not reached),
    deviating, elsewhere (no designed step in it). ``part`` step: on step ``step`` (from 1; ``share`` of the journeys that are
    not elsewhere): as_designed, late, other_order, skipped (a later step was taken), not_reached. ``part`` extra: events of
    ``kind`` that are no designed step, after step ``step`` had begun (0: before any): by_person or by_company.
    ``median_us`` and ``p95_us``: how long after what its limit counts from the step came.
    """

    part: Part
    step: int
    verdict: str
    kind: str
    events: int
    journeys: int
    people: int
    share: float
    median_us: int | None
    p95_us: int | None


class Conformance(Question):
    """Information, not a mark: what people do besides the design is counted, not blamed. ``needs.alignment`` aligns."""

    name: ClassVar[str] = "conformance"
    counted: ClassVar[pa.Schema] = pa.schema(
        [("part", pa.string()), ("step", pa.int64()), ("verdict", pa.string()), ("kind", pa.string())]
        + [(name, pa.int64()) for name in ("events", "journeys", "people", "median_us", "p95_us")]
    )
    keys: ClassVar[tuple[str, ...]] = ("part", "step", "verdict", "kind")

    journey: str = Field("", description="name of a designed journey (journeys/NAME.yaml); by default the first")
    design: DesignedJourney | None = Field(None, description="or the designed journey itself")
    limit: int = Field(200, ge=1, description="rows shown; the rest is folded into 'other', which opens")

    _counted: DesignedJourney | None = PrivateAttr(None)

    def completed(self, supplies: Supplies) -> Self:
        """With the design of the given name, and for the needs of its topic."""
        designs = supplies.designs
        design = self.design or designs.get(self.journey or next(iter(designs), ""))
        if design is None:
            there = f"designed journeys: {', '.join(designs)}" if designs else "write one: journeys/NAME.yaml"
            raise NotFoundError(f"there is no designed journey '{self.journey}'", hint=there)
        topic = self.topic or design.topic
        return self.model_copy(update={"design": design, "journey": design.name, "topic": topic})

    def renamed(self, canonical: Callable[[str], str]) -> Self:
        """The same question, which counts every kind by the name it is counted under; ``design`` keeps its own words."""
        steps = tuple(
            step.model_copy(update={"kind": tuple(canonical(kind) for kind in step.kinds)})
            for step in self.designed.steps
        )
        begins = tuple(canonical(kind) for kind in self.designed.beginnings)
        done = self.model_copy()
        done._counted = self.designed.model_copy(update={"steps": steps, "begins": begins})  # noqa: SLF001 (its own)
        return done

    @property
    def designed(self) -> DesignedJourney:
        """The design as it is counted; only of a completed question."""
        counted = self._counted or self.design
        if counted is None:
            raise NotFoundError("the question names no designed journey", hint="geleit analyze conformance NAME")
        return counted

    def parameters(self) -> Mapping[str, object]:
        """Values of the reference SQL's parameters."""
        return {"anywhere": not self.designed.beginnings}

    def tables(self, selection: Selection) -> Mapping[str, pa.Table]:
        """Which values each step can have, and the parts of the answer."""
        steps = list(enumerate(self.designed.steps, 1))
        found = {
            "kinds": [(number, kind) for number, step in steps for kind in step.kinds],
            "channels": [(number, one) for number, step in steps for one in step.channels or selection.channels],
            "stages": [
                (number, one) for number, step in steps for one in ([step.stage] if step.stage else selection.stages)
            ],
        }
        parts = [("journey", 0), *(("step", number) for number, _ in steps), ("extra", 0)]
        begins = pa.array(self.designed.beginnings, pa.string())
        return {
            **{f"designed_{name}": _pairs(name.removesuffix("s"), rows) for name, rows in found.items()},
            "designed_begins": pa.table({"kind": begins}),
            "designed_parts": pa.table({"part": [one for one, _ in parts], "step": [number for _, number in parts]}),
        }

    def statement(self, texts: Mapping[str, str], which: str) -> str:
        """The reference SQL; the cells are composed of a few links per step."""
        return conformance_text.cells(texts, self.designed) if which == "cells" else texts[which]

    def count(self, selection: Selection) -> pa.Table:
        """Count by kernels."""
        steps = len(self.designed.steps)
        extra = np.zeros((steps + 1, len(selection.kinds), len(BY), 5), np.int64)
        extra[..., aligning.LAST_JOURNEY :] = -1
        found = [self._aligned(part, selection, extra) for part in selection.parts]
        owners = np.concatenate([part.owners for part in selection.parts])
        whole, verdict, events, delay = (np.concatenate([one[place] for one in found]) for place in range(4))
        rows: list[tuple[object, ...]] = [
            ("journey", 0, WHOLE[code], "", int(mine.sum()), *_sizes(mine, owners), -1, -1)
            for code in range(len(WHOLE))
            if (mine := whole == code).any()
        ]
        rows += _steps(verdict, events, delay, owners)
        for step, kind, by in np.argwhere(extra[..., aligning.COUNT]):
            cell = extra[step, kind, by].tolist()
            rows.append(("extra", step, BY[by], selection.kinds[kind], *cell[:3], -1, -1))
        columns = list(zip(*rows, strict=True)) or [()] * len(self.counted)
        return table(self.counted, **dict(zip(self.counted.names, columns, strict=True)))

    def _aligned(self, part: Journeys, selection: Selection, extra: npt.NDArray[np.int64]) -> tuple[np.ndarray, ...]:
        """One part's journeys, aligned."""
        steps, journeys = self.designed.steps, len(part.owners)
        way = Way(part.column("kind"), part.column("t"), part.starts, part.owners, part.first)
        places = aligning.Places(part.column("channel"), part.column("stage"), part.column("flags"))
        begins = self.designed.beginnings
        design = aligning.Design(
            _bits(selection.kinds, [step.kinds for step in steps]),
            _bits(selection.channels, [step.channels for step in steps]),
            _bits(selection.stages, [(step.stage,) if step.stage else () for step in steps]),
            members(selection.kinds, begins) if begins else np.ones(len(selection.kinds), np.bool_),
            np.array([NEVER if step.within is None else step.within for step in steps], np.int64),
            np.array([step.since == "start" for step in steps], np.bool_),
        )
        shape = (journeys, len(steps))
        found = aligning.Found(
            np.zeros(journeys, np.int8),
            np.full(shape, -1, np.int8),
            np.zeros(shape, np.int32),
            np.full(shape, -1, np.int64),
            extra,
        )
        aligning.align(way, places, design, self.designed.rules, found)
        return found[:4]

    def rows(self, counts: pa.Table, selection: Selection) -> Sequence[Conformed]:
        """The verdicts on journeys, then on steps in their order, then what came besides, the most frequent first."""
        listed = counts.to_pylist()
        elsewhere = sum(row["journeys"] for row in listed if row["verdict"] == "elsewhere")
        compared = selection.journeys - elsewhere
        order = {verdict: place for place, verdict in enumerate(dict.fromkeys((*WHOLE, *OF_STEP, *BY)))}

        def rank(row: Mapping[str, object]) -> tuple[object, ...]:
            often = -int(str(row["journeys"])) if row["part"] == "extra" else 0
            return PARTS.index(str(row["part"])), often, row["step"], order[str(row["verdict"])], row["kind"]

        return [
            Conformed(**row, share=row["journeys"] / (selection.journeys if row["part"] == "journey" else compared))
            for row in sorted(listed, key=rank)
        ]

    def sentence(self, language: str) -> str:
        """What is counted, in words."""
        said = translate(
            language,
            "Counted is how journeys go beside the designed journey {design}: which of its steps they take in its order, late, "
            "in another order or not at all, and what they do besides, which is information and no mistake. Of all ways to lay "
            "both side by side the one with the most required steps counts, among those the one with the most events.",
            design=f"“{in_language(self.designed.label, language)}”"
            if language != "de"
            else f"„{in_language(self.designed.label, language)}“",
        )
        if not self.designed.beginnings:
            return said
        kinds = ", ".join(self.designed.beginnings)
        begins = "It begins with {kinds}; what came before is not compared, and journeys without it are elsewhere."
        return f"{said} {translate(language, begins, kinds=kinds)}"


def _pairs(name: str, rows: Sequence[tuple[int, str]]) -> pa.Table:
    steps = pa.array([number for number, _ in rows], pa.int64())
    return pa.table({"step": steps, name: pa.array([value for _, value in rows], pa.string())})


def _bits(values: Sequence[str], wanted: Sequence[Sequence[str]]) -> npt.NDArray[np.int64]:
    """Of each value the steps that it can be, a bit each; a step that wants nothing takes any."""
    found = np.zeros(len(values), np.int64)
    for place, some in enumerate(wanted):
        found |= (members(values, some) if some else np.ones(len(values), np.bool_)).astype(np.int64) << place
    return found


def _sizes(mine: npt.NDArray[np.bool_], owners: np.ndarray) -> tuple[int, int]:
    """Journeys, and people: a customer's journeys stand together."""
    whose = owners[mine]
    return len(whose), int((whose[1:] != whose[:-1]).sum()) + (len(whose) > 0)


def _steps(
    verdict: np.ndarray, events: np.ndarray, delay: np.ndarray, owners: np.ndarray
) -> Iterator[tuple[object, ...]]:
    for step in range(verdict.shape[1]):
        for code, name in enumerate(OF_STEP):
            mine = verdict[:, step] == code
            if not mine.any():
                continue
            spans = delay[mine, step]
            spans = np.ascontiguousarray(spans[spans >= 0])
            median, tail = middle_and_tail(spans, np.array([0, len(spans)]))
            yield (
                "step",
                step + 1,
                name,
                "",
                int(events[mine, step].sum()),
                *_sizes(mine, owners),
                int(median[0]),
                int(tail[0]),
            )
