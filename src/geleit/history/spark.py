"""Reference SQL on a cluster: Apache Spark, or anything else that speaks Spark Connect, by its address ``sc://host:port``."""

from __future__ import annotations

import socket
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from typing import Any
from urllib.parse import urlsplit

import pyarrow as pa
import sqlglot
from sqlglot import ErrorLevel, exp

from geleit.errors import GeleitError, Retryable, StoreError
from geleit.history.engine import fitting

PORT = 15002  # of Spark Connect, where an address names none
PATIENCE = 5.0  # seconds for the first contact
RETRIES = 4
TYPES = {"string": "string", "large_string": "string", "int64": "bigint", "int32": "int", "bool": "boolean"}


class SparkEngine:
    """A session of its own on a server; names in it are seen by nobody else.

    Errors: GeleitError without the client or with an address that is none; Retryable if nobody answers there.
    """

    def __init__(self, address: str) -> None:
        self.host = _reach(address)
        try:
            with _no_doctest():
                from pyspark.sql.connect.client.retries import DefaultPolicy  # noqa: PLC0415 (an extra, slow to load)
                from pyspark.sql.connect.session import SparkSession  # noqa: PLC0415 (as above)
        except ImportError:
            raise GeleitError("the client of Spark is not installed", hint="pip install 'geleit[spark]'") from None
        with self._telling():
            self._session = SparkSession.builder.remote(address).create()
            self._session.client.set_retry_policies([DefaultPolicy(max_retries=RETRIES)])
            self._session.conf.set("spark.sql.session.timeZone", "UTC")
        self._checkpoints = True
        self._held: dict[str, Any] = {}  # what is kept is let go of by the client as soon as nobody here holds it

    def read(self, name: str, uri: str) -> None:
        """Call all Parquet files under a folder ``name``; the server reads them, so it must see the folder itself."""
        seen = f"s3a://{uri.removeprefix('s3://')}" if uri.startswith("s3://") else uri
        with self._telling():
            self._session.read.parquet(seen).createOrReplaceTempView(name)

    def put(self, name: str, rows: pa.Table) -> None:
        """Call a small table of ours ``name``."""
        form = ", ".join(f"`{field.name}` {TYPES[str(field.type)]}" for field in rows.schema)
        with self._telling():
            made = self._session.createDataFrame(rows if rows.num_rows else [], form)
            made.createOrReplaceTempView(name)

    def save(self, name: str, text: str, values: Mapping[str, object]) -> None:
        """Keep the rows of a query on the workers; where a server keeps nothing, they are worked out again when asked for."""
        with self._telling():
            found = self._session.sql(translated(text), args=_plain(fitting(text, values)))
            kept = self._kept(found) if self._checkpoints else found
            kept.createOrReplaceTempView(name)
            self._held[name] = kept

    def rows(self, text: str, values: Mapping[str, object]) -> pa.Table:
        """The rows of a query."""
        with self._telling():
            return self._session.sql(translated(text), args=_plain(fitting(text, values))).toArrow()

    def export(self, name: str, uri: str) -> None:
        """Write the rows called ``name`` as Parquet under a new folder."""
        with self._telling():
            self._session.table(name).write.parquet(uri)

    def drop(self, name: str) -> None:
        """Let go of a view."""
        with self._telling():
            self._session.catalog.dropTempView(name)
        self._held.pop(name, None)

    def close(self) -> None:
        """End the session; the server goes on."""
        self._session.client.close()

    def _kept(self, found: Any) -> Any:
        from pyspark.errors import PySparkException  # noqa: PLC0415 (an extra, and slow to load)

        try:
            return found.localCheckpoint()
        except PySparkException as error:
            if "checkpoint" not in str(error).lower():
                raise
            self._checkpoints = False
            return found

    @contextmanager
    def _telling(self) -> Iterator[None]:
        """The server's refusals as errors of ours."""
        from grpc import RpcError  # noqa: PLC0415 (an extra, and slow to load)
        from pyspark.errors import PySparkException  # noqa: PLC0415 (as above)

        try:
            yield
        except (PySparkException, RpcError) as error:
            text = (str(error).strip().splitlines() or [type(error).__name__])[0][:300]
            if "UNAVAILABLE" in str(error) or "Rpc" in type(error).__name__:
                raise Retryable(
                    f"the server at {self.host} does not answer any more ({text}); nothing was changed",
                    hint="start it again and ask again; --engine sql counts on this machine",
                ) from None
            raise StoreError(
                f"the server at {self.host} could not answer: {text}; nothing was changed",
                hint="the server's log says more; --engine sql counts on this machine",
            ) from None


@cache
def translated(text: str) -> str:
    """A text as Spark reads it.

    >>> translated("SELECT a // 2 AS half FROM steps WHERE kind = $kind")
    'SELECT a DIV 2 AS half FROM steps WHERE kind = :kind'
    """
    tree = sqlglot.parse_one(text, read="duckdb")
    for parameter in list(tree.find_all(exp.Parameter)):
        parameter.replace(exp.Placeholder(this=parameter.name))
    return tree.sql(dialect="spark", unsupported_level=ErrorLevel.RAISE, comments=False)


def _plain(values: Mapping[str, object]) -> dict[str, Any]:
    """Values without numpy's own numbers."""
    return {name: value.item() if hasattr(value, "item") else value for name, value in values.items()}


def _reach(address: str) -> str:
    """Host and port of a server that listens; what else an address says (a token) is no part of it."""
    try:
        parts = urlsplit(address)
        host, port = parts.hostname, parts.port or PORT
    except ValueError:
        host = None
    if not address.startswith("sc://") or not host:
        raise GeleitError("this is no address of an engine", hint="write it as sc://host:port")
    try:
        socket.create_connection((host, port), PATIENCE).close()
    except OSError as error:
        raise Retryable(
            f"no server answers at {host}:{port} ({error.strerror or 'it takes too long'})",
            hint="start Spark's Connect server there, or correct --engine; --engine sql counts on this machine",
        ) from None
    return f"{host}:{port}"


@contextmanager
def _no_doctest() -> Iterator[None]:
    """While the client loads: it takes a program without a file (``python -c``, a test's worker) for its own doctests."""
    main = sys.modules["__main__"]
    bare = main.__spec__ is None and not hasattr(main, "__file__")
    if bare:
        main.__file__ = ""
    try:
        yield
    finally:
        if bare:
            del main.__file__
