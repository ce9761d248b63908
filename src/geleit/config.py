"""geleit.yaml: the company whose workspace this is."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, field_validator
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from geleit.clock import zone
from geleit.definitions import Definition
from geleit.errors import GeleitError
from geleit.secrets import Secret

LEDGERS = ("sqlite", "postgresql", "postgres")


class Company(Definition):
    """Name, languages, zone, currency and stores of one company."""

    company: str = Field(description="the company's name, shown on every page", min_length=1)
    languages: tuple[Literal["en", "de"], ...] = Field(
        ("en", "de"), min_length=1, description="screens' languages; the first is the default"
    )
    zone: str = Field("Europe/Berlin", description="IANA time zone in which the company counts its days")
    currency: str = Field("EUR", pattern=r"^[A-Z]{3}$", description="ISO 4217 code used where a source names none")
    country: str = Field(
        "DE", pattern=r"^[A-Z]{2}$", description="ISO 3166 code; phone numbers without +49 are read as its"
    )
    featured: str = Field(
        "", description="customer (type:value) whose journey the first page shows; default: the one with most to tell"
    )
    ledger: str | Secret | None = Field(
        None,
        description="URL of the ledger: sqlite:///FILE or postgresql://USER@HOST/DATABASE, with a password as "
        "{secret: NAME}; by default SQLite in data/ledger.sqlite",
    )

    @field_validator("zone")
    @classmethod
    def _known_zone(cls, name: str) -> str:
        try:
            zone(name)
        except GeleitError as error:
            raise ValueError(f"{error.message}; {error.hint}") from None
        return name

    @field_validator("ledger")
    @classmethod
    def _no_password(cls, url: str | Secret | None) -> str | Secret | None:
        if isinstance(url, str):
            try:
                parsed = make_url(url)
            except ArgumentError:
                raise ValueError("no URL of a ledger; write it as postgresql://USER@HOST/DATABASE") from None
            if parsed.password is not None or any("passw" in name for name in parsed.query):
                raise ValueError(
                    "a URL may hold no password here; write 'ledger: {secret: NAME}' and keep the URL there"
                )
            if parsed.get_backend_name() not in LEDGERS:
                raise ValueError(
                    f"a ledger in {parsed.get_backend_name()} is not possible; sqlite:/// or postgresql://"
                )
        return url
