"""``geleit source list | preview | guess | ready | add``: describe the files that come in."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from geleit.cli.output import HERE, AsJson, Folder, counted, opened, opened_sound, say, show, table, working
from geleit.cli.summary import named, tell_reasons
from geleit.clock import SECOND
from geleit.errors import GeleitError
from geleit.language.formats import span, stamp
from geleit.sources import ready_made, trial
from geleit.sources.database_sample import describe, is_database
from geleit.sources.definition import load_source
from geleit.sources.guess import guess as guess_source
from geleit.sources.guess import guess_stored, guess_table
from geleit.sources.mapping import Setting
from geleit.sources.preview import Preview
from geleit.sources.preview import preview as preview_source
from geleit.sources.ready_made import Ready
from geleit.sources.storage import Storage, is_remote
from geleit.workspace.live import LiveStatus
from geleit.workspace.status import SourceStatus

LONG = 64  # characters of a value that a table shows
SAMPLED = 3  # records that a draft is shown with

source = typer.Typer(help="Describe the files that come in.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add this room's commands."""
    app.add_typer(source, name="source")


@source.command(name="list")
def list_(folder: Folder = HERE, as_json: AsJson = False) -> None:
    """List sources: those that send with what came of late, the others with their last import."""
    with opened(folder) as workspace:
        language, zone = workspace.company.languages[0], workspace.company.zone
        found = workspace.sources(language)

    def when(t: int | None) -> str:
        return stamp(t, language, zone) if t else "never"

    def text() -> None:
        rows = [
            [s.name, s.label, _last(s, when), s.read, s.new, s.quarantined] for s in found if s.pulled or not s.live
        ]
        live = [
            [s.name, s.label, s.live.silence.state, when(s.live.silence.last_at), *_came(s.live), s.quarantined]
            for s in found
            if s.live
        ]
        if rows or not live:
            heads = ["source", "label", "last import", "read", "new", "in quarantine"]
            table(heads, rows, empty="no sources yet: geleit source guess FILE")
        if live:
            heads = ["live source", "label", "state", "last arrival", "last hour", "last 24 h", "half within"]
            table([*heads, "95 % within", "known", "refused", "in quarantine"], live)
        for s in found:
            if s.error:
                say(f"\n{s.name} was not read to its end: {s.error}")

    show(found, as_json, text)


def _last(source: SourceStatus, when: Callable[[int | None], str]) -> str:
    """When the last import ended; one that was stopped says so."""
    stopped = source.started_at and not source.finished_at
    return f"not finished, begun {when(source.started_at)}" if stopped else when(source.finished_at)


def _came(live: LiveStatus) -> list[object]:
    """What came in the last hour and day, how late, how much twice or refused."""
    lags = ["" if lag is None else span(max(lag, SECOND), "en") for lag in (live.day.lag_p50, live.day.lag_p95)]
    return [live.hour.new, live.day.new, *lags, live.day.duplicate, live.day.quarantined]


@source.command()
def preview(
    name: Annotated[str, typer.Argument(help="Name of the source.")],
    count: Annotated[int, typer.Option("--count", "-n", help="How many records are shown.")] = 5,
    every: Annotated[
        bool, typer.Option("--all", help="Look at all records: what an import would take in, and what would wait.")
    ] = False,
    folder: Folder = HERE,
    as_json: AsJson = False,
) -> None:
    """Map the first records, or all, without taking them in."""
    with opened_sound(folder, [name]) as workspace:
        definition, root, zone = workspace.source(name), workspace.root, workspace.company.zone
        setting = Setting(workspace.catalogue, zone, workspace.clock())
        found = preview_source(definition, count, root=root, setting=setting)
        with working(as_json) as (records, _):
            tried = trial.run(definition, root=root, setting=setting, progress=records) if every else None
        size = trial.Size(tried.read, not tried.error, tried.error) if tried else trial.count(definition, root)

    def text() -> None:
        _show_mapped(found, zone)
        if tried:
            _show_tried(tried, zone)
        else:
            _show_size(found.mapped.read, size, name)

    data = {"columns": found.columns, "records": found.records, "mapped": found.mapped, "size": size, "all": tried}
    show(data, as_json, text)


