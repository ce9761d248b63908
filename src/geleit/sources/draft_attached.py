"""What a draft says of exports whose rows its records take along: where they lie, and the properties that come of them."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from geleit.sources.related import Related, Table
from geleit.sources.roles import Column, by_role

NUMBER = "record_no"  # what a number of several columns is called


@dataclass(frozen=True, slots=True)
class Along:
    """One export that is taken along: the column it becomes, its fields under ``attach``, its columns, and why."""

    name: str
    fields: Mapping[str, Any]
    columns: Sequence[Column]
    why: str

    @property
    def prices(self) -> list[Column]:
        """The columns that hold money."""
        found = by_role(self.columns)
        return [*found.get("amount", []), *found.get("price", [])]


def along(head: Table, some: Sequence[Related], files: Mapping[str, str]) -> list[Along]:
    """What a draft of ``head`` says of exports that belong to it; ``files``: patterns that stand for a file, by its name."""
    taken = {name.casefold() for row in head.rows[:1] for name in row}
    found = []
    for one in some:
        stem = re.sub(r"(_?\d+)+$", "", one.table.stem) or "rows"
        name = stem if stem.casefold() not in taken else f"{stem}_rows"
        taken.add(name.casefold())
        fields = {**_place(head, one.table, files), "by": _short(one.by), **_written(head, one.table)}
        found.append(Along(name, fields, one.table.columns, f"{one.why}: they are taken along as '{name}'"))
    return found


def numbered(head: Table, some: Sequence[Related]) -> tuple[list[Column], dict[str, str]]:
    """The columns of an export, one of them as the number of its records, and what has to be named under ``let`` for it.

    A record's own number is that of an order where rows name it as one; a number of several columns gets a name.
    """
    columns = list(head.columns)
    for one in some:
        by, roles = one.by, one.table.roles
        if len(by) == 1:
            ((here, there),) = by.items()
            own = [column for column in columns if column.name == here and column.role == "id"]
            if own and roles.get(there) == "order" and "order" not in head.roles.values():
                columns = [replace(column, role="order") if column in own else column for column in columns]
        elif "order" in (head.roles.get(here) for here in by):
            values = tuple("-".join(row.get(here, "") for here in by) for row in head.rows)
            named = [next(column for column in columns if column.name == here) for here in by]
            rest = [replace(column, role="property") if column.role == "order" else column for column in columns]
            let = " || '-' || ".join(column.sql for column in named)
            return [Column(NUMBER, values, "order"), *rest], {NUMBER: let}
    return columns, {}


def properties(along: Sequence[Along], known: Collection[str]) -> list[tuple[str, str]]:
    """The articles of an order, their sum where nothing else tells it, and other rows as they are."""
    entries: list[tuple[str, str]] = []
    for one in along:
        found, told = by_role(one.columns), {*known, *(key for key, _ in entries)}
        parts = [f"'product_id', {_of_row(column)}" for column in found.get("product_id", [])]
        parts += [f"'name', {_of_row(column)}" for column in found.get("product", [])]
        parts += [f"'price', {_money(column)}" for column in found.get("price", [])[:1]]
        parts += [f"'quantity', {_counted(column)}" for column in found.get("quantity", [])]
        rows = f"CAST({one.name} AS JSON[])"
        if not (found.get("product_id") or found.get("product")) or "products" in told:
            entries.append((one.name, f"{one.name}::json"))
            continue
        entries.append(("products", f"to_json(list_transform({rows}, lambda l: json_object({', '.join(parts)})))"))
        if "total" not in told and (amounts := found.get("amount")):
            entries.append(("total", f"list_sum(list_transform({rows}, lambda l: {_money(amounts[0])}))"))
    return entries


def _place(head: Table, other: Table, files: Mapping[str, str]) -> dict[str, Any]:
    """Where the rows lie, from the folder of the records."""
    if other.sample.form == "excel" and other.file.name == head.file.name:
        return {"excel": other.sample.fields.get("excel", {"sheet": other.part})}
    here, there = (one.part or one.file.name for one in (head, other))
    file = posixpath.relpath(there, posixpath.dirname(here) or ".")
    return {"file": posixpath.join(posixpath.dirname(file), files.get(there, posixpath.basename(file)))}


def _written(head: Table, other: Table) -> dict[str, Any]:
    """How the rows are written, where that is not how the records are."""
    found: dict[str, Any] = {}
    own, csv = (dict(one.sample.fields.get("csv", {})) for one in (head, other))
    own.pop("header", None)
    if other.sample.form == "csv" and csv != own:
        found["csv"] = csv
    if other.sample.form == "excel" and other.file.name != head.file.name and "excel" in other.sample.fields:
        found["excel"] = other.sample.fields["excel"]
    if "records" in other.sample.fields:
        found["records"] = other.sample.fields["records"]
    return found


def _short(by: Mapping[str, str]) -> Any:
    """Columns as ``by`` takes them: one name, a list of names, or pairs."""
    if any(one != two for one, two in by.items()):
        return dict(by)
    names = list(by)
    return names[0] if len(names) == 1 else names


def _of_row(column: Column) -> str:
    name = column.name.replace("'", "''")
    return f"l->>'{name}'"


def _money(column: Column) -> str:
    return f"money({_of_row(column)})"


def _counted(column: Column) -> str:
    whole = all(re.fullmatch(r"\d{1,9}", value) for value in column.values)
    return f"CAST({_of_row(column)} AS INTEGER)" if whole else _money(column)
