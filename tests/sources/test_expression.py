"""Expressions are code: what may run, what is refused, and that the refusal says what to do."""

import re

import duckdb
import pytest

from geleit.sources import allowed, expression
from geleit.sources.expression import LENGTH_MAX, ExpressionError, check, read_ahead


@pytest.mark.parametrize(
    "text",
    [
        "datum || ' ' || zeit",
        "\"Bon-Nr.\" || '-' || filiale",
        "money(betrag)",
        "blank(mail)",
        "'x'::json",
        "try_cast(menge as int)",
        "case art when 'V' then 'order_completed' else 'order_refunded' end",
        "item->>'name'",
        "json_array_length(item -> '$.lines')",
        "list_transform(l, lambda x: upper(x))",
        "[x for x in l if x <> '']",
        "strptime(datum, '%d.%m.%Y') + interval 3 day",
        "lpad(kundennr, 8, '0')",
        "regexp_extract(text, '(\\d+)', 1)",
        "art in ('V', 'R') and menge is not null",
        "json_object('id', artikel, 'price', money(preis))",
        "user",
        "replace(a, ',', '.')",
    ],
)
def test_allowed(text):
    assert check(text).sql


@pytest.mark.parametrize(
    ("text", "refused"),
    [
        ("read_text('/etc/passwd')", "read_text()"),
        ("read_csv('x.csv')", "read_csv()"),
        ("glob('*')", "glob()"),
        ("getenv('HOME')", "getenv()"),
        ("current_setting('threads')", "current_setting()"),
        ("query('select 1')", "query()"),
        ("query_table('record')", "query_table()"),
        ("json_execute_serialized_sql('x')", "json_execute_serialized_sql()"),
        ("system.main.read_text('x')", "read_text()"),
        ("pg_sleep(9)", "pg_sleep()"),
        ("random()", "random()"),
        ("now()", "now()"),
        ("current_date", "CURRENT_DATE"),
        ("error('x')", "error()"),
        ("unnest(l)", "unnest()"),
        ("(select 1)", "subquery"),
        ("a in (select 1)", "subquery"),
        ("exists (from duckdb_settings())", "subquery"),
        ("select 1", "subquery"),
        ("a union select 1", "subquery"),
        ("sum(a) over ()", "window function"),
        ("row_number() over ()", "window function"),
        ("*", "star"),
        ("columns(*)", "star"),
        ("$1", "parameter"),
        ("#1", "position"),
        ("a as b", "ALIAS"),
        ("ATTACH 'x.db'", "ATTACH"),
        ("COPY record TO 'x'", "COPY"),
        ("INSTALL httpfs", "INSTALL"),
        ("LOAD httpfs", "COMMAND"),
        ("PRAGMA version", "PRAGMA"),
        ("SET threads = 2", "SET"),
        ("a; drop table record", "2 statements"),
        ("a, b", "not a valid SQL expression"),
        ("((((", "not a valid SQL expression"),
        ("", "nothing is written"),
        ("repeat('x', 1000000)", "repeat() could grow"),
        ("repeat('x', n)", "repeat() could grow"),
        ("replace(a, 'x', a)", "replace() could grow"),
        ("range(1, 100000000)", "range() could grow"),
        ("list_transform(l, lambda x: range(1, 100))", "range() could grow"),
        ("list_transform(l, lambda x: list_transform(x, lambda y: y))", "lambda inside a lambda"),
        ("a = 'x' " * (LENGTH_MAX // 7), "characters"),
    ],
)
def test_refused_with_expression_problem_and_remedy(text, refused):
    with pytest.raises(ExpressionError) as caught:
        check(text)
    assert refused in caught.value.message
    assert caught.value.message.startswith(text[:20])
    assert caught.value.hint


def test_aggregates_only_in_groups():
    assert check("sum(money(x))", grouped=True).aggregates
    with pytest.raises(ExpressionError, match="several records"):
        check("sum(money(x))")


def test_misspelled_function_is_suggested():
    with pytest.raises(ExpressionError) as caught:
        check("splitpart(a, ';', 1)")
    assert "split_part" in caught.value.hint


@pytest.mark.parametrize("text", ["comment", "Call", "comment || 'x'", "comment->>'text'", "desc", "set"])
def test_a_column_named_like_a_statement_is_to_be_quoted(text):
    name = re.match(r"\w+", text)[0]
    with pytest.raises(ExpressionError) as caught:
        check(text)
    assert f"""write the column as '"{name}"'""" in caught.value.hint
    assert check(f'"{name}"{text[len(name) :]}').columns == {name}
    assert check(f'"{name}"', lets={name: "lower(words)"}).columns == {"words"}


@pytest.mark.parametrize("text", ["LOAD httpfs", "SET threads = 2", "select 1", "((("])
def test_a_statement_is_no_column_to_be_quoted(text):
    with pytest.raises(ExpressionError) as caught:
        check(text)
    assert "statement of SQL" not in caught.value.hint


def test_lets_are_read_once_for_all_expressions(monkeypatch):
    read = []
    parse = expression._parse
    monkeypatch.setattr(expression, "_parse", lambda text: read.append(text) or parse(text))
    lets = {"once_a": "lower(x)", "once_b": "upper(once_a)"}
    for text in ("once_a", "once_b || 'x'", "once_b || once_a"):
        check(text, lets=lets)
    assert [read.count(text) for text in lets.values()] == [1, 1]


def test_what_is_read_ahead_is_checked_without_another_question(monkeypatch):
    lets = {"ahead_a": "lower(x)"}
    good, bad = "ahead_a || upper(y) || 'ahead'", ["upper(", "(select 1)", "ahead(x)", "sum(ahead)", "1; drop"]
    read_ahead([(text, lets) for text in (good, *bad)])
    asked = []
    parser = expression._parser
    monkeypatch.setattr(expression, "_parser", lambda: asked.append(1) or parser())
    assert check(good, lets=lets).columns == {"x", "y"}
    assert not asked
    for text in bad:
        with pytest.raises(ExpressionError):
            check(text, lets=lets)
    read_ahead([(good, lets)])
    assert not asked, "what was checked is not read again"


def test_lets_are_filled_in_and_columns_are_those_below():
    found = check("upper(b) || a", lets={"a": "split_part(x, ';', 1)", "b": "a || y"})
    assert found.columns == {"x", "y"}


def test_a_let_cannot_smuggle():
    with pytest.raises(ExpressionError, match="read_text"):
        check("a", lets={"a": "read_text('/etc/passwd')"})


def test_lets_cannot_grow_without_end():
    lets = {"a0": "x || x"} | {f"a{i}": f"a{i - 1} || a{i - 1}" for i in range(1, 14)}
    with pytest.raises(ExpressionError, match="lets"):
        check("a13", lets=lets)


def test_lambda_parameters_are_no_columns():
    assert check("list_transform(l, lambda x: x || y)").columns == {"l", "y"}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("coalesce(d -> 'a' ->> 'b', '-')", "x"),
        ("upper(d -> 'list' -> 0 ->> 'b')", "Y"),
        ("len(json_keys(d -> 'a'))", 1),
        ("list_transform(['p'], lambda k: k || (d -> 'a' ->> 'b'))", ["px"]),
    ],
)
def test_a_path_of_arrows_inside_of_a_function_is_no_lambda(text, found):
    record = '{"a": {"b": "x"}, "list": [{"b": "y"}]}'
    answer = duckdb.execute(f"SELECT {check(text).sql} FROM (SELECT ? AS d)", [record]).fetchone()
    assert answer == (found,)


def test_every_allowed_function_exists():
    known = {name for (name,) in duckdb.execute("SELECT DISTINCT function_name FROM duckdb_functions()").fetchall()}
    ours_and_syntax = {"money", "blank", "coalesce", "ifnull"}
    names = {name for name in allowed.SCALAR | allowed.AGGREGATE if name.isidentifier()}
    assert names - known == ours_and_syntax


def test_a_let_and_a_lambda_parameter_of_one_name_are_refused():
    with pytest.raises(ExpressionError, match="parameter"):
        check("list_transform(l, lambda x: x)", lets={"x": "y"})
