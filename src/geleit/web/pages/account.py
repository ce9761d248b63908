"""A company or household: who belongs to it, in which role, since when; consent stays with each person."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from geleit.web.pages.person import base_of
from geleit.web.screen import show, workspace_of


def account(request: Request) -> Response:
    """GET /accounts/{id}: members now first, then former ones."""
    found = workspace_of(request).account(request.path_params["id"])
    members = sorted(found.members, key=lambda one: (one.left_at is not None, -(one.joined_at or 0)))
    return show(
        request,
        "account.html",
        area="people",
        account=found,
        members=[(base_of(one.customer_id), one) for one in members],
        still=sum(one.left_at is None for one in members),
    )
