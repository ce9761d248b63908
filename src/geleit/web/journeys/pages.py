"""The hub of all questions, and the page of one: form, sentence, picture, table, files."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response

from geleit.charts.cells import as_csv
from geleit.charts.drawing import Fact
from geleit.charts.gallery import Picture, chart_of
from geleit.charts.words import Words
from geleit.errors import NotFoundError
from geleit.maps.plan import PAGE
from geleit.maps.svg import inline
from geleit.web.journeys.asked import Asked, Unaskable, asked, known
from geleit.web.journeys.form import controls, hidden
from geleit.web.journeys.totals import reconciled
from geleit.web.journeys.views import COMMON, VIEWS, WHEN
from geleit.web.pages.files import ALONE, TYPES, file_name
from geleit.web.screen import reader_of, seen_at, show, workspace_of
from geleit.web.standing import WIDTHS

FORMS = ("csv", "svg", "png")
HIGH = 0.75  # of its width: a picture at least so high stands upright on paper
WAYS = 10  # ways listed below the typical one
SHORT, LONGEST = 12, 1_000  # rows of the table at first, and at most
PHONE = {"small": WIDTHS["small"]}
NARROW = WIDTHS  # px in which a picture is drawn that fits every screen
BAD_REQUEST = 400


def hub(request: Request) -> Response:
    """GET /journeys: the questions in plain words, each with a number of now."""
    workspace, reader = workspace_of(request), reader_of(request)
    words = Words(reader.language, workspace.catalogue, reader.zone)
    there = known(request, "kind", words) if seen_at(request) else []
    questions: list[tuple[str, str, str, Fact | None]] = []
    population = None
    if seen_at(request):
        population = workspace.analytics.occurrences().population
    for view in VIEWS.values():
        live = view.live(_ask(request), there, words) if population and population.journeys else None
        questions.append((f"/journeys/{view.name}", words.say(view.title), words.say(view.tells), live))
    return show(request, "journeys.html", area="journeys", questions=questions, population=population)


def _ask(request: Request) -> Any:
    analytics = workspace_of(request).analytics
    return lambda name, **values: getattr(analytics, name)(**values)


def question(request: Request) -> Response:
    """GET /journeys/{name}: the answer as picture and table, with the form that asks it."""
    one = asked(request)
    values: dict[str, Any] = {"result": None, "problem": "", "exact": ""}
    fault = False
    try:
        values = _answered(one)
    except Unaskable as error:
        fault = error.fault and bool(one.given)  # who asked nothing yet asked nothing wrongly
        said = one.words.say("Choose above what to ask.") if error.fault and not fault else error.message
        values |= {"problem": said, "exact": error.exact}
    status = BAD_REQUEST if fault else 200
    form = controls(one)
    return show(
        request,
        "question.html",
        status=status,
        area="journeys",
        **{"title": one.words.say(one.view.title)} | values,
        tells=one.words.say(one.view.tells),
        action=f"/journeys/{one.view.name}",
        controls=[control for control in form if not control.more],
        further=[control for control in form if control.more],
        hidden=hidden(one),
        fault=fault,
        segmentless=not workspace_of(request).segment_files.now,
    )


def _answered(one: Asked) -> dict[str, Any]:
    result, chart, words = one.result, chart_of(one.view.name), one.words
    drawing = one.drawing(PAGE)
    shown = LONGEST if one.page.get("rows") == "all" else SHORT
    twin = chart.twin(result, replace(drawing, rows=shown))
    widths = NARROW if one.view.narrow else {"wide": PAGE} | (PHONE if one.view.phone else {})
    drawings = {name: drawing if px == PAGE else one.drawing(px) for name, px in widths.items()}
    pictures = [(name, chart.draw(result, its)) for name, its in drawings.items()] if result.rows else []
    files = [(form, one.address(f".{form}")) for form in FORMS] if result.rows else []
    definition = {"definition": dict(result.definition), "as_of": _as_of(result)}
    return {
        "title": words.say(chart.title_of(result)),
        "problem": "",
        "exact": "",
        "result": result,
        "explained": words.explain(result),
        "facts": chart.facts(result, drawing) if result.rows else [],
        "signs": chart.signs(result, drawing),
        "pictures": [(name, Markup(inline(scene, prefix=name))) for name, scene in pictures],  # noqa: S704 (escaped there)
        "narrow": one.view.narrow,
        "phone": one.view.phone,
        "wider": any(scene.width > PAGE + 1 for _, scene in pictures),
        "upright": any(name == "wide" and scene.height > scene.width * HIGH for name, scene in pictures),
        "twin": twin,
        "rows": twin.rows[:shown],
        "total": twin.all_rows,
        "all_rows": f"{one.address(rows='all')}#table" if twin.all_rows > shown else "",
        "cut": twin.all_rows > shown == LONGEST,
        "files": files,
        "api": _api(one),
        "definition": json.dumps(definition, indent=1, ensure_ascii=False),
        "as_of": result.as_of.at,
        "ways": _ways(one) if one.view.ways and result.rows else None,
        "totals": reconciled(one),
        "filtered": bool(one.values.get("since") or one.values.get("until") or one.values.get("segment")),
    }


def _ways(one: Asked) -> dict[str, Any]:
    """The ways most taken by the same journeys, as a table, and where they stand as pictures."""
    same = {*(field.name for field in (*WHEN, *COMMON)), "having"}
    given = {name: texts for name, texts in one.given.items() if name in same}
    other = Asked(one.request, VIEWS["variants"], {**given, "collapse": ["1"], "limit": [str(WAYS)]}, {})
    return {"twin": chart_of("variants").twin(other.result, other.drawing(PAGE)), "href": other.address()}


def _as_of(result: Any) -> dict[str, int]:
    of = result.as_of
    return {"generation": of.generation, "change": of.change, "last_seq": of.last_seq}


def _api(one: Asked) -> str:
    """Where programs ask the same question."""
    pairs = one.address("/").partition("?")[2]
    return f"/api/analytics/{one.view.name}{'?' if pairs else ''}{pairs}"


def file(request: Request) -> Response:
    """GET /journeys/{name}.{form}: the rows as CSV, the picture as SVG or PNG, titled in the reader's language.

    Errors: NotFoundError for another form; what cannot be asked is answered in words.
    """
    form = request.path_params["form"]
    if form not in FORMS:
        raise NotFoundError(f"'{form}' is no form of an answer", hint=f"choose one of {', '.join(FORMS)}")
    one = asked(request)
    try:
        result = one.result
    except Unaskable as error:
        return Response(f"{error.message}\n{error.exact}\n", status_code=BAD_REQUEST, media_type="text/plain")
    headers = {
        "content-disposition": f'attachment; filename="{file_name(one.words.say(chart_of(one.view.name).title_of(result)))}.{form}"',
        "content-security-policy": ALONE,
    }
    return Response(_file(one, result, form), media_type=TYPES[form], headers=headers)


def _file(one: Asked, result: Any, form: str) -> bytes:
    if form == "csv":
        return as_csv(result).encode()
    drawing = one.drawing(PAGE)
    chart = chart_of(one.view.name)
    scene = chart.draw(result, drawing, title=one.words.say(chart.title_of(result)))
    return Picture(scene).svg().encode() if form == "svg" else Picture(scene).png()
