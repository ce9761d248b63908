"""A mapping expression: one scalar SQL expression over the columns of a record, checked before it may run.

It is read twice. sqlglot reads it, refuses what is no single expression and writes it anew; DuckDB's own parser reads
what was written, and every node and function it sees must be on the allow-list. So what runs is what was checked.
"""

from __future__ import annotations

import atexit
import difflib
import json
import logging
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import duckdb
import sqlglot
from sqlglot import exp
from sqlglot.dialects.duckdb import DuckDB
from sqlglot.errors import SqlglotError

from geleit.errors import GeleitError
from geleit.sources import allowed

logging.getLogger("sqlglot").setLevel(logging.ERROR)  # it warns of statements that we refuse in our own words

LENGTH_MAX = 5_000
EXPANDED_MAX = 20_000
READ_MAX = 4_096
ITEM = "item"
NODES = frozenset(
    [
        "CONSTANT",
        "COLUMN_REF",
        "FUNCTION",
        "CAST",
        "CASE",
        "COMPARISON",
        "CONJUNCTION",
        "OPERATOR",
        "BETWEEN",
        "LAMBDA",
        "TYPE",
    ]
)
REFUSED_NODES = {
    "SUBQUERY": "a subquery",
    "WINDOW": "a window function (OVER)",
    "STAR": "a star or COLUMNS(...)",
    "PARAMETER": "a parameter",
    "COLLATE": "COLLATE",
    "POSITIONAL_REFERENCE": "a column by its position (#1)",
}
VALUES = (exp.Condition, exp.Interval, exp.AtTimeZone, exp.Filter, exp.IgnoreNulls, exp.RespectNulls, exp.WithinGroup)
REFUSED_BELOW = (exp.Query, exp.Subquery, exp.Star, exp.PositionalColumn)  # they get a refusal with their own words
FIRST_WORD = re.compile(r"\s*([A-Za-z_]\w*)")
CLOCKS = ("Current", "Local", "Session", "System", "Utc")
ONE_EXPRESSION = "write one SQL expression over the record's columns, such as upper(name) or datum || ' ' || zeit"


class ExpressionError(GeleitError):
    """An expression that may not run: says which expression, what is refused, and what to write instead."""


@dataclass(frozen=True, slots=True)
class Expression:
    """One checked expression. ``sql`` is what DuckDB gets, ``columns`` the names it reads."""

    text: str
    sql: str
    columns: frozenset[str]
    aggregates: bool


class Dialect(DuckDB):
    """DuckDB's language with JSON arrows written as calls, so that precedence cannot change their meaning."""

    def to_json_path(self, path: Any) -> Any:
        """Keep JSON paths as they were written."""
        return path

    class Generator(DuckDB.Generator):  # type: ignore[valid-type,misc] # sqlglot's own way to extend a dialect
        """Writes the arrows ``->`` and ``->>`` as functions."""

        TRANSFORMS = {  # noqa: RUF012 (sqlglot's own way to say it)
            **DuckDB.Generator.TRANSFORMS,
            exp.JSONExtract: lambda self, e: self.func("json_extract", e.this, e.expression),
            exp.JSONExtractScalar: lambda self, e: self.func("json_extract_string", e.this, e.expression),
        }


def check(text: str, *, lets: Mapping[str, str] | None = None, grouped: bool = False) -> Expression:
    """Read and allow an expression; names in ``lets`` (in order) stand for their expressions.

    Errors: ExpressionError with the expression, what is refused, and a remedy.
    """
    return _check(text, tuple((lets or {}).items()), grouped)


_read: dict[str, str] = {}  # what DuckDB read ahead of texts as it gets them; nothing once they were checked


def read_ahead(asked: Iterable[tuple[str, Mapping[str, str]]]) -> None:
    """Have DuckDB read several expressions, each with its lets, by one question: a quarter of what one for each costs.

    ``check`` finds what was read; what could not be read is left to it, for it says why.
    """
    found = []
    for text, lets in asked:
        with suppress(ExpressionError):
            found.append(_sql(text, tuple(lets.items())))
    if len(_read) > READ_MAX:
        _read.clear()
    wanted = [sql for sql in dict.fromkeys(found) if sql not in _read]
    if wanted:
        question = "SELECT json_serialize_sql('SELECT ' || sql)::VARCHAR FROM (SELECT unnest(?) AS sql)"
        rows = _parser().cursor().execute(question, [wanted]).fetchall()
        _read.update(zip(wanted, (row for (row,) in rows), strict=True))


@lru_cache(maxsize=READ_MAX)
def _sql(text: str, lets: tuple[tuple[str, str], ...]) -> str:
    """An expression as sqlglot writes it for DuckDB."""
    sql = _with_lets(_parse(text), _let_trees(lets), text).sql(Dialect, comments=False, identify=True)
    if len(sql) > EXPANDED_MAX:
        raise _refusal(text, f"with its lets filled in it has {len(sql)} characters", "shorten it")
    return sql


