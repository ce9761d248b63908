"""Addresses of segments."""

from __future__ import annotations

from starlette.routing import Route

from geleit.web.posting import posted
from geleit.web.segments import building, members, pages

ROUTES = (
    Route("/segments", pages.segments),
    Route("/segments/new", building.new, methods=["GET"]),
    Route("/segments/new", posted(building.build), methods=["POST"]),
    Route("/segments/{name}", pages.segment),
    Route("/segments/{name}/people", members.people),
    Route("/segments/{name}/edit", building.edit, methods=["GET"]),
    Route("/segments/{name}/edit", posted(building.build), methods=["POST"]),
    Route("/api/segments", pages.listed),
    Route("/api/segments/{name}", pages.asked),
)
