"""The events behind a step or a number: each whole, with source, times, reading, identifiers and the raw record."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from geleit.errors import NotFoundError
from geleit.needs.need import ReadEvent
from geleit.web.lines import SHORT, Mark, Words
from geleit.web.pages.person import base_of, words_of
from geleit.web.screen import query, show, workspace_of

PAGE = 20  # events on one page; each is shown whole


@dataclass(frozen=True, slots=True)
class EventView:
    """One event with everything that is known of it, as texts."""

    read: ReadEvent
    mark: Mark
    said: str
    what: str
    stage: str
    source: str
    evidence: str
    touch: str
    identifiers: list[str]
    properties: list[tuple[str, list[str]]]
    traits: list[tuple[str, list[str]]]
    raw: str


def events(request: Request) -> Response:
    """GET /people/{id}/events?ids=a,b,c (ids or their first 12 digits), ``PAGE`` at a time."""
    workspace = workspace_of(request)
    customer = workspace.customer(request.path_params["id"])
    asked = request.query_params.get("ids", "")
    found = named(workspace.read_events(customer), asked)
    if not found:
        raise NotFoundError("none of these events belongs to this person", hint="go to the person and choose again")
    number = request.query_params.get("page", "1")
    start = (max(1, int(number)) - 1) * PAGE if number.isdecimal() else 0
    shown = found[start : start + PAGE]
    raw = workspace.raw_records(customer, [read.event.id for read in shown])
    words, base = words_of(request), base_of(customer)
    return show(
        request,
        "events.html",
        area="people",
        base=base,
        name=workspace.profile(customer).name,
        total=len(found),
        events=[_view(read, words, raw.get(read.event.id, "")) for read in shown],
        pages=[
            (page + 1, page * PAGE == start, f"{base}/events{query(ids=asked, page=page + 1)}")
            for page in range(-(-len(found) // PAGE))
        ],
    )


def named(events_: Sequence[ReadEvent], asked: str) -> list[ReadEvent]:
    """The events whose ids, or beginnings of ids, are listed, in the order of the list: a step stands before its notes."""
    wanted = {name[:SHORT]: name for name in asked.split(",") if len(name) >= SHORT}
    known = {read.event.id[:SHORT]: read for read in events_}
    found = [known[short] for short in wanted if short in known]
    return [read for read in found if read.event.id.startswith(wanted[read.event.id[:SHORT]])]


def _view(read: ReadEvent, words: Words, raw: str) -> EventView:
    event, language = read.event, words.reader.language
    return EventView(
        read=read,
        mark=words.mark(read),
        said=words.said(read),
        what=words.what(read),
        stage=words.catalogue.stage_label(read.touchpoint.stage, language),
        source=words.source_label(event.source, language),
        evidence=words.evidence(read),
        touch=", ".join(words.touch(read)),
        identifiers=[f"{one.type}: {one.value}" for one in event.identifiers],
        properties=[(name, texts_of(value)) for name, value in event.properties.items()],
        traits=[(name, texts_of(value)) for name, value in event.traits.items()],
        raw=pretty(raw),
    )


def texts_of(value: object) -> list[str]:
    """A property's value as lines of text; what has parts, one part a line."""
    if isinstance(value, Mapping):
        return [f"{name}: {_text(part)}" for name, part in value.items()]
    if isinstance(value, (list, tuple)):
        return [_text(part) for part in value]
    return [_text(value)]


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def pretty(raw: str) -> str:
    """The raw record; JSON with one field a line."""
    try:
        return json.dumps(json.loads(raw), ensure_ascii=False, indent=1)
    except ValueError:
        return raw
