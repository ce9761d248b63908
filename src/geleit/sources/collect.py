"""How a source delivers live: by client libraries that speak the Segment spec or CloudEvents, or by webhooks."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from geleit.definitions import Definition, Duration
from geleit.secrets import Secret

IdentifierType = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*(\.[a-z0-9_]+)*$")]
Signature = Literal[
    "shopify",
    "woocommerce",
    "zendesk",
    "stripe",
    "github",
    "hubspot",
    "typeform",
    "mailgun",
    "slack",
    "intercom",
    "customerio",
    "canny",
]
SECRET_HEADERS = frozenset({"authorization", "proxy-authorization", "cookie", "x-write-key"})


def _small(name: str) -> str:
    if name.lower() in SECRET_HEADERS:
        raise ValueError(f"{name} holds what must not be kept with a record")
    return name.lower()


HeaderName = Annotated[str, Field(pattern=r"^[A-Za-z0-9-]+$"), AfterValidator(_small)]

SILENCE = "silence after which something is wrong (2 hours); default: what is unusual for it, learned from four weeks"


class Collect(Definition):
    """Client libraries send events of this source: Segment spec, CloudEvents, Jitsu, our own snippet."""

    user_id: IdentifierType | None = Field(None, description="identifier type of userId; default: <system>.user_id")
    anonymous_id: IdentifierType | None = Field(
        None, description="identifier type of anonymousId; default: <system>.anonymous_id"
    )
    device_id: IdentifierType | None = Field(
        None, description="identifier type of context.device.id; default: <system>.device_id"
    )
    consent: dict[str, str] = Field(
        default_factory=dict,
        description="consent category of the client (context.consent.categoryPreferences) to the purpose it stands for; "
        "default: its own name",
    )
    origins: tuple[str, ...] = Field(
        (), description="web origins (https://shop.example.com) that browsers may send from; default: any"
    )

    silence: Duration | None = Field(None, description=SILENCE)


class HmacSignature(Definition):
    """A signature as many systems write it: HMAC over the body, in a header."""

    header: str = Field(description="name of the header that holds it")
    algorithm: Literal["sha256", "sha1", "sha512"] = Field("sha256", description="hash of the HMAC")
    encoding: Literal["hex", "base64"] = Field("hex", description="how it is written")
    prefix: str = Field("", description="text before it, such as sha256=")


class Hook(Definition):
    """The system sends its own JSON to /hooks/<source>; this source's events map it."""

    signature: Signature | HmacSignature | None = Field(
        None, description="how the system signs, by name or as HMAC; without it the address needs a write key"
    )
    secret: Secret | None = Field(
        None, description="what the system signs with; its value may have several lines while it is changed"
    )
    headers: tuple[HeaderName, ...] = Field(
        (), description="further headers that expressions read, such as X-Event: _hook->'headers'->>'x-event'"
    )

    silence: Duration | None = Field(None, description=SILENCE)

    @model_validator(mode="after")
    def _both_or_none(self) -> Hook:
        if (self.signature is None) != (self.secret is None):
            raise ValueError("signature and secret belong together: give both or none")
        return self


def _as_empty(value: Any) -> Any:
    return {} if value is True else value


Collecting = Annotated[Collect, BeforeValidator(_as_empty)]
Hooked = Annotated[Hook, BeforeValidator(_as_empty)]
