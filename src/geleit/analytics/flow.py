"""Step flow: what follows after (or came before) an anchor, unrolled step by step; who leaves is shown where it happens."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal, Self

import numpy as np
import pyarrow as pa
from pydantic import Field, model_validator

from geleit.analytics.kernels import unrolling
from geleit.analytics.question import Question
from geleit.analytics.selection import Selection, members, table, ways
from geleit.language.words import translate

OTHER = "…"  # no value of a column is called so


@dataclass(frozen=True, slots=True)
class Link:
    """Journeys and people going from ``source`` to ``target`` as the ``step``-th step (from 1) after or before the anchor.

    ``target`` '' = the journey ends there; ``source`` '' (backward) = it began there.
    """

    step: int
    source: str
    target: str
    journeys: int
    people: int


class Flow(Question):
    """Each journey is counted once, from its first anchor (backward: its last one); without anchor from its beginning (end)."""

    name: ClassVar[str] = "flow"
    counted: ClassVar[pa.Schema] = pa.schema(
        [("step", pa.int64()), ("source", pa.string()), ("target", pa.string())]
        + [(name, pa.int64()) for name in ("journeys", "people")]
    )
    keys: ClassVar[tuple[str, ...]] = ("step", "source", "target")
    value_fields: ClassVar[tuple[str, ...]] = ("anchor", "goal")

    of: Literal["kind", "channel", "stage"] = Field("kind", description="steps between kinds, channels or stages")
    anchor: tuple[str, ...] = Field((), description="where to begin: one of these values; by default the journey's end")
    goal: tuple[str, ...] = Field((), description="where to stop: one of these values; what comes then is not followed")
    direction: Literal["after", "before"] = Field(
        "after", description="what followed the anchor, or what came before it"
    )
    depth: int = Field(5, ge=1, le=20, description="how many steps")
    limit: int = Field(10_000, ge=1, description="rows shown; the rest is folded into 'other', which opens")

    @model_validator(mode="after")
    def _anchor_is_named(self) -> Flow:
        if "" in self.anchor:
            raise ValueError("anchor: name a value, or leave it out to begin where the journey does")
        if "" in self.goal:
            raise ValueError("goal: name a value, or leave it out to follow journeys to their end")
        return self

    @property
    def kinds(self) -> Sequence[str]:
        """The kinds named."""
        return (*self.anchor, *self.goal) if self.of == "kind" else ()

    def renamed(self, canonical: Callable[[str], str]) -> Self:
        """The same question with every kind by the name it is counted under."""
        if self.of != "kind":
            return self
        return self.model_copy(
            update={"anchor": tuple(map(canonical, self.anchor)), "goal": tuple(map(canonical, self.goal))}
        )

    def parameters(self) -> Mapping[str, object]:
        """Values of the reference SQL's parameters."""
        backward = self.direction == "before"
        return {"of": self.of, "backward": backward, "anywhere": not self.anchor, "depth": self.depth}

    def tables(self, selection: Selection) -> Mapping[str, pa.Table]:  # noqa: ARG002 (the question alone says it)
        """The values of anchor and goal."""
        named = {"flow_anchor": self.anchor, "flow_goal": self.goal}
        return {name: pa.table({"value": pa.array(some, pa.string())}) for name, some in named.items()}

    def count(self, selection: Selection) -> pa.Table:
        """Count by kernels."""
        values = selection.values(self.of)
        member = members(values, self.anchor) if self.anchor else np.ones(len(values), np.bool_)
        skip = values.index("") if "" in values else -1
        asked = unrolling.Anchor(member, members(values, self.goal), skip, self.direction == "before")
        cells = np.zeros((self.depth, len(values) + 1, len(values) + 1, 3), np.int32)
        cells[..., 2] = -1
        for way in ways(selection, self.of):
            unrolling.links(way, asked, cells)
        step, source, target = np.nonzero(cells[..., 0])
        found, names = cells[step, source, target], np.array([*values, ""], object)
        return table(
            self.counted,
            step=step + 1,
            source=names[source],
            target=names[target],
            journeys=found[:, 0],
            people=found[:, 1],
        )

    def rows(self, counts: pa.Table, selection: Selection) -> Sequence[Link]:  # noqa: ARG002 (counts say it all)
        """Step by step, the strongest links first."""
        found = [Link(**row) for row in counts.to_pylist()]
        return sorted(found, key=lambda link: (link.step, -link.journeys, link.source, link.target))

    def sentence(self, language: str) -> str:
        """What is counted, in words."""
        texts = {
            ("after", True): "Counted is what follows the first {anchor} of each journey, step by step.",
            ("after", False): "Counted is how journeys go on from their beginning, step by step.",
            ("before", True): "Counted is what came before the last {anchor} of each journey, step by step.",
            ("before", False): "Counted is what came before the end of each journey, step by step.",
        }
        said = translate(language, texts[self.direction, bool(self.anchor)], anchor=" / ".join(self.anchor))
        if not self.goal:
            return said
        return f"{said} {translate(language, 'Nothing is followed beyond {goal}.', goal=' / '.join(self.goal))}"


@dataclass(frozen=True, slots=True)
class Drawn:
    """A link of a picture: ``OTHER`` stands for all values folded at that step."""

    step: int
    source: str
    target: str
    journeys: int


def drawn(links: Sequence[Link], top: int) -> list[Drawn]:
    """Links for a picture with at most ``top`` values per step; the rest is ``OTHER``. No journey is lost by folding."""
    weight: Counter[tuple[int, str]] = Counter()
    for link in links:
        weight[link.step - 1, link.source] += link.journeys if link.step == 1 else 0
        weight[link.step, link.target] += link.journeys
    kept: dict[int, set[str]] = {}
    for (step, value), _ in sorted(weight.items(), key=lambda one: (one[0][0], -one[1], one[0][1])):
        shown = kept.setdefault(step, set())
        if value == "" or len(shown - {""}) < top:
            shown.add(value)
    folded: Counter[tuple[int, str, str]] = Counter()
    for link in links:
        source = link.source if link.source in kept[link.step - 1] else OTHER
        target = link.target if link.target in kept[link.step] else OTHER
        folded[link.step, source, target] += link.journeys
    return [Drawn(*ends, journeys) for ends, journeys in sorted(folded.items(), key=lambda one: (one[0][0], -one[1]))]
