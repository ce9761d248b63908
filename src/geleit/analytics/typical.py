"""The typical way: the one real way that all journeys are nearest to, and how each of them lies beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple, Self

import numpy as np
import pyarrow as pa
from pydantic import Field, PrivateAttr

from geleit.analytics import experience
from geleit.analytics.experience import NOTHING, Felt, Part
from geleit.analytics.kernels import beside, grouping
from geleit.analytics.kernels.ranks import quartiles
from geleit.analytics.question import Question, Supplies
from geleit.analytics.selection import Selection, members, table
from geleit.analytics.spoken import Spoken
from geleit.language.words import translate

CANDIDATES = 100  # ways among which the typical one is looked for: the most frequent that are not too long
COMPARED = 1_000  # of the most frequent ways each candidate is compared with, and as many of all others, by chance
LONGEST = 200  # steps of a journey that are laid beside the way; what comes after counts as further steps
GAP = 3  # the price of a step left out; another step of the same stage and channel costs as much
STAGE, CHANNEL = 2, 1  # what it costs more when stage or channel differ
DIGITS = 5
SPANS = ("lower_us", "median_us", "upper_us")


@dataclass(frozen=True, slots=True)
class TypicalStep:
    """A step of the way, from 1, and the journeys that take it; step 0 stands for the beginning.

    ``share`` is of all journeys. The spans (microseconds) are from the step before that the same journey took: median and
    the quartiles around it. ``came`` names the steps journeys came from ('0' the beginning), ``channels`` how they took it,
    ``others`` what they did beside the way before the next step, ``left`` what those did first whose last step it is ('' =
    nothing more): ``left`` sums to ``ended``. Where it was asked for, ``felt``, ``criteria`` and ``promises`` tell what was
    said at the step (at the beginning: anywhere in a journey); ``criteria`` begins with '' = any.
    """

    step: int
    kind: str
    stage: str
    journeys: int
    people: int
    share: float
    lower_us: int | None
    median_us: int | None
    upper_us: int | None
    ended: int
    came: tuple[Part, ...]
    channels: tuple[Part, ...]
    others: tuple[Part, ...]
    left: tuple[Part, ...]
    felt: Felt = NOTHING
    criteria: tuple[Part, ...] = ()
    promises: tuple[Part, ...] = ()


class _Along(NamedTuple):
    """The typical way, all journeys beside it, the first journey of each distinct way, and what other steps cost.

    Kinds are numbers in the order of their names.
    """

    way: np.ndarray
    laid: beside.Laid
    firsts: np.ndarray
    prices: beside.Prices


class Typical(Question):
    """The way that costs least to turn all others into (the medoid); every journey is laid beside it, none is left out."""

    name: ClassVar[str] = "typical"
    counted: ClassVar[pa.Schema] = pa.schema(
        [("part", pa.string()), ("source", pa.int64()), ("target", pa.int64()), ("value", pa.string())]
        + [(name, pa.int64()) for name in ("journeys", "people", *SPANS)]
    )
    keys: ClassVar[tuple[str, ...]] = ("part", "source", "target", "value")

    kind_fields: ClassVar[tuple[str, ...]] = ("having",)

    having: tuple[str, ...] = Field((), description="only journeys with one of these kinds")
    columns: int = Field(15, ge=1, le=30, description="steps that the typical way has at most")
    said: bool = Field(False, description="also what people said at its steps: how they felt, criteria, promises")

    _spoken: Spoken = PrivateAttr(default_factory=Spoken)

    def completed(self, supplies: Supplies) -> Self:
        """With what people said, where that is asked for."""
        if not self.said:
            return self
        done = self.model_copy()
        done._spoken = supplies.spoken(self.wanted)  # noqa: SLF001 (its own)
        return done

    def parameters(self) -> Mapping[str, object]:
        """Values of the reference SQL's parameters."""
        return {"columns": self.columns, "all": not self.having}

    def tables(self, selection: Selection) -> Mapping[str, pa.Table]:
        """The kinds' codes, those to have, and where each way is on the typical one: alignments are no matter of SQL."""
        names = sorted(selection.kinds)
        along = self._along(selection)
        found: list[tuple[str, int, int]] = []
        for first in along.firsts.tolist():
            whole = slice(along.laid.starts[first], along.laid.starts[first + 1])
            steps = along.laid.step_of[whole]
            text = ",".join(f"{code:0{DIGITS}d}" for code in along.laid.kind[whole])
            found += [(text, int(place) + 1, int(steps[place])) for place in np.flatnonzero(steps)]
        schema = pa.schema([("way", pa.string()), ("place", pa.int64()), ("step", pa.int64())])
        columns = list(zip(*found, strict=True)) or [(), (), ()]
        places = pa.table([pa.array(c, f.type) for c, f in zip(columns, schema, strict=True)], schema=schema)
        codes = [f"{place:0{DIGITS}d}" for place in range(len(names))]
        named = pa.table({"value": pa.array(names, pa.string()), "code": pa.array(codes, pa.string())})
        having = pa.table({"kind": pa.array(self.having, pa.string())})
        said = self._said(along, names)
        return {"typical_codes": named, "typical_places": places, "typical_having": having, "typical_said": said}

    def count(self, selection: Selection) -> pa.Table:
        """Count by kernels."""
        kinds, channels = sorted(selection.kinds), selection.channels
        along = self._along(selection)
        size = len(along.way) + 1
        shapes = {"path": (size, size + 1), "channel": (size, len(channels)), "other": (size, len(kinds))}
        shapes["left"] = (size, len(kinds) + 1)
        cells = {part: np.zeros((*shape, 4), np.int64) for part, shape in shapes.items()}
        for one in cells.values():
            one[..., 2:] = -1
        beside.count(along.laid, *cells.values())
        cells["path"] = np.insert(cells["path"], [size] * (self.columns + 1 - size), 0, axis=1)  # the end stands last
        names: dict[str, Sequence[str]] = {"channel": channels, "other": kinds, "left": [*kinds, ""]}
        size = len(along.laid.owners)
        everybody = ("all", 0, 0, "", size, len(np.unique(along.laid.owners)), -1, -1, -1)
        found = [*([everybody] if size else []), *self._steps(along, cells["path"], kinds)]
        for part, cell in cells.items():
            for source, place in np.argwhere(cell[..., 0]).tolist():
                target, value = (place, "") if part == "path" else (source, names[part][place])
                journeys, people = cell[source, place, :2].tolist()
                found.append((part, source, target, value, journeys, people, -1, -1, -1))
        found += [
            (said["part"], said["step"], said["step"], said["value"], said["journeys"], said["people"], -1, -1, -1)
            for said in experience.counts(self._said(along, kinds))
        ]
        columns = list(zip(*found, strict=True)) or [()] * len(self.counted)
        return table(self.counted, **dict(zip(self.counted.names, columns, strict=True)))

    def rows(self, counts: pa.Table, selection: Selection) -> Sequence[TypicalStep]:
        """In the order of the way; the beginning first."""
        listed = counts.to_pylist()
        total = sum(row["journeys"] for row in listed if row["part"] == "all")
        stages = {kind: stage for kind, (stage, _) in _usual(selection).items()}
        taken = sorted((row for row in listed if row["part"] == "step"), key=lambda row: row["source"])
        beginning = {"source": 0, "value": "", "journeys": total, **dict.fromkeys(SPANS)}
        beginning["people"] = sum(row["people"] for row in listed if row["part"] == "all")
        found = []
        for row in [beginning, *taken] if total else []:
            step = row["source"]
            left = _parts(listed, "left", step)
            found.append(
                TypicalStep(
                    step=step,
                    kind=row["value"],
                    stage=stages.get(row["value"], ""),
                    **{name: row[name] for name in ("journeys", "people", *SPANS)},
                    share=row["journeys"] / total,
                    ended=sum(part.journeys for part in left),
                    came=_parts(listed, "path", step, of="target", by="source") if step else (),
                    channels=_parts(listed, "channel", step),
                    others=_parts(listed, "other", step),
                    left=left,
                    felt=experience.felt(_parts(listed, "felt", step)),
                    criteria=_parts(listed, "criterion", step, first=""),
                    promises=_parts(listed, "promise", step),
                )
            )
        return found

    def sentence(self, language: str) -> str:
        """What is counted, in words."""
        only = "Only journeys with {kinds} are looked at."
        kinds = " / ".join(self.having)
        said = translate(
            language,
            "Counted is how all journeys lie beside the way that they are nearest to together, which somebody really "
            "took; every journey is in it, also those that take none of its steps.",
        )
        found = [said, translate(language, only, kinds=kinds)] if kinds else [said]
        if self.said:
            heard = (
                "What people said stands at the step that it is about; below “All journeys” all that was said in them."
            )
            found.append(translate(language, heard))
        return " ".join(found)

    def _along(self, selection: Selection) -> _Along:
        order, prices = _prices(selection)
        kind, channel, t, starts, owners = _runs(selection, order, self.having)
        like = grouping.group(kind, starts)
        firsts = np.flatnonzero(like == np.arange(len(like)))
        ways = beside.Ways(kind, starts[firsts], np.minimum(starts[firsts + 1], starts[firsts] + LONGEST))
        journeys = np.bincount(like, minlength=len(like))[firsts]
        way = _medoid(ways, journeys, prices, self.columns)
        step_of = np.zeros(len(kind), np.int64)
        beside.align(ways, way, prices, step_of)
        return _Along(way, beside.Laid(kind, channel, t, starts, like, owners, step_of), firsts, prices)

    def _said(self, along: _Along, kinds: Sequence[str]) -> pa.Table:
        """Who says what at which step: journeys that speak are laid beside the way as all are."""
        code = {kind: at for at, kind in enumerate(kinds)}

        def steps_of(distinct: Sequence[tuple[str, ...]]) -> dict[tuple[str, ...], Sequence[int]]:
            wanted = [way for way in distinct if not self.having or set(way) & set(self.having)]
            sizes = np.array([0, *map(len, wanted)], np.int64).cumsum()
            value = np.array([code[kind] for way in wanted for kind in way], np.int64)
            found = np.zeros(len(value), np.int64)
            ways = beside.Ways(value, sizes[:-1], np.minimum(sizes[1:], sizes[:-1] + LONGEST))
            beside.align(ways, along.way, along.prices, found)
            return {way: found[sizes[at] : sizes[at + 1]].tolist() for at, way in enumerate(wanted)}

        return experience.cells(self._spoken, steps_of)

    @staticmethod
    def _steps(along: _Along, paths: np.ndarray, kinds: Sequence[str]) -> Sequence[tuple[Any, ...]]:
        """Cells of the steps themselves, with the quartiles of the spans to them."""
        size = len(along.way) + 1
        spans = paths[1:, :size, 0].sum(axis=0)
        starts = np.concatenate([[0], np.cumsum(spans)])
        laid_out = np.empty(starts[-1], np.int64)
        beside.spread(along.laid, starts[:-1].copy(), laid_out)
        ranks = quartiles(laid_out, starts)
        people = _people(along)
        return [
            ("step", step, step, kinds[along.way[step - 1]], int(paths[:, step, 0].sum()), people[step], *ranks[step])
            for step in range(1, size)
        ]


