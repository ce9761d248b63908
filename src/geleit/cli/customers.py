"""``geleit find | customer | account | map``: one person, and the picture of the journey."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from geleit.cli.output import HERE, AsJson, Folder, Language, counted, opened, say, show, table
from geleit.customers.profile import Profile
from geleit.errors import NotFoundError
from geleit.events.kinds import in_language
from geleit.files import write_durably
from geleit.language.formats import day, money, stamp
from geleit.maps.cjml import planned
from geleit.maps.export import READABLE, export
from geleit.needs.need import Need, ReadEvent
from geleit.workspace import Workspace

Key = Annotated[str, typer.Argument(metavar="KEY", help="Customer id, type:value, or a bare value (e-mail, number).")]


def register(app: typer.Typer) -> None:
    """Add this room's commands."""
    app.command()(find)
    app.command()(customer)
    app.command()(account)
    app.command(name="map")(map_)
    app.command()(designed)


def find(
    query: Annotated[list[str], typer.Argument(help="Name, phone, e-mail, number, or words someone said.")],
    limit: Annotated[int, typer.Option(help="At most this many.")] = 20,
    folder: Folder = HERE,
    as_json: AsJson = False,
) -> None:
    """Find customers."""
    with opened(folder) as workspace:
        hits = workspace.find(" ".join(query), limit)
    rows = [[hit.customer_id, hit.name, hit.why] for hit in hits]
    show(hits, as_json, lambda: table(["customer", "name", "because of"], rows, empty="nobody found"))


def customer(key: Key, language: Language = "", folder: Folder = HERE, as_json: AsJson = False) -> None:
    """Everything known of one customer: needs first, money last."""
    with opened(folder) as workspace:
        found = workspace.customer(key)
        profile = workspace.profile(found)
        events = workspace.read_events(found)
        spoken = language or workspace.company.languages[0]
        needs = workspace.needs(found, spoken)
        data = {
            "as_of": workspace.as_of(),
            "profile": profile,
            "needs": needs,
            "service": workspace.service(events),
            "visits": workspace.visits(events),
            "events": events,
        }
        show(data, as_json, lambda: _print_customer(workspace, profile, needs, events, spoken))


def _print_customer(
    workspace: Workspace, profile: Profile, needs: list[Need], events: list[ReadEvent], language: str
) -> None:
    zone, label = workspace.company.zone, workspace.catalogue
    say(f"{profile.name}  ({profile.customer_id}, known since {day(profile.since, language, zone)})")
    for need in needs:
        until = day(need.closed_at, language, zone) if need.closed_at else "open"
        words = f'"{need.quote}"' if need.quote else workspace.topic_label(need.topic, language)
        say(
            f"  {words}  {day(need.opened_at, language, zone)} to {until}, {counted(len(need.event_ids), 'event', 'events')}"
        )
    say("\nTimeline")
    rows = [
        [
            stamp(read.event.t, language, zone),
            workspace.source_label(read.event.source, language),
            label.stage_label(read.touchpoint.stage, language),
            label.text(read.event, language),
        ]
        for read in events
    ]
    table(["when", "source", "stage", "what"], rows)
    _print_known(workspace, profile, language)


def _print_known(workspace: Workspace, profile: Profile, language: str) -> None:
    zone = workspace.company.zone

    def named(source: str) -> str:
        return workspace.source_label(source, language)

    say("\nKnown as")
    table(
        ["type", "value", "sources"],
        [[i.type, i.value, ", ".join(named(one) for one in i.sources)] for i in profile.identifiers],
    )
    say("\nTraits")
    traits = [
        [
            f"{t.name} (guessed)" if t.guessed else t.name,
            in_language(t.value, language) if isinstance(t.value, Mapping) else t.value,
            named(t.source),
            day(t.t, language, zone),
        ]
        for t in profile.traits
    ]
    table(["trait", "value", "source", "date"], traits)
    if profile.orders:
        say("\nOrders")
        orders = [
            [
                order.order_id,
                day(order.ordered_at, language, zone),
                order.state,
                "" if order.total is None else money(order.total, order.currency, language),
            ]
            for order in profile.orders
        ]
        table(["order", "date", "state", "total"], orders)


def account(key: Annotated[str, typer.Argument(metavar="ID")], folder: Folder = HERE, as_json: AsJson = False) -> None:
    """Show a company or household: who belongs to it, since when."""
    with opened(folder) as workspace:
        found = workspace.account(key)
        zone, language = workspace.company.zone, workspace.company.languages[0]
    rows = [
        [
            member.customer_id,
            member.name,
            member.role,
            day(member.joined_at, language, zone) if member.joined_at else "",
            day(member.left_at, language, zone) if member.left_at else "",
        ]
        for member in found.members
    ]

    def text() -> None:
        say(f"{found.name} ({found.account_id})")
        table(["customer", "name", "role", "from", "until"], rows)

    show(found, as_json, text)


def map_(
    key: Key,
    output: Annotated[Path, typer.Option("--output", "-o", help="File to write: .svg .png .pdf .json .csv or .cjml")],
    need: Annotated[str, typer.Option(help="Id of one need; default the one with the most events.")] = "",
    language: Language = "",
    theme: Annotated[str, typer.Option(help="light, dark or print; default print for PDF, else light.")] = "",
    folder: Folder = HERE,
    as_json: AsJson = False,
) -> None:
    """Draw the journey map of one customer."""
    with opened(folder) as workspace:
        spoken = language or workspace.company.languages[0]
        journey = workspace.journey(workspace.customer(key), need or None, spoken)
    export(journey, output, theme=theme)
    data = {"file": str(output), "customer": journey.customer_key, "steps": len(journey.steps)}
    show(data, as_json, lambda: say(f"{output}: {len(journey.steps)} steps of {journey.customer_name}"))


def designed(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A designed journey: journeys/NAME.yaml.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="File to write, of CJML 2.0 (XML).")],
    language: Language = "",
    folder: Folder = HERE,
    as_json: AsJson = False,
) -> None:
    """Write a designed journey as CJML 2.0, for tools that draw planned journeys."""
    with opened(folder) as workspace:
        designs = workspace.definitions.journeys
        if name not in designs:
            there = ", ".join(designs) or "none; write one: journeys/NAME.yaml"
            raise NotFoundError(f"there is no designed journey '{name}'", hint=f"designed journeys: {there}")
        spoken = language or workspace.company.languages[0]
        content = planned(designs[name], workspace.catalogue, spoken, workspace.company.company)
    write_durably(output, content, mode=READABLE)
    data = {"file": str(output), "journey": name, "steps": len(designs[name].steps)}
    show(data, as_json, lambda: say(f"{output}: {len(designs[name].steps)} steps of {name}"))
