"""What is known of a person besides what happened: promises, consent, traits, accounts, products, visits, orders."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote

from geleit.clock import deadline, moment
from geleit.customers.profile import ChannelVisits, Order, OrderLine, OwnedProduct, Profile, Trait
from geleit.customers.service import Service
from geleit.events.properties import wording
from geleit.needs.need import ReadEvent
from geleit.web.lines import SHORT, Words
from geleit.web.reader import Reader
from geleit.web.screen import query
from geleit.workspace.status import contact_person


@dataclass(frozen=True, slots=True)
class Contact:
    """The colleague who is there for this person, and when they last were."""

    name: str
    last_t: int


@dataclass(frozen=True, slots=True)
class PromiseView:
    """One promise with how it stands."""

    text: str
    state: str
    icon: str
    late: bool
    ids: str


@dataclass(frozen=True, slots=True)
class ConsentView:
    """What was agreed to or withdrawn, when and where."""

    what: str
    answer: str
    wording: str


@dataclass(frozen=True, slots=True)
class TraitView:
    """A fact with its source and day; ``others`` contradict it."""

    text: str
    source: str
    guessed: bool
    others: list[str]


@dataclass(frozen=True, slots=True)
class AccountView:
    """A company or household the person belongs to."""

    name: str
    href: str
    role: str
    time: str


@dataclass(frozen=True, slots=True)
class ProductView:
    """A product the person owns."""

    name: str
    facts: list[str]
    warranty: str


@dataclass(frozen=True, slots=True)
class VisitView:
    """How often the person came through one channel."""

    channel: str
    visits: int
    last_t: int
    href: str


@dataclass(frozen=True, slots=True)
class ServiceView:
    """A count of service contacts, and where its events open."""

    what: str
    count: int
    href: str
    note: str


@dataclass(frozen=True, slots=True)
class OrderView:
    """One order as a row."""

    id: str
    day: str
    source: str
    lines: list[str]
    state: str
    due: str
    total: str
    refunded: str
    ids: str


def contact(events: Sequence[ReadEvent]) -> Contact | None:
    """Who of us accompanied this person most; None if nobody is named."""
    name = contact_person(events)
    if not name:
        return None
    last = max(read.event.t for read in events if str(read.event.properties.get("staff")) == name)
    return Contact(name, last)


def salutation(profile: Profile, reader: Reader) -> str:
    """How the person is addressed: ``Frau Sommer``; empty if nobody knows."""
    last = next((wording(one.value, reader.language) for one in profile.traits if one.name == "last_name"), "")
    if not profile.salutation or not last or last in profile.salutation:
        return profile.salutation
    return reader.say("{salutation} {name}", salutation=profile.salutation, name=last)


def promises(events: Sequence[ReadEvent], as_of: int, words: Words) -> list[PromiseView]:
    """Every promise made to the person: late ones first, then open ones, then kept ones, the newest first in each."""
    made: dict[str, list[ReadEvent]] = {}
    for read in events:
        if read.touchpoint.kind in ("promise_made", "promise_kept"):
            made.setdefault(str(read.event.properties.get("promise_id") or read.event.id), []).append(read)
    views = [_promise(group, as_of, words) for group in reversed(made.values())]
    return sorted(views, key=lambda view: (not view.late, view.icon == "kept"))


def _promise(group: Sequence[ReadEvent], as_of: int, words: Words) -> PromiseView:
    reader, first = words.reader, group[0]
    said = first.event.properties
    by = wording(said.get("by") or said.get("staff"), reader.language)
    due = deadline(said.get("due_at"), reader.zone)
    kept = next((read.event.t for read in group if read.touchpoint.kind == "promise_kept"), None)
    ids = ",".join(str(read.event.id)[:SHORT] for read in group)
    text = wording(said.get("text"), reader.language) or reader.say("a promise")
    if kept is not None:
        return PromiseView(text, reader.say("kept on {day}", day=reader.day(kept)), "kept", late=False, ids=ids)
    late = due is not None and due < as_of
    return PromiseView(
        text, _promise_state(by, due, first.event.t, late, reader), "late" if late else "open", late, ids
    )


def _promise_state(by: str, due: int | None, made: int, late: bool, reader: Reader) -> str:
    day = reader.day(made if due is None else due)
    if due is None:
        return reader.say("from {person} on {day}", person=by, day=day) if by else reader.say("since {day}", day=day)
    if late:
        return (
            reader.say("from {person}, was due {day}", person=by, day=day)
            if by
            else reader.say("was due {day}", day=day)
        )
    return reader.say("from {person}, due {day}", person=by, day=day) if by else reader.say("due {day}", day=day)


def consents(profile: Profile, words: Words) -> list[ConsentView]:
    """The standing answer for every purpose and channel."""
    found = []
    for one in profile.consents:
        purpose = words.purpose(one.purpose)
        purpose = purpose[:1].upper() + purpose[1:]
        channel = words.catalogue.channel_label(one.channel, words.reader.language) if one.channel else ""
        what = words.reader.say("{purpose} by {channel}", purpose=purpose, channel=channel) if channel else purpose
        values = {"day": words.reader.day(one.t), "source": words.source_label(one.source, words.reader.language)}
        yes, no = words.reader.say("yes, {day}, {source}", **values), words.reader.say("no, {day}, {source}", **values)
        found.append(ConsentView(what, yes if one.given else no, one.wording))
    return found


def traits(profile: Profile, words: Words) -> list[TraitView]:
    """Every fact with its source and day, guesses last and marked."""
    views = [
        TraitView(
            text=_trait_text(trait, words.reader),
            source=_source(trait, words),
            guessed=trait.guessed,
            others=[
                words.reader.say(
                    "also: {value} ({source})", value=_value(other.value, words.reader), source=_source(other, words)
                )
                for other in trait.others
            ],
        )
        for trait in profile.traits
    ]
    return sorted(views, key=lambda view: view.guessed)


def _source(trait: Trait, words: Words) -> str:
    values = {"source": words.source_label(trait.source, words.reader.language), "day": words.reader.day(trait.t)}
    return (
        words.reader.say("guessed, {day}", **values) if trait.guessed else words.reader.say("{source}, {day}", **values)
    )


def _trait_text(trait: Trait, reader: Reader) -> str:
    name, value = trait_name(trait.name, reader), _value(trait.value, reader)
    if trait.guessed:
        return reader.say("{name}: {value}?", name=name, value=value)
    return reader.say("{name}: {value}", name=name, value=value)


def _value(value: object, reader: Reader) -> str:
    if isinstance(value, bool):
        return reader.say("yes") if value else reader.say("no")
    if isinstance(value, (list, tuple)):
        return reader.listed([str(one) for one in value])
    return wording(value, reader.language)


def trait_name(name: str, reader: Reader) -> str:
    """A trait's name in words; one that is not ours is called as the source calls it."""
    say = reader.say
    ours = {
        "first_name": say("First name"),
        "last_name": say("Last name"),
        "name": say("Name"),
        "salutation": say("Salutation"),
        "title": say("Title"),
        "birthday": say("Birthday"),
        "email": say("E-mail"),
        "phone": say("Phone"),
        "street": say("Street"),
        "address": say("Address"),
        "postal_code": say("Postal code"),
        "postcode": say("Postal code"),
        "zip": say("Postal code"),
        "city": say("Town"),
        "country": say("Country"),
        "language": say("Language"),
        "company": say("Company"),
    }
    bare = name.removeprefix("guess.")
    known = ours.get(bare)
    spoken = bare.replace("_", " ").replace(".", " ")
    return known or spoken[:1].upper() + spoken[1:]


