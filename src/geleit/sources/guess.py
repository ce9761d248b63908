"""Drafts sources/NAME.yaml from an export: what the columns look like decides; a person reads and corrects the draft."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from geleit.clock import SECOND, moment
from geleit.errors import GeleitError
from geleit.events.kinds import snake
from geleit.sources import files
from geleit.sources.definition import EventDefinition, SourceDefinition
from geleit.sources.formats import ENDINGS
from geleit.sources.times import TimeError, TimeReader

SAMPLE = 500  # records looked at
MOSTLY = 0.8  # share of filled values that must look alike
EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
PHONE = re.compile(r"\+?[\d ()/.-]{6,20}")
CLOCK = re.compile(r"\d{1,2}:\d{2}(?::\d{2})?")
AMOUNT = re.compile(r"-?[\d., ]*\d(?:[.,]\d+)?\s*(?:€|EUR|USD|CHF)?")

# What a column is, by words in its name (German and English).
NAMED: tuple[tuple[str, str], ...] = (
    (
        "order",
        r"(^|_)(order|bestell|auftrag|rechnung|invoice|bon|beleg|receipt|purchase)\w*(_?(id|nr|no|number|nummer))?$",
    ),
    (
        "person",
        r"(customer|kunde|kunden|client|user|member|mitglied|contact|kontakt|person|account|konto)\w*_?(id|nr|no|number|nummer|key)?$",
    ),
    ("anonymous", r"(session|visitor|visit|besucher|anonymous|cookie|client_id|device)\w*$"),
    ("card", r"(loyalty|kundenkarte|bonus|card|karte)\w*"),
    ("event", r"^(event|ereignis|action|aktion|activity|aktivitaet|type|typ|art|vorgang)(_?(name|type|typ))?$"),
    ("amount", r"(total|gesamt|amount|betrag|summe|umsatz|revenue|brutto)"),
    ("price", r"(netto|wert|value|price|preis)"),
    ("currency", r"^(currency|waehrung|währung)$"),
    ("first_name", r"^(first_?name|vorname|given_?name)$"),
    ("last_name", r"^(last_?name|nachname|surname|family_?name|familienname)$"),
    ("name", r"^(name|full_?name|customer_?name|kundenname|kunde)$"),
    ("words", r"^(comment|kommentar|note|notiz|bemerkung|message|nachricht|text|beschreibung|description|feedback)$"),
    ("trait", r"(city|ort|stadt|zip|plz|postal|country|land|street|strasse|straße|birth|geburt|gender|segment|cohort)"),
)


@dataclass(frozen=True, slots=True)
class Draft:
    """A drafted definition. ``notes`` say what was guessed and what a person has to decide."""

    name: str
    yaml: str
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Column:
    """One column of the export: its name, some filled values, and what it seems to be."""

    name: str
    values: tuple[str, ...]
    role: str
    nested: bool = False

    @property
    def sql(self) -> str:
        """The column as an SQL expression; ``user.email`` is the field of an object."""
        outer, dot, inner = self.name.partition(".")
        if dot and self.nested:
            return f"{Column(outer, (), '').sql}->>'{inner}'"
        return self.name if re.fullmatch(r"[a-z_][a-z0-9_]*", self.name) else '"' + self.name.replace('"', '""') + '"'

    @property
    def key(self) -> str:
        """The column's name as a property or trait."""
        return snake(self.name) or "value"


