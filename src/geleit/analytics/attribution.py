"""Attribution: which touches come before a success, by seven models side by side; an association, never a cause."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
import pyarrow as pa
from pydantic import Field

from geleit.analytics.credited import MODELS, NOTHING, REACHED, SHARING, START, SUCCESS, Credited
from geleit.analytics.kernels import crediting
from geleit.analytics.question import Question
from geleit.analytics.selection import Journeys, Selection, members, table
from geleit.clock import DAY
from geleit.definitions import Duration
from geleit.errors import GeleitError
from geleit.history.columns import LOTS
from geleit.language.words import translate

FULL = 2**30  # weight of a touch on the day of the success
FADED = 20  # half-lives after which a touch weighs no less
FOREVER = 2**62


@dataclass(frozen=True, slots=True)
class Credit:
    """One touch ('' = a success without any before). Each model's column sums to all successes.

    ``journeys`` and ``people`` touched it, ``successes`` and ``successful`` are those of them with a success after it.
    ``first_low`` to ``first_high`` and so on: in 95 of 100 cases the range in which the credit lies, had other people like
    these come. None where fewer people than asked for had a success.
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
    first_low: float | None = None
    first_high: float | None = None
    last_low: float | None = None
    last_high: float | None = None
    linear_low: float | None = None
    linear_high: float | None = None
    position_low: float | None = None
    position_high: float | None = None
    decay_low: float | None = None
    decay_high: float | None = None
    markov_low: float | None = None
    markov_high: float | None = None
    shapley_low: float | None = None
    shapley_high: float | None = None


class Attribution(Question):
    """Touches before a journey's first success.

    Markov: how much less likely success is in a first-order chain of touches without this one, solved exactly. Shapley:
    a success is worth the same to every touch it had, however often, which is Shapley's value where a group of touches
    is worth the successes that had no others.
    """

    name: ClassVar[str] = "attribution"
    counted: ClassVar[pa.Schema] = pa.schema(
        [("what", pa.string()), ("a", pa.string()), ("b", pa.string()), ("lot", pa.string()), ("value", pa.int64())]
    )
    keys: ClassVar[tuple[str, ...]] = ("touch", "success")
    kind_fields: ClassVar[tuple[str, ...]] = ("conversion",)
    sorted_by: ClassVar[tuple[str, ...]] = ("what", "a", "b", "lot")

    conversion: tuple[str, ...] = Field(description="kinds that are the success", min_length=1)
    of: Literal["channel", "kind"] = Field("channel", description="touches are channels or kinds")
    half_life: Duration = Field(7 * DAY, ge=DAY, description="time decay: a touch this much older counts half")
    lookback: Duration | None = Field(None, description="only touches at most this long before the success")
    support: int = Field(
        30, ge=1, description="a touch with fewer people with a success after it has no range: too few to tell"
    )

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
        asked, found = self.asked(selection), crediting.empty(LOTS, len(values))
        for part in selection.parts:
            crediting.credit(self.paths(part), asked, found)
        return self._listed(values, found)

    def asked(self, selection: Selection) -> crediting.Asked:
        """What the kernel needs to know."""
        values = selection.values(self.of)
        success = members(selection.kinds, self.conversion)
        lookback = FOREVER if self.lookback is None else self.lookback
        return crediting.Asked(success, values.index("") if "" in values else -1, lookback, self._weights())

    def paths(self, part: Journeys) -> crediting.Paths:
        """One part's journeys as the kernel walks them."""
        columns = (part.column("kind"), part.column(self.of), part.column("t"))
        return crediting.Paths(*columns, part.starts, part.owners, part.first, part.lots)

    def _listed(self, values: Sequence[str], found: crediting.Found) -> pa.Table:
        names = np.array([*values, ""], object)
        states = np.array([*values, START, SUCCESS, NOTHING], object)
        sizes = np.array([str(size) for size in range(len(names) + 1)], object)
        nothing = np.array([""], object)
        named = np.array([f"{lot * 256 // LOTS:02x}" for lot in range(LOTS)], object)
        rows = []
        for place, what in enumerate(REACHED):
            (code,) = np.nonzero(found.reached[:, 0])
            rows.append((what, names[code], nothing, nothing, found.reached[code, place]))
        won = found.credits[:, :, crediting.LINEAR] > 0
        for place, what in enumerate(SHARING):
            lot, code = np.nonzero(won)
            rows.append((what, names[code], nothing, named[lot], found.credits[lot, code, place]))
        lot, code, size = np.nonzero(found.parties)
        rows.append(("shapley", names[code], sizes[size], named[lot], found.parties[lot, code, size]))
        lot, a, b = np.nonzero(found.follows)
        rows.append(("follows", states[a], states[b], named[lot], found.follows[lot, a, b]))
        (lot,) = np.nonzero(found.drawn)
        rows.append(("drawn", nothing, nothing, named[lot], found.drawn[lot]))
        filled = [(np.array([what], object), *columns) for what, *columns in rows]
        whole = [np.broadcast_arrays(*columns) for columns in filled]
        columns = [np.concatenate(one) for one in zip(*whole, strict=True)]
        return table(self.counted, **dict(zip(self.counted.names, columns, strict=True)))

    def rows(self, counts: pa.Table, selection: Selection) -> Sequence[Credit]:  # noqa: ARG002 (counts say it all)
        """The touch with the most credit (Markov) first."""
        credited = Credited(counts)
        low, high = credited.ranges() or (None, None)
        found = []
        for place, touch in enumerate(credited.touches):
            reached = {name: credited.reached[name][place] for name in REACHED}
            given = {name: float(credited.whole[place, model]) for model, name in enumerate(MODELS)}
            ends: dict[str, float] = {}
            if low is not None and high is not None and reached["successful"] >= self.support:
                for model, name in enumerate(MODELS):
                    ends |= {f"{name}_low": float(low[place, model]), f"{name}_high": float(high[place, model])}
            found.append(Credit(touch=touch, **reached, **given, **ends))  # type: ignore[arg-type]  # names are its fields
        return sorted(found, key=lambda row: (row.touch == "", -row.markov, row.touch))

    def sentence(self, language: str) -> str:
        """What is counted, in words."""
        return translate(
            language,
            "Counted is what people touched before the first {success} of a journey, and how each model shares the "
            "successes among it. This is an association: it does not say what would have happened without a touch. A range "
            "holds the credit in 95 of 100 cases, had other people like these come; with fewer people with a success than "
            "{support} there is none.",
            success=" / ".join(self.conversion),
            support=self.support,
        )

    def _weights(self) -> np.ndarray:
        """The weight of a touch by its age in whole days."""
        oldest = FADED * self.half_life // DAY
        return np.array(
            [max(1, round(FULL * 0.5 ** (age * DAY / self.half_life))) for age in range(oldest + 1)], np.int64
        )