def _people(along: _Along) -> list[int]:
    """How many people take each step; a person's journeys stand together."""
    laid = along.laid
    firsts, sizes = laid.starts[laid.like], np.diff(laid.starts)
    within = np.arange(len(laid.kind)) - np.repeat(laid.starts[:-1], sizes)
    steps = laid.step_of[np.repeat(firsts, sizes) + within]
    persons = np.repeat(laid.owners, sizes)
    return [len(np.unique(persons[steps == step])) for step in range(len(along.way) + 1)]


def _runs(selection: Selection, order: np.ndarray, having: Sequence[str]) -> tuple[np.ndarray, ...]:
    """Journeys that have one of some kinds (or all) as one: kinds by names, channels and times of runs, starts, owners."""
    found, sizes = [], [0]
    for part in selection.parts:
        kept, starts = beside.runs(part.column("kind"), part.starts)
        columns = (order[part.column("kind")[kept]], part.column("channel")[kept], part.column("t")[kept])
        found.append((*columns, starts[:-1] + sizes[-1], part.owners))
        sizes.append(sizes[-1] + len(kept))
    kind, channel, t, starts, owners = (np.concatenate(column) for column in zip(*found, strict=True))
    if having and len(starts):
        member = members(sorted(selection.kinds), having)
        kept = np.logical_or.reduceat(member[kind], starts)
        lengths = np.diff(np.append(starts, sizes[-1]))
        inside = np.repeat(kept, lengths)
        kind, channel, t, owners = kind[inside], channel[inside], t[inside], owners[kept]
        starts = np.cumsum(lengths[kept]) - lengths[kept]
    return kind, channel, t, np.append(starts, len(kind)), owners


