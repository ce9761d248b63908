"""The people behind a number as a segment: the builder's rows that ask of people what the number asked of journeys.

A segment asks of whole persons and goes on with time, so it may hold others than the number: the builder shows whom before
anything is saved. What rows cannot say (what directly follows what, days, the needs of one topic) is not offered.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import urlencode

from geleit.web.journeys.asked import Asked, Unaskable

Condition = Mapping[str, str | Sequence[str]]
STEPS = 2  # that a row holds


def builder(one: Asked) -> str:
    """Where the builder begins with these people; empty where rows cannot say it."""
    try:
        question = one.question
    except Unaskable:
        return ""
    if one.less or question.topic or question.since or question.until or question.own_kinds or question.notes:
        return ""
    rows = _rows(one)
    if not rows:
        return ""
    given = [name for name in one.given.get("segment", ()) if name in one.words.segments]
    if len(given) != len(one.given.get("segment", ())):
        return ""
    if question.name != "compare" or one.cell.get("group") == "a":
        rows = [*rows, *({"kind": "segment", "segment": name} for name in given)]
    elif given:
        return ""
    pairs: list[tuple[str, str]] = []
    for number, row in enumerate(rows):
        pairs.append(("row", str(number)))
        for name, value in row.items():
            pairs += [(f"{number}.{name}", text) for text in ([value] if isinstance(value, str) else value)]
    return f"/segments/new?{urlencode(pairs)}"


def _rows(one: Asked) -> list[Condition]:
    name, cell = one.question.name, one.cell
    if name == "funnel":
        return _way(one)
    if name == "rfm" and dict(cell) == {"name": "no_order"}:
        return [{"kind": "orders", "how": "never"}]
    value = cell.get("value", "")
    if name in ("compare", "correlation") and one.question.looked_at == "kind" and value and cell.get("group"):
        return _difference(one, value)
    if name == "occurrences" and one.question.looked_at == "kind" and value:
        if getattr(one.question, "having", ()) or getattr(one.question, "lacking", ()):
            return []
        return [_did(value)]
    return []


def _did(*kinds: str) -> dict[str, str | Sequence[str]]:
    return {"kind": "did", "did": kinds}


def _difference(one: Asked, value: str) -> list[Condition]:
    with_it = one.cell["group"] == "a"
    if one.question.name == "correlation":
        success = tuple(getattr(one.question, "success", ()))
        if with_it:
            return [{"kind": "sequence", "did": (value,), "then": success}]
        return [_did(value), _did(*success) | {"how": "never"}]
    having = tuple(getattr(one.question, "having", ()))
    if not having:
        return [_did(value)]
    return [_did(value), _did(*having) | ({} if with_it else {"how": "never"})]


def _way(one: Asked) -> list[Condition]:
    """Who came to a step of a way, or came to it and did not take the next one."""
    steps: Sequence[Sequence[str]] = getattr(one.question, "steps", ())
    step, part = one.cell.get("step", ""), one.cell.get("part", "reached")
    if getattr(one.question, "order", "") != "ordered" or not step.isdecimal() or {*one.cell} - {"step", "part"}:
        return []
    if getattr(one.question, "step_window", None) or not 1 <= int(step) <= min(STEPS, len(steps)):
        return []
    taken = steps[: int(step)]
    row: dict[str, str | Sequence[str]] = {"kind": "sequence", "did": tuple(taken[0])}
    if len(taken) == STEPS:
        row["then"] = tuple(taken[1])
        row["within"] = str(one.values.get("window") or "")
    if part == "lost" and int(step) < len(steps):
        row["unless"] = tuple(steps[int(step)])
        return [row] if not one.values.get("window") else []
    if part != "reached":
        return []
    return [row] if len(taken) == STEPS else [_did(*taken[0])]
