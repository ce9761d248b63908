"""The builder's rows: what a form says as a definition, and a definition as rows, where rows can say it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from geleit.segments import conditions as c
from geleit.segments.comparison import Comparison
from geleit.segments.definition import Segment
from geleit.web.posting import Form

KINDS = ("did", "sequence", "trait", "need", "orders", "consent", "segment")
FIELDS: Mapping[str, tuple[str, ...]] = {
    "did": ("did", "how", "count", "span", "property", "compare", "value"),
    "sequence": ("did", "then", "within", "unless", "wait"),
    "trait": ("trait", "compare", "value"),
    "need": ("need", "state", "stage", "span"),
    "orders": ("how", "count", "amount", "products", "span"),
    "consent": ("consent", "is"),
    "segment": ("segment",),
}
NUMERIC = ("above", "at_least", "below", "at_most")
MOST = 20  # rows of one segment


@dataclass(slots=True)
class Row:
    """One condition: its kind, whether it must not hold, and its fields as they are written."""

    kind: str
    opposite: bool = False
    values: dict[str, str] = field(default_factory=dict)

    def get(self, name: str) -> str:
        """A field; empty without it."""
        return self.values.get(name, "")


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
            values = {name: form.get(f"{place}.{name}") for name in FIELDS[kind]}
            draft.rows.append(Row(kind, bool(form.get(f"{place}.not")), values))
    return draft


def _condition(row: Row) -> dict[str, Any]:
    made = {name: value for name, value in _plain(row).items() if value not in ("", None)}
    return {"not": made} if row.opposite else made


def _plain(row: Row) -> dict[str, Any]:
    get = row.get
    if row.kind == "did":
        found: dict[str, Any] = {"did": _listed(get("did")), "within": get("span")}
        if get("property"):
            found["where"] = {get("property"): _compared(row)}
        return found | _often(row)
    if row.kind == "sequence":
        steps = [{"did": _listed(one)} for one in (get("did"), get("then")) if one]
        unless = {"did": _listed(get("unless"))} | ({"within": get("wait")} if get("wait") else {})
        return {"sequence": steps, "within": get("within"), "not_followed_by": unless if get("unless") else None}
    if row.kind == "trait":
        return {"trait": get("trait")} | _compared(row)
    if row.kind == "need":
        closed = get("state") == "closed"
        long = {("closed_within" if closed else "stage_for" if get("stage") else "open_for"): get("span")}
        return {"need": get("need") or "any", "state": "closed" if closed else "", "stage": get("stage")} | long
    if row.kind == "orders":
        found = {"orders": "any", "spent_at_least": get("amount"), "products": _listed(get("products"))}
        return found | {"within": get("span")} | _often(row)
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


def _listed(text: str) -> Any:
    parts = [part.strip() for part in text.split(",") if part.strip()]
    return parts[0] if len(parts) == 1 else parts or ""


def _compared(row: Row) -> dict[str, Any]:
    how, value = row.get("compare") or "exists", row.get("value")
    if how in ("exists", "missing"):
        return {"exists": how == "exists"}
    if how in NUMERIC:
        try:
            return {how: float(value.replace(",", "."))}
        except ValueError:
            return {how: value}
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
        row = _row(part.not_ if isinstance(part, c.Not) else part)
        if row is None:
            return None
        row.opposite = opposite
        draft.rows.append(row)
    # Only if the rows say all of it: what they would lose must stay a file's.
    again = Segment.model_validate({"who": draft.tree(language)["who"]}) if draft.rows else None
    return draft if again is not None and again.digest == segment.digest else None


def _row(part: c.Condition) -> Row | None:
    if isinstance(part, c.Did):
        how = "never" if part.high == 0 else "at_most" if part.at_most is not None else "at_least"
        count = part.at_most if how == "at_most" else part.low
        values = {"did": ", ".join(part.did), "how": how, "count": str(count or ""), "span": _text(part.within)}
        for name, comparison in list(part.where.items())[:1]:
            values |= {"property": name} | _comparison(comparison)
        return Row("did", values=values)
    if isinstance(part, c.Sequence):
        steps = [", ".join(step.did) for step in part.sequence]
        unless = part.not_followed_by
        values = {"did": steps[0], "then": steps[1] if len(steps) > 1 else "", "within": _text(part.within)}
        values |= {"unless": ", ".join(unless.did), "wait": _text(unless.within)} if unless else {}
        return Row("sequence", values=values)
    if isinstance(part, c.Trait):
        return Row("trait", values={"trait": part.trait} | _comparison(part))
    return _known(part)


def _known(part: c.Condition) -> Row | None:
    if isinstance(part, c.NeedIs):
        span = part.closed_within or part.stage_for or part.open_for
        values = {"need": part.need[0], "state": part.state, "stage": (*part.stage, "")[0], "span": _text(span)}
        return Row("need", values=values)
    if isinstance(part, c.Orders):
        how = "at_least" if part.at_most is None else "never" if part.at_most == 0 else "at_most"
        count = part.low if part.at_most is None else part.at_most
        values = {"how": how, "count": str(count or ""), "amount": _text(part.spent_at_least)}
        return Row("orders", values=values | {"products": ", ".join(part.products), "span": _text(part.within)})
    if isinstance(part, c.ConsentIs):
        return Row("consent", values={"consent": part.consent, "is": part.is_})
    return Row("segment", values={"segment": part.segment}) if isinstance(part, c.InSegment) else None


def _comparison(comparison: Comparison) -> dict[str, str]:
    name, value = next(iter(comparison.said.items()))
    if name == "exists":
        return {"compare": "exists" if value else "missing", "value": ""}
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return {"compare": name, "value": str(value)}


def _text(value: object) -> str:
    return "" if value is None else str(value)


def suggestions(known: Sequence[str]) -> list[str]:
    """Values for a list of suggestions, each once."""
    return sorted(set(known))
