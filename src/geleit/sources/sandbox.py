"""Where mapping expressions run: a DuckDB of its own, without files, network or settings, limited in time and memory."""

from __future__ import annotations

import atexit
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Literal

import duckdb
import pyarrow as pa

from geleit.errors import GeleitError

MEMORY = "512MB"
SECONDS = 10.0  # of the processor
SECONDS_LEAST = 0.5
SECONDS_PER_RECORD = 0.002
PATIENCE = 20  # so many times as long an expression may take on a machine that is busy with something else

# How money() finds the decimal mark. Both marks present: the last one. One mark several times: thousands. One mark
# once with three digits behind it ("1.234"): only the declared mark tells, without one the value is refused.
# The lambdas compute each step once; macros alone would repeat the first step at every mention of the last one.
# A value is refused by a cast that must fail, because DuckDB's error() may not stand inside TRY.
MACROS = r"""
CREATE MACRO blank(t) AS nullif(trim(t::VARCHAR), '');
CREATE MACRO geleit_digits(t) AS regexp_replace(regexp_replace(regexp_replace(replace(t::VARCHAR, chr(8722), '-'),
  '[\s\x{A0}\x{202F}''\x{2019}]', '', 'g'), '^([+-]?)[^0-9+.,-]{0,4}', '\1'), '(,-+|[^0-9.,-]{0,5})$', '');
CREATE MACRO geleit_signed(d) AS CASE WHEN ends_with(d, '-') THEN '-' || left(d, -1) ELSE d END;
CREATE MACRO geleit_plain(d) AS CASE
  WHEN regexp_full_match(d, '[+-]?[1-9][0-9]{0,2}[.,][0-9]{3}') THEN CASE $decimal
    WHEN '' THEN 'is it thousands or decimals? declare csv: decimal' WHEN ',' THEN replace(replace(d, '.', ''), ',', '.')
    ELSE replace(d, ',', '') END
  WHEN regexp_full_match(d, '[+-]?[0-9]{1,3}([.][0-9]{3})*,[0-9]*|[+-]?[0-9]+,[0-9]+')
    THEN replace(replace(d, '.', ''), ',', '.')
  WHEN regexp_full_match(d, '[+-]?[0-9]{1,3}(,[0-9]{3})*[.][0-9]*') THEN replace(d, ',', '')
  WHEN regexp_full_match(d, '[+-]?[0-9]{1,3}(([.][0-9]{3})+|(,[0-9]{3})+)') THEN replace(replace(d, '.', ''), ',', '')
  ELSE d END;
CREATE MACRO money(t) AS CASE WHEN blank(t) IS NULL THEN NULL
  WHEN NOT regexp_matches(t::VARCHAR, '[0-9]') THEN t::VARCHAR::DECIMAL(18, 2)
  ELSE list_transform(list_transform([geleit_digits(t)], lambda d: geleit_signed(d)), lambda d: geleit_plain(d))[1]
    ::DECIMAL(18, 2) END;
"""

PLAIN = {
    "VARCHAR": pa.string(),
    "JSON": pa.string(),
    "BOOLEAN": pa.bool_(),
    "INTEGER": pa.int32(),
    "BIGINT": pa.int64(),
    "DOUBLE": pa.float64(),
    '"NULL"': pa.null(),
}
DECIMAL = re.compile(r"DECIMAL\((\d+),(\d+)\)")
DEFINITION_ERRORS = (duckdb.BinderException, duckdb.CatalogException, duckdb.ParserException, duckdb.SyntaxException)
LIMIT_ERRORS = (duckdb.InterruptException, duckdb.OutOfMemoryException)
IDLE_MAX = 3  # one for each decimal mark

Kind = tuple[str, str, bool]
_idle: list[tuple[Kind, duckdb.DuckDBPyConnection]] = []  # opening one costs as much as thousands of answers
atexit.register(_idle.clear)


class Stopped(GeleitError):
    """An expression failed while it ran. ``why``: a record's value, a limit, or a definition that no record can meet."""

    def __init__(self, message: str, why: Literal["value", "limit", "definition"]) -> None:
        super().__init__(message)
        self.why = why


@dataclass(frozen=True, slots=True)
class Answer:
    """Columns of one SELECT; ``json`` names those that hold JSON text."""

    table: pa.Table
    json: frozenset[str]