def _usual(selection: Selection) -> dict[str, tuple[str, str]]:
    """The stage and channel that each kind has most often; among equals the first by name."""
    found: list[list[str]] = []
    for of in ("stage", "channel"):
        values = selection.values(of)
        ranked = sorted(range(len(values)), key=values.__getitem__)
        counts = np.zeros((len(selection.kinds), len(values)), np.int64)
        for part in selection.parts:
            both = part.column("kind").astype(np.int64) * len(values) + part.column(of)
            counts += np.bincount(both, minlength=counts.size).reshape(counts.shape)
        found.append([values[ranked[place]] for place in counts[:, ranked].argmax(axis=1)] if values else [])
    return dict(zip(selection.kinds, zip(*found, strict=True), strict=True))


def _prices(selection: Selection) -> tuple[np.ndarray, beside.Prices]:
    """Each kind's place in the order of names, and what it costs to take one kind for another, by that order."""
    names = sorted(selection.kinds)
    order = np.array([names.index(kind) for kind in selection.kinds], np.int64)
    usual = _usual(selection)
    stages, channels = (np.array([usual[name][of] for name in names], object) for of in (0, 1))
    swap = GAP + STAGE * (stages[:, None] != stages) + CHANNEL * (channels[:, None] != channels)
    swap = np.asarray(swap, np.int64).reshape(len(names), len(names))
    np.fill_diagonal(swap, 0)
    return order, beside.Prices(swap, GAP)


