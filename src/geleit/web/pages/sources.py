"""Where everything comes from: each source with its last run or what it sends, and the records that wait."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from geleit.access.write_keys import WriteKey
from geleit.clock import SECOND
from geleit.identity import refused
from geleit.identity.words import type_name
from geleit.sources.records import Loose
from geleit.web.reader import Reader
from geleit.web.remedies import reason_name, remedy
from geleit.web.screen import reader_of, show, workspace_of
from geleit.workspace.differing import contradictions
from geleit.workspace.live import LiveStatus, Silence
from geleit.workspace.status import SourceStatus, empty_files, left_rows
from geleit.workspace.workspace import Workspace

EMPTY = 5  # files without a record that are named of each source
REFUSED = 12  # values that point at nobody that are shown
DIGITS = 18  # of a number in an address
LISTED = 20  # records on one page; the count above is of all


@dataclass(frozen=True, slots=True)
class ReasonView:
    """One reason of one source: how many records it holds back and what helps."""

    name: str
    remedy: str
    count: int
    source: str


@dataclass(frozen=True, slots=True)
class LiveView:
    """One source that sends, as its row tells of it; ``detail`` = what its state rests on."""

    name: str
    label: str
    ways: str
    state: str
    detail: str
    alarm: bool
    last: str
    hour: str
    day: str
    half: str
    most: str
    duplicate: str
    refused: str
    waiting: int


@dataclass(frozen=True, slots=True)
class RefusedView:
    """Identifiers that point at nobody: how many values, how often in all; value, type, source, rule, times, last of some.

    ``kept_in``: the line of identity.yaml that would keep one in.
    """

    values: int
    times: int
    rows: list[tuple[str, str, str, str, str, str]]
    kept_in: str


@dataclass(frozen=True, slots=True)
class LeftView:
    """Rows of an attached file that no record takes along, of how many in all; the first of them, and how many ``more``."""

    source: str
    file: str
    count: str
    rows: str
    first: list[str]
    more: int


@dataclass(frozen=True, slots=True)
class KeyView:
    """One write key, without its text, which nobody knows any more."""

    source: str
    label: str
    number: int
    made: str
    state: str
    ended: bool


@dataclass(frozen=True, slots=True)
class First:
    """What a person types to send a first event: to which source, and where this server is."""

    source: str
    known: bool
    address: str


def sources(request: Request) -> Response:
    """GET /sources."""
    workspace, reader = workspace_of(request), reader_of(request)
    found = workspace.sources(reader.language)
    live = [view_live(one, one.live, reader) for one in found if one.live]
    return show(
        request,
        "sources.html",
        area="sources",
        sources=found,
        read=[one for one in found if one.pulled or (one.live is None)],
        ended=[one for one in found if one.error],
        live=live,
        silent=[one for one in live if one.alarm],
        keys=[_key(key, one.label, workspace.clock(), reader) for one in found if one.live for key in one.live.keys],
        waiting=sum(one.quarantined for one in found),
        first=first_event(request, found),
        refused=_refused(workspace, reader),
        left=_left(workspace, reader, found),
        empty=[
            (one.label, files[:EMPTY], len(files) - EMPTY)
            for one in found
            if (files := empty_files(workspace.ledger, one.name))
        ],
    )


def _left(workspace: Workspace, reader: Reader, found: Sequence[SourceStatus]) -> list[LeftView]:
    """Rows that no record takes along, by source and file."""
    ledger, sources_ = workspace.ledger, workspace.definitions.sources
    return [_left_of(left, one.label, reader) for one in found for left in left_rows(ledger, sources_[one.name])]


def _left_of(one: Loose, source: str, reader: Reader) -> LeftView:
    """Rows of one file that no record takes along, in words."""
    rows = [
        reader.say("line {line} ({key})", line=reader.number(line), key=key)
        if key
        else reader.say("line {line}", line=reader.number(line))
        for line, key in one.first
    ]
    more = max(0, one.count - len(rows)) if rows else 0
    return LeftView(source, one.file, reader.number(one.count), reader.number(one.rows), rows, more)


def _refused(workspace: Workspace, reader: Reader) -> RefusedView:
    """Identifiers that were left out of events, the commonest ones."""
    with workspace.ledger.read() as connection:
        found = refused.counted(connection, workspace.rules, REFUSED)
    rows = [
        (
            one.shown,
            type_name(one.type, reader.language),
            workspace.source_label(one.source, reader.language),
            refused.rule_name(one.rule, reader.language),
            reader.number(one.times),
            reader.stamp(one.last_t),
        )
        for one in found.listed
    ]
    return RefusedView(found.values, found.times, rows, found.kept_in)


def first_event(request: Request, found: Sequence[SourceStatus]) -> First:
    """For the source of client libraries that still waits, else the first one, else one to be made."""
    collecting = [one for one in found if one.live and "collect" in one.live.ways]
    waiting = [one for one in collecting if one.live and one.live.silence.state == "waiting"]
    chosen = next(iter([*waiting, *collecting]), None)
    names = {one.name for one in found}
    free = next(name for n in count(1) if (name := "web" if n == 1 else f"web{n}") not in names)
    return First(chosen.name if chosen else free, chosen is not None, str(request.base_url).rstrip("/"))


def view_live(one: SourceStatus, live: LiveStatus, reader: Reader) -> LiveView:
    """A live source in words."""
    ways = {"collect": reader.say("client libraries"), "hook": reader.say("webhooks")}
    state, detail = _state(live.silence, reader)
    return LiveView(
        name=one.name,
        label=one.label,
        ways=reader.listed([ways[way] for way in live.ways]),
        state=state,
        detail=detail,
        alarm=live.silence.state == "silent",
        last=reader.stamp(live.silence.last_at) if live.silence.last_at else "",
        hour=reader.number(live.hour.new),
        day=reader.number(live.day.new),
        half=_lag(live.day.lag_p50, reader),
        most=_lag(live.day.lag_p95, reader),
        duplicate=reader.number(live.day.duplicate),
        refused=reader.number(live.day.quarantined),
        waiting=one.quarantined,
    )


def _state(silence: Silence, reader: Reader) -> tuple[str, str]:
    due = reader.stamp(silence.alarm_at) if silence.alarm_at else ""
    if silence.state == "waiting":
        return reader.say("nothing came yet"), ""
    if silence.state == "silent" and silence.last_at:
        state = reader.say("silent since {when}", when=reader.stamp(silence.last_at))
        if silence.fixed and silence.alarm_at:
            span = reader.span(silence.alarm_at - silence.last_at)
            return state, reader.say("Its definition allows {span} of silence.", span=span)
        return state, reader.say("Something would usually have come by {when}.", when=due)
    if silence.state == "learning":
        return reader.say("sends"), reader.say("Not enough history yet to tell what is usual.")
    return reader.say("sends"), reader.say("An alarm if nothing comes until {when}.", when=due) if due else ""


def _lag(lag: int | None, reader: Reader) -> str:
    if lag is None:
        return ""
    return reader.span(lag) if lag >= SECOND else reader.say("under a second")


def _key(key: WriteKey, label: str, now: int, reader: Reader) -> KeyView:
    if key.ends_at is None:
        state = reader.say("opens")
    elif key.opens(now):
        state = reader.say("opens until {when}", when=reader.stamp(key.ends_at))
    else:
        state = reader.say("ended {when}", when=reader.stamp(key.ends_at))
    return KeyView(label, key.label, key.id, reader.day(key.created_at), state, not key.opens(now))


def _encoding(workspace: Workspace, source: str) -> str:
    """The encoding that a source's definition names, if it names one."""
    csv = workspace.definitions.sources[source].csv
    return csv.encoding if "encoding" in csv.model_fields_set else ""


