"""What people said in their journeys, and what was promised to them: each note with the step that it belongs to."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import Any, Literal

import msgspec
import pyarrow as pa

from geleit.analytics.selection import Wanted
from geleit.clock import deadline
from geleit.events.event import named_by
from geleit.events.properties import affirmed, amount
from geleit.history.engine import Engine
from geleit.history.statements import load_from

FOLDER = Path(__file__).parent
MOST = 2.0  # judgements go from -2 to +2
TEXTS = ("journey", "event_id", "source", "record", "named", "named_elsewhere")
NOTES = pa.schema([(name, pa.int64()) for name in ("note", "t", "ord")] + [(name, pa.string()) for name in TEXTS])
Of = Literal["felt", "criterion", "promise"]
Raw = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Note:
    """One thing said at a step (``run`` of the journey's way, from 0), or promised there.

    ``value``: for ``felt`` the judgement from -2 to +2, for ``criterion`` its words (of several languages as JSON with sorted
    names), for ``promise`` how it stands: ``kept``, ``late`` (kept after its day), ``broken`` (its day is over), ``open``.
    """

    journey: str
    customer: str
    of: Of
    value: str
    run: int


@dataclass(frozen=True, slots=True)
class Spoken:
    """All notes of some journeys, and the ways of these: their kinds, the same in a row once."""

    notes: Sequence[Note] = ()
    ways: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def spoken(engine: Engine, wanted: Wanted, fixed: Mapping[str, object], place: tuple[str, int]) -> Spoken:
    """Find them in the view ``events``; ``fixed`` = values of the selection's SQL, ``place`` = the company's zone, and now.

    Left out: what was estimated from a text, what staff only suppose, judgements off the scale, notes of no journey.
    """
    sql = load_from(FOLDER / "spoken.sql")
    raw = [row | {"properties": _properties(row["body"])} for row in engine.rows(sql["notes"], {}).to_pylist()]
    if wanted.segment is not None:
        chosen = set(wanted.segment)
        raw = [row for row in raw if row["customer_id"] in chosen]
    said = [one for one in _said(raw, place) if one[0]["need_id"] or not wanted.in_need]
    journeys = [f"{row['customer_id']}/{row['need_id'] if wanted.in_need else ''}" for row, _, _ in said]
    if not said:
        return Spoken()
    engine.put("spoken_notes", _notes([row for row, _, _ in said], journeys))
    engine.put("segment", pa.table({"customer_id": sorted({row["customer_id"] for row, _, _ in said})}))
    steps = load_from(FOLDER / "selection.sql")["steps"]
    engine.save("spoken_steps", steps, {**fixed, "only_some": True})
    places = {row["note"]: row["place"] for row in engine.rows(sql["placed"], {}).to_pylist()}
    runs = engine.rows(sql["runs"], {}).to_pylist()
    for name in ("spoken_steps", "spoken_notes"):
        engine.drop(name)
    begins = {journey: list(its) for journey, its in groupby(runs, key=lambda row: row["journey"])}
    starts = {journey: [run["place"] for run in its] for journey, its in begins.items()}
    notes = tuple(
        Note(journeys[at], row["customer_id"], of, value, bisect_right(starts[journeys[at]], places[at]) - 1)
        for at, (row, of, value) in enumerate(said)
        if at in places
    )
    return Spoken(notes, {journey: tuple(run["kind"] for run in its) for journey, its in begins.items()})


def _properties(body: str) -> Raw:
    found = msgspec.json.decode(body).get("properties") if body else None
    return found if isinstance(found, dict) else {}


def _said(raw: Sequence[Raw], place: tuple[str, int]) -> Iterable[tuple[Raw, Of, str]]:
    """What each row says; nothing of rows that say nothing."""
    for row in raw:
        properties = row["properties"]
        if row["kind"] == "judgement_given":
            judged = amount(properties.get("judged"))
            if judged is not None and abs(judged) <= MOST and not affirmed(properties.get("estimated")):
                yield row, "felt", f"{judged + 0.0:g}"
        elif row["kind"] == "criterion_stated":
            words = _words(properties.get("criterion"))
            if words and not affirmed(properties.get("supposed")):
                yield row, "criterion", words
    yield from ((row, "promise", state) for row, state in _promises(raw, place))


def _words(value: object) -> str:
    """One text for what is the same in every language."""
    if isinstance(value, dict):
        texts = {str(language): str(text).strip() for language, text in value.items() if str(text or "").strip()}
        return msgspec.json.encode(dict(sorted(texts.items()))).decode() if texts else ""
    return str(value or "").strip()


def _promises(raw: Sequence[Raw], place: tuple[str, int]) -> Iterable[tuple[Raw, str]]:
    """Each promise where it was last made (or, only reported as kept, there), and how it stands now."""
    zone, now = place
    made: dict[tuple[str, str], Raw] = {}
    kept: dict[tuple[str, str], Raw] = {}
    for row in raw:
        name = (row["customer_id"], str(row["properties"].get("promise_id") or row["event_id"]))
        if row["kind"] == "promise_made":
            made[name] = row
        elif row["kind"] == "promise_kept":
            kept.setdefault(name, row)
    for name, row in {**kept, **made}.items():
        due = deadline(row["properties"].get("due_at"), zone) if name in made else None
        if name in kept:
            yield row, "late" if due is not None and kept[name]["t"] > due else "kept"
        else:
            yield row, "broken" if due is not None and due < now else "open"


def _notes(rows: Sequence[Raw], journeys: Sequence[str]) -> pa.Table:
    """The notes as SQL looks for their steps."""
    named = [(*named_by(row["source"], row["properties"].get("about")), "", "") for row in rows]
    columns = {
        "note": range(len(rows)),
        "journey": journeys,
        "named": [ids[0] for ids in named],
        "named_elsewhere": [ids[1] for ids in named],
    }
    columns |= {name: [row[name] or "" for row in rows] for name in ("event_id", "source", "record")}
    columns |= {name: [row[name] for row in rows] for name in ("t", "ord")}
    return pa.table([pa.array(columns[one.name], one.type) for one in NOTES], schema=NOTES)