def _medoid(ways: beside.Ways, journeys: np.ndarray, prices: beside.Prices, columns: int) -> np.ndarray:
    """The kinds of the candidate nearest to all; of the longest allowed length if all ways are longer."""
    if not len(journeys):
        return np.zeros(0, np.int64)
    sizes, signs = ways.stops - ways.starts, beside.signs(ways)
    ranked = np.lexsort((signs, sizes, -journeys))
    fitting = ranked[sizes[ranked] <= columns]
    candidates = (fitting if len(fitting) else ranked)[:CANDIDATES]
    top, rest = ranked[:COMPARED], ranked[COMPARED:]
    chance = rest[np.argsort(signs[rest])[:COMPARED]]
    found = np.zeros((len(candidates), len(top) + len(chance)), np.int64)
    beside.distances(ways, candidates, np.concatenate([top, chance]), prices, found)
    seen, all_others = max(int(journeys[chance].sum()), 1), int(journeys[rest].sum())
    total = found[:, : len(top)] @ journeys[top] * seen + found[:, len(top) :] @ journeys[chance] * all_others
    steps = [tuple(ways.value[ways.starts[w] : ways.stops[w]].tolist()) for w in candidates]
    nearest = min(range(len(steps)), key=lambda c: (total[c], -journeys[candidates[c]], len(steps[c]), steps[c]))
    return np.array(steps[nearest][:columns], np.int64)


def _parts(
    listed: Sequence[Mapping[str, Any]],
    part: str,
    step: int,
    *,
    of: str = "source",
    by: str = "value",
    first: str | None = None,
) -> tuple[Part, ...]:
    """The cells of a part at a step, the most journeys first (before them the value ``first``)."""
    found = [row for row in listed if row["part"] == part and row[of] == step]
    ordered = sorted(found, key=lambda row: (row[by] != first, -row["journeys"], row[by]))
    return tuple(Part(str(row[by]), row["journeys"], row["people"]) for row in ordered)