@lru_cache(maxsize=READ_MAX)
def _check(text: str, lets: tuple[tuple[str, str], ...], grouped: bool) -> Expression:
    sql = _sql(text, lets)
    seen = _Reading(text)
    seen.node(_duckdb_tree(sql, text))
    if seen.aggregates and not grouped:
        name = min(seen.aggregates)
        raise _refusal(
            text, f"{name}() aggregates several records", "set 'group:' for this source, or use list_" + name
        )
    return Expression(text, sql, frozenset(seen.columns), bool(seen.aggregates))


def _parse(text: str) -> exp.Expression:
    if len(text) > LENGTH_MAX:
        raise _refusal(text, f"it has {len(text)} characters (at most {LENGTH_MAX})", "split it with 'let:'")
    try:
        found = sqlglot.parse(text, dialect=Dialect)
    except (SqlglotError, RecursionError) as error:
        reason = str(error).splitlines()[0].rstrip(".")
        raise _refusal(text, f"not a valid SQL expression ({reason})", _remedy(text)) from None
    if len(found) != 1 or found[0] is None:
        raise _refusal(text, f"{len(found)} statements" if text.strip() else "nothing is written", ONE_EXPRESSION)
    if not isinstance(found[0], VALUES + REFUSED_BELOW):
        raise _refusal(text, f"the statement {found[0].key.upper()} is refused", _remedy(text))
    tree = found[0].transform(_json_arrow)
    for node in tree.walk():
        if isinstance(node, exp.Query | exp.DDL | exp.DML | exp.Command | exp.Alias | exp.Table | exp.Copy):
            what = "a subquery" if isinstance(node, exp.Query) else f"the statement {type(node).__name__.upper()}"
            raise _refusal(text, f"{what} is refused", ONE_EXPRESSION)
        if isinstance(node, exp.Func) and type(node).__name__.startswith(CLOCKS):
            name = node.sql(Dialect)
            raise _refusal(text, f"{name} is refused", "an import must give the same events whenever it runs")
    return tree


def _remedy(text: str) -> str:
    """What to write instead of what is no expression: a name that begins a statement, such as comment, needs quotes."""
    word = FIRST_WORD.match(text)
    if word is None:
        return ONE_EXPRESSION
    name = word[1]
    try:
        found = sqlglot.parse_one(f'"{name}"{text[word.end() :]}', dialect=Dialect)
    except (SqlglotError, RecursionError):
        return ONE_EXPRESSION
    if not isinstance(found, VALUES):
        return ONE_EXPRESSION
    return f"'{name}' begins a statement of SQL: write the column as '\"{name}\"', or rename a let of this name"


def _json_arrow(node: exp.Expression) -> exp.Expression:
    """``f(item -> 'key' ->> 'name')``: an arrow to a literal begins a JSON path, not a lambda."""
    if not isinstance(node, exp.Lambda) or len(node.expressions) != 1:
        return node
    path: exp.Expression = node.this.copy()
    first = path
    while isinstance(first, exp.JSONExtract | exp.JSONExtractScalar):
        first = first.this
    if not isinstance(first, exp.Literal):
        return node
    begun = exp.JSONExtract(this=exp.Column(this=node.expressions[0].copy()), expression=first.copy())
    if first is path:
        return begun
    first.replace(begun)
    return path


@lru_cache(maxsize=1024)
def _let_trees(lets: tuple[tuple[str, str], ...]) -> Mapping[str, exp.Expression]:
    """Every let with the earlier ones filled in; kept, for all expressions of a source build on the same ones."""
    if not lets:
        return {}
    (name, text), earlier = lets[-1], _let_trees(lets[:-1])
    return {**earlier, name.lower(): _with_lets(_parse(text), earlier, text)}


def _with_lets(tree: exp.Expression, lets: Mapping[str, exp.Expression], text: str) -> exp.Expression:
    parameters = {p.name.lower() for node in tree.find_all(exp.Lambda) for p in node.expressions}
    if taken := sorted(parameters & lets.keys()):
        raise _refusal(text, f"'{taken[0]}' is a let and the name of a lambda's parameter", "rename one of the two")

    def fill(node: exp.Expression) -> exp.Expression:
        if isinstance(node, exp.Column) and not node.table and node.name.lower() in lets:
            return exp.Paren(this=lets[node.name.lower()].copy())
        return node

    filled = tree.transform(fill) if lets else tree
    if sum(1 for _ in filled.walk()) > EXPANDED_MAX:
        raise _refusal(text, "its lets grow without end", "shorten them")
    return filled


