"""What pages need besides themselves: one stylesheet, one script, icons, fonts; held in memory, named by their content."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

from starlette.requests import Request
from starlette.responses import Response

TYPES = {
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
    "woff2": "font/woff2",
}
FOR_EVER = "public, max-age=31536000, immutable"
ASK_AGAIN = "public, no-cache"


@dataclass(frozen=True, slots=True)
class Asset:
    """One file as it is sent; ``tag`` is a hash of its content."""

    content: bytes
    type: str
    tag: str


@lru_cache(maxsize=1)
def assets() -> dict[str, Asset]:
    """All assets by their name under /static/."""
    static = files("geleit.web") / "static"
    found = {f"fonts/{font.name}": font.read_bytes() for font in (static / "fonts").iterdir() if "woff2" in font.name}
    found |= {one.name: one.read_bytes() for one in static.iterdir() if one.name.endswith((".js", ".svg"))}
    made = {name: _asset(name, content) for name, content in found.items()}
    parts = sorted((static / "css").iterdir(), key=lambda part: part.name)
    texts = [part.read_text("utf-8") for part in parts]
    style = "\n".join([*texts[:-1], _map_style(), texts[-1]])  # the last part, print, has the last word
    named = re.sub(r"url\((fonts/[^)]+)\)", lambda hit: f"url({hit[1]}?v={made[hit[1]].tag})", style)
    return made | {"geleit.css": _asset("geleit.css", named.encode())}


def _map_style() -> str:
    """The journey map's own stylesheet stands in the page that shows the map."""
    style = files("geleit.maps") / "map.css"
    return style.read_text("utf-8") if style.is_file() else ""


def _asset(name: str, content: bytes) -> Asset:
    return Asset(content, TYPES[name.rpartition(".")[2]], hashlib.blake2b(content, digest_size=8).hexdigest())


def address(name: str) -> str:
    """Where a page finds an asset; changes with its content, so that a browser may keep it for ever."""
    return f"/static/{name}?v={assets()[name].tag}"


def serve_asset(request: Request) -> Response:
    """GET /static/{name}: 304 if the browser has it, 404 if there is none."""
    asset = assets().get(request.path_params["name"])
    if asset is None:
        return Response(status_code=404)
    kept = FOR_EVER if request.query_params.get("v") == asset.tag else ASK_AGAIN
    headers = {"etag": f'"{asset.tag}"', "cache-control": kept}
    if asset.tag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return Response(asset.content, media_type=asset.type, headers=headers)