def _show_size(looked: int, size: trial.Size, name: str) -> None:
    """How many records were looked at, of how many."""
    if size.error:
        say(f"Not all records can be read: {size.error}")
    more = "" if size.whole else "more than "
    rest = "" if size.whole and looked >= size.records else f"; geleit source preview {name} --all looks at all of them"
    say(f"Looked at {looked:,} of {more}{counted(max(size.records, looked), 'record', 'records')}{rest}.")


def _show_tried(tried: trial.Trial, zone: str) -> None:
    """What all records would give, and why some would wait."""
    between = ""
    if tried.first_at is not None and tried.last_at is not None:
        between = f" from {stamp(tried.first_at, 'en', zone)} to {stamp(tried.last_at, 'en', zone)}"
    given = ", ".join(f"{count:,} x {kind}" for kind, count in tried.kinds)
    every = "" if tried.error else "all "
    events = counted(tried.events, "event", "events")
    say(f"Looked at {every}{counted(tried.read, 'record', 'records')}: {events}{between}{given and f' ({given})'}.")
    if tried.error:
        say(f"It ended there: {tried.error}")
    if tried.skipped or tried.nothing:
        say(f"{tried.skipped:,} would be left out by 'skip', {tried.nothing:,} give nothing.")
    if tried.reasons:
        waiting = sum(count for _, count in tried.reasons)
        say(f"{counted(waiting, 'record', 'records')} would go to quarantine:")
        tell_reasons(tried.reasons, tried.examples)


def _show_mapped(found: Preview, zone: str) -> None:
    """The events that records give, and those that would wait in the quarantine."""
    rows = [
        [
            stamp(e.t, "en", zone),
            e.kind,
            e.key,
            " ".join(map(str, e.identifiers)),
            _short(e.traits),
            _short(e.properties),
        ]
        for e in found.mapped.events
    ]
    table(["when", "kind", "key", "identifiers", "traits", "properties"], rows, empty="no event")
    for rejected in found.mapped.rejected:
        say(f"would go to quarantine: {rejected.file}:{rejected.line} {rejected.reason}: {rejected.message}")
    for one in found.mapped.loose:
        left = counted(one.count, "row", "rows")
        say(f"would be left out: {left} of {one.file}, which no record takes along{named(one.first, one.count)}")


def _short(values: Mapping[str, object]) -> str:
    """Traits or properties in one cell: ``city: Kassel, plan: plus``."""
    return ", ".join(f"{name}: {_brief(value)}" for name, value in values.items())


def _brief(value: object) -> str:
    """A value on one line, cut where it is long; what is nested as JSON.

    >>> _brief([{"sku": "hose", "price": 1.5}])
    '[{"sku":"hose","price":1.5}]'
    >>> _brief("A pole broke on the second night. " * 3)
    'A pole broke on the second night. A pole broke on the second n …'
    """
    text = msgspec.json.encode(value).decode() if isinstance(value, list | dict) else str(value)
    line = " ".join(text.split())
    return line if len(line) <= LONG else f"{line[: LONG - 2].rstrip()} …"


@source.command()
def guess(
    file: Annotated[
        str,
        typer.Argument(
            help="An export (CSV, Excel, JSON, JSON Lines, Parquet, XES, or a zip of them), a folder or a 'pattern*.csv' "
            "of them, also in a store (s3://bucket/exports/), or a database's URL."
        ),
    ],
    name: Annotated[str, typer.Option(help="Name of the source; default the file's.")] = "",
    table_name: Annotated[str, typer.Option("--table", help="Table of a database; without it, all are listed.")] = "",
    secret: Annotated[str, typer.Option(help="Name of the secret that holds a database's password.")] = "",
    storage: Annotated[
        list[str] | None,
        typer.Option(
            help="How a store is reached: endpoint=URL, region=NAME, anonymous=true, key=SECRET and secret=SECRET (their "
            "names). May be given several times."
        ),
    ] = None,
    folder: Folder = HERE,
    as_json: AsJson = False,
) -> None:
    """Draft sources/NAME.yaml from an export or a table: columns, time, identifiers. Correct it, then import."""
    if is_database(file) and not table_name:
        _show_tables(file, secret, folder, as_json)
        return
    with opened(folder) as workspace:
        root, zone, now = workspace.root, workspace.company.zone, workspace.clock()
        if is_database(file):
            draft = guess_table(file, table_name, root=root, zone=zone, now=now, name=name, secret=secret)
        elif is_remote(file):
            draft = guess_stored(file, root=root, zone=zone, now=now, name=name, storage=_storage(storage or ()))
        else:
            draft = guess_source(Path(file), root=root, zone=zone, now=now, name=name)
        target = workspace.root / "sources" / f"{draft.name}.yaml"
        if target.exists():
            raise GeleitError(f"{target} exists already; nothing was changed", hint="give another --name")
        target.write_text(draft.yaml, encoding="utf-8")
        setting = Setting(workspace.catalogue, zone, now)
        found = preview_source(load_source(target, root), SAMPLED, root=root, setting=setting)

    def text() -> None:
        say(draft.yaml)
        say("As it stands, the first records give:")
        _show_mapped(found, zone)
        say(f"Written to {target}. Correct it, then: geleit source preview {draft.name}; geleit import {draft.name}")

    show({"file": str(target), "yaml": draft.yaml, "notes": draft.notes, "sample": found}, as_json, text)


