"""The builder's rows: what a form says as a definition, and a definition as rows, where rows can say it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from geleit.language.spans import read_day, read_span, say_day, say_span
from geleit.segments import conditions as c
from geleit.segments.comparison import Comparison
from geleit.segments.definition import Segment
from geleit.web.posting import Form

KINDS = ("did", "sequence", "trait", "need", "orders", "consent", "segment")
FIELDS: Mapping[str, tuple[str, ...]] = {
    "did": ("did", "how", "count", "span", "channel", "source", "property", "compare", "value"),
    "sequence": ("did", "then", "within", "unless", "wait"),
    "trait": ("trait", "compare", "value"),
    "need": ("need", "state", "stage", "span"),
    "orders": ("how", "count", "amount", "products", "span"),
    "consent": ("consent", "is"),
    "segment": ("segment",),
}
SEVERAL = {"did", "then", "unless", "channel", "source", "products", "need", "stage"}  # any of several values will do
SPANS = {"span", "within", "wait"}
DAYS, LASTING = ("before", "after"), ("within_last", "within_next")  # comparisons with days, with spans
AMOUNT = re.compile(r"(\d{1,3}(?:\.\d{3})*|\d+)(?:,(\d{1,4}))?(?=\s|$)")  # 1.500,00 as it is written in German
NUMERIC = ("above", "at_least", "below", "at_most")
MOST = 20  # rows of one segment


@dataclass(slots=True)
class Row:
    """One condition: its kind, whether it must not hold, and its fields as they are written, each with its values."""

    kind: str
    opposite: bool = False
    values: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def get(self, name: str) -> str:
        """A field's first value; empty without one."""
        return next(iter(self.all(name)), "")

    def all(self, name: str) -> tuple[str, ...]:
        """All values of a field."""
        return self.values.get(name, ())


@dataclass(slots=True)
class Draft:
    """A segment while it is made. ``match``: all or any of the rows; ``mark``: of the file it was read from."""

    name: str = ""
    label: str = ""
    match: str = "all"
    rows: list[Row] = field(default_factory=list)
    mark: str = ""

    def tree(self, language: str, before: Segment | None = None) -> dict[str, Any]:
        """As a definition; labels of other languages stay as they were ``before``."""
        labels = dict(before.label) if before else {}
        if self.label:
            labels[language] = self.label
        parts = [_condition(row) for row in self.rows]
        found: dict[str, Any] = {"label": labels} if labels else {}
        if before and before.about:
            found["about"] = dict(before.about)
        return found | {"who": parts[0] if len(parts) == 1 else {self.match: parts}}


def read(form: Form) -> Draft:
    """What a form says."""
    draft = Draft(
        form.get("name"), form.get("label"), "any" if form.get("match") == "any" else "all", [], form.get("mark")
    )
    for place in form.all("row")[:MOST]:
        kind = form.get(f"{place}.kind")
        if kind in FIELDS:
            values = {name: _told(form, place, name) for name in FIELDS[kind]}
            draft.rows.append(Row(kind, bool(form.get(f"{place}.not")), values))
    return draft


def _told(form: Form, place: str, name: str) -> tuple[str, ...]:
    """A field's values, each once, in their order."""
    given = [value.strip() for value in form.all(f"{place}.{name}")]
    return tuple(dict.fromkeys(value for value in given if value))[: None if name in SEVERAL else 1]


def _condition(row: Row) -> dict[str, Any]:
    made = {name: value for name, value in _plain(row).items() if value not in ("", None)}
    return {"not": made} if row.opposite else made


def _plain(row: Row) -> dict[str, Any]:
    get = row.get
    if row.kind == "did":
        found: dict[str, Any] = {"did": _any(row, "did"), "within": read_span(get("span"))}
        found |= {"channel": _any(row, "channel"), "source": _any(row, "source")}
        if get("property"):
            found["where"] = {get("property"): _compared(row)}
        return found | _often(row)
    if row.kind == "sequence":
        steps = [{"did": _any(row, step)} for step in ("did", "then") if get(step)]
        unless = {"did": _any(row, "unless")} | ({"within": read_span(get("wait"))} if get("wait") else {})
        return {
            "sequence": steps,
            "within": read_span(get("within")),
            "not_followed_by": unless if get("unless") else None,
        }
    if row.kind == "trait":
        return {"trait": get("trait")} | _compared(row)
    if row.kind == "need":
        closed = get("state") == "closed"
        long = {("closed_within" if closed else "stage_for" if get("stage") else "open_for"): read_span(get("span"))}
        stage = _any(row, "stage")
        return {"need": _any(row, "need") or "any", "state": "closed" if closed else "", "stage": stage} | long
    if row.kind == "orders":
        found = {"orders": "any", "spent_at_least": _amount(get("amount")), "products": _any(row, "products")}
        return found | {"within": read_span(get("span"))} | _often(row)
    if row.kind == "consent":
        return {"consent": get("consent"), "is": get("is")}
    return {"segment": get("segment")}


