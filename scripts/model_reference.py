"""Describes pydantic models as Markdown tables: every field with its type in plain words, default and meaning."""

from __future__ import annotations

import json
from collections.abc import Iterator
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from annotated_types import Ge, Gt, Le, Lt
from pydantic import BaseModel, BeforeValidator
from pydantic.fields import FieldInfo

from geleit.definitions import UNITS, Duration, Label
from geleit.secrets import Secret
from geleit.segments.conditions import Words
from geleit.segments.money import Amount
from geleit.segments.spans import DayOfCalendar, SpanOfTime
from geleit.sources.definition import SourceDefinition, Sql

SECOND = 1_000_000
PLAIN = {str: "text", int: "whole number", float: "number", bool: "`true` or `false`", Any: "anything"}
SCALARS = {str, int, float, bool}
# The house's own types, recognized by the validator that reads them.
OWN = (
    (Label, "text, or a text per language"),
    (Duration, "span such as `14 days`"),
    (SpanOfTime, "span such as `14 days`"),
    (DayOfCalendar, "day such as `2026-03-01`, `today`, `30 days ago`"),
    (Amount, "amount such as `500 EUR`"),
    (Words, "text, or a list of texts"),
    (Sql, "SQL expression"),
    (SourceDefinition.model_fields["file"], "text, or a list of texts"),
)
LONGEST_DEFAULT = 40


def tables(model: type[BaseModel], depth: int = 3) -> str:
    """A heading, a sentence and a table for a model and, below, for every model inside it."""
    parts: list[str] = []
    for place, found in enumerate(with_inner(model)):
        heading = "#" * depth + f" {found.__name__}\n\n" if place else ""
        parts.append(f"{heading}{sentence(found)}\n\n{table(found)}")
    return "\n".join(parts)


def with_inner(model: type[BaseModel]) -> list[type[BaseModel]]:
    """The model and all models its fields are made of, each once, in order of appearance."""
    found = [model]
    for current in found:
        for field in current.model_fields.values():
            found.extend(inner for inner in models_in(field.annotation) if inner not in found and inner is not Secret)
    return found


def models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    """Every model named in a type."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from models_in(part)


def sentence(model: type[BaseModel]) -> str:
    """The first paragraph of the model's docstring."""
    return " ".join((model.__doc__ or "").split("\n\n")[0].split()).replace("``", "`")


def table(model: type[BaseModel]) -> str:
    """One row per field."""
    lines = ["| field | type | default | meaning |", "|---|---|---|---|"]
    for name, field in model.model_fields.items():
        cells = (f"`{field.alias or name}`", type_of(field), default_of(field), field.description or "")
        lines.append("| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |")
    return "\n".join(lines) + "\n"


def type_of(field: FieldInfo) -> str:
    """A field's type in plain words, with its bounds."""
    words = describe(field.annotation, tuple(field.metadata))
    bounds = [text for item in field.metadata if (text := bound(item))]
    return f"{words}, {' and '.join(bounds)}" if bounds else words


def bound(constraint: object) -> str:
    """A numeric bound in words; patterns and lengths are told by the error that names them."""
    if isinstance(constraint, Ge):
        return f"at least {constraint.ge}"
    if isinstance(constraint, Le):
        return f"at most {constraint.le}"
    if isinstance(constraint, Gt):
        return f"more than {constraint.gt}"
    return f"less than {constraint.lt}" if isinstance(constraint, Lt) else ""


def describe(annotation: Any, metadata: tuple[object, ...] = ()) -> str:
    """A type in plain words."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return describe(arguments[0], arguments[1:])
    if special := known(metadata):
        return special
    if origin in (Union, UnionType) and SCALARS.issubset(arguments):
        return "value, or a list of values" if len(arguments) > len(SCALARS) else "value"
    if origin is Literal:
        return "one of " + ", ".join(f"`{value}`" for value in arguments)
    if origin in (Union, UnionType):
        return " or ".join(dict.fromkeys(describe(part) for part in arguments if part is not NoneType))
    if origin in (tuple, list):
        return f"list of {describe(arguments[0]).removeprefix('one of ')}"
    if origin is dict:
        return f"names, each with {describe(arguments[1])}"
    if annotation is Secret:
        return "`{secret: NAME}`"
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return f"[{annotation.__name__}](#{annotation.__name__.lower()})"
    return PLAIN.get(annotation, getattr(annotation, "__name__", str(annotation)))


def known(metadata: tuple[object, ...]) -> str:
    """Words for the house's own types."""
    return next((words for own, words in OWN if any(item in metadata for item in validators(own))), "")


def validators(own: Any) -> tuple[object, ...]:
    """What reads a value of an annotated type or field."""
    metadata = own.metadata if isinstance(own, FieldInfo) else get_args(own)[1:]
    return tuple(item for item in metadata if isinstance(item, BeforeValidator))


def default_of(field: FieldInfo) -> str:
    """What holds when the field is left out; built-in definitions are only named."""
    if field.is_required():
        return "**required**"
    value = field.get_default(call_default_factory=True, validated_data={})
    if value in (None, "", (), {}, []):
        return "-"
    if holds_spans(field):
        return written(value)
    if isinstance(value, str):
        return f"`{value}`"
    text = json.dumps(value, ensure_ascii=False, default=lambda _: None).replace('"', "")
    if isinstance(value, BaseModel) or "null" in text or len(text) > LONGEST_DEFAULT:
        return "built in"
    return f"`{text}`"


def holds_spans(field: FieldInfo) -> bool:
    """Whether the field, or the values of its mapping, are spans of time."""
    marks = get_args(Duration)[1:]
    inside = [get_args(part)[1:] for part in get_args(field.annotation) if get_origin(part) is Annotated]
    return any(mark in (*field.metadata, *[one for some in inside for one in some]) for mark in marks)


def written(value: Any) -> str:
    """A span as one writes it: ``90 days``."""
    if isinstance(value, dict):
        return ", ".join(f"`{name}: {written(span).strip('`')}`" for name, span in value.items())
    seconds = value // SECOND
    for unit in ("day", "hour", "minute"):
        if seconds and seconds % UNITS[unit] == 0:
            count = seconds // UNITS[unit]
            return f"`{count} {unit}{'s' if count != 1 else ''}`"
    return "-"
