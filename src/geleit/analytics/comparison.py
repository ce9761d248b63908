"""Comparison of two groups, and what goes with success: differences with their intervals; an association, never a cause."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from typing import ClassVar, Self

import pyarrow as pa
from pydantic import Field, PrivateAttr, model_validator

from geleit.analytics.occurrences import Occurrences, Of
from geleit.analytics.question import Question, Supplies
from geleit.analytics.selection import Selection
from geleit.language.words import translate

Z = 1.959963984540054  # 95 % of a normal distribution lie within

SHARED = (set(Question.model_fields) - {"limit"}) | {"of"}  # what the questions about both groups take over


@dataclass(frozen=True, slots=True)
class Difference:
    """Shares of the journeys of both groups in which ``value`` happens, and their difference with its 95 % interval.

    ``clear``: both groups are large enough and the interval does not hold zero.
    """

    value: str
    journeys_a: int
    of_a: int
    journeys_b: int
    of_b: int
    share_a: float
    share_b: float
    difference: float
    low: float
    high: float
    clear: bool


class Comparison(Question):
    """Group a against group b: journeys with and without a kind, or of two segments."""

    name: ClassVar[str] = "compare"
    keys: ClassVar[tuple[str, ...]] = ("group", "value")
    kind_fields: ClassVar[tuple[str, ...]] = ("having",)

    of: Of = Field("kind", description="compare the shares of kinds, channels or stages")
    having: tuple[str, ...] = Field((), description="a: journeys with one of these kinds, b: journeys with none")
    against: tuple[str, ...] = Field(
        (), description="a: the segment, b: these customers; with a segment alone, b is everybody else"
    )
    of_against: str = Field("", description="how the segment of group b is called; it only tells, the ids choose")
    _rest: bool = PrivateAttr(default=False)

    support: int = Field(30, ge=1, description="a group with fewer journeys is too small to say anything clear")

    @model_validator(mode="after")
    def _groups_are_told(self) -> Comparison:
        if (self.having and self.against) or not (self.having or self.against or self.segment is not None):
            raise ValueError(
                "having: name kinds that part the journeys, or a segment, and another one to compare it against"
            )
        if self.against and self.segment is None:
            raise ValueError("segment: name the customers of group a, too")
        return self

    def completed(self, supplies: Supplies) -> Self:
        """With everybody who is not in the segment, where nobody else is named to compare it against."""
        if self.having or self.against or self.segment is None:
            return self
        chosen = {*self.segment}
        others = tuple(one for one in supplies.customers() if one not in chosen)
        done = self.model_copy(update={"against": others})
        done._rest = True  # noqa: SLF001 (its own)
        return done

    def groups(self, language: str) -> str:
        """Who the two groups are, where they are people and not journeys with something and without it."""
        if self.having:
            return ""
        a = self.of_segment or translate(language, "the chosen people")
        if self._rest:
            return translate(language, "Group a: {a}. Group b: everybody else.", a=a)
        b = self.of_against or translate(language, "the other chosen people")
        return translate(language, "Group a: {a}. Group b: {b}.", a=a, b=b)

    def parts(self) -> Sequence[Question]:
        """Group a and group b."""
        same = self.model_dump(include=SHARED)
        if self.having:
            return Occurrences(**same, having=self.having), Occurrences(**same, lacking=self.having)
        return Occurrences(**same), Occurrences(**(same | {"segment": self.against}))

    def rows(self, counts: pa.Table, selection: Selection) -> Sequence[Difference]:  # noqa: ARG002 (counts say it all)
        """The largest clear difference first."""
        found = [
            _difference(value, pair, totals, self.support)
            for value, pair, totals in _pairs(counts)
            if value not in self.having
        ]
        return sorted(found, key=lambda row: (not row.clear, -abs(row.difference), row.value))

    def sentence(self, language: str) -> str:
        """What is counted, in words."""
        said = translate(
            language,
            "Compared are two groups of journeys: in which share of each does something happen? The interval holds the "
            "true difference in 95 of 100 cases. This is an association: the groups may differ for other reasons.",
        )
        if self.having:
            return said
        return f"{said} {self.groups(language)} {translate(language, 'Of group a there are:')}"


@dataclass(frozen=True, slots=True)
class Correlated:
    """Success of journeys with ``value`` before it, and of those without; ``phi`` from -1 to 1; the difference's 95 % interval."""

    value: str
    journeys: int
    successes: int
    with_it: float
    without_it: float
    difference: float
    low: float
    high: float
    phi: float


