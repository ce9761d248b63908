"""The builder: a segment made of rows, looked at before it is saved, by forms alone."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from geleit.errors import GeleitError
from geleit.segments.definition import Segment
from geleit.web.posting import Form, author_of, done, show_form
from geleit.web.screen import reader_of, workspace_of
from geleit.web.segments.offered import offered
from geleit.web.segments.pages import SHOWN, address, sample_views
from geleit.web.segments.problems import Problem, problem, require_whole
from geleit.web.segments.rows import KINDS, Draft, Row, drawn, read
from geleit.workspace.segment_reasons import reasons
from geleit.workspace.segment_saving import draft_of, save, seen
from geleit.workspace.segments import Segments

REFUSED = 422


def new(request: Request) -> Response:
    """GET /segments/new: an empty draft, or the rows that an address gives, as those of people behind a number."""
    given = read(Form(tuple(request.query_params.multi_items())))
    return _page(request, given if given.rows else Draft(rows=[Row("did")]))


def edit(request: Request) -> Response:
    """GET /segments/{name}/edit: a segment as rows, where rows can say it."""
    found, name = Segments(workspace_of(request)), request.path_params["name"]
    draft = drawn(name, found.named(name), reader_of(request).language, seen(found, name))
    if draft is None:
        return show_form(request, "segment_file.html", area="segments", name=name, file=f"segments/{name}.yaml")
    return _page(request, draft, editing=True)


def build(request: Request, form: Form) -> Response:
    """POST /segments/new and /segments/{name}/edit: add or take away a row, look, or save."""
    draft, editing = read(form), "name" in request.path_params
    if editing:
        draft.name = request.path_params["name"]
    action, _, which = form.get("action").partition(" ")
    if action == "add" and which in KINDS:
        draft.rows.append(Row(which))
    elif action == "remove" and which.isdecimal() and int(which) < len(draft.rows):
        draft.rows.pop(int(which))
    elif action in ("look", "save"):
        return _looked(request, draft, form, editing=editing)
    return _page(request, draft, editing=editing)


def _looked(request: Request, draft: Draft, form: Form, *, editing: bool) -> Response:
    space, language = workspace_of(request), reader_of(request).language
    found = Segments(space)
    try:
        require_whole(draft)
        before = found.all.get(draft.name) if editing else None
        tree = draft.tree(language, before)
        if form.get("action") == "save":
            save(found, draft.name, tree, (draft.mark, form.get("author")))
            return done(address(draft.name))
        segment = draft_of(tree)
        found.check(draft.name or "draft", segment)
        return _page(request, draft, editing=editing, preview=_preview(request, found, segment))
    except GeleitError as error:
        told = problem(error, draft, reader_of(request))
        return _page(request, draft, editing=editing, error=told, author=form.get("author"))


def _preview(request: Request, found: Segments, segment: Segment) -> dict[str, object]:
    language = reader_of(request).language
    counted = found.counted(segment.who, SHOWN)
    why = reasons(found, segment, counted.sample, language)
    return {
        "count": counted.count,
        "of": counted.of,
        "lines": found.lines(segment, language),
        "sample": sample_views(request, why),
    }


def _page(
    request: Request,
    draft: Draft,
    *,
    editing: bool = False,
    preview: dict[str, object] | None = None,
    error: Problem | None = None,
    author: str = "",
) -> Response:
    return show_form(
        request,
        "segment_build.html",
        status=REFUSED if error else 200,
        area="segments",
        draft=draft,
        editing=editing,
        preview=preview,
        error=error,
        author=author or author_of(request),
        offered=offered(request, draft),
        row_kinds=KINDS,
    )
