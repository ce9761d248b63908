"""``geleit analyze``: questions about all journeys, answered as a table, JSON or CSV; every answer says what it is of."""

from __future__ import annotations

import functools
import inspect
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from geleit.cli.answer import tell
from geleit.cli.output import HERE, AsJson, Folder, Language, opened, say, show, table
from geleit.cli.whom import customers, day, is_segment
from geleit.workspace import Workspace, elsewhere

if TYPE_CHECKING:
    from geleit.analytics.result import Result

analyze = typer.Typer(help="What all journeys show: paths, funnels, variants, who comes back.", no_args_is_help=True)

Unit = Annotated[
    Literal["need", "customer"] | None,
    typer.Option(help="A journey is what belongs to one need, or all that one customer did."),
]
Since = Annotated[
    date | None, typer.Option(parser=day, metavar="DAY", help="Journeys that began on this day (2026-05-01) or later.")
]
Until = Annotated[date | None, typer.Option(parser=day, metavar="DAY", help="Journeys that began before this day.")]
OnlyEvents = Annotated[bool, typer.Option("--events-of-period", help="The days choose events, not journeys.")]
Segment = Annotated[
    Path | None,
    typer.Option(
        help="Only these customers: a segment's name, or a file with an id or type:value a line.", metavar="NAME|FILE"
    ),
]
Topic = Annotated[str, typer.Option(help="Only needs of this topic.")]
OwnKinds = Annotated[
    bool, typer.Option("--own-kinds", help="Kinds as sources call them, not what kinds.yaml says they mean.")
]
Notes = Annotated[bool, typer.Option("--notes", help="Count notes (a criterion, a judgement) like steps.")]
Limit = Annotated[int | None, typer.Option(min=1, help="Rows shown; the rest is folded, and counted all the same.")]
Engine = Annotated[
    str,
    typer.Option(
        help="kernels, sql (the reference SQL), or sc://host:port (the same SQL on Spark); all agree.",
        metavar="ENGINE",
    ),
]
Journal = Annotated[
    str, typer.Option(help="With sql or sc://: ask this export of the journal; default data/export.", metavar="URI")
]
AsCsv = Annotated[
    bool, typer.Option("--csv", help="Print all rows as CSV, the folded ones too; with --people the people.")
]
Svg = Annotated[Path | None, typer.Option(help="Draw the picture into this file, as SVG.", metavar="FILE")]
Png = Annotated[Path | None, typer.Option(help="Draw the picture into this file, as PNG.", metavar="FILE")]
People = Annotated[
    str, typer.Option(help="Print the people behind a cell instead: source=web,target=store.", metavar="CELL")
]
Of = Annotated[Literal["kind", "channel", "stage"], typer.Option(help="Look at kinds, channels or stages.")]
Kinds = Annotated[list[str], typer.Argument(metavar="KIND...", help="Kinds of events; KIND|KIND means either.")]


@dataclass(frozen=True, slots=True)
class Asked:
    """What every question understands, and how its answer is wanted."""

    unit: str | None
    since: date | None
    until: date | None
    events_of_period: bool
    segment: Path | None
    topic: str
    own_kinds: bool
    notes: bool
    limit: int | None
    engine: str
    journal: str
    people: str
    language: str
    folder: Path
    svg: Path | None
    png: Path | None
    as_csv: bool
    as_json: bool


def asked(
    unit: Unit = None,
    since: Since = None,
    until: Until = None,
    events_of_period: OnlyEvents = False,
    segment: Segment = None,
    topic: Topic = "",
    own_kinds: OwnKinds = False,
    notes: Notes = False,
    limit: Limit = None,
    engine: Engine = "kernels",
    journal: Journal = "",
    people: People = "",
    language: Language = "",
    folder: Folder = HERE,
    svg: Svg = None,
    png: Png = None,
    as_csv: AsCsv = False,
    as_json: AsJson = False,
) -> Asked:
    """The options that every question has."""
    return Asked(**locals())


def command(values: Callable[..., Mapping[str, Any]]) -> Callable[..., None]:
    """A command from a function that turns its own options into a question's fields; the common options are added."""
    own = inspect.signature(values, eval_str=True).parameters
    common = inspect.signature(asked, eval_str=True).parameters
    name = {"kinds": "occurrences", "matrix": "positions"}.get(values.__name__, values.__name__)

    @functools.wraps(values)
    def run(**options: Any) -> None:
        theirs = {option: options.pop(option) for option in common}
        _run(name, values(**options), asked(**theirs))

    parameters = [*own.values(), *(one for option, one in common.items() if option not in own)]
    run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    run.__annotations__ = {one.name: one.annotation for one in parameters}
    return run


def register(app: typer.Typer) -> None:
    """Add this room's commands."""
    for one in (
        transitions, flow, funnel, variants, retention, attribution, kinds, matrix, stages, loops, frequency, compare,
        correlation, typical, trend, conformance, stickiness, lifecycle,
        rfm,
    ):  # fmt: skip
        analyze.command()(command(one))
    app.add_typer(analyze, name="analyze")