def accounts(profile: Profile, words: Words) -> list[AccountView]:
    """Companies and households with the time of belonging."""
    found = []
    for one in profile.memberships:
        start = words.reader.day(one.joined_at) if one.joined_at is not None else ""
        end = words.reader.day(one.left_at) if one.left_at is not None else ""
        forms = {
            (True, False): words.reader.say("since {start}", start=start),
            (True, True): words.reader.say("{start} to {end}", start=start, end=end),
            (False, True): words.reader.say("until {end}", end=end),
            (False, False): "",
        }
        href = f"/accounts/{quote(one.account_id, safe='')}"
        found.append(AccountView(one.account_name or one.account_id, href, one.role, forms[bool(start), bool(end)]))
    return found


def products(profile: Profile, words: Words) -> list[ProductView]:
    """What the person owns, with serial number, version and warranty."""
    return [
        ProductView(one.name or one.product_id or one.serial, _product_facts(one, words), _warranty(one, words.reader))
        for one in profile.products
    ]


def _product_facts(one: OwnedProduct, words: Words) -> list[str]:
    say = words.reader.say
    source = words.source_label(one.source, words.reader.language)
    found = [
        say("serial number {number}", number=one.serial) if one.serial else "",
        say("version {version}", version=one.version) if one.version else "",
        say("since {day}, {source}", day=words.reader.day(one.since), source=source),
    ]
    return [fact for fact in found if fact]


