"""What is known of one customer, each fact with its source and date; folded from the ledger when read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Trait:
    """A fact about the person: the newest said, with the older contradicting ones of other sources behind it.

    ``guessed`` marks a fact nobody stated (its name begins with ``guess.`` in the source's mapping).
    """

    name: str
    value: Any
    source: str
    t: int
    event_id: str
    guessed: bool = False
    others: tuple[Trait, ...] = ()


@dataclass(frozen=True, slots=True)
class KnownIdentifier:
    """One of the customer's identifiers; ``reason`` is empty if it links, else blocked, hub, ambiguous or limit."""

    type: str
    value: str
    first_t: int
    sources: tuple[str, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class Consent:
    """The standing answer for one purpose (and channel, empty = all): the newest fact, withdrawal wins a tie."""

    purpose: str
    channel: str
    given: bool
    t: int
    source: str
    wording: str


@dataclass(frozen=True, slots=True)
class Membership:
    """The person's time in an account; ``left_at`` None while it lasts, ``joined_at`` None if only the leaving is known."""

    account_id: str
    account_name: str
    role: str
    joined_at: int | None
    left_at: int | None
    source: str


@dataclass(frozen=True, slots=True)
class OrderLine:
    """One line of an order; ``unit_price`` in minor units, None if not told."""

    product_id: str
    name: str
    quantity: int
    unit_price: int | None
    serial: str


@dataclass(frozen=True, slots=True)
class Order:
    """One order, folded from its events in total order. Money in minor units of ``currency``.

    ``state``: ordered, the last order_progress state, cancelled, returned (wholly refunded) or part_returned.
    """

    system: str
    order_id: str
    ordered_at: int
    state: str
    total: int | None
    refunded: int
    currency: str
    due_at: int | None
    lines: tuple[OrderLine, ...]
    event_ids: tuple[str, ...]
    source: str


@dataclass(frozen=True, slots=True)
class OwnedProduct:
    """A product the person owns (serial or product id), with its order and warranty where known."""

    name: str
    serial: str
    product_id: str
    version: str
    since: int
    warranty_until: int | None
    order_id: str
    source: str


@dataclass(frozen=True, slots=True)
class ChannelVisits:
    """How often the person came through one channel: ``visits`` are distinct company days, ``events`` all events."""

    channel: str
    visits: int
    events: int
    first_t: int
    last_t: int


@dataclass(frozen=True, slots=True)
class Profile:
    """Everything known of one customer except the events themselves (those are the timeline).

    ``name`` is made of traits name or first_name + last_name, else the best identifier; ``salutation`` from the trait.
    """

    customer_id: str
    name: str
    salutation: str
    since: int
    change: int
    pending: bool
    identifiers: tuple[KnownIdentifier, ...]
    traits: tuple[Trait, ...]
    consents: tuple[Consent, ...]
    memberships: tuple[Membership, ...]
    orders: tuple[Order, ...]
    products: tuple[OwnedProduct, ...]
