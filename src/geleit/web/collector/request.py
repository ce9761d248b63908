"""A request as the collector sees it: small, bounded, without a framework around the hot path."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import parse_qs

import msgspec
from starlette.types import Receive, Scope

SMALL = 512 * 1024  # bytes of a body, unpacked, of calls and batches
LARGE = 4 * 1024 * 1024  # of imports and webhooks
PASSED = 32 * 1024 * 1024  # of a body that is too large, read and thrown away before the answer
PACKED = b"\x1f\x8b"  # how gzip begins: some clients pack and do not say so
BAD_REQUEST, UNAUTHORIZED, NOT_FOUND, TOO_LARGE, UNSUPPORTED = 400, 401, 404, 413, 415
GZIP = zlib.MAX_WBITS | 16


class RefusedError(Exception):
    """A request that is answered with an error and taken nothing of."""

    def __init__(self, status: int, message: str, *, seconds: int = 0) -> None:
        super().__init__(message)
        self.status, self.seconds = status, seconds


@dataclass(frozen=True)
class Incoming:
    """One request, read to its end. Names of headers are in small letters.

    ``wire``: the body before it was unpacked. ``raw_path``: the path as it stood in the request line.
    """

    method: str
    path: str
    headers: Mapping[str, str]
    query_string: bytes
    body: bytes
    wire: bytes = b""
    scheme: str = "http"
    raw_path: str = ""

    @cached_property
    def query(self) -> dict[str, str]:
        """The parameters of the address; of several the last."""
        return {name: values[-1] for name, values in parse_qs(self.query_string.decode("latin-1")).items()}

    @property
    def content_type(self) -> str:
        """Without its parameters."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()


@dataclass(frozen=True, slots=True)
class Reply:
    """What is answered."""

    status: int = 200
    body: bytes = b'{"success":true}'
    content_type: str = "application/json"
    headers: tuple[tuple[str, str], ...] = ()


def json_reply(said: object, status: int = 200, headers: tuple[tuple[str, str], ...] = ()) -> Reply:
    """An answer in JSON."""
    return Reply(status, msgspec.json.encode(said), headers=headers)


async def read(scope: Scope, receive: Receive, limit: int) -> Incoming:
    """The request with its body, unpacked.

    Errors: RefusedError if the body has more than ``limit`` bytes, packed or not, or is packed in a way we do not know.
    """
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    said = headers.get("content-length", "")
    if said.isdigit() and int(said) > limit:
        if "expect" not in headers:  # who asks first has sent nothing yet
            await _let_pass(receive, PASSED)
        raise RefusedError(TOO_LARGE, _too_large(limit))
    parts, size = [], 0
    more = scope["method"] not in ("GET", "OPTIONS", "HEAD")
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ConnectionResetError
        part = message.get("body", b"")
        parts.append(part)
        size += len(part)
        more = message.get("more_body", False)
        if size > limit:
            await _let_pass(receive, PASSED - size if more else 0)
            raise RefusedError(TOO_LARGE, _too_large(limit))
    wire = b"".join(parts)
    body = unpacked(wire, headers.get("content-encoding", ""), limit)
    way = (scope.get("scheme", "http"), scope.get("raw_path", b"").decode("latin-1"))
    return Incoming(scope["method"], scope["path"], headers, scope["query_string"], body, wire, *way)


async def _let_pass(receive: Receive, left: int) -> None:
    """Read on, so many bytes at most, and keep nothing.

    Who is cut off while sending never hears that it was too much: it sees a broken connection and sends the same again.
    """
    more = True
    while more and left > 0:
        message = await receive()
        left -= len(message.get("body", b""))
        more = message.get("more_body", False)


def unpacked(body: bytes, encoding: str, limit: int) -> bytes:
    """A body without gzip or deflate.

    Errors: RefusedError if it unpacks to more than ``limit`` bytes, is damaged, or is packed otherwise.
    """
    encoding = encoding.strip().lower()
    if encoding not in ("", "identity", "gzip", "x-gzip", "deflate"):
        raise RefusedError(UNSUPPORTED, f"bodies packed with '{encoding[:40]}' are not read; send gzip or plain JSON")
    if not body or not (encoding not in ("", "identity") or body.startswith(PACKED)):
        return body
    if encoding == "deflate":
        unpacker = zlib.decompressobj()
    elif body.startswith(PACKED):
        unpacker = zlib.decompressobj(GZIP)
    else:  # a proxy has unpacked it and left the header
        return body
    try:
        plain = unpacker.decompress(body, limit + 1)
    except zlib.error:
        raise RefusedError(BAD_REQUEST, "the body is damaged: it does not unpack") from None
    if len(plain) > limit:
        raise RefusedError(TOO_LARGE, _too_large(limit))
    if not unpacker.eof:
        raise RefusedError(BAD_REQUEST, "the body is damaged: its end is missing")
    return plain


def _too_large(limit: int) -> str:
    return f"the body is larger than {limit // 1024:,} KB; send less at once"
