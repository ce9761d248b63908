"""Beyond this machine: the workspace's journal exported to a place, and asked there through an engine."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING, Any

from geleit.errors import GeleitError
from geleit.history.engine import DuckEngine, Engine
from geleit.history.export import ExportManifest, Origin, export
from geleit.history.exported import Exports
from geleit.history.place import Place
from geleit.history.reading import connect
from geleit.workspace.workspace import Workspace

if TYPE_CHECKING:
    from geleit.analytics.exported import ExportAnalytics
    from geleit.analytics.question import Question
    from geleit.analytics.result import Result

FOLDER = "export"
KERNELS, HERE = "kernels", "sql"  # the engines of this process


def place_of(workspace: Workspace, uri: str) -> Place:
    """Where the journal is exported to: a folder or a URI; by default ``data/export``."""
    return Place(uri or str(workspace.data / FOLDER))


def export_journal(workspace: Workspace, uri: str, told: Callable[[str], None]) -> ExportManifest:
    """Write the journal as it is now to a place; an export that is there gives way to it.

    Errors: GeleitError without a driver for the place; Retryable if it cannot be written; StoreError.
    """
    company = workspace.company
    of = Origin(company.company, company.zone, workspace.definitions.hash())
    told("reading the orders")
    orders = import_module("geleit.analytics.orders").bought(workspace.history, company.zone)  # loads slowly
    return export(workspace.history, place_of(workspace, uri), of, orders, told)


def ask(workspace: Workspace, question: Question, engine: str, uri: str = "") -> Result[Any]:
    """Ask the journal by ``kernels`` or ``sql``; or its export, where ``uri`` names one or the engine is another machine's."""
    if engine == KERNELS and uri:
        raise GeleitError("kernels count this machine's journal, no export", hint="add --engine sql, or sc://host:port")
    if engine == KERNELS:
        return workspace.analytics.ask(question)
    if engine == HERE and not uri:
        return workspace.analytics.ask(question, "sql")
    return analytics_of(workspace, uri, engine).ask(question)


def analytics_of(workspace: Workspace, uri: str, engine: str) -> ExportAnalytics:
    """Questions asked of an export: ``engine`` is ``sql`` (DuckDB, in this process) or the address ``sc://host:port``."""
    from geleit.analytics.exported import ExportAnalytics  # noqa: PLC0415 (what compiles kernels loads slowly)

    place = place_of(workspace, uri)
    exports = Exports(place, workspace.company.company, lambda: _engine(place, engine))
    return ExportAnalytics(exports, workspace.catalogue, workspace.analytics.designs)


def _engine(place: Place, engine: str) -> Engine:
    if engine == HERE:
        duck = connect()
        if place.driver is not None:
            duck.register_filesystem(place.driver)
        return DuckEngine(duck)
    if not engine.startswith("sc://"):
        raise GeleitError(f"'{engine}' is no engine", hint="kernels, sql, or a server's address sc://host:port")
    from geleit.history.spark import SparkEngine  # noqa: PLC0415 (an extra)

    return SparkEngine(engine)
