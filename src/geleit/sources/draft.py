"""Writes sources/NAME.yaml for a sample of an export: what its columns look like decides; a person corrects it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from geleit.sources import draft_attached as attached
from geleit.sources.draft_attached import NUMBER, Along
from geleit.sources.roles import Column, by_role, share
from geleit.sources.sample import Sample

Found = Mapping[str, list[Column]]

# What a file tells of, by words in its name (German and English), where no column says it.
KINDS: tuple[tuple[str, str], ...] = (
    ("order_refunded", r"refund|return|retour|rückgabe|rueckgabe|gutschrift"),
    ("order_cancelled", r"cancel|storn"),
    ("product_reviewed", r"review|bewertung|rezension"),
    ("page_viewed", r"page_?view|seitenaufruf|clickstream"),
    ("message_sent", r"newsletter|mailing|campaign|kampagne|versand"),
    (
        "contact_made",
        r"ticket|support|help_?desk|service_?desk|kundendienst|call|anruf|telefon|chat|termin|appointment|gespräch|gespraech|anfrage|besuch",
    ),
    ("order_completed", r"order|bestell|auftr|rechnung|invoice|kauf|sale|verk|umsatz|bon|kasse|till|receipt|purchase"),
    ("identified", r"customer|kunde|kontakt|contact|people|person|member|mitglied|adress|user|nutzer|crm"),
)
PERSONAL = ("person", "email", "phone", "card", "anonymous", "case")  # roles that point at somebody
OWN = 0.98  # share of records with a number of their own from which it is one, and the others came twice
INSTEAD = 3  # columns that stand in for a time that is empty
ORDERS = ("order_completed", "order_refunded", "order_cancelled")  # kinds that need an order number
WITH_CLOCK = re.compile(r".*\d[ T]\d{1,2}:\d{2}.*")
WITH_OFFSET = re.compile(r".*(Z|UTC|GMT|[+-]\d{2}:?\d{2})|\d{9,17}(\.\d+)?")
PLAIN = re.compile(r"[A-Za-zÄÖÜäöüß][\wÄÖÜäöüß.-]*")


@dataclass(frozen=True, slots=True)
class Place:
    """Where the export lies (relative to the workspace), and what surrounds it: the company's zone, the file's day."""

    name: str
    file: str
    zone: str
    written: str


Given = tuple[Place, Sample]


def write(
    place: Place, sample: Sample, columns: Sequence[Column], along: Sequence[Along] = ()
) -> tuple[str, tuple[str, ...]]:
    """The definition as YAML, and notes about what was guessed and what a person has to decide.

    ``along``: exports whose rows the records take along.
    """
    sample, found = _with_own_number(place, sample, columns)
    lines = [f"label: {_scalar(place.name.replace('_', ' '))}"]
    lines += [] if "database" in sample.fields else [f"file: {_scalar(place.file)}"]
    grouped = _repeats(found.get("order", []))
    if grouped and "database" in sample.fields:
        sample = _whole(sample)
    notes = [*sample.notes, *(one.why for one in along), *_of_repeats(sample, grouped)]
    prices = [*found.get("amount", []), *found.get("price", [])]
    lines += _fields(sample, [*prices, *(column for one in along for column in one.prices)])
    lines += ["attach:", *(f"  {one.name}: {_flow(one.fields)}" for one in along)] if along else []
    if grouped:
        lines.append(f"group: {_quoted(grouped.sql)}")
    kind, head = _kind((place, sample), found, notes, grouped=bool(grouped))
    lines += ["events:", *head, *_time((place, sample), found, notes, grouped=bool(grouped))]
    facts, properties = _facts(found, kind, grouped=bool(grouped))
    properties += attached.properties(along, {key for key, _ in properties})
    for title, entries in (
        ("identifiers", _identifiers(place.name, found, kind, notes)),
        ("traits", facts),
        ("properties", properties),
    ):
        lines += _group(title, [(key, _of_group(sql) if grouped else sql) for key, sql in entries])
    _note_gaps(sample, found, notes)
    top = [f"# Drafted from {place.file}; read it, correct it, then: geleit source preview {place.name}"]
    top += [f"# {note}" for note in notes]
    bottom = ["# Columns, as they look:", *(f"#   {column.described(sample.count)}" for column in columns)]
    return "\n".join([*top, *lines, *bottom]) + "\n", tuple(notes)


def _with_own_number(place: Place, sample: Sample, columns: Sequence[Column]) -> tuple[Sample, Found]:
    """The columns by role, with a number for orders that have none: the record's own, else who and when."""
    found = by_role(columns)
    orders, ids = found.get("order", []), found.get("id", [])
    bought = _named(place) in ORDERS and "time" in found and ("amount" in found or "price" in found)
    if ids and (len(ids[0].values) > 2 * len(orders[0].values) if orders else bought):
        return sample, {**found, "order": ids[:1], "id": ids[1:], "property": [*found.get("property", []), *orders]}
    if (
        orders and "event" in found and 2 * len(orders[0].values) < sample.count
    ):  # a log of many things, orders among them
        return sample, {**found, "order": [], "property": [*found.get("property", []), *orders]}
    who = [column for role in PERSONAL for column in found.get(role, [])]
    if orders or ids or not who or not bought:
        return sample, found
    parts = [column.sql for column in (*found["time"], *found.get("clock", [])[:1], who[0])]
    note = "no column is the number of an order: time and person stand for it ('record_no' under let)"
    fields = {**sample.fields, "let": {NUMBER: " || ' ' || ".join(parts)}}
    return replace(sample, fields=fields, notes=(*sample.notes, note)), {
        **found,
        "order": [Column(NUMBER, tuple(map(str, range(sample.count))), "order")],
    }


