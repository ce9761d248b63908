"""The browser snippet of companies without an SDK: its script as pages load it, and the code that embeds it."""

from __future__ import annotations

import gzip
import hashlib
import html
import re
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from urllib.parse import urlsplit

import brotli
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from geleit import __version__
from geleit.errors import GeleitError

PATH = "/geleit.js"
LIMIT = 4_000  # bytes as gzip: what a company's pages may be asked to load
METHODS = ("page", "track", "identify", "group", "alias", "consent", "reset")

# The browser's header for "do not sell or share"; scripts cannot read it, and some browsers say it only there.
OBJECTS = "window.geleitGPC=1;\n"

# A page that names a release's hash keeps it for ever; all others ask again after an hour.
FOR_EVER = "public, max-age=31536000, immutable"
AN_HOUR = "public, max-age=3600, stale-while-revalidate=86400"


@dataclass(frozen=True, slots=True)
class Script:
    """The script as it is sent: plain and packed; ``tag`` is a hash of its content."""

    content: bytes
    gzip: bytes
    brotli: bytes
    tag: str


@lru_cache(maxsize=2)
def script(*, objects: bool = False) -> Script:
    """The script without its comments; ``objects``: for a browser that says by header that its owner objects."""
    source = (files("geleit.web") / "snippet" / "geleit.js").read_text("utf-8")
    text = strip(source).replace("__VERSION__", __version__)
    head = f"/* geleit {__version__}, Apache-2.0 */\n"
    content = (head + (OBJECTS if objects else "") + text).encode()
    tag = hashlib.blake2b(content, digest_size=8).hexdigest()
    packed = brotli.compress(content, mode=brotli.MODE_TEXT)
    return Script(content, gzip.compress(content, 9, mtime=0), packed, tag)


def strip(source: str) -> str:
    """The source without comments, indentation and idle line ends; names stay, so that anybody can read what a page runs."""
    lines = (re.sub(r"(^|\s+)//( .*)?$", "", line).strip() for line in source.splitlines())
    return re.sub(r"([;{,(])\n", r"\1", "".join(f"{line}\n" for line in lines if line))


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


@dataclass(frozen=True, slots=True)
class Embedding:
    """What a company puts into its pages, and what a strict Content-Security-Policy must allow for it."""

    stub: str
    tag: str
    policy: str


def embedding(address: str, key: str, *, copied: str = "") -> Embedding:
    """The embed code for a collector's ``address`` and a write key.

    ``copied`` = where the company serves its own copy of the script; default: loaded from the collector.
    Errors: GeleitError if the address is none.
    """
    address = address.rstrip("/")
    parts = urlsplit(address)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise GeleitError(f"'{address}' is no address that pages can reach", hint="such as https://collect.example.com")
    origin = f"{parts.scheme}://{parts.netloc}"
    where = copied or f"{address}{PATH}"
    host = f' data-host="{html.escape(address)}"' if copied else ""
    methods, own = " ".join(METHODS), "'self'"
    calls = "function(m){geleit[m]=function(){geleit.q.push([m].concat([].slice.call(arguments)))}}"
    return Embedding(
        stub=f'<script>window.geleit||(geleit={{q:[]}},"{methods}".split(" ").forEach({calls}))</script>',
        tag=f'<script async src="{html.escape(where)}" data-write-key="{html.escape(key)}"{host}></script>',
        policy=f"script-src {own if copied else origin}; connect-src {origin}",
    )
