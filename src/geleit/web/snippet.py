"""Hands out the browser snippet to pages of any host."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from geleit.web.embedding import PATH, script

# A page that names a release's hash keeps it for ever; all others ask again after an hour.
FOR_EVER = "public, max-age=31536000, immutable"
AN_HOUR = "public, max-age=3600, stale-while-revalidate=86400"


def serve_snippet(request: Request) -> Response:
    """GET /geleit.js: for pages of any origin; 304 if the browser has it."""
    found = script(objects=request.headers.get("sec-gpc") == "1" or request.headers.get("dnt") == "1")
    headers = {
        "etag": f'"{found.tag}"',
        "cache-control": FOR_EVER if request.query_params.get("v") == found.tag else AN_HOUR,
        "vary": "Accept-Encoding, Sec-GPC, DNT",
        "access-control-allow-origin": "*",
        "cross-origin-resource-policy": "cross-origin",
    }
    if found.tag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    accepted = request.headers.get("accept-encoding", "")
    content, packing = found.content, ""
    if "br" in accepted:
        content, packing = found.brotli, "br"
    elif "gzip" in accepted:
        content, packing = found.gzip, "gzip"
    if packing:
        headers["content-encoding"] = packing
    return Response(content, media_type="text/javascript; charset=utf-8", headers=headers)


class SnippetDoor:
    """Hands out the script under every name of this machine: pages are for known names only, the script is public."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        public = scope["type"] == "http" and scope["path"] == PATH and scope["method"] in ("GET", "HEAD")
        await (serve_snippet(Request(scope)) if public else self.app)(scope, receive, send)
