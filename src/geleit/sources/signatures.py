"""Checks how systems sign what they send: each scheme by its own rule, compared in constant time."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote

import msgspec

from geleit.clock import SECOND, micros
from geleit.sources.collect import HmacSignature, Signature

WINDOW = 300  # seconds that a signed time may lie off ours: what Stripe, Slack and HubSpot ask for
MILLISECONDS = 1000
# What HubSpot signs of an address: these characters as themselves, whatever the request line says.
HUBSPOT = re.compile(r"%(?:3A|2F|3F|40|21|24|27|28|29|2A|2C|3B)", re.IGNORECASE)


class SignatureError(Exception):
    """A request whose signature is missing, does not fit or is too old; says which, and nothing of the secret."""


@dataclass(frozen=True, slots=True)
class Signed:
    """What a signature may rest on; names of headers are in small letters, ``now`` is microseconds UTC.

    ``bodies``: the body as it came and, if it was packed, unpacked, for systems sign either. ``addresses``: those under
    which the sender may know us.
    """

    method: str
    addresses: Sequence[str]
    headers: Mapping[str, str]
    bodies: Sequence[bytes]
    now: int


@dataclass(frozen=True, slots=True)
class Scheme:
    """HMAC of ``signs`` (body alone by default), written into a header. ``time``: the header that says when it was made."""

    header: str
    algorithm: str = "sha256"
    encoding: str = "hex"
    prefix: str = ""
    time: str = ""
    signs: Callable[[Signed, str, bytes], Sequence[bytes]] = lambda _signed, _time, body: (body,)


def _hubspot(signed: Signed, time: str, body: bytes) -> Sequence[bytes]:
    method, at = signed.method.encode(), time.encode()
    plain = [HUBSPOT.sub(lambda found: unquote(found[0]), address) for address in signed.addresses]
    every = dict.fromkeys([*plain, *signed.addresses])  # HubSpot's page decodes, HubSpot's own libraries do not
    return [method + address.encode() + body + at for address in every]


def _after_v0(_: Signed, time: str, body: bytes) -> Sequence[bytes]:
    return (b"v0:" + time.encode() + b":" + body,)


SCHEMES: dict[Signature, Scheme] = {
    "shopify": Scheme("x-shopify-hmac-sha256", encoding="base64"),
    "woocommerce": Scheme("x-wc-webhook-signature", encoding="base64"),
    "zendesk": Scheme(
        "x-zendesk-webhook-signature",
        encoding="base64",
        time="x-zendesk-webhook-signature-timestamp",
        signs=lambda _, time, body: (time.encode() + body,),
    ),
    "github": Scheme("x-hub-signature-256", prefix="sha256="),
    "intercom": Scheme("x-hub-signature", algorithm="sha1", prefix="sha1="),
    "typeform": Scheme("typeform-signature", encoding="base64", prefix="sha256="),
    "slack": Scheme("x-slack-signature", prefix="v0=", time="x-slack-request-timestamp", signs=_after_v0),
    "customerio": Scheme("x-cio-signature", time="x-cio-timestamp", signs=_after_v0),
    "hubspot": Scheme("x-hubspot-signature-v3", encoding="base64", time="x-hubspot-request-timestamp", signs=_hubspot),
    "canny": Scheme(
        "canny-signature",
        encoding="base64",
        signs=lambda signed, _time, _body: (signed.headers.get("canny-nonce", "").encode(),),
    ),
}


def require_signed(signature: Signature | HmacSignature, secret: str, signed: Signed) -> None:
    """Let through what was signed with the secret; of several (one a line, while they are changed) any will do.

    Errors: SignatureError.
    """
    keys = [line.strip().encode() for line in secret.splitlines() if line.strip()]
    if not keys:
        raise SignatureError("the secret is empty")
    if isinstance(signature, HmacSignature):
        own = Scheme(signature.header.lower(), signature.algorithm, signature.encoding, signature.prefix)
        _require(own, keys, signed)
    elif signature == "stripe":
        _require_stripe(keys, signed)
    elif signature == "mailgun":
        _require_mailgun(keys, signed)
    else:
        _require(SCHEMES[signature], keys, signed)


def _require(scheme: Scheme, keys: Sequence[bytes], signed: Signed) -> None:
    shown = signed.headers.get(scheme.header, "").strip()
    if not shown:
        raise SignatureError(f"the header {scheme.header} is missing")
    if not shown.startswith(scheme.prefix):
        raise SignatureError(f"the header {scheme.header} does not begin with {scheme.prefix}")
    time = signed.headers.get(scheme.time, "").strip() if scheme.time else ""
    if scheme.time and not time:
        raise SignatureError(f"the header {scheme.time} is missing")
    said = _digest(shown.removeprefix(scheme.prefix), scheme.encoding)
    texts = [text for body in signed.bodies for text in scheme.signs(signed, time, body)]
    if not _fits(said, keys, texts, scheme.algorithm):
        raise SignatureError(f"the signature in {scheme.header} does not fit body and secret")
    if time:
        _require_fresh(time, signed.now)


def _require_stripe(keys: Sequence[bytes], signed: Signed) -> None:
    """``t=1492774577,v1=...,v1=...``: any of the signatures v1 will do, for there are two while the secret is changed."""
    parts = [part.partition("=") for part in signed.headers.get("stripe-signature", "").split(",")]
    times = [value.strip() for name, _, value in parts if name.strip() == "t"]
    shown = [value.strip() for name, _, value in parts if name.strip() == "v1"]
    if not times or not shown:
        raise SignatureError("the header stripe-signature is missing or has no t and v1")
    texts = [times[0].encode() + b"." + body for body in signed.bodies]
    fits = [_fits(_digest(one, "hex"), keys, texts, "sha256") for one in shown]
    if not any(fits):
        raise SignatureError("the signature in stripe-signature does not fit body and secret")
    _require_fresh(times[0], signed.now)


class _Mailgun(msgspec.Struct):
    timestamp: str | int = ""
    token: str = ""
    signature: Any = ""


class _MailgunBody(msgspec.Struct):
    signature: _Mailgun


def _require_mailgun(keys: Sequence[bytes], signed: Signed) -> None:
    """Mailgun signs a time and a random token, both in the body, and not the body itself.

    No window: it sends again for hours what was not taken, and the token stays the same.
    """
    try:
        said = msgspec.json.decode(signed.bodies[-1], type=_MailgunBody).signature
    except (msgspec.MsgspecError, UnicodeDecodeError):
        raise SignatureError("the body has no signature with timestamp, token and signature") from None
    text = f"{said.timestamp}{said.token}".encode()
    if not said.token or not _fits(_digest(str(said.signature), "hex"), keys, [text], "sha256"):
        raise SignatureError("the signature in the body does not fit its token and the secret")


def _fits(said: bytes, keys: Sequence[bytes], texts: Sequence[bytes], algorithm: str) -> bool:
    """Whether any key and text give the digest; all are tried, so that the time taken tells nothing."""
    made = [hmac.new(key, text, getattr(hashlib, algorithm)).digest() for key in keys for text in texts]
    fits = [hmac.compare_digest(said, one) for one in made]
    return any(fits)


def _digest(text: str, encoding: str) -> bytes:
    """The bytes of a digest; nothing (which fits nothing) for what is none."""
    try:
        return bytes.fromhex(text) if encoding == "hex" else base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return b""


def _require_fresh(time: str, now: int) -> None:
    off = abs(now - _moment(time)) // SECOND
    if off > WINDOW:
        raise SignatureError(f"it was signed {off:,} seconds from now; {WINDOW} may be, so that nobody sends it again")


def _moment(time: str) -> int:
    """Microseconds of a time in seconds or milliseconds since 1970, or in ISO 8601."""
    try:
        if time.isascii() and time.isdigit():
            number = int(time)
            return number * (MILLISECONDS if number > 10**11 else SECOND)
        found = datetime.fromisoformat(time)
    except (ValueError, OverflowError):
        raise SignatureError("the time that was signed cannot be read") from None
    return micros(found if found.tzinfo else found.replace(tzinfo=UTC))
