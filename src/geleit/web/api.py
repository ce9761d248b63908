"""Read-only JSON twins of the person and the map: what the pages show, for programs."""

from __future__ import annotations

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from geleit.web.screen import reader_of, workspace_of

_encoder = msgspec.json.Encoder()


def person(request: Request) -> Response:
    """GET /api/people/{id}: profile, needs, events, and as of when."""
    workspace = workspace_of(request)
    customer = workspace.customer(request.path_params["id"])
    events = workspace.read_events(customer)
    return _json(
        {
            "as_of": workspace.as_of(),
            "profile": workspace.profile(customer),
            "needs": workspace.needs(customer, reader_of(request).language),
            "service": workspace.service(events),
            "visits": workspace.visits(events),
            "events": events,
        }
    )


def journey(request: Request) -> Response:
    """GET /api/people/{id}/journey?need=&lang=: one journey as the map reads it."""
    workspace = workspace_of(request)
    customer = workspace.customer(request.path_params["id"])
    need = request.query_params.get("need") or None
    return _json(workspace.journey(customer, need, reader_of(request).language))


def _json(value: object) -> Response:
    return Response(_encoder.encode(value), media_type="application/json")