def _often(row: Row) -> dict[str, Any]:
    how, count = row.get("how"), row.get("count")
    if how == "never":
        return {"never": True} if row.kind == "did" else {"at_most": 0}
    number: Any = int(count) if count.isdecimal() else count
    if how == "at_most":
        return {"at_most": number if count else 1}
    return {"at_least": number} if count not in ("", "1") else {}


def _any(row: Row, name: str) -> Any:
    """One value as it is, several as a list of which any will do."""
    parts = row.all(name)
    return parts[0] if len(parts) == 1 else list(parts) or ""


def _amount(text: str) -> str:
    """``1.500,00 EUR`` as ``1500.00 EUR``; what has no comma keeps its point."""
    found = AMOUNT.match(text)
    if found is None or not (found[2] or found[1].count(".")):
        return text
    whole = found[1].replace(".", "")
    return f"{whole}{'.' + found[2] if found[2] else ''}{text[found.end() :]}"


def _compared(row: Row) -> dict[str, Any]:
    how, value = row.get("compare") or "exists", row.get("value")
    if how in ("exists", "missing"):
        return {"exists": how == "exists"}
    if how in NUMERIC:
        try:
            return {how: float(value.replace(",", "."))}
        except ValueError:
            return {how: value}
    if how in DAYS or how in LASTING:
        return {how: read_day(value) if how in DAYS else read_span(value)}
    return {how: value}


def drawn(name: str, segment: Segment, language: str, mark: str) -> Draft | None:
    """A definition as rows; None where rows cannot say it."""
    who = segment.who
    match, parts = (
        ("any", who.any) if isinstance(who, c.AnyOf) else ("all", c.inner(who) if isinstance(who, c.All) else (who,))
    )
    draft = Draft(name, segment.label.get(language) or segment.title(name, language), match, [], mark)
    for part in parts:
        opposite = isinstance(part, c.Not)
        values = _values(part.not_ if isinstance(part, c.Not) else part)
        if values is None:
            return None
        kind, said = values
        given = {key: _shown(key, value, language) for key, value in said.items()}
        if said.get("compare") in (*DAYS, *LASTING):
            say = say_day if said["compare"] in DAYS else say_span
            given["value"] = (say(str(said["value"]), language),)
        draft.rows.append(Row(kind, opposite, given))
    # Only if the rows say all of it: what they would lose must stay a file's.
    again = Segment.model_validate({"who": draft.tree(language)["who"]}) if draft.rows else None
    return draft if again is not None and again.digest == segment.digest else None


def _shown(name: str, value: Any, language: str) -> tuple[str, ...]:
    """A field's values as the form shows them."""
    if isinstance(value, tuple):
        return tuple(map(str, value))
    text = "" if value is None else str(value)
    return (say_span(text, language) if name in SPANS else text,) if text else ()


def _values(part: c.Condition) -> tuple[str, dict[str, Any]] | None:
    """A condition's kind of row and its fields; None where there is no such row."""
    if isinstance(part, c.Did):
        how = "never" if part.high == 0 else "at_most" if part.at_most is not None else "at_least"
        count = part.at_most if how == "at_most" else part.low
        values = {"did": part.did, "how": how, "count": count or "", "span": part.within}
        values |= {"channel": part.channel, "source": part.source}
        for name, comparison in list(part.where.items())[:1]:
            values |= {"property": name} | _comparison(comparison)
        return "did", values
    if isinstance(part, c.Sequence):
        steps = [step.did for step in part.sequence]
        unless = part.not_followed_by
        values = {"did": steps[0], "then": steps[1] if len(steps) > 1 else (), "within": part.within}
        values |= {"unless": unless.did, "wait": unless.within} if unless else {}
        return "sequence", values
    if isinstance(part, c.Trait):
        return "trait", {"trait": part.trait} | _comparison(part)
    return _known(part)


def _known(part: c.Condition) -> tuple[str, dict[str, Any]] | None:
    if isinstance(part, c.NeedIs):
        span = part.closed_within or part.stage_for or part.open_for
        return "need", {"need": part.need, "state": part.state, "stage": part.stage, "span": span}
    if isinstance(part, c.Orders):
        how = "at_least" if part.at_most is None else "never" if part.at_most == 0 else "at_most"
        count = part.low if part.at_most is None else part.at_most
        values = {"how": how, "count": count or "", "amount": part.spent_at_least}
        return "orders", values | {"products": part.products, "span": part.within}
    if isinstance(part, c.ConsentIs):
        return "consent", {"consent": part.consent, "is": part.is_}
    return ("segment", {"segment": part.segment}) if isinstance(part, c.InSegment) else None


def _comparison(comparison: Comparison) -> dict[str, str]:
    name, value = next(iter(comparison.said.items()))
    if name == "exists":
        return {"compare": "exists" if value else "missing", "value": ""}
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return {"compare": name, "value": str(value)}
