"""How files are written: their formats by ending, and what a definition says where the ending does not say enough."""

from __future__ import annotations

import codecs
from pathlib import PurePosixPath
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, field_validator, model_validator

from geleit.definitions import Definition

Format = Literal["csv", "json", "jsonl", "parquet", "excel", "xes"]
ENDINGS: dict[str, Format] = {
    ".csv": "csv",
    ".tsv": "csv",
    ".tab": "csv",
    ".txt": "csv",
    ".json": "json",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".parquet": "parquet",
    ".xlsx": "excel",
    ".xlsm": "excel",
    ".xlsb": "excel",
    ".xls": "excel",
    ".ods": "excel",
    ".xes": "xes",
}
COMPRESSED = (".gz", ".bz2", ".xz", ".zst")  # one file inside, whose ending stands before: till.csv.gz
ARCHIVE = ".zip"  # many files inside
NOT_READ = (".tar", ".tgz", ".tbz2", ".7z", ".rar")  # archives that people have and geleit does not open


def ending(name: str) -> str:
    """What tells a file's format: its ending, without that of its compression, in small letters.

    >>> ending("exports/Till.CSV.gz"), ending("a.zip/inner/b.json"), ending("README")
    ('.csv', '.json', '')
    """
    return PurePosixPath(unpacked(name.lower())).suffix


def unpacked(name: str) -> str:
    """A file's name without the ending of its compression.

    >>> unpacked("exports/till.csv.gz"), unpacked("till.csv")
    ('exports/till.csv', 'till.csv')
    """
    for suffix in COMPRESSED:
        name = name.removesuffix(suffix)
    return name


def _one_character(value: Any) -> Any:
    value = {"tab": "\t", "\\t": "\t"}.get(value, value) if isinstance(value, str) else value
    if isinstance(value, str) and len(value) > 1:
        raise ValueError("must be one character")
    return value


Character = Annotated[str, BeforeValidator(_one_character)]


class Csv(Definition):
    """How a CSV file is written."""

    delimiter: Character = Field(
        "", description="one character between fields (or tab); default: found among ; , tab | and a few rare ones"
    )
    encoding: str = Field(
        "", description="encoding of the text, such as cp1252 or utf-16; default: by its BOM, else utf-8"
    )
    quote: Character = Field('"', description="the character around fields; '' if quotes are ordinary characters")
    escape: Character = Field("", description="a character that takes the next one as it is, such as \\; default: none")
    header: tuple[str, ...] | None = Field(
        None, description="names of the columns, for a file without a header line", min_length=1
    )
    skip_lines: int = Field(0, ge=0, description="lines above the header (or the first record) to leave out")
    decimal: Literal[",", "."] | None = Field(
        None, description="decimal mark that money() takes for values such as 1.234; without it they are refused"
    )

    @field_validator("encoding")
    @classmethod
    def _encoding_exists(cls, name: str) -> str:
        try:
            known = codecs.lookup(name or "utf-8")
        except LookupError:
            known = None
        if known is None or not getattr(known, "_is_text_encoding", True):
            raise ValueError(f"'{name}' is no known encoding; try utf-8, utf-16 or cp1252")
        return name

    @model_validator(mode="after")
    def _marks_differ(self) -> Csv:
        marks = [mark for mark in (self.delimiter, self.quote, self.escape) if mark]
        if len(set(marks)) < len(marks):
            raise ValueError("delimiter, quote and escape must be different characters")
        if {*marks} & {"\r", "\n"}:
            raise ValueError("a line break separates records, not fields")
        return self


class Excel(Definition):
    """Where in a workbook the records stand."""

    sheet: str | int | None = Field(
        None, description="name of the sheet, or its number from 1; default: the first that is shown and filled"
    )
    header_row: int | None = Field(
        None, ge=1, description="number of the row with the columns' names; default: the first that is not empty"
    )
