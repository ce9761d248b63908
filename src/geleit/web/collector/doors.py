"""Which source a request belongs to: by its write key, wherever clients put it, or by the system's signature."""

from __future__ import annotations

import base64
import binascii
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from geleit.access import write_keys
from geleit.access.write_keys import WriteKey, hashed
from geleit.clock import Clock
from geleit.ledger.ledger import Ledger
from geleit.sources.collected import Reader
from geleit.web.collector.request import UNAUTHORIZED, Incoming, RefusedError

UNKNOWN = "takes no events; if its definition is new, restart geleit serve"
FRESH = 1.0  # seconds after which a revoked key opens nothing more, and a guessed one is looked up again


@dataclass(slots=True)
class Doors:
    """The sources that take events live, and their keys as they stood a second ago at most."""

    ledger: Ledger
    readers: Mapping[str, Reader]
    clock: Clock
    known: dict[str, WriteKey] = field(default_factory=dict)
    guesses: set[str] = field(default_factory=set)
    looked: float = float("-inf")

    def opened(self, request: Incoming, said: object = None) -> Reader:
        """The source whose write key the request shows; ``said``: a key in its body.

        Errors: RefusedError without a key that opens a source which takes events.
        """
        key = shown(request, said)
        if not key:
            raise RefusedError(UNAUTHORIZED, "no write key: send it as the user name of Basic authorization")
        found = self._find(hashed(key))
        if found is None or not found.opens(self.clock()):
            raise RefusedError(UNAUTHORIZED, "this write key opens nothing: geleit key list shows those that do")
        reader = self.readers.get(found.source)
        if reader is None:
            raise RefusedError(UNAUTHORIZED, f"the source {found.source} {UNKNOWN}")
        return reader

    def _find(self, hash_: str) -> WriteKey | None:
        now = time.monotonic()
        if now - self.looked > FRESH:
            self.guesses.clear()
        elif hash_ in self.known or hash_ in self.guesses:
            return self.known.get(hash_)
        self.known, self.looked = write_keys.by_hash(self.ledger), now
        if hash_ not in self.known:
            self.guesses.add(hash_)
        return self.known.get(hash_)


def shown(request: Incoming, said: object = None) -> str:
    """The write key of a request: Basic or Bearer authorization, its own header, the body, the address; '' for none."""
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return value.strip()
    if scheme.lower() == "basic":
        try:
            return base64.b64decode(value).decode().partition(":")[0]
        except (binascii.Error, UnicodeDecodeError):
            return ""
    if key := request.headers.get("x-write-key"):
        return key.partition(":")[0].strip()
    if isinstance(said, str) and said:
        return said
    return request.query.get("writeKey") or request.query.get("key") or ""