class Correlation(Question):
    """What happens more often (or less) before success than in journeys that never succeed."""

    name: ClassVar[str] = "correlation"
    keys: ClassVar[tuple[str, ...]] = ("group", "value")
    kind_fields: ClassVar[tuple[str, ...]] = ("success",)

    success: tuple[str, ...] = Field(description="kinds that are the success", min_length=1)
    of: Of = Field("kind", description="correlate kinds, channels or stages")
    support: int = Field(
        30, ge=1, description="only what happens in at least so many journeys, and is missing in as many"
    )

    def parts(self) -> Sequence[Question]:
        """Journeys with success, up to it; journeys without."""
        same = self.model_dump(include=SHARED)
        return Occurrences(**same, having=self.success, before=self.success), Occurrences(**same, lacking=self.success)

    def rows(self, counts: pa.Table, selection: Selection) -> Sequence[Correlated]:  # noqa: ARG002 (counts say it all)
        """The strongest first."""
        found = []
        for value, (won, lost), (all_won, all_lost) in _pairs(counts):
            having, lacking = won + lost, all_won + all_lost - won - lost
            if min(having, lacking) < self.support:
                continue
            low, high = newcombe((won, having), (all_won - won, lacking))
            share, other = won / having, (all_won - won) / lacking
            spread = sqrt(having * lacking * all_won * all_lost)
            phi = (won * (all_lost - lost) - lost * (all_won - won)) / spread if spread else 0.0
            found.append(Correlated(value, having, won, share, other, share - other, low, high, phi))
        return sorted(found, key=lambda row: (-abs(row.phi), row.value))

    def sentence(self, language: str) -> str:
        """What is counted, in words."""
        return translate(
            language,
            "Compared are journeys in which something happens before the first {success} with those in which it does not: "
            "which succeed more often? At least {support} journeys on both sides. This is an association, not a cause.",
            success=" / ".join(self.success),
            support=self.support,
        )


def wilson(successes: int, of: int) -> tuple[float, float]:
    """The 95 % interval of a share (Wilson, 1927).

    >>> [round(bound, 3) for bound in wilson(8, 10)]
    [0.49, 0.943]
    """
    share, square = successes / of, Z * Z
    middle = share + square / (2 * of)
    around = Z * sqrt(share * (1 - share) / of + square / (4 * of * of))
    return (middle - around) / (1 + square / of), (middle + around) / (1 + square / of)


def newcombe(a: tuple[int, int], b: tuple[int, int]) -> tuple[float, float]:
    """The 95 % interval of the difference of two shares, each (successes, of) (Newcombe, 1998, method 10).

    >>> [round(bound, 4) for bound in newcombe((56, 70), (48, 80))]
    [0.0524, 0.3339]
    """
    (low_a, high_a), (low_b, high_b) = wilson(*a), wilson(*b)
    share_a, share_b = a[0] / a[1], b[0] / b[1]
    below = sqrt((share_a - low_a) ** 2 + (high_b - share_b) ** 2)
    above = sqrt((high_a - share_a) ** 2 + (share_b - low_b) ** 2)
    return share_a - share_b - below, share_a - share_b + above


def _pairs(counts: pa.Table) -> Sequence[tuple[str, tuple[int, int], tuple[int, int]]]:
    """For each value: journeys with it in both groups, and journeys of both groups; nothing where a group is empty."""
    found: Mapping[tuple[str, str], int] = {(row["value"], row["group"]): row["journeys"] for row in counts.to_pylist()}
    totals = (found.get(("", "a"), 0), found.get(("", "b"), 0))
    values = sorted({value for value, _ in found} - {""}) if all(totals) else []
    return [(value, (found.get((value, "a"), 0), found.get((value, "b"), 0)), totals) for value in values]


def _difference(value: str, pair: tuple[int, int], totals: tuple[int, int], support: int) -> Difference:
    (a, b), (of_a, of_b) = pair, totals
    low, high = newcombe((a, of_a), (b, of_b))
    clear = min(totals) >= support and not low <= 0 <= high
    return Difference(value, a, of_a, b, of_b, a / of_a, b / of_b, a / of_a - b / of_b, low, high, clear)