def _named(place: Place) -> str:
    """The kind that a file tells of by its name; '' for none."""
    return next((kind for kind, words in KINDS if re.search(words, f"{place.name} {place.file.lower()}")), "")


def _whole(sample: Sample) -> Sample:
    """A table that is read as a whole each time: a group needs all its rows."""
    database = {name: value for name, value in sample.fields["database"].items() if name != "since"}
    return replace(sample, fields={"database": database}, notes=("all rows are read each time, for a group needs all",))


def _fields(sample: Sample, amounts: Sequence[Column]) -> list[str]:
    """How the file is written, where that differs from the defaults or values such as 1.234 would leave it open."""
    fields = {name: dict(value) if isinstance(value, Mapping) else value for name, value in sample.fields.items()}
    values = [value for column in amounts for value in column.values]
    if sample.form in ("csv", "excel"):
        if any(re.search(r",\d{1,2}\D*$", value) for value in values):
            fields.setdefault("csv", {})["decimal"] = ","
        elif sample.form == "csv" and any(re.search(r"\.\d{1,2}\D*$", value) for value in values):
            fields.setdefault("csv", {})["decimal"] = "."
    return [f"{name}: {_flow(value)}" for name, value in fields.items()]


def _repeats(orders: Sequence[Column]) -> Column | None:
    """The order column if its values repeat in records that differ: then the export holds order lines, not orders."""
    return next((column for column in orders if len(set(column.values)) < len(column.values)), None)


def _of_repeats(sample: Sample, grouped: Column | None) -> list[str]:
    """What a person should know of records that share an order number, and of those that are wholly equal."""
    told = []
    if grouped:
        told.append(f"several lines share one '{grouped.name}': they are read as one event, amounts are added up")
    if sample.equal:
        what = (
            "lines of an order, they are added up, too; take them out of the export if it holds them twice by mistake"
            if grouped
            else "they count once"
        )
        told.append(f"{sample.equal} of the first {sample.count + sample.equal} records wholly equal another: {what}")
    return told


def _of_group(sql: str) -> str:
    """An expression over all lines of an order."""
    if sql.startswith("json_group_array("):
        return sql
    return f"sum({sql})" if sql.startswith("money(") else f"any_value({sql})"


def _kind(given: Given, found: Found, notes: list[str], *, grouped: bool) -> tuple[str, list[str]]:
    """The event kind ('' if a column tells it) and the first lines of the event."""
    (place, sample), count = given, given[1].count
    order = found.get("order", [])
    if codes := found.get("codes"):
        known = ", ".join(sorted(set(codes[0].values))[:8])
        notes.append(f"'{codes[0].name}' holds codes ({known}): give each its event with when: {codes[0].sql} = '...'")
    told = _named(place)
    if event := found.get("event"):
        notes.append(f"each value of '{event[0].name}' is an event kind; give them stages in kinds.yaml")
        sql = _of_group(event[0].sql) if grouped else event[0].sql
        if len(event[0].values) < count:
            other = told if told and told not in (*ORDERS, "identified") else "noted"
            notes.append(
                f"'{event[0].name}' is empty in {_percent(count - len(event[0].values), count)}: '{other}' stands in"
            )
            sql = f"coalesce({_filled(sql, sample)}, '{other}')"
        return "", [f"  - kind_from: {_quoted(sql)}", *_key(found, "", grouped=grouped, notes=notes)]
    valued = [role for role in ("amount", "price", "time") if role in found]
    if order and (told in ORDERS or (valued and told in ("", "identified"))):
        kind = told if told in ORDERS else "order_completed"
    elif told and told not in ORDERS and not (told == "identified" and ("words" in found or "ticket" in found)):
        kind = told
    else:
        kind = "contact_made" if "words" in found or "ticket" in found else "identified"
    if kind == "identified":
        notes.append("taken as facts about people (kind identified); choose another kind if something happened")
    elif kind not in ORDERS:
        notes.append(f"taken for {kind.replace('_', ' ')}; choose another kind if that is not what happened")
    return kind, [f"  - kind: {kind}", *_key(found, kind, grouped=grouped, notes=notes)]