def guess(file: Path, *, root: Path, zone: str, now: int, name: str = "") -> Draft:
    """Draft a definition for one export; a file outside the workspace is copied into ``exports/``.

    Errors: GeleitError if the file does not exist, is empty, or is of no known format; nothing is written then.
    """
    if not file.is_file():
        raise GeleitError(f"{file} does not exist", hint="name an export: CSV, JSON, JSON Lines or Parquet")
    ending = Path(file.name.removesuffix(".gz")).suffix.lower()
    if ending not in ENDINGS:
        raise GeleitError(f"'{file.name}' is of no known format", hint=f"known endings: {', '.join(sorted(ENDINGS))}")
    chosen = snake(name or file.name.split(".")[0]) or "source"
    encoding = sniff_encoding(file) if ENDINGS[ending] == "csv" else "utf-8"
    columns = _columns(file, encoding, TimeReader(zone, "earlier", now))
    written = moment(int(file.stat().st_mtime * SECOND), zone).date().isoformat()
    return _draft(chosen, _inside(file, root), encoding, columns, written=written)


def sniff_encoding(file: Path) -> str:
    """``utf-8`` if the text is, else ``cp1252`` (what German programs on Windows write)."""
    try:
        file.read_bytes()[: 4 << 20].decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return "utf-8" if error.start >= (4 << 20) - 4 else "cp1252"
    return "utf-8"


def _inside(file: Path, root: Path) -> str:
    resolved = file.resolve()
    if not resolved.is_relative_to(root.resolve()):
        target = root / "exports" / file.name
        if target.exists():
            raise GeleitError(f"exports/{file.name} exists already; nothing was changed", hint="rename the file")
        target.parent.mkdir(exist_ok=True)
        shutil.copyfile(file, target)
        resolved = target.resolve()
    return resolved.relative_to(root.resolve()).as_posix()


def _columns(file: Path, encoding: str, times: TimeReader) -> list[Column]:
    event = EventDefinition.model_validate({"kind": "guessed", "time": "1", "identifiers": {"email": "1"}})
    reading = SourceDefinition.model_validate({"file": file.name, "csv": {"encoding": encoding}, "events": [event]})
    values: dict[str, list[str]] = {}
    names: frozenset[str] = frozenset()
    for turn in range(2):  # the readers hand out the columns that are asked for: first learn them, then ask
        for records in islice(files.read(reading.named("guess"), file.parent, names), 1):
            names = _names(records.raw)
            table = records.columns.slice(0, SAMPLE)
            if turn and records.rejected and not records.raw:
                raise GeleitError(records.rejected[0].message, hint="is it the right file?")
            for name in table.column_names if turn else ():
                filled = (str(value).strip() for value in table.column(name).to_pylist() if value is not None)
                values[name] = [value for value in filled if value]
    if not values:
        raise GeleitError(f"{file.name} holds no records", hint="export it again, with its header line")
    return _with_roles(_opened(values), times, values.keys())


def _opened(values: Mapping[str, Sequence[str]]) -> dict[str, Sequence[str]]:
    """Columns that hold JSON objects are opened one level: ``user`` with an e-mail inside becomes ``user.email``."""
    opened: dict[str, Sequence[str]] = {}
    for name, found in values.items():
        if not _share(found, lambda value: value.startswith("{")) or not found:
            opened[name] = found
            continue
        inner: dict[str, list[str]] = {}
        for record in map(json.loads, found):
            for key, value in record.items() if isinstance(record, dict) else ():
                if isinstance(value, str | int | float) and value != "":
                    inner.setdefault(f"{name}.{key}", []).append(str(value))
        opened.update(inner)
    return opened


def _names(raw: Sequence[str]) -> frozenset[str]:
    names: dict[str, None] = {}
    for text in raw[:SAMPLE]:
        record = json.loads(text)
        names.update(dict.fromkeys(record))
    return frozenset(names)


def _with_roles(values: Mapping[str, Sequence[str]], times: TimeReader, plain: Collection[str]) -> list[Column]:
    columns = [
        Column(name, tuple(found), _role(name, found, times), nested=name not in plain)
        for name, found in values.items()
    ]
    taken: set[str] = set()
    single = {
        "time",
        "clock",
        "order",
        "person",
        "event",
        "amount",
        "currency",
        "first_name",
        "last_name",
        "name",
        "words",
    }
    unique = []
    for column in columns:
        role = column.role if column.role not in taken or column.role not in single else "property"
        taken.add(role)
        unique.append(replace(column, role=role))
    return unique