@lru_cache(maxsize=1)
def _parser() -> duckdb.DuckDBPyConnection:
    atexit.register(_parser.cache_clear)
    return duckdb.connect(":memory:", config={"enable_external_access": "false", "threads": "1"})


def _duckdb_tree(sql: str, text: str) -> Any:
    """DuckDB's own reading of ``SELECT <sql>``: the tree of the one expression."""
    said = _read.get(sql)
    if not said:
        row = _parser().cursor().execute("SELECT json_serialize_sql(?)::VARCHAR", ["SELECT " + sql]).fetchone()
        said = row[0] if row else ""
    _read[sql] = ""
    tree: dict[str, Any] = json.loads(said) if said else {"error": True}
    if tree.get("error"):
        reason = str(tree.get("error_message", "unknown")).splitlines()[0]
        raise _refusal(text, f"not a valid SQL expression ({reason})", ONE_EXPRESSION)
    node = tree["statements"][0]["node"] if len(tree["statements"]) == 1 else {}
    alone = node.get("type") == "SELECT_NODE" and len(node["select_list"]) == 1 and not node["select_list"][0]["alias"]
    if not alone or node["from_table"]["type"] != "EMPTY" or node["where_clause"] or node["modifiers"]:
        raise _refusal(text, "more than one expression", ONE_EXPRESSION)
    return node["select_list"][0]


class _Reading:
    """Walks DuckDB's tree of one expression: refuses what is not allowed, collects columns and aggregates."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.columns: set[str] = set()
        self.aggregates: set[str] = set()
        self.parameters: list[str] = []

    def node(self, node: Any) -> None:
        kind = node.get("class") if isinstance(node, dict) else None
        if kind is not None and kind not in NODES:
            what = REFUSED_NODES.get(kind, kind.lower())
            raise _refusal(self.text, f"{what} is refused", ONE_EXPRESSION)
        if kind == "LAMBDA":
            self._lambda(node)
            return
        if kind == "COLUMN_REF":
            name = node["column_names"][0]
            if name not in self.parameters:
                self.columns.add(name)
        elif kind == "FUNCTION":
            self._function(node)
        for child in _children(node):
            self.node(child)

    def _lambda(self, node: dict[str, Any]) -> None:
        if self.parameters:
            raise _refusal(self.text, "a lambda inside a lambda is refused", "flatten() the list first, or use 'each:'")
        self.parameters = [ref["column_names"][0] for ref in _references(node["lhs"])]
        self.node(node["expr"])
        self.parameters = []

    def _function(self, node: dict[str, Any]) -> None:
        name = str(node["function_name"]).lower()
        if name in allowed.AGGREGATE:
            self.aggregates.add(name)
        elif name not in allowed.SCALAR or node.get("schema") or node.get("catalog"):
            close = difflib.get_close_matches(name, allowed.SCALAR, n=1, cutoff=0.75)
            hint = f"did you mean {close[0]}()?" if close else "docs/sources.md lists the functions that are allowed"
            raise _refusal(self.text, f"{name}() is not on the list of allowed functions", hint)
        if name in allowed.INSERTED:
            inserted = [argument["expression"] for argument in node["arguments"]][allowed.INSERTED[name] :][:1]
            if any(value.get("class") != "CONSTANT" for value in inserted):
                raise _refusal(self.text, f"{name}() could grow without limit", "write the replacement out as 'text'")
        if name in allowed.COUNTED:
            numbers = [argument["expression"] for argument in node["arguments"]][allowed.COUNTED[name] :][:2]
            counts = [_integer(n) for n in (numbers if name in ("range", "generate_series") else numbers[:1])]
            if self.parameters or any(count is None or count > allowed.COUNT_MAX for count in counts):
                hint = f"write the number out, at most {allowed.COUNT_MAX:,}, and not inside a lambda"
                raise _refusal(self.text, f"{name}() could grow without limit", hint)


def _integer(node: Mapping[str, Any]) -> int | None:
    text = str((node.get("literal") or {}).get("text", ""))
    return int(text) if node.get("class") == "CONSTANT" and text.isdecimal() and len(text) < 9 else None  # noqa: PLR2004


def _children(node: Any) -> Iterator[Any]:
    if isinstance(node, dict):
        yield from (value for value in node.values() if isinstance(value, dict | list))
    elif isinstance(node, list):
        yield from node


def _references(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict) and node.get("class") == "COLUMN_REF":
        yield node
    for child in _children(node):
        yield from _references(child)


def _refusal(text: str, problem: str, hint: str) -> ExpressionError:
    shown = text if len(text) <= 120 else text[:117] + "..."  # noqa: PLR2004
    return ExpressionError(f"{shown}: {problem}", hint=hint)
