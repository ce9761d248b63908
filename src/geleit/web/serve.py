"""Opens the pages on this machine: one process, one port, the browser if wanted."""

from __future__ import annotations

import logging
import signal
import socket
import sys
import threading
import time
import webbrowser
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager

import uvicorn
from starlette.types import ASGIApp

from geleit import __version__
from geleit.errors import GeleitError
from geleit.intake.collector import Collector, Writer
from geleit.processes import seldom_searched
from geleit.web.app import create_app
from geleit.web.back.front import Back
from geleit.web.back.messages import Opening
from geleit.web.collector.app import CollectorApp
from geleit.web.collector.doors import Doors
from geleit.web.logs import Form, Level, written
from geleit.web.metrics import Keeper, Server
from geleit.web.observing import Observing
from geleit.web.security import LOCAL, allowed_hosts
from geleit.web.traffic import Traffic
from geleit.workspace import Workspace
from geleit.workspace.upkeep import Pace, Upkeep

TRIED = 20  # ports after the wanted one
IDLE = 65  # seconds that a connection may rest: longer than clients keep theirs, so that none is cut while it is used

log = logging.getLogger("geleit.serve")


def serve(
    workspace: Workspace,
    host: str = "127.0.0.1",
    port: int = 8420,
    *,
    open_browser: bool = False,
    hosts: Sequence[str] = (),
    pace: Pace | None = None,
    log_form: Form = "text",
    log_level: Level = "warning",
) -> None:
    """Serve until stopped. ``hosts`` = further names under which a proxy reaches the pages; ``pace`` of the upkeep.

    Takes the next free port if the wanted one is in use. Errors: GeleitError if none can be had.
    """
    listening = listen(host, port)
    with closing(listening), written(log_form, log_level), _ending(), seldom_searched():
        name = f"[{host}]" if ":" in host else host
        address = f"http://{'localhost' if host in ('0.0.0.0', '::') else name}:{listening.getsockname()[1]}/"  # noqa: S104 (only compared)
        print(f"geleit: {address}  (Ctrl+C ends it)", flush=True)  # noqa: T201 (the one thing a person waits for)
        if open_browser:
            webbrowser.open(address)
        names = allowed_hosts([*hosts, host])
        opening = Opening(workspace.root, pace or Pace(), log_form, log_level)
        with behind(workspace, create_app(workspace, hosts=[*hosts, host]), opening, names) as app:
            said = {"address": address, "version": __version__, "sources": len(workspace.definitions.sources)}
            log.info("started", extra={"fields": said})
            server_for(app).run(sockets=[listening])


@contextmanager
def behind(workspace: Workspace, pages: ASGIApp, opening: Opening, hosts: Sequence[str] = LOCAL) -> Iterator[Observing]:
    """The pages with the collector before them; who commits and who keeps the stores are processes of their own.

    ``hosts``: names under which numbers and faults may be read. Errors: GeleitError if the processes do not start.
    """
    back = Back(opening, workspace.intake.ready)
    back.start()
    others = {"writer": lambda: back.writer.pid, "keeper": lambda: back.keeper.pid}
    with _collecting(workspace, pages, (back.writer, back.keeper), hosts, others) as app:
        try:
            yield app
        finally:
            back.stop()


@contextmanager
def running(
    workspace: Workspace, pages: ASGIApp, pace: Pace | None = None, hosts: Sequence[str] = LOCAL
) -> Iterator[Observing]:
    """The same in this process alone, with threads: for a small workspace inside of another program."""
    upkeep = Upkeep(workspace, pace)
    collector = Collector(workspace.intake, committed=upkeep.committed)
    upkeep.start()
    collector.start()
    with _collecting(workspace, pages, (collector, upkeep), hosts) as app:
        try:
            yield app
        finally:
            collector.stop()
            upkeep.stop()


@contextmanager
def _collecting(
    workspace: Workspace,
    pages: ASGIApp,
    behind: tuple[Writer, Keeper],
    hosts: Sequence[str],
    others: Mapping[str, Callable[[], int]] | None = None,
) -> Iterator[Observing]:
    """The collector before the pages, and what it says of itself; who is behind has stopped when this ends."""
    writer, keeper = behind
    readers = workspace.readers()
    began = time.monotonic()
    taking = CollectorApp(pages, writer, Doors(workspace.ledger, readers, workspace.clock))
    try:
        yield Observing(taking, Server(workspace, writer, keeper, taking.hooks, Traffic(), others or {}), hosts)
    finally:
        for reader in readers.values():
            reader.close()
        fields = {"seconds": round(time.monotonic() - began, 1), "new": sum(writer.tally.new.values())}
        log.info("stopped", extra={"fields": fields})


@contextmanager
def _ending() -> Iterator[None]:
    """Let SIGTERM end the server as Ctrl+C does: what waits is committed, the lease given back."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def server_for(app: ASGIApp) -> uvicorn.Server:
    """The server as it runs everywhere: says nothing about itself and keeps no log of who looked at whom."""
    return uvicorn.Server(
        uvicorn.Config(
            app, log_config=None, log_level="warning", server_header=False, access_log=False, timeout_keep_alive=IDLE
        )
    )


def listen(host: str, port: int) -> socket.socket:
    """A listening socket on the port or the next free one.

    Errors: GeleitError if the address is not this machine's, or no port is free.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    for tried in range(port, port + TRIED if port else 1):
        found = socket.socket(family)
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            found.bind((host, tried))
            found.listen(128)
        except OSError as error:
            found.close()
            if error.errno in (98, 48, 10048):  # in use: Linux, macOS, Windows
                continue
            raise GeleitError(
                f"cannot listen on {host}:{tried}: {error.strerror}", hint="try another --host or --port"
            ) from None
        return found
    raise GeleitError(f"ports {port} to {port + TRIED - 1} are all in use", hint="name another with --port")