def _number(text: str) -> int:
    """A number of the quarantine in an address; 0 for anything else."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= DIGITS else 0


def quarantine(request: Request) -> Response:
    """GET /sources/quarantine?source=&after=: what could not be mapped, why, and what can be done."""
    workspace, reader = workspace_of(request), reader_of(request)
    name = request.query_params.get("source", "")
    if name:
        workspace.source(name)
    every = workspace.sources(reader.language)
    after = _number(request.query_params.get("after", ""))
    found = workspace.quarantine(name or None, limit=LISTED + 1, after=after)
    entries = found[:LISTED]
    reasons = [
        ReasonView(
            reason_name(reason, reader), remedy(reason, reader, _encoding(workspace, one.name)), count, one.label
        )
        for one in every
        if name in ("", one.name)
        for reason, count in one.reasons
    ]
    return show(
        request,
        "quarantine.html",
        area="sources",
        source=name,
        label=workspace.source_label(name, reader.language) if name else "",
        sources=[one for one in every if one.quarantined],
        reasons=sorted(reasons, key=lambda one: -one.count),
        reason_names={entry.reason: reason_name(entry.reason, reader) for entry in entries},
        entries=entries,
        after=after,
        more=f"/sources/quarantine?{urlencode({'source': name, 'after': entries[-1].id})}"
        if len(found) > LISTED
        else "",
        contradictions=contradictions(workspace, entries),
        waiting=sum(one.quarantined for one in every if name in ("", one.name)),
    )