def _role(name: str, values: Sequence[str], times: TimeReader) -> str:
    if not values:
        return "property"
    if _share(values, lambda value: bool(EMAIL.fullmatch(value))):
        return "email"
    plain = snake(name)
    if re.search(r"phone|telefon|tel$|mobil|handy|rufnummer|anrufer", plain) and _share(
        values, lambda v: bool(PHONE.fullmatch(v))
    ):
        return "phone"
    role = next((role for role, words in NAMED if re.search(words, plain)), "property")
    if role in ("amount", "price") and not _share(values, lambda value: bool(AMOUNT.fullmatch(value))):
        return "property"
    if _share(values, lambda value: bool(CLOCK.fullmatch(value))):
        return "clock"
    if role in ("property", "order", "event") and _is_time(plain, values, times):
        return "time"
    return role


def _is_time(name: str, values: Sequence[str], times: TimeReader) -> bool:
    def readable(value: str) -> bool:
        try:
            times.micros(value)
        except TimeError:
            return False
        return True

    digits = all(value.replace(".", "").isdigit() and len(value) != len("2026-01-01") for value in values[:20])
    named = bool(re.search(r"date|datum|time|zeit|created|am$|_at$|timestamp|wann|tag$", name))
    return _share(values, readable) and (named or not digits)


def _share(values: Sequence[str], holds: Callable[[str], bool]) -> bool:
    some = values[:SAMPLE]
    return sum(map(holds, some)) >= MOSTLY * len(some)


def _draft(name: str, file: str, encoding: str, columns: Sequence[Column], *, written: str) -> Draft:
    by_role: dict[str, list[Column]] = {}
    for column in columns:
        by_role.setdefault(column.role, []).append(column)
    notes: list[str] = []
    lines = [f"# Drafted from {file}; read it, correct it, then: geleit source preview {name}"]
    lines += [f"label: {name.replace('_', ' ')}", f"file: {file}"]
    lines += _csv(encoding, [*by_role.get("amount", []), *by_role.get("price", [])])
    grouped = _repeats(by_role.get("order", []))
    if grouped:
        notes.append(f"several lines share one '{grouped.name}': they are read as one event, amounts are added up")
        lines.append(f"group: {_quoted(grouped.sql)}")
    lines += ["events:", *_kind(by_role, notes)]
    lines += _time(by_role, notes, written)
    for title, entries in (
        ("identifiers", _identifiers(name, by_role, notes)),
        ("traits", _traits(by_role)),
        ("properties", _properties(by_role)),
    ):
        lines += _group(title, [(key, _of_group(sql) if grouped else sql) for key, sql in entries])
    lines[1:1] = [f"# {note}" for note in notes]
    return Draft(name, "\n".join(lines) + "\n", tuple(notes))


def _csv(encoding: str, amounts: Sequence[Column]) -> list[str]:
    """How the CSV is written, where that differs from the defaults or values such as 1.234 would leave it open."""
    written = [f"encoding: {encoding}"] if encoding != "utf-8" else []
    values = [value for column in amounts for value in column.values]
    if any(re.search(r",\d{1,2}\D*$", value) for value in values):
        written.append('decimal: ","')
    elif any(re.search(r"\.\d{1,2}\D*$", value) for value in values):
        written.append('decimal: "."')
    return [f"csv: {{{', '.join(written)}}}"] if written else []


def _repeats(orders: Sequence[Column]) -> Column | None:
    """The order column if its values repeat: then the export holds order lines, not orders."""
    return next((column for column in orders if len(set(column.values)) < len(column.values)), None)


def _of_group(sql: str) -> str:
    """An expression over all lines of an order."""
    return f"sum({sql})" if sql.startswith("money(") else f"any_value({sql})"


