"""``attach:`` of a source: which rows of other files its records take along, where these files lie, and by which columns."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase, translate
from pathlib import PurePosixPath
from posixpath import normpath
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BeforeValidator, Field, model_validator

from geleit.definitions import Definition
from geleit.errors import GeleitError
from geleit.sources.formats import ARCHIVE, ENDINGS, Csv, Excel, Format, ending

if TYPE_CHECKING:
    from geleit.sources.definition import SourceDefinition
    from geleit.sources.located import Located

STAR = "{*}"  # in the name of an attached file: what the first * of the source's own file stands for
MAGIC = re.compile(r"([*?[])")


def _as_pairs(value: Any) -> Any:
    """One column or a list of columns that both files name alike is short for pairs."""
    names = [value] if isinstance(value, str) else value
    return {name: name for name in names} if isinstance(names, list | tuple) else value


class Attach(Definition):
    """Rows of another file that a record takes along as a JSON column."""

    file: str = Field(
        "",
        description="path or pattern, from the folder of each file of the source (in a zip or a store alike); {*} is what "
        "the first * in the source's own file stands for; default: the same workbook (excel only)",
    )
    by: Annotated[dict[str, str], BeforeValidator(_as_pairs)] = Field(
        description="columns whose values say to which record a row belongs: their names in both files, or "
        "{in the source's file: in the attached one}",
        min_length=1,
    )
    columns: tuple[str, ...] = Field(
        (), description="columns that are taken along (one that is missing is an error); default: all"
    )
    optional: bool = Field(False, description="whether the file may be missing, which then means that it has no rows")
    format: Format | None = Field(None, description="default: by the file's ending")
    csv: Csv | None = Field(
        None, description="how it is written as CSV, instead of the source's own csv (whose header never counts here)"
    )
    excel: Excel = Field(Excel(), description="where in a workbook its rows stand")
    records: str = Field("", description="json only: dotted path to its rows inside the document")

    @model_validator(mode="after")
    def _somewhere(self) -> Attach:
        if not (self.file or self.excel.sheet):
            raise ValueError("give file: the name of the file whose rows are taken along, such as lines.csv")
        if self.file.startswith("/") or "://" in self.file:
            raise ValueError(
                f"'{self.file}' does not begin at the folder of the source's file; write lines.csv, or ../x"
            )
        return self

    def reads(self) -> frozenset[str]:
        """The columns of its file that have to be there."""
        return frozenset((*self.by.values(), *self.columns))

    def own(self, definition: SourceDefinition, name: str) -> SourceDefinition:
        """The definition by which one attached file is read: that of the source, with what is said here instead."""
        known = ENDINGS.get(ending(name))
        csv = self.csv or definition.csv.model_copy(update={"header": None})
        changes = {"csv": csv, "excel": self.excel, "records": self.records, "attach": {}, "repeats": "one"}
        return definition.model_copy(update=changes | {"format": self.format or known or definition.format})


def attached_files(definition: SourceDefinition, located: Located) -> dict[str, list[Located]]:
    """The files from which the records of one file take rows, by the names of their columns; none for an archive.

    Errors: GeleitError for one that is missing and not optional; GeleitError and Retryable of a store.
    """
    if not definition.attach or ending(located.name) == ARCHIVE:
        return {}
    found: dict[str, list[Located]] = {}
    for name, attach in definition.attach.items():
        if not attach.file:
            found[name] = [located]
            continue
        pattern = _pattern(definition, attach, located)
        found[name] = [one for one in located.near(pattern) if one.name != located.name]
        if not (found[name] or attach.optional):
            raise _missing(definition, located, name, pattern)
    return found


def is_attached(definition: SourceDefinition, name: str) -> bool:
    """Whether a file that a pattern of the source matches is one whose rows its records take along."""
    files = [attach.file.replace(STAR, "*") for attach in definition.attach.values() if attach.file]
    wanted = [normpath(file).replace("../", "") for file in files]
    return any(fnmatchcase(name, file) or fnmatchcase(name, f"*/{file}") for file in wanted)


def problems(definition: SourceDefinition) -> Iterator[tuple[tuple[str, ...], str, str]]:
    """What is wrong with ``attach``, as place, problem and remedy."""
    if definition.attach and not definition.file:
        yield ("attach",), "only records of files take rows of other files along", "give 'file:', or join in a query"
    for name, attach in definition.attach.items():
        if name in definition.let:
            yield ("attach", name), f"'{name}' is also a name under let", "give one of them another name"
        starred = [*definition.file, definition.member]
        if STAR in attach.file and not any("*" in PurePosixPath(file).name for file in starred):
            yield (
                ("attach", name, "file"),
                f"{STAR} stands for the * of the source's file, which has none",
                "name the file",
            )


def _pattern(definition: SourceDefinition, attach: Attach, located: Located) -> str:
    return attach.file.replace(STAR, MAGIC.sub(r"[\1]", _starred(definition, located.name)))


def _starred(definition: SourceDefinition, name: str) -> str:
    """What the first * in the name of the source's file stands for in this one; '' without any."""
    own = PurePosixPath(name).name
    for pattern in (definition.member, *definition.file):
        before, star, behind = PurePosixPath(pattern).name.partition("*")
        if star and (found := re.match(f"{re.escape(before)}(.*){translate(behind)}", own)):
            return found[1]
    return ""


def _missing(definition: SourceDefinition, located: Located, name: str, pattern: str) -> GeleitError:
    return GeleitError(
        f"sources/{definition.name}: {located.name} takes rows along from '{pattern}' (attach: {name}), which is not "
        "there; nothing of this file was imported",
        hint="put it there and import again; if it may be missing: optional: true under attach",
    )


def wanted_columns(definition: SourceDefinition, columns: frozenset[str]) -> frozenset[str]:
    """The columns that a file of the source itself has to have: those that are read and those that rows go by."""
    attached = {name.casefold() for name in definition.attach}
    own = {name for name in columns if name.casefold() not in attached}
    return frozenset(own | {name for attach in definition.attach.values() for name in attach.by})


def files_of(attached: Mapping[str, list[Located]]) -> dict[str, Located]:
    """All attached files, each once, by name."""
    return {one.name: one for files in attached.values() for one in files}
