"""``geleit init | check | schemas | demo | serve``: make, validate and open a workspace."""

from __future__ import annotations

import re
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Annotated, Literal

import typer

from geleit.cli.output import HERE, AsJson, Folder, opened, say, show, table, working
from geleit.clock import system_clock
from geleit.demo.company import SEED
from geleit.demo.example import CUSTOMER, Wanted, build_demo, write_demo
from geleit.errors import GeleitError
from geleit.workspace import Workspace
from geleit.workspace.definitions import find_workspace, load_checked
from geleit.workspace.proof import prove
from geleit.workspace.scaffold import init as init_workspace
from geleit.workspace.scaffold import write_schemas
from geleit.workspace.soundness import doubts


def serve_pages(workspace: Workspace, host: str, port: int, **options: object) -> None:
    """Serve until stopped; the web room is loaded only now, so that other commands start quicker."""
    import_module("geleit.web.serve").serve(workspace, host, port, **options)


def _names(hosts: list[str]) -> list[str]:
    for host in hosts:
        if not re.fullmatch(r"\*|(\*\.)?[A-Za-z0-9_.-]+|\[[0-9A-Fa-f:.]+\]", host):
            raise typer.BadParameter(f"'{host}' is no name of a host: give it without scheme, port and path")
    return hosts


Port = Annotated[int, typer.Option(help="Port on this machine; the next free one is taken if it is in use.")]
Browser = Annotated[bool, typer.Option("--browser/--no-browser", help="Open the pages in the browser.")]


def register(app: typer.Typer) -> None:
    """Add this room's commands."""
    for command in (init, demo, check, serve, schemas):
        app.command()(command)


def init(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="New or existing folder.")],
    name: Annotated[str, typer.Option(help="The company's name.")] = "",
    language: Annotated[str, typer.Option(help="Default language of the screens: en or de.")] = "en",
    as_json: AsJson = False,
) -> None:
    """Make a workspace: the folder of one company's definitions and data."""
    if language not in ("en", "de"):
        raise GeleitError(f"'{language}' is no language of the screens", hint="en or de")
    languages = ("de", "en") if language == "de" else ("en", "de")
    written = init_workspace(folder, name=name, languages=languages)

    def text() -> None:
        say(f"{folder} is a workspace now. Next:")
        say(f"  geleit source guess FILE.csv -w {folder}     drafts a source from an export of yours")
        say(f"  geleit import -w {folder}                    reads it")
        say(f"  geleit serve -w {folder}                     opens the pages")

    show({"workspace": str(folder), "written": [str(path) for path in written]}, as_json, text)


def demo(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Where to build the example company.")],
    serve: Annotated[bool, typer.Option("--serve/--no-serve", help="Open the pages afterwards.")] = True,
    browser: Browser = True,
    port: Port = 8420,
    small: Annotated[bool, typer.Option("--small", help="Only the washing-machine example: ten small files.")] = False,
    scale: Annotated[float, typer.Option(min=0.01, max=100, help="Factor on 5,000 people and 300,000 events.")] = 1.0,
    seed: Annotated[int, typer.Option(min=0, help="Another seed gives other people with the same stories.")] = SEED,
    truth: Annotated[Path | None, typer.Option(help="Where what is true is written; default DIR/truth.")] = None,
    build: Annotated[bool, typer.Option("--build/--no-build", help="Import what was written.")] = True,
    as_json: AsJson = False,
) -> None:
    """Build the example company and open it: an appliance dealer with ten systems, 5,000 people, 18 months."""
    wanted = Wanted(scale=scale, seed=seed, truth=truth, small=small)
    if not build:
        with working(as_json) as (_, now):
            written = write_demo(folder, wanted, told=now)
        show(written, as_json, lambda: say(f"written to {folder}; next: geleit import -w {folder}"))
        return
    with working(as_json) as (records, now):
        built = build_demo(folder, wanted, progress=records, told=now)

    def text() -> None:
        say(
            f"{built.company}: {built.customers} people, {built.events} events from {built.sources} sources in {folder}"
        )
        say(f"  {built.quarantined} records wait in quarantine on purpose: geleit quarantine list -w {folder}")
        say(f"  geleit map {CUSTOMER} -w {folder} -o washing-machine.svg")

    show(built, as_json, text)
    if serve:
        with opened(folder) as workspace:
            serve_pages(workspace, "127.0.0.1", port, open_browser=browser)


def check(
    definitions_only: Annotated[bool, typer.Option("--definitions", help="Validate the YAML only.")] = False,
    thorough: Annotated[
        bool, typer.Option("--thorough", help="Also read every event and all evidence: right content, right customer.")
    ] = False,
    folder: Folder = HERE,
    as_json: AsJson = False,
) -> None:
    """Validate all definitions, look into the sources' files, and compare ledger, archive and journal by key."""
    root = find_workspace(folder)
    definitions, errors = load_checked(root)
    problems = [str(error) for error in errors]
    report = None
    if definitions is not None and not definitions_only:
        problems = doubts(definitions, system_clock())
        with opened(root) as workspace:
            report = workspace.check()
            if thorough:
                with working(as_json) as (_, now):
                    found = prove(workspace.ledger, workspace.archive, workspace.rules, now)
                report = replace(report, findings=(*report.findings, *found))
    data: dict[str, object] = {"workspace": str(root), "definitions": problems, "stores": report}
    ok = not problems and (report is None or report.ok)

    def text() -> None:
        for problem in problems:
            say(problem)
        if not problems:
            say("definitions: fine")
        if report is not None:
            say(report.text())

    show(data | {"ok": ok}, as_json, text)
    if not ok:
        raise typer.Exit(1)


def serve(
    folder: Folder = HERE,
    host: Annotated[
        str, typer.Option(help="Address to listen on; keep 127.0.0.1 unless a proxy stands before it.")
    ] = "127.0.0.1",
    port: Port = 8420,
    browser: Browser = True,
    allowed_host: Annotated[
        list[str],
        typer.Option(
            help="Name under which a proxy reaches the pages (repeatable; *.example.com for all below); others get 400.",
            callback=_names,
        ),
    ] = [],  # noqa: B006 (Typer reads it, nobody changes it)
    log_format: Annotated[
        Literal["text", "json"], typer.Option(help="How the log on standard error is written.")
    ] = "text",
    log_level: Annotated[
        Literal["debug", "info", "warning", "error"], typer.Option(help="From which level on it is written.")
    ] = "info",
) -> None:
    """Open the pages and take events, until stopped: SIGTERM or Ctrl+C end it after what waits is committed."""
    with opened(folder) as workspace:
        workspace.apply_definitions()  # all else is the keeper's, beside an open door
        logged = {"log_form": log_format, "log_level": log_level}
        serve_pages(workspace, host, port, open_browser=browser, hosts=allowed_host, **logged)


def schemas(folder: Folder = HERE, as_json: AsJson = False) -> None:
    """Write the JSON Schemas of all definitions into .schemas, for editors."""
    written = write_schemas(find_workspace(folder) / ".schemas")
    show([str(path) for path in written], as_json, lambda: table(["schema"], [[path] for path in written]))