def _kind(by_role: Mapping[str, list[Column]], notes: list[str]) -> list[str]:
    order = by_role.get("order")
    if event := by_role.get("event"):
        notes.append(f"each value of '{event[0].name}' is an event kind; give them stages in kinds.yaml")
        return [f"  - kind_from: {_quoted(event[0].sql)}"]
    if order and (by_role.get("amount") or by_role.get("price") or by_role.get("time")):
        key = _of_group(order[0].sql) if _repeats(order) else order[0].sql
        return ["  - kind: order_completed", f"    key: {_quoted(key)}"]
    if by_role.get("words"):
        notes.append("taken as contacts with us; choose another kind if that is not what happened")
        return ["  - kind: contact_made"]
    notes.append("taken as facts about people (kind identified); choose another kind if something happened")
    return ["  - kind: identified"]


def _time(by_role: Mapping[str, list[Column]], notes: list[str], written: str) -> list[str]:
    if found := by_role.get("time"):
        time = found[0].sql
        if clock := by_role.get("clock"):
            time = f"{time} || ' ' || {clock[0].sql}"
        return [f"    time: {_quoted(_of_group(time) if _repeats(by_role.get('order', [])) else time)}"]
    notes.append("no column looks like a time: the day the file was written is taken; write the right one")
    return [f"    time: \"'{written}'\""]


def _identifiers(name: str, by_role: Mapping[str, list[Column]], notes: list[str]) -> list[tuple[str, str]]:
    found = [(f"{name}.customer_no", column.sql) for column in by_role.get("person", [])]
    found += [("email", column.sql) for column in by_role.get("email", [])[:1]]
    found += [("phone", column.sql) for column in by_role.get("phone", [])[:1]]
    found += [("loyalty_card", column.sql) for column in by_role.get("card", [])[:1]]
    found += [(f"{name}.anonymous_id", column.sql) for column in by_role.get("anonymous", [])[:1]]
    if not found:
        found = [(f"{name}.order_id", column.sql) for column in by_role.get("order", [])]
    if not found:
        notes.append("no column points at a person: name one under identifiers, or nothing can be taken in")
        found = [(f"{name}.customer_no", "NULL")]
    return found


def _traits(by_role: Mapping[str, list[Column]]) -> list[tuple[str, str]]:
    named = [(role, column.sql) for role in ("first_name", "last_name", "name") for column in by_role.get(role, [])]
    return [*named, *((column.key, column.sql) for column in by_role.get("trait", []))]


def _properties(by_role: Mapping[str, list[Column]]) -> list[tuple[str, str]]:
    found = [("order_id", column.sql) for column in by_role.get("order", [])]
    amounts = by_role.get("amount", []) or by_role.get("price", [])[:1]
    found += [("total", f"money({column.sql})") for column in amounts]
    found += [(column.key, f"money({column.sql})") for column in by_role.get("price", []) if column not in amounts]
    found += [("currency", column.sql) for column in by_role.get("currency", [])]
    found += [("words", column.sql) for column in by_role.get("words", [])]
    extra = ("property", "time", "clock", "email", "phone", "anonymous", "card")
    taken = {"time": 1, "clock": 1 if by_role.get("time") else 0, "email": 1, "phone": 1, "anonymous": 1, "card": 1}
    for role in extra:
        found += [(column.key, column.sql) for column in by_role.get(role, [])[taken.get(role, 0) :]]
    return found


def _group(title: str, entries: Iterable[tuple[str, str]]) -> list[str]:
    once = dict(reversed(list(entries)))
    lines = [f"      {key}: {_quoted(sql)}" for key, sql in reversed(once.items())]
    return [f"    {title}:", *lines] if lines else []


def _quoted(sql: str) -> str:
    """An expression as a YAML value."""
    return sql if re.fullmatch(r"[a-z_][a-z0-9_]*(\([a-z_0-9]+\))?", sql) else "'" + sql.replace("'", "''") + "'"
