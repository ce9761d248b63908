"""identity.yaml: which identifiers point at a person, how strongly, how many of a type one customer may have."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from pydantic import Field, field_validator

from geleit.definitions import Definition

IdentifierClass = Literal[
    "user_id", "loyalty_card", "email", "phone", "device_id", "anonymous_id", "other_id", "order_id"
]


class IdentifierRule(Definition):
    """How identifiers of one type are read; what is left out follows from the class."""

    class_: IdentifierClass | None = Field(
        None, alias="class", description="what kind of identifier it is; by default read from the last part of its name"
    )
    priority: int | None = Field(None, ge=0, description="smaller links first and names the customer of an event")
    limit: int | None = Field(None, ge=1, description="how many of this exact type one customer may have, ever")
    links: bool | None = Field(None, description="false: belongs to one customer, but never joins two")


class Hub(Definition):
    """When a value is shared by so many that it links nobody."""

    user_ids: int = Field(5, ge=1, description="more user ids of one system than this, and the value links nobody")
    degree: int = Field(50, ge=2, description="more other identifiers than this, and the value links nobody")


class Identity(Definition):
    """identity.yaml: rules for identifiers; customers are a pure function of evidence and these rules."""

    identifiers: dict[str, IdentifierRule] = Field(
        default_factory=dict, description="by type, such as email or shop.user_id"
    )
    blocked: tuple[str, ...] = Field(
        (), description="values that point at nobody: regular expressions, case-insensitive, added to the built-in ones"
    )
    hub: Hub = Field(default_factory=Hub, description="when a shared value links nobody")

    @field_validator("blocked")
    @classmethod
    def _compiles(cls, patterns: tuple[str, ...]) -> tuple[str, ...]:
        for pattern in patterns:
            try:
                re.compile(pattern)
            except re.error as error:
                raise ValueError(f"'{pattern}' is no regular expression: {error}") from None
        return patterns


@dataclass(frozen=True, slots=True)
class TypeRule:
    """What holds for one identifier type: class, priority (smaller first), limit per customer, whether it joins."""

    class_: IdentifierClass
    priority: int
    limit: int | None
    links: bool


# Windows (per year, per month) come later; until then devices and browsers have the room of about five years.
CLASSES: dict[IdentifierClass, TypeRule] = {
    "user_id": TypeRule("user_id", 10, 1, links=True),
    "loyalty_card": TypeRule("loyalty_card", 20, 5, links=True),
    "email": TypeRule("email", 30, 5, links=True),
    "phone": TypeRule("phone", 40, 5, links=True),
    "device_id": TypeRule("device_id", 50, 25, links=True),
    "anonymous_id": TypeRule("anonymous_id", 60, 300, links=True),
    "other_id": TypeRule("other_id", 70, 5, links=True),
    "order_id": TypeRule("order_id", 80, None, links=False),
}

_NAMED: dict[IdentifierClass, str] = {
    "user_id": "user_id userid user customer_no customer_id customer_number customer contact_id contact member_id "
    "member_no account_no requester requester_id subscriber_id person_id client_no profile_id",
    "loyalty_card": "loyalty_card loyalty_id loyalty_no card_no bonus_card",
    "email": "email e_mail mail",
    "phone": "phone phone_no mobile telephone msisdn",
    "device_id": "device_id device idfa idfv gaid advertising_id",
    "anonymous_id": "anonymous_id anonymousid cookie cookie_id visitor_id client_id session_id session ga_id "
    "cart_token cart_id checkout_token checkout_id",  # a cart lives in one browser until it is ordered
    "order_id": "order_id order_no order_number invoice_no receipt_no ticket_id case_id tracking_no shipment_id",
}
NAMES: dict[str, IdentifierClass] = {name: class_ for class_, names in _NAMED.items() for name in names.split()}

# The values that systems write when they know nobody.
BLOCKED = (
    r"[0-]*|-1|null|none|nil|undefined|nan|true|false|anonymous|guest|test|unknown|not_authenticated"
    r"|distinct_id|id|email|\[object object\]"
    r"|n/?a|k\.? ?a\.?|keine?|gast|anonym|unbekannt"
)
QUOTES = "\"'`´‘’‚“”„«»‹› "  # noqa: RUF001 (these are the quotes that junk comes in)


class Rules:
    """identity.yaml compiled: what holds for a type, whether a value is blocked."""

    def __init__(self, definition: Identity | None = None) -> None:
        self.definition = definition or Identity()
        self.hub = self.definition.hub
        self.blocks = lru_cache(maxsize=65_536)(self._blocks)
        self._types: dict[str, TypeRule] = {}
        self._built_in = re.compile(BLOCKED, re.IGNORECASE)
        self._added = [re.compile(pattern, re.IGNORECASE) for pattern in self.definition.blocked]

    def of(self, type_: str) -> TypeRule:
        """The rule of a type: its class's defaults, overridden by identity.yaml.

        >>> Rules().of("shop.user_id").limit, Rules().of("till.order_id").links
        (1, False)
        """
        rule = self._types.get(type_)
        if rule is None:
            rule = self._types[type_] = self._read(type_)
        return rule

    def _read(self, type_: str) -> TypeRule:
        own = self.definition.identifiers.get(type_) or IdentifierRule.model_validate({})
        base = CLASSES[own.class_ or class_of(type_)]
        return TypeRule(
            class_=base.class_,
            priority=base.priority if own.priority is None else own.priority,
            limit=base.limit if own.limit is None else own.limit,
            links=base.links if own.links is None else own.links,
        )

    def _blocks(self, value: str) -> bool:
        """Whether a value points at nobody (junk such as ``null``, ``'0'``, ``[object Object]``, plain or quoted)."""
        bare = value.strip(QUOTES)
        return (
            self._built_in.fullmatch(bare) is not None
            or any(pattern.search(value) for pattern in self._added)
            or any(pattern.search(bare) for pattern in self._added)
        )


def class_of(type_: str) -> IdentifierClass:
    """A type's class by the last part of its name; an unknown one of a system is that system's own user number.

    >>> class_of("crm.contact_id"), class_of("till.kunde"), class_of("kiosk")
    ('user_id', 'user_id', 'other_id')
    """
    last = type_.rsplit(".", 1)[-1]
    return NAMES.get(last) or ("user_id" if "." in type_ else "other_id")