def transitions(of: Of = "kind") -> Mapping[str, Any]:
    """What follows what: how often, in how many journeys, after how long."""
    return {"of": of}


def flow(
    anchor: Annotated[
        list[str], typer.Argument(metavar="[ANCHOR...]", help="Where to begin; else the journey's end.")
    ] = [],  # noqa: B006 (Typer reads it, nobody changes it)
    before: Annotated[bool, typer.Option("--before", help="What came before the anchor, not what followed.")] = False,
    depth: Annotated[int, typer.Option(min=1, max=20, help="How many steps.")] = 5,
    goal: Annotated[list[str], typer.Option(help="Where to stop: beyond it nothing is followed (repeatable).")] = [],  # noqa: B006 (as above)
    of: Of = "kind",
) -> Mapping[str, Any]:
    """What follows step by step, and where journeys end."""
    return {"anchor": anchor, "goal": goal, "direction": "before" if before else "after", "depth": depth, "of": of}


def funnel(
    steps: Kinds,
    order: Annotated[
        Literal["ordered", "strict", "unordered"],
        typer.Option(help="Other events may lie between; none may; any order."),
    ] = "ordered",
    window: Annotated[str, typer.Option(help="From first to last step at most: '7 days'.")] = "",
    step_window: Annotated[str, typer.Option(help="From step to step at most: '1 day'.")] = "",
) -> Mapping[str, Any]:
    """How many journeys come how far on a way of steps, and where the others go instead."""
    return {"steps": steps, "order": order, "window": window or None, "step_window": step_window or None}


def variants(
    of: Of = "kind",
    collapse: Annotated[bool, typer.Option("--collapse", help="Count the same step in a row as one.")] = False,
    having: Annotated[list[str], typer.Option(help="Only journeys with one of these kinds (repeatable).")] = [],  # noqa: B006 (as above)
) -> Mapping[str, Any]:
    """The whole ways that journeys take, the most frequent first."""
    return {"of": of, "collapse": collapse, "having": having}


def trend(
    values: Annotated[list[str], typer.Argument(metavar="[VALUE...]", help="What to count; else all there is.")] = [],  # noqa: B006 (as above)
    span: Annotated[Literal["day", "week", "month"], typer.Option("--by", help="Spans of days.")] = "week",
    of: Of = "kind",
) -> Mapping[str, Any]:
    """How often something happens in each week, in how many journeys."""
    return {"values": values, "span": span, "of": of}


def typical(
    having: Annotated[list[str], typer.Option(help="Only journeys with one of these kinds (repeatable).")] = [],  # noqa: B006 (as above)
    columns: Annotated[int, typer.Option(min=1, max=30, help="Steps it has at most.")] = 15,
    said: Annotated[
        bool, typer.Option("--said", help="Also what people said there: how they felt, criteria, promises.")
    ] = False,
) -> Mapping[str, Any]:
    """The way that all journeys are nearest to, and how each of them lies beside it."""
    return {"having": having, "columns": columns, "said": said}


def retention(
    span: Annotated[Literal["day", "week", "month"], typer.Option("--by", help="Spans of days.")] = "week",
    start: Annotated[list[str], typer.Option(help="Kind that counts as the first time (repeatable).")] = [],  # noqa: B006 (as above)
    again: Annotated[list[str], typer.Option(help="Kind that counts as coming again (repeatable).")] = [],  # noqa: B006 (as above)
) -> Mapping[str, Any]:
    """Of those who came first in a week, how many came again in each later one."""
    return {"span": span, "start": start, "again": again}


Active = Annotated[list[str], typer.Option(help="Kind that counts as coming (repeatable).")]


def stickiness(
    span: Annotated[Literal["week", "month"], typer.Option("--by", help="Spans of days.")] = "month",
    active: Active = [],  # noqa: B006 (as above)
) -> Mapping[str, Any]:
    """On how many days of a week or month the same people come."""
    return {"span": span, "active": active}


def lifecycle(
    span: Annotated[Literal["day", "week", "month"], typer.Option("--by", help="Spans of days.")] = "month",
    active: Active = [],  # noqa: B006 (as above)
) -> Mapping[str, Any]:
    """Who is new, comes again, is back after a pause, stays away, by day, week or month."""
    return {"span": span, "active": active}


def rfm(
    by: Annotated[Literal["group", "score"], typer.Option(help="Rows by group, or by the three scores.")] = "group",
    currency: Annotated[str, typer.Option(help="The currency that is summed; else that of most orders.")] = "",
) -> Mapping[str, Any]:
    """How recently, how often and for how much people bought, in fifths, and the groups that follow."""
    return {"by": by, "currency": currency}


def attribution(
    conversion: Annotated[list[str], typer.Argument(metavar="KIND...", help="Kinds that are the success.")],
    of: Annotated[Literal["channel", "kind"], typer.Option(help="Touches are channels or kinds.")] = "channel",
    half_life: Annotated[str, typer.Option(help="A touch this much older counts half (time decay).")] = "7 days",
    lookback: Annotated[str, typer.Option(help="Only touches at most this long before.")] = "",
    support: Annotated[int, typer.Option(min=1, help="People with a success that a range needs.")] = 30,
) -> Mapping[str, Any]:
    """Which touches come before a success, by seven models, with 95 % ranges; an association, not a cause."""
    asked_for = {"conversion": conversion, "of": of, "half_life": half_life, "support": support}
    return asked_for | {"lookback": lookback or None}