def _key(found: Found, kind: str, *, grouped: bool, notes: list[str]) -> list[str]:
    """The number under which the same thing comes again, where there is one; a few records may come twice."""
    order = found.get("order", [])
    if order and kind in ORDERS:
        return [f"    key: {_quoted(_of_group(order[0].sql) if grouped else order[0].sql)}"]
    if kind == "identified" or grouped:
        return []
    for column in (*found.get("ticket", []), *found.get("id", [])):
        values = column.values
        if (own := len(set(values))) < OWN * len(values):
            continue
        if own < len(values):
            twice = _percent(len(values) - own, len(values))
            notes.append(f"'{column.name}' comes again in {twice}: where they say something else, the later ones wait")
        return [f"    key: {_quoted(column.sql)}"]
    return []


def _time(given: Given, found: Found, notes: list[str], *, grouped: bool) -> list[str]:
    (place, sample), count = given, given[1].count
    if not (times := found.get("time")):
        notes.append("no column looks like a time: the day the file was written is taken; write the right one")
        return [f"    time: \"'{place.written}'\""]
    first, clock = times[0], found.get("clock", [])
    sql, form = first.sql, first.form.text if first.form else ""
    if clock and _joined(found):
        sql = f"{sql} || ' ' || {clock[0].sql}"
        clock_form = _clock_form(clock[0].values)
        if "%p" in clock_form and not form:
            form = "%Y-%m-%d" if share(first.values, re.compile(r"\d{4}-.*").fullmatch) else "%d.%m.%Y"
        form = form and f"{form} {clock_form}"
    elif not form and len(first.values) < count and (others := _standing_in(found, count)):
        sql = f"coalesce({', '.join(_filled(one, sample) for one in (sql, *(other.sql for other in others)))})"
        named = " or ".join(f"'{other.name}'" for other in others)
        notes.append(f"'{first.name}' is empty in {_percent(count - len(first.values), count)}: {named} stands in")
    lines = [f"    time: {_quoted(_of_group(sql) if grouped else sql)}"]
    if form:
        lines.append(f'    time_format: "{form}"')
    if first.form and first.form.doubtful:
        notes.append(f"'{first.name}' may have day or month first: check time_format, here the day comes first")
    if not share(first.values, WITH_OFFSET.fullmatch):
        lines[0] += f"  # clock time of {place.zone}; if of another zone, add zone: above events"
    return lines


def _filled(sql: str, sample: Sample) -> str:
    """An expression that is null where a text is empty; values of tables and Parquet are null themselves."""
    return sql if sample.form == "parquet" or "database" in sample.fields else f"blank({sql})"


def _standing_in(found: Found, count: int) -> list[Column]:
    """Other times of the same form, to the first that is always filled."""
    plain = [column for column in found.get("second time", []) if column.form is None]
    whole = next((place for place, column in enumerate(plain) if len(column.values) >= count), len(plain) - 1)
    return plain[: whole + 1][:INSTEAD]


def _clock_form(values: Sequence[str]) -> str:
    """The strptime format of most times of day."""
    seconds = ":%S" if share(values, re.compile(r"\d+:\d+:\d+.*").fullmatch) else ""
    half = next((" %p" if " " in value else "%p" for value in values if value[-1] in "mM"), "")
    return f"%I:%M{seconds}{half}" if half else f"%H:%M{seconds}"


def _note_gaps(sample: Sample, found: Found, notes: list[str]) -> None:
    """Say what would wait in the quarantine: records without a time, and without anybody."""
    time = next(iter(found.get("time", [])), None)
    if time and len(time.values) < sample.count and (time.form or not _standing_in(found, sample.count)):
        notes.append(
            f"'{time.name}' is empty in {_percent(sample.count - len(time.values), sample.count)}: they will wait in the "
            f"quarantine; another column or a day may stand in: coalesce({_filled(time.sql, sample)}, ...)"
        )
    named = [column for role in PERSONAL for column in found.get(role, [])]
    filled = max((len(column.values) for column in named), default=sample.count)
    if filled < sample.count:
        notes.append(
            f"in {_percent(sample.count - filled, sample.count)} nobody is named: they will wait in the quarantine"
        )


def _percent(count: int, whole: int) -> str:
    return f"{max(1, round(100 * count / whole))} % of the records"


