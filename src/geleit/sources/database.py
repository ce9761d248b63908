"""``database:`` of a source: which table or query holds its records, and how only new and changed rows are found."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import Annotated, Any, Literal

import sqlalchemy as sa
import sqlglot
from pydantic import BeforeValidator, Field, field_validator, model_validator
from sqlglot import exp

from geleit.clock import MINUTE
from geleit.definitions import Definition, Duration, as_micros
from geleit.secrets import Secret

System = Literal["sqlite", "postgresql", "mysql"]
SYSTEMS: dict[str, System] = {
    "sqlite": "sqlite",
    "postgresql": "postgresql",
    "postgres": "postgresql",
    "mysql": "mysql",
    "mariadb": "mysql",
}
OVERLAP_TIME = 10 * MINUTE
OVERLAP_NUMBER = 1_000
WRITES = (
    exp.Insert,
    exp.Update,
    exp.Delete,
    exp.Merge,
    exp.Create,
    exp.Drop,
    exp.Alter,
    exp.Command,
    exp.Into,
    exp.Lock,
)


def _as_names(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


class Database(Definition):
    """A table or query of a database, read row by row and never written to."""

    url: str = Field(
        description="sqlite:///path inside the workspace, postgresql://user@host/database or mysql://user@host/database"
    )
    password: Secret | None = Field(None, description="the user's password: {secret: NAME}")
    table: str = Field("", description="table or view, also as schema.table (instead of query)")
    query: str = Field("", description="a SELECT whose rows are the records (instead of table)")
    key: Annotated[tuple[str, ...], BeforeValidator(_as_names)] = Field(
        (), description="column (or list of columns) unique per row, so that rows come in the same order each time"
    )
    since: str = Field(
        "",
        description="column that grows with every new or changed row (id, updated_at): only those are read next time",
    )
    overlap: str | int | None = Field(
        None,
        description="what is read again behind the last value of since, for rows are not always committed in order: "
        "a span such as 10 minutes, or a number of keys; default: 10 minutes, or 1000 keys",
    )
    timeout: Duration = Field(5 * MINUTE, description="how long the database may take to answer", gt=0)

    @field_validator("url")
    @classmethod
    def _known_system(cls, url: str) -> str:
        try:
            parsed = sa.make_url(url)
        except sa.exc.ArgumentError:
            raise ValueError("no database URL; write it as postgresql://user@host/database") from None
        if parsed.get_backend_name() not in SYSTEMS or "+" in parsed.drivername:
            known = "sqlite://, postgresql:// or mysql://"
            raise ValueError(f"'{parsed.drivername}' cannot be read; it must begin with {known}")
        if parsed.password is not None or any("passw" in name for name in parsed.query):
            raise ValueError("a URL may hold no password; write 'password: {secret: NAME}' beside it")
        if SYSTEMS[parsed.get_backend_name()] == "sqlite":
            _check_path(parsed.database or "")
        return url

    @field_validator("overlap")
    @classmethod
    def _span_or_number(cls, overlap: str | int | None) -> str | int | None:
        if isinstance(overlap, str):
            as_micros(overlap)
        elif overlap is not None and overlap < 0:
            raise ValueError("an overlap is zero or more")
        return overlap

    @model_validator(mode="after")
    def _one_place(self) -> Database:
        if bool(self.table) == bool(self.query):
            raise ValueError("database: give either table or query")
        if self.overlap is not None and not self.since:
            raise ValueError("database.overlap: says nothing without since")
        if self.query:
            _check_query(self.query, self.system)
        return self

    @property
    def system(self) -> System:
        """What kind of database it is."""
        return SYSTEMS[sa.make_url(self.url).get_backend_name()]

    @property
    def place(self) -> str:
        """What messages and positions call the rows' origin."""
        return self.table or "query"

    @property
    def span(self) -> int:
        """The overlap of a column of times, in microseconds."""
        return OVERLAP_TIME if self.overlap is None else as_micros(self.overlap)

    @property
    def number(self) -> int | None:
        """The overlap of a column of numbers; None where the definition gives a span of time."""
        return OVERLAP_NUMBER if self.overlap is None else None if isinstance(self.overlap, str) else self.overlap


def _check_path(path: str) -> None:
    if not path or path == ":memory:":
        raise ValueError("sqlite:/// needs the path of a file inside the workspace")
    if path.startswith("/") or ".." in PurePosixPath(path).parts:
        raise ValueError("the file lies outside the workspace; copy or link its folder into the workspace")


def _check_query(query: str, system: System) -> None:
    """Only what reads is let through; the database itself is asked to read only, too.

    Errors: ValueError.
    """
    dialect = {"postgresql": "postgres"}.get(system, system)
    try:
        statements = [one for one in sqlglot.parse(query, dialect=dialect) if one is not None]
    except sqlglot.errors.SqlglotError:  # a spelling of this system that the parser does not know: it will judge itself
        if ";" in query or not re.match(r"\s*(select|with)\b", query, re.IGNORECASE):
            raise ValueError("database.query: must be one SELECT") from None
        return
    if len(statements) != 1 or not isinstance(statements[0], exp.Query):
        raise ValueError("database.query: must be one SELECT")
    if found := statements[0].find(*WRITES):
        raise ValueError(f"database.query: may only read, and holds {found.key.upper()}")
