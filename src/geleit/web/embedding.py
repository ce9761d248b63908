"""The browser snippet for companies without an SDK: its script, and the code that embeds it into their pages."""

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

from geleit import __version__
from geleit.errors import GeleitError

PATH = "/geleit.js"
LIMIT = 4_000  # bytes as gzip: what a company's pages may be asked to load
OURS = b"/* geleit "  # how every copy of it begins
METHODS = ("page", "track", "identify", "group", "alias", "consent", "reset")

# The browser's header for "do not sell or share"; scripts cannot read it, and some browsers say it only there.
OBJECTS = "window.geleitGPC=1;\n"


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
    said = f"{__version__}, Apache-2.0 */\n{OBJECTS if objects else ''}"
    content = OURS + said.encode() + text.encode()
    tag = hashlib.blake2b(content, digest_size=8).hexdigest()
    packed = brotli.compress(content, mode=brotli.MODE_TEXT)
    return Script(content, gzip.compress(content, 9, mtime=0), packed, tag)


def strip(source: str) -> str:
    """The source without comments, indentation and idle line ends; names stay, so that anybody can read what a page runs."""
    lines = (re.sub(r"(^|\s+)//( .*)?$", "", line).strip() for line in source.splitlines())
    return re.sub(r"([;{,(])\n", r"\1", "".join(f"{line}\n" for line in lines if line))


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