def _identifiers(name: str, found: Found, kind: str, notes: list[str]) -> list[tuple[str, str]]:
    """Identifier types with their expressions; types of our own are named after the source."""
    entries = [(f"{name}.customer_no", column.sql) for column in found.get("person", [])]
    entries += [("email", column.sql) for column in found.get("email", [])[:1]]
    entries += [("phone", column.sql) for column in found.get("phone", [])[:1]]
    entries += [("loyalty_card", column.sql) for column in found.get("card", [])[:1]]
    entries += [(f"{name}.anonymous_id", column.sql) for column in found.get("anonymous", [])[:1]]
    if not entries and (cases := found.get("case")):
        notes.append(f"only '{cases[0].name}' ties events together: name a person's identifier too, if the log has one")
        return [(f"{name}.case_no", cases[0].sql)]
    if kind == "identified" and "person" not in found:
        entries = [*((f"{name}.customer_no", column.sql) for column in found.get("id", [])[:1]), *entries]
    if not entries:
        entries = [(f"{name}.order_id", column.sql) for column in found.get("order", [])]
    if not entries:
        notes.append("no column points at a person: name one under identifiers, or nothing can be taken in")
        entries = [(f"{name}.customer_no", "NULL")]
    return entries


def _facts(found: Found, kind: str, *, grouped: bool) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """Traits and properties; in a list of people, what else is known of them are traits."""
    traits = [(role, column.sql) for role in ("first_name", "last_name", "name") for column in found.get(role, [])]
    traits += [(column.key, column.sql) for column in found.get("trait", [])]
    properties = _properties(found, grouped=grouped)
    return ([*traits, *properties], []) if kind == "identified" else (traits, properties)


def _properties(found: Found, *, grouped: bool) -> list[tuple[str, str]]:
    entries = [("order_id", column.sql) for column in found.get("order", [])]
    amounts = found.get("amount", []) or found.get("price", [])[:1]
    entries += [("total", f"money({column.sql})") for column in amounts[:1]]
    others = [*amounts[1:], *(column for column in found.get("price", []) if column not in amounts)]
    lines = _lines(found) if grouped else []
    entries += lines or [(column.key, f"money({column.sql})") for column in others]
    entries += [("currency", column.sql) for column in found.get("currency", [])]
    entries += [("words", column.sql) for column in found.get("words", [])]
    used = dict.fromkeys(("email", "phone", "anonymous", "card", "case"), 1)
    used |= {"time": 1, "clock": 1 if _joined(found) else 0}
    used["case"] = 0 if any(found.get(role) for role in PERSONAL if role != "case") else 1
    rest = [] if lines else ["product_id", "product", "quantity"]
    for role in ("property", "codes", "case", "ticket", *rest, "time", "clock", "email", "phone", "anonymous", "card"):
        entries += [(column.key, column.sql) for column in found.get(role, [])[used.get(role, 0) :]]
    return entries


def _lines(found: Found) -> list[tuple[str, str]]:
    """The articles of an order, one per line of the export."""
    parts = [f"'product_id', {column.sql}" for column in found.get("product_id", [])]
    parts += [f"'name', {column.sql}" for column in found.get("product", [])]
    parts += [f"'price', money({column.sql})" for column in found.get("price", [])[:1]]
    parts += [f"'quantity', {_counted(column)}" for column in found.get("quantity", [])]
    named = found.get("product_id") or found.get("product")
    return [("products", f"json_group_array(json_object({', '.join(parts)}))")] if named else []


def _counted(column: Column) -> str:
    whole = all(re.fullmatch(r"\d{1,9}", value) for value in column.values)
    return f"{column.sql}::int" if whole else f"money({column.sql})"


def _joined(found: Found) -> bool:
    """Whether the time is made of a day and a clock time."""
    return "time" in found and not share(found["time"][0].values, WITH_CLOCK.fullmatch)


def _group(title: str, entries: Iterable[tuple[str, str]]) -> list[str]:
    once = dict(reversed(list(entries)))
    lines = [f"      {_scalar(key)}: {_quoted(sql)}" for key, sql in reversed(once.items())]
    return [f"    {title}:", *lines] if lines else []


def _quoted(sql: str) -> str:
    """An expression as a YAML value."""
    return sql if re.fullmatch(r"[a-z_][a-z0-9_]*(\([a-z_0-9]+\))?", sql) else "'" + sql.replace("'", "''") + "'"


def _scalar(value: Any) -> str:
    """A value in YAML; text without quotes where it needs none."""
    if isinstance(value, str) and PLAIN.fullmatch(value.replace("/", "").replace(" ", "") or "?") and ": " not in value:
        return value if value.lower() not in ("true", "false", "null", "yes", "no", "on", "off") else json.dumps(value)
    return json.dumps(value, ensure_ascii=False)


def _flow(value: Any) -> str:
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{_scalar(name)}: {_flow(inner)}' for name, inner in value.items())}}}"
    if isinstance(value, list):
        return f"[{', '.join(map(_flow, value))}]"
    return _scalar(value)