def _storage(given: Sequence[str]) -> dict[str, object]:
    """What a definition says under ``storage``, from NAME=VALUE. Errors: GeleitError."""
    found: dict[str, object] = {}
    for one in given:
        name, equals, value = one.partition("=")
        if not equals or name not in Storage.model_fields or name == "options":
            raise GeleitError(
                f"'{one}' says nothing of a store", hint="endpoint=, region=, anonymous=, key= or secret="
            )
        found[name] = {"secret": value} if name in ("key", "secret") else value
    return found


def _show_tables(url: str, secret: str, folder: Path, as_json: bool) -> None:
    with opened(folder) as workspace:
        found = describe(url, workspace.root, secret=secret)

    def text() -> None:
        rows = [[one.name, ", ".join(one.key), _typed(one.columns)] for one in found]
        table(["table", "key", "columns"], rows, empty="no tables that this user sees")
        say("Draft one of them: geleit source guess URL --table NAME")

    show(found, as_json, text)


def _typed(columns: Sequence[tuple[str, str]]) -> str:
    return ", ".join(f"{name} {kind}".strip() for name, kind in columns)


@source.command()
def ready(as_json: AsJson = False) -> None:
    """List the definitions that come with geleit, for exports of known systems."""
    found = ready_made.ready_sources()
    rows = [[r.name, r.label["en"], r.label["de"], r.format, "yes" if r.verified else "no"] for r in found]

    def text() -> None:
        table(["name", "English", "German", "format", "form verified"], rows)
        say("Take one over: geleit source add NAME")

    show(found, as_json, text)


@source.command()
def add(
    name: Annotated[str, typer.Argument(help="Name of a ready definition: geleit source ready.")],
    own_name: Annotated[str, typer.Option("--as", help="Name of the source here; default the same.")] = "",
    file: Annotated[str, typer.Option("--file", help="Path or pattern of your files, inside the workspace.")] = "",
    folder: Folder = HERE,
    as_json: AsJson = False,
) -> None:
    """Write a ready definition into the workspace as sources/NAME.yaml; nothing is ever overwritten."""
    with opened(folder) as workspace:
        target = ready_made.add(workspace.root, name, own_name, file)
        place = target.relative_to(workspace.root)
    made, own = ready_made.ready_source(name), target.stem
    files = file or ", ".join(made.file)

    def text() -> None:
        say(f"Written to {place}.")
        say(f"Get the export: {made.get_it}")
        if made.adapt:
            say(f"Set first: {made.adapt}")
        if made.doubt:
            say(f"Not verified: {made.doubt}")
        say(f"Put it here: {files}" + "".join(f", and beside it {file}" for file in made.attached))
        say(f"Then: geleit source preview {own}; geleit import {own}")
        if made.hook:
            _show_address(made, own)

    address = f"/hooks/{own}" if made.hook else ""
    show({"file": str(place), "name": own, "files": files, "address": address, "ready": made}, as_json, text)


def _show_address(made: Ready, own: str) -> None:
    """Where the system sends to, and how it proves itself."""
    say(f"Or live, while geleit serve runs: let {made.label['en']} send to https://YOUR-SERVER/hooks/{own}")
    if made.secret:
        say(f"It signs what it sends: write its secret to secrets/{made.secret} (mode 0600), or set the variable.")
    else:
        say(
            f"It shows a write key: geleit key create {own}, then ...?key=KEY, or the key as user name or Bearer token."
        )
