"""Questions about all journeys for programs: the answers of ``geleit analyze --json`` under ``/api/analytics``."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from geleit.errors import GeleitError, NotFoundError
from geleit.web.members import called, members_of
from geleit.web.screen import reader_of, workspace_of

_encoder = msgspec.json.Encoder(enc_hook=str)
CELL = "cell."
BAD_REQUEST = 400


def listed(_request: Request) -> Response:
    """GET /api/analytics: the questions, and the JSON Schema of what each understands."""
    questions = import_module("geleit.analytics.analytics").QUESTIONS  # what compiles kernels loads slowly
    return _json({name: model.model_json_schema() for name, model in questions.items()})


def ask(request: Request) -> Response:
    """GET /api/analytics/{name}?unit=&since=&...: definition, as_of, population, filters, rows; lists repeat their name.

    Parameters ``cell.NAME=value`` ask for the people behind a cell instead.
    """
    analytics = import_module("geleit.analytics.analytics")
    name = request.path_params["name"]
    model = analytics.QUESTIONS.get(name)
    if model is None:
        known = ", ".join(analytics.QUESTIONS)
        raise NotFoundError(f"there is no question '{name}'", hint=f"questions: {known}")
    given = request.query_params
    cell = {key.removeprefix(CELL): _number(value) for key, value in given.items() if key.startswith(CELL)}
    names = [key for key in dict.fromkeys(given) if not key.startswith(CELL) and key != "lang"]
    try:
        values = {key: _value(model.model_fields.get(key), given.getlist(key)) for key in names}
        for name in {"segment", "against"} & values.keys():
            values[name] = [one for text in given.getlist(name) for one in members_of(request, text)]
            values |= called(request, name, given.getlist(name))
        question = analytics.question(model, **values)
    except GeleitError as error:  # the asker's mistake, no fault of ours
        return JSONResponse({"error": error.message, "hint": error.hint}, status_code=BAD_REQUEST)
    result = workspace_of(request).analytics.ask(question)
    if cell:
        return _json({"as_of": result.as_of, "people": result.actors(**cell)})
    return _json(result.to_dict() | {"explanation": result.explain(reader_of(request).language)})


def _value(field: Any, given: list[str]) -> Any:
    """One value, or all where the field is a list."""
    if field is not None and "tuple" in str(field.annotation):
        return given
    if len(given) > 1:
        raise GeleitError("this cannot be asked: a field that holds one value was given several", hint="give it once")
    return given[0]


def _number(value: str) -> int | str:
    return int(value) if value.isdecimal() else value


def _json(value: object) -> Response:
    return Response(_encoder.encode(value), media_type="application/json")
