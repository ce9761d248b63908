"""Attribution: which touches come before a success, by seven models side by side; an association, never a cause."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar, Literal

import numpy as np
import pyarrow as pa
from pydantic import Field

from geleit.analytics.kernels import crediting
from geleit.analytics.question import Question
from geleit.analytics.selection import Selection, members, table
from geleit.clock import DAY
from geleit.definitions import Duration
from geleit.errors import GeleitError
from geleit.language.words import translate

MODELS = ("first", "last", "linear", "position", "decay")
REACHED = ("journeys", "people", "successes", "successful")
START, SUCCESS, NOTHING = "(start)", "(success)", "(nothing)"
FULL = 2**30  # weight of a touch on the day of the success
FADED = 20  # half-lives after which a touch weighs no less
FOREVER = 2**62


@dataclass(frozen=True, slots=True)
class Credit:
    """One touch ('' = a success without any before). Each model's column sums to all successes.

    ``journeys`` and ``people`` touched it, ``successes`` and ``successful`` are those of them with a success after it.
    """

    touch: str
    journeys: int
    people: int
    successes: int
    successful: int
    first: float
    last: float
    linear: float
    position: float
    decay: float
    markov: float
    shapley: float


class Attribution(Question):
    """Touches before a journey's first success.

    Markov: how much less likely success is in a first-order chain of touches without this one, solved exactly. Shapley:
    a success is worth the same to every touch it had, however often, which is Shapley's value where a group of touches
    is worth the successes that had no others.
    """

    name: ClassVar[str] = "attribution"
    counted: ClassVar[pa.Schema] = pa.schema(
        [("what", pa.string()), ("a", pa.string()), ("b", pa.string()), ("value", pa.int64())]
    )
    keys: ClassVar[tuple[str, ...]] = ("touch", "success")
    kind_fields: ClassVar[tuple[str, ...]] = ("conversion",)
    sorted_by: ClassVar[tuple[str, ...]] = ("what", "a", "b")

    conversion: tuple[str, ...] = Field(description="kinds that are the success", min_length=1)
    of: Literal["channel", "kind"] = Field("channel", description="touches are channels or kinds")
    half_life: Duration = Field(7 * DAY, ge=DAY, description="time decay: a touch this much older counts half")
    lookback: Duration | None = Field(None, description="only touches at most this long before the success")

    def parameters(self) -> Mapping[str, object]:
        """Values of the reference SQL's parameters."""
        oldest = len(self._weights()) - 1
        return {"of": self.of, "lookback": FOREVER if self.lookback is None else self.lookback, "oldest": oldest}

    def tables(self, selection: Selection) -> Mapping[str, pa.Table]:  # noqa: ARG002 (the question alone says it)
        """The kinds of success, and how much a touch weighs by its age in days."""
        weights = self._weights()
        return {
            "conversion_kinds": pa.table({"kind": pa.array(self.conversion, pa.string())}),
            "decay": pa.table({"age": np.arange(len(weights)), "weight": weights}),
        }

    def cell(self, cell: Mapping[str, object], selection: Selection) -> Mapping[str, object]:  # noqa: ARG002 (as declared)
        """Success as 0 or 1.

        Errors: GeleitError for anything else.
        """
        if str(cell.get("success", 1)) not in ("0", "1"):
            raise GeleitError(f"'{cell['success']}' is no success", hint="give 1 with a success after it, 0 without")
        return {name: value if name == "touch" else int(str(value)) for name, value in cell.items()}

    def count(self, selection: Selection) -> pa.Table:
        """Count by kernels."""
        values = selection.values(self.of)
        none = len(values)
        lookback = FOREVER if self.lookback is None else self.lookback
        success = members(selection.kinds, self.conversion)
        asked = crediting.Asked(success, values.index("") if "" in values else -1, lookback, self._weights())
        reached = np.zeros((none + 1, 8), np.int64)
        reached[:, 4:] = -1
        credits_ = np.zeros((none + 1, len(MODELS)), np.int64)
        parties = np.zeros((none + 1, none + 2), np.int64)
        found = crediting.Found(credits_, reached, parties, np.zeros((none + 3, none + 3), np.int64))
        for part in selection.parts:
            columns = (part.column("kind"), part.column(self.of), part.column("t"))
            crediting.credit(crediting.Paths(*columns, part.starts, part.owners, part.first), asked, found)
        return self._listed(values, found)

    def _listed(self, values: Sequence[str], found: crediting.Found) -> pa.Table:
        names, states = [*values, ""], [*values, START, SUCCESS, NOTHING]
        rows: list[tuple[str, str, str, int]] = []
        for code in np.flatnonzero(found.reached[:, 2]):
            rows += [(model, names[code], "", found.credits[code, place]) for place, model in enumerate(MODELS)]
        for code in np.flatnonzero(found.reached[:, 0]):
            rows += [(what, names[code], "", found.reached[code, place]) for place, what in enumerate(REACHED)]
        rows += [
            ("shapley", names[code], str(size), found.parties[code, size])
            for code, size in zip(*np.nonzero(found.parties), strict=True)
        ]
        rows += [
            ("follows", states[a], states[b], found.follows[a, b])
            for a, b in zip(*np.nonzero(found.follows), strict=True)
        ]
        columns = list(zip(*rows, strict=True)) or [()] * len(self.counted)
        return table(self.counted, **dict(zip(self.counted.names, columns, strict=True)))

    def rows(self, counts: pa.Table, selection: Selection) -> Sequence[Credit]:  # noqa: ARG002 (counts say it all)
        """The touch with the most credit (Markov) first."""
        value = {(row["what"], row["a"], row["b"]): row["value"] for row in counts.to_pylist()}
        shapley: dict[str, Fraction] = {}
        for (what, touch, parties), count in value.items():
            if what == "shapley":
                shapley[touch] = shapley.get(touch, Fraction(0)) + Fraction(count, int(parties))
        follows = {(a, b): count for (what, a, b), count in value.items() if what == "follows"}
        chain = removal_effects(follows)
        with_touch = sum(count for (_, b), count in follows.items() if b == SUCCESS)
        total = sum(chain.values())
        found = []
        for touch in sorted(a for what, a, _ in value if what == "journeys"):
            markov = chain[touch] / total * with_touch if touch and total else 0.0
            found.append(
                Credit(
                    touch=touch,
                    **{name: value[name, touch, ""] for name in REACHED},
                    **{name: value.get((name, touch, ""), 0) / crediting.WHOLE for name in MODELS},
                    markov=markov if touch else float(value["successes", "", ""]),
                    shapley=float(shapley.get(touch, Fraction(0))),
                )
            )
        return sorted(found, key=lambda row: (row.touch == "", -row.markov, row.touch))

    def sentence(self, language: str) -> str:
        """What is counted, in words."""
        return translate(
            language,
            "Counted is what people touched before the first {success} of a journey, and how each model shares the "
            "successes among it. This is an association: it does not say what would have happened without a touch.",
            success=" / ".join(self.conversion),
        )

    def _weights(self) -> np.ndarray:
        """The weight of a touch by its age in whole days."""
        oldest = FADED * self.half_life // DAY
        return np.array(
            [max(1, round(FULL * 0.5 ** (age * DAY / self.half_life))) for age in range(oldest + 1)], np.int64
        )