def kinds(
    of: Of = "kind",
    having: Annotated[list[str], typer.Option(help="Only journeys with one of these kinds (repeatable).")] = [],  # noqa: B006 (as above)
    lacking: Annotated[list[str], typer.Option(help="Only journeys with none of these (repeatable).")] = [],  # noqa: B006 (as above)
) -> Mapping[str, Any]:
    """The kinds there are: how often they happen, in how many journeys."""
    return {"of": of, "having": having, "lacking": lacking}


def matrix(
    of: Of = "kind", depth: Annotated[int, typer.Option(min=1, max=100, help="How many places.")] = 10
) -> Mapping[str, Any]:
    """The step matrix: what journeys have as their first step, their second ..."""
    return {"of": of, "depth": depth}


def stages() -> Mapping[str, Any]:
    """How many journeys come to each stage, how soon, how long they stay, who goes further."""
    return {}


def loops(of: Of = "kind") -> Mapping[str, Any]:
    """What happens again in the same journey, and after how long."""
    return {"of": of}


def frequency() -> Mapping[str, Any]:
    """On how many days people come through each channel."""
    return {}


def compare(
    having: Annotated[list[str], typer.Option(help="Journeys with one of these kinds against those without.")] = [],  # noqa: B006 (as above)
    against: Annotated[
        Path | None,
        typer.Option(help="Customers to compare --segment against; by default all others.", metavar="NAME|FILE"),
    ] = None,
    of: Of = "kind",
    support: Annotated[int, typer.Option(min=1, help="Journeys a group needs.")] = 30,
) -> Mapping[str, Any]:
    """Two groups: in which share of each does something happen? With 95 % intervals."""
    return {"having": having, "against": against or (), "of": of, "support": support}


def correlation(
    success: Annotated[list[str], typer.Argument(metavar="KIND...", help="Kinds that are the success.")],
    of: Of = "kind",
    support: Annotated[int, typer.Option(min=1, help="Journeys needed with it and without it.")] = 30,
) -> Mapping[str, Any]:
    """What happens more or less often before success; an association, not a cause."""
    return {"success": success, "of": of, "support": support}


def conformance(
    journey: Annotated[str, typer.Argument(metavar="NAME", help="A designed journey: journeys/NAME.yaml.")],
) -> Mapping[str, Any]:
    """Journeys beside a designed one: each step as designed, late, in another order, skipped; and what is extra."""
    return {"journey": journey}


def _run(name: str, values: Mapping[str, Any], how: Asked) -> None:
    analytics = import_module("geleit.analytics.analytics")  # what compiles kernels loads slowly
    given = {
        "unit": how.unit,
        "since": how.since,
        "until": how.until,
        "limit": how.limit,
        "topic": how.topic,
        "own_kinds": how.own_kinds,
        "notes": how.notes,
        "period_of": "events" if how.events_of_period else "journeys",
    }
    with opened(how.folder) as workspace:
        files = {"segment": how.segment, "against": values.get("against")}
        chosen = {part: customers(workspace, path) for part, path in files.items() if isinstance(path, Path)}
        model = analytics.QUESTIONS[name]
        called = {f"of_{part}": str(path) for part, path in files.items() if path and is_segment(workspace, path)}
        asked_for = {part: value for part, value in given.items() if value is not None} | dict(values) | chosen | called
        result = elsewhere.ask(workspace, analytics.question(model, **asked_for), how.engine, how.journal)
        spoken = how.language or workspace.company.languages[0]
        if how.svg or how.png:
            _draw(result, how, spoken, workspace)
        if how.people:
            _show_people(result, how)
        elif how.as_csv:
            sys.stdout.write(import_module("geleit.charts.cells").as_csv(result))
        else:
            data = result.to_dict() | {"explanation": result.explain(spoken)}
            zone = workspace.company.zone
            show(data, how.as_json, lambda: tell(result, spoken, zone, workspace.catalogue))


def _show_people(result: Result[Any], how: Asked) -> None:
    pairs = [pair.partition("=") for pair in how.people.split(",")]
    found = result.actors(**{name: int(value) if value.isdecimal() else value for name, _, value in pairs})
    if how.as_csv:
        sys.stdout.write(import_module("geleit.charts.cells").people_csv(found))
        return
    rows = [[one.customer, one.need] for one in found]
    show(found, how.as_json, lambda: table(["customer", "need"], rows, empty="nobody"))


def _draw(result: Result[Any], how: Asked, language: str, workspace: Workspace) -> None:
    """The picture, as files."""
    draw = import_module("geleit.charts.gallery").draw  # what sets letters loads slowly
    picture = draw(result, language, catalogue=workspace.catalogue, zone=workspace.company.zone)
    for form, path in (("svg", how.svg), ("png", how.png)):
        if path is not None:
            picture.save(path, form)
            if not (how.as_json or how.as_csv or how.people):
                say(str(path))