class Sandbox:
    """Answers SELECTs over one table named ``record``.

    ``decimal`` is the mark that money() takes where a value alone does not tell ('' = refuse such values). ``few``:
    for a few records at a time, where thinking about the best way costs more than any way.
    """

    def __init__(self, *, decimal: str = "", memory: str = MEMORY, seconds: float = SECONDS, few: bool = False) -> None:
        self.kind = (decimal if decimal in (",", ".") else "", memory, few)
        self.seconds = seconds
        self.rows = 0
        self.sound, self.closed = True, False  # sound: no limit stopped it
        self.unusual: set[str] = set()  # SELECTs with columns that are not the same as Python values and as Arrow's
        self.connection = _taken(self.kind) or _opened(*self.kind)

    def offer(self, records: pa.Table) -> None:
        """Make these records the table ``record``."""
        self.connection.register("record", records)
        self.rows = records.num_rows

    def ask(self, sql: str) -> Answer:
        """The answer to one SELECT.

        Errors: Stopped, with ``why``.
        """
        seconds = min(self.seconds, SECONDS_LEAST + self.rows * SECONDS_PER_RECORD)
        with self._within(seconds):
            relation = self.connection.sql(sql)
            named = zip(relation.columns, relation.types, strict=True)
            json = frozenset(name for name, kind in named if str(kind) == "JSON")
            return Answer(relation.to_arrow_table(), json)

    def ask_few(self, sql: str) -> Answer:
        """The same for a few rows: the SELECT is planned once instead of twice. Errors: as ask."""
        seconds = min(self.seconds, SECONDS_LEAST + self.rows * SECONDS_PER_RECORD)
        if sql not in self.unusual:
            with self._within(seconds):
                self.connection.execute(sql)
                named = {str(name): str(kind) for name, kind, *_ in self.connection.description or ()}
                types = {name: arrow for name, kind in named.items() if (arrow := _arrow_type(kind))}
                if types.keys() == named.keys():
                    rows = self.connection.fetchall()
                    columns = zip(*rows, strict=True) if rows else [()] * len(named)
                    pairs = zip(types.items(), columns, strict=True)
                    table = pa.table({name: pa.array(values, arrow) for (name, arrow), values in pairs})
                    return Answer(table, frozenset(name for name, kind in named.items() if kind == "JSON"))
                self.connection.fetchall()  # an answer that is left open holds the engine
            self.unusual.add(sql)
        return self.ask(sql)

    @contextmanager
    def _within(self, seconds: float) -> Iterator[None]:
        try:
            with _explained(seconds), self._timed(seconds):
                yield
        except Stopped as stopped:
            self.sound = self.sound and stopped.why != "limit"
            raise

    @contextmanager
    def _timed(self, seconds: float) -> Iterator[None]:
        """Interrupt what takes so long on the processor: a machine that is busy with something else is no record's fault."""
        clock, ended, turn = _clock(), threading.Event(), threading.Lock()
        begun = clock()

        def watch() -> None:
            left = seconds
            for _ in range(PATIENCE):
                if ended.wait(left):
                    return
                left = max(seconds - (clock() - begun), 0.0)
                if not left:
                    break
            with turn:
                if not ended.is_set():  # else it would stop whoever asks next
                    self.connection.interrupt()

        threading.Thread(target=watch, name="geleit-sandbox", daemon=True).start()
        try:
            yield
        finally:
            with turn:
                ended.set()

    def close(self) -> None:
        """Forget its records; whoever needs such a sandbox next gets its engine, if that was never stopped."""
        if self.closed:
            return
        self.closed = True
        if self.sound and len(_idle) < IDLE_MAX:
            self.connection.unregister("record")
            _idle.append((self.kind, self.connection))
        else:
            self.connection.close()


def _opened(mark: str, memory: str, few: bool) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect(
        ":memory:",
        config={
            "enable_external_access": "false",
            "autoload_known_extensions": "false",
            "autoinstall_known_extensions": "false",
            "python_enable_replacements": "false",
            "memory_limit": memory,
            "temp_directory": "",
            "threads": "1",
        },
    )
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute(MACROS.replace("$decimal", f"'{mark}'"))
    if few:
        connection.execute("PRAGMA disable_optimizer")
    connection.execute("SET lock_configuration = true")
    return connection


def _taken(kind: Kind) -> duckdb.DuckDBPyConnection | None:
    """An engine of this kind that nobody uses any more."""
    for one in list(_idle):
        if one[0] == kind:
            with suppress(ValueError):  # another thread took it
                _idle.remove(one)
                return one[1]
    return None


def _clock() -> Callable[[], float]:
    """Seconds of the processor that this thread has had; of the wall where the system cannot tell."""
    if not hasattr(time, "pthread_getcpuclockid"):
        return time.monotonic
    number = time.pthread_getcpuclockid(threading.get_ident())

    def spent() -> float:
        try:
            return time.clock_gettime(number)
        except OSError:  # the thread has ended
            return 0.0

    return spent


@contextmanager
def _explained(seconds: float) -> Iterator[None]:
    """DuckDB's errors in words for the person who wrote the expression."""
    try:
        yield
    except LIMIT_ERRORS as error:
        late = isinstance(error, duckdb.InterruptException)
        raise Stopped(f"takes longer than {seconds:.1f} s" if late else "takes too much memory", "limit") from None
    except DEFINITION_ERRORS as error:
        raise Stopped(_first_lines(error), "definition") from None
    except duckdb.Error as error:
        raise Stopped(_first_lines(error), "value") from None


def _arrow_type(kind: str) -> pa.DataType | None:
    """Arrow's type of a column whose values are the same, whether they come as Python values or by Arrow."""
    if found := DECIMAL.fullmatch(kind):
        return pa.decimal128(int(found[1]), int(found[2]))
    return PLAIN.get(kind)


def _first_lines(error: Exception) -> str:
    """The error without DuckDB's repetition of the generated SQL."""
    text = str(error).split("\n\nLINE ")[0].split("\nLINE ")[0]
    text = re.sub(r" when casting from source column [^\n]+", "", text)
    return re.sub(r"^[A-Za-z ]+ Error: ", "", text).strip().replace("\n", " ")