def removal_effects(follows: Mapping[tuple[str, str], int]) -> dict[str, float]:
    """Share of successes that a first-order chain of touches loses without each touch.

    ``follows[a, b]`` = how often b came directly after a; START, SUCCESS and NOTHING are states too. The chain is solved
    exactly (Anderl et al., 2016, "Mapping the customer journey"): one linear system, then one for each touch removed.
    """
    touches = sorted({state for pair in follows for state in pair} - {START, SUCCESS, NOTHING})
    if not touches:
        return {}
    order = {state: place for place, state in enumerate([START, *touches])}
    moves = np.zeros((len(order), len(order)))
    wins = np.zeros(len(order))
    for (a, b), count in sorted(follows.items()):
        if b in order:
            moves[order[a], order[b]] += count
        elif b == SUCCESS:
            wins[order[a]] += count
    totals = np.array([sum(count for (a, _), count in follows.items() if a == state) for state in order], float)
    moves, wins = moves / totals[:, None], wins / totals
    everything = np.linalg.solve(np.eye(len(order)) - moves, wins)[0]
    effects = {}
    for touch in touches:
        without, lost = moves.copy(), wins.copy()
        without[order[touch]] = 0
        lost[order[touch]] = 0
        left = np.linalg.solve(np.eye(len(order)) - without, lost)[0]
        effects[touch] = float(1 - left / everything) if everything else 0.0
    return effects
