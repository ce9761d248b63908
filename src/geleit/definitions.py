"""What every YAML definition shares: strict models, labels per language, errors that name file, line, value, remedy."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import MarkedYAMLError

from geleit.errors import DefinitionError


class Definition(BaseModel):
    """Base of every definition model: unknown keys are errors, values are immutable.

    What reads it is built when it is first needed: there are more models than any one command reads.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


def _as_label(value: Any) -> Any:
    return {"en": value} if isinstance(value, str) else value


Label = Annotated[dict[str, str], BeforeValidator(_as_label)]
"""A text per language (``{en: Till, de: Kasse}``), or one text for all."""

D = TypeVar("D", bound=Definition)


def load(path: Path, model: type[D], *, root: Path | None = None) -> D:
    """Read one YAML file into its model.

    Errors: DefinitionError naming file (relative to ``root``), line, value and remedy.
    """
    name = str(path.relative_to(root)) if root and path.is_relative_to(root) else path.name
    return fit(read_tree(path, name), model, name)


def fit(tree: Any, model: type[D], name: str) -> D:
    """A YAML tree as its model.

    Errors: as ``load``.
    """
    refuse_secrets(tree, name)
    try:
        return model.model_validate(plain(tree))
    except ValidationError as error:
        raise explain(error, tree, model, name) from None


def read_tree(path: Path, name: str) -> Any:
    """The YAML tree with line marks; an empty file is an empty mapping."""
    try:
        tree = YAML(typ="rt").load(path.read_text(encoding="utf-8"))
    except MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 0
        hint = "check indentation, quotes and colons on this line and the one above"
        raise DefinitionError(f"not valid YAML: {error.problem}", file=name, line=line, hint=hint) from None
    except UnicodeDecodeError:
        raise DefinitionError("not UTF-8 text", file=name, hint="save the file as UTF-8") from None
    except OSError as error:
        raise DefinitionError(f"cannot be read: {error.strerror}", file=name, hint="check the file's rights") from None
    if tree is None:
        return CommentedMap()
    if not isinstance(tree, CommentedMap):
        raise DefinitionError(
            "must be a mapping of names to values", file=name, line=1, hint="begin with 'name: value'"
        )
    return tree


def plain(node: Any) -> Any:
    """The tree without marks: dicts, lists, scalars with string keys."""
    if isinstance(node, dict):
        return {str(key): plain(value) for key, value in node.items()}
    if isinstance(node, list):
        return [plain(value) for value in node]
    return node


def explain(error: ValidationError, tree: Any, model: type[Definition], name: str) -> DefinitionError:
    """The first problem as a sentence, with its line; the count of further ones behind it."""
    problems = error.errors()
    # a misspelled name is also a missing one: say the misspelling
    problem = next((p for p in problems if p["type"] == "extra_forbidden"), problems[0])
    kinds = ("function-", "dict[", "str[", "list[", "condition:")  # what pydantic adds of a union's members
    place = [part for part in problem["loc"] if part != "str" and not str(part).startswith(kinds)]
    value = problem.get("input")
    text, hint = (
        problem["msg"].removeprefix("Value error, "),
        "geleit schemas writes what is known here for your editor",
    )
    if not place and (named := re.fullmatch(r"([a-z_]+(?:\.[\w -]+)+): (.*)", text)):
        place, text = [int(part) if part.isdecimal() else part for part in named[1].split(".")], named[2]
    line = line_of(tree, place)
    where = ".".join(str(part) for part in place) or "file"
    if problem["type"] == "extra_forbidden":
        names = sibling_names(model, place[:-1])
        close = difflib.get_close_matches(str(place[-1]), names, n=1)
        text = f"'{place[-1]}' is not known here"
        hint = f"did you mean '{close[0]}'?" if close else f"known here: {', '.join(names)}"
    elif problem["type"] == "missing":
        text, hint = "is required and missing", f"add '{place[-1]}:'"
    elif isinstance(value, str | int | float | bool) and not SECRET_NAMES.search(str(place[-1] if place else "")):
        text = f"{text} (found {value!r})"
    more = f" (and {len(problems) - 1} more problems)" if len(problems) > 1 else ""
    return DefinitionError(f"{where}: {text}{more}", file=name, line=line, hint=hint)


def line_of(tree: Any, place: list[Any]) -> int:
    """Line (from 1) of the deepest part of ``place`` that exists in the tree."""
    line, node = 1, tree
    for part in place:
        if isinstance(node, CommentedMap) and part in node:
            line, node = node.lc.key(part)[0] + 1, node[part]
        elif isinstance(node, CommentedSeq) and isinstance(part, int) and part < len(node):
            line, node = node.lc.item(part)[0] + 1, node[part]
        else:
            break
    return line


def sibling_names(model: type[Definition], place: list[Any]) -> list[str]:
    """Field names that are known at a place inside a model."""
    current: Any = model
    for part in place:
        if isinstance(part, int) or not hasattr(current, "model_fields"):
            continue
        field = current.model_fields.get(str(part))
        current = _inner_model(field.annotation) if field else current
    return sorted(getattr(current, "model_fields", {}))


def _inner_model(annotation: Any) -> Any:
    if hasattr(annotation, "model_fields"):
        return annotation
    return next((found for arg in getattr(annotation, "__args__", ()) if (found := _inner_model(arg))), None)


UNITS = {"minute": 60, "hour": 3600, "day": 86_400, "week": 604_800, "month": 2_592_000, "year": 31_536_000}


def as_micros(value: Any) -> Any:
    """``14 days`` in microseconds; a number as it is.

    Errors: ValueError for another text.
    """
    found = (
        re.fullmatch(r"\s*(\d+)\s*(minute|hour|day|week|month|year)s?\s*", value) if isinstance(value, str) else None
    )
    if isinstance(value, str) and found is None:
        raise ValueError("write a number and a unit: 30 minutes, 36 hours, 14 days, 2 weeks, 3 months, 1 year")
    return int(found[1]) * UNITS[found[2]] * 1_000_000 if found else value


Duration = Annotated[int, BeforeValidator(as_micros)]
"""A span of time written as ``14 days`` (a month counts 30 days, a year 365); microseconds inside."""

SECRET_NAMES = re.compile(r"(password|passwort|passwd|secret|token|api_?key|private_?key)$", re.IGNORECASE)
SECRET_URL = re.compile(r"://[^/\s:@]+:[^/\s@]+@|[?&](password|passwd|secret|token|api_?key)=", re.IGNORECASE)


def refuse_secrets(tree: Any, name: str) -> None:
    """A secret written out in a definition is refused; definitions are read by many.

    Errors: DefinitionError naming the line, never the value.
    """
    for key, value, line in _entries(tree):
        if isinstance(value, str) and (SECRET_NAMES.search(key) or SECRET_URL.search(value)):
            raise DefinitionError(
                f"'{key}' holds a secret in plain text",
                file=name,
                line=line,
                hint=f"write '{key}: {{secret: NAME}}' and set NAME in the environment or in secrets/NAME (mode 0600)",
            )


# Below these names stand names of the company's own, with expressions as values: a column may be called cart_token.
OWN_NAMES = frozenset(("identifiers", "traits", "properties", "let", "kinds", "where"))


def _entries(node: Any) -> Iterator[tuple[str, Any, int]]:
    if isinstance(node, CommentedMap):
        if set(node) == {"secret"}:
            return  # the name of a secret
        for key, value in node.items():
            yield str(key), value, node.lc.key(key)[0] + 1
            if key not in OWN_NAMES:
                yield from _entries(value)
    elif isinstance(node, list):
        for value in node:
            yield from _entries(value)