def _warranty(one: OwnedProduct, reader: Reader) -> str:
    if one.warranty_until is None:
        return reader.say("no warranty known")
    return reader.say("warranty until {day}", day=reader.day(one.warranty_until))


def visits(found: Sequence[ChannelVisits], words: Words, base: str) -> list[VisitView]:
    """Days with contact per channel, the most frequent first."""
    label = {one.channel: words.catalogue.channel_label(one.channel, words.reader.language) for one in found}
    return [
        VisitView(
            label[one.channel][:1].upper() + label[one.channel][1:],
            one.visits,
            one.last_t,
            f"{base}{query(channel=one.channel)}#timeline",
        )
        for one in found
    ]


def service(found: Service, words: Words, base: str) -> list[ServiceView]:
    """Service contacts, open questions and complaints; a number opens its events."""
    reader = words.reader
    last = "" if found.last_t is None else reader.say("last on {day}", day=reader.day(found.last_t))
    lines = (
        (reader.say("Contacts"), found.contacts, last),
        (reader.say("Questions without an answer"), found.open_questions, ""),
        (reader.say("Open complaints"), found.open_complaints, ""),
    )
    return [
        ServiceView(what, len(ids), f"{base}/events?ids={','.join(one[:12] for one in ids)}" if ids else "", note)
        for what, ids, note in lines
    ]


def sums(profile: Profile, words: Words) -> list[str]:
    """What was bought this year and in all, per currency, after what was paid back; cancelled orders do not count."""
    reader, found = words.reader, []
    valid = [one for one in profile.orders if one.state != "cancelled"]
    for currency in dict.fromkeys(one.currency for one in valid):
        mine = [one for one in valid if one.currency == currency]
        first, last = (
            moment(t, reader.zone).year for t in (min(o.ordered_at for o in mine), max(o.ordered_at for o in mine))
        )
        newest = [one for one in mine if moment(one.ordered_at, reader.zone).year == last]
        if len(newest) < len(mine):
            found.append(reader.say("{year} bought: {amount}", year=last, amount=_sum(newest, currency, reader)))
        found.append(
            reader.counted(
                "since {year}: {amount} in {n} order",
                "since {year}: {amount} in {n} orders",
                len(mine),
                year=first,
                amount=_sum(mine, currency, reader),
            )
        )
    return found


def _sum(orders: Sequence[Order], currency: str, reader: Reader) -> str:
    return reader.money(sum((one.total or 0) - one.refunded for one in orders), currency)


def orders(profile: Profile, words: Words) -> list[OrderView]:
    """Orders, the newest first."""
    reader = words.reader
    return [
        OrderView(
            id=one.order_id,
            day=reader.day(one.ordered_at),
            source=words.source_label(one.source, reader.language),
            lines=[_order_line(line, one, reader) for line in one.lines],
            state=order_state(one.state, reader),
            due=reader.say("due {day}", day=reader.day(one.due_at)) if one.due_at is not None else "",
            total=reader.money(one.total, one.currency) if one.total is not None else reader.say("not told"),
            refunded=reader.say("{amount} paid back", amount=reader.money(one.refunded, one.currency))
            if one.refunded
            else "",
            ids=",".join(event[:SHORT] for event in one.event_ids),
        )
        for one in sorted(profile.orders, key=lambda order: -order.ordered_at)
    ]


def _order_line(line: OrderLine, order: Order, reader: Reader) -> str:
    name = line.name or line.product_id or reader.say("an article")
    counted = (
        reader.say("{count} x {name}", count=reader.number(line.quantity), name=name) if line.quantity != 1 else name
    )
    if line.unit_price is None:
        return counted
    return reader.say("{what}, {price}", what=counted, price=reader.money(line.unit_price, order.currency))


def order_state(state: str, reader: Reader) -> str:
    """How an order stands, in words; a state that is not ours is called as the source calls it."""
    say = reader.say
    ours = {
        "ordered": say("ordered"),
        "accepted": say("accepted"),
        "ready": say("ready"),
        "shipped": say("shipped"),
        "delayed": say("delayed"),
        "delivered": say("delivered"),
        "cancelled": say("cancelled"),
        "returned": say("returned"),
        "part_returned": say("partly returned"),
    }
    return ours.get(state, state.replace("_", " "))
