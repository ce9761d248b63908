"""What became of whom when somebody decided who is who: the people before and after, with what hangs on them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from geleit.customers import profiles
from geleit.customers.profile import Consent, Profile
from geleit.history.owners import Owned, owned
from geleit.history.stored import StoredEvent
from geleit.needs.cut import cut
from geleit.needs.need import Need
from geleit.needs.recut import read_all
from geleit.workspace.workspace import Workspace

PROMISES = ("promise_made", "promise_kept")


@dataclass(frozen=True, slots=True)
class Person:
    """One customer with what hangs on them; ``open_needs`` are topics, ``promises`` those that are not kept yet."""

    customer_id: str
    name: str
    identifiers: tuple[str, ...]
    events: int
    orders: int
    open_needs: tuple[str, ...]
    promises: int
    consents: tuple[Consent, ...]


@dataclass(frozen=True, slots=True)
class ConsentChange:
    """A consent that a person had given and that no longer holds: someone who is the same person withdrew it."""

    name: str
    purpose: str
    channel: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """The people that a decision is about, before and after it."""

    before: tuple[Person, ...]
    after: tuple[Person, ...]
    withdrawn: tuple[ConsentChange, ...] = ()


@dataclass(frozen=True, slots=True)
class Sketch:
    """A customer as a transaction sees it; ``owned``: what says which events are theirs."""

    profile: Profile
    owned: Owned


@dataclass(frozen=True, slots=True)
class Drawn:
    """Customers before and after a change; ``heirs``: where those of before have most of their identifiers now."""

    before: tuple[Sketch, ...]
    after: tuple[Sketch, ...]
    heirs: Mapping[str, str]


def sketches(connection: sa.Connection, customers: Iterable[str]) -> tuple[Sketch, ...]:
    """Customers as this transaction sees them, the oldest first."""
    found = [Sketch(profiles.profile(connection, one), owned(connection, [one])) for one in customers]
    return tuple(sorted(found, key=lambda one: (one.profile.since, one.profile.customer_id)))


def outcome(space: Workspace, drawn: Drawn) -> Outcome:
    """Put together what was drawn, with the events behind it."""
    keys = sorted({key for one in (*drawn.before, *drawn.after) for key in one.owned.keys})
    events: dict[int, list[StoredEvent]] = {key: [] for key in keys}
    for stored in space.history.events_of(keys):
        events[stored.set_key].append(stored)
    before = tuple(_person(space, one, events) for one in drawn.before)
    after = tuple(_person(space, one, events) for one in drawn.after)
    return Outcome(before, after, tuple(_withdrawn(before, after, drawn.heirs)))


def _person(space: Workspace, one: Sketch, events: Mapping[int, Sequence[StoredEvent]]) -> Person:
    profile = one.profile
    mine = sorted(
        one.owned.of(profile.customer_id, (stored for key in one.owned.keys for stored in events[key])),
        key=lambda stored: (stored.event.t, stored.event.order, stored.event.id),
    )
    read = read_all(mine, space.catalogue)
    now = space.clock()
    needs = [need.topic for need in cut(read, space.definitions.needs) if _open(need, now)]
    promises: dict[str, bool] = {}
    for step in read:
        if step.touchpoint.kind in PROMISES:
            name = str(step.event.properties.get("promise_id") or step.event.id)
            promises[name] = promises.get(name, False) or step.touchpoint.kind == "promise_kept"
    return Person(
        customer_id=profile.customer_id,
        name=profile.name,
        identifiers=tuple(f"{one.type}:{one.value}" for one in profile.identifiers),
        events=len(mine),
        orders=len(profile.orders),
        open_needs=tuple(needs),
        promises=sum(not kept for kept in promises.values()),
        consents=profile.consents,
    )


def _open(need: Need, now: int) -> bool:
    return need.closed_at is None and (need.silent_at is None or need.silent_at >= now)


def _withdrawn(before: Sequence[Person], after: Sequence[Person], heirs: Mapping[str, str]) -> Iterable[ConsentChange]:
    now = {one.customer_id: {(c.purpose, c.channel): c.given for c in one.consents} for one in after}
    for one in before:
        for consent in one.consents:
            heir = now.get(heirs.get(one.customer_id, ""), {})
            if consent.given and heir.get((consent.purpose, consent.channel)) is False:
                yield ConsentChange(one.name, consent.purpose, consent.channel)
