"""Journeys for the tests of maps, made of events in the reserved vocabulary; nothing a source could not deliver."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from geleit.clock import localize, micros
from geleit.events.event import Event
from geleit.events.kinds import Catalogue, Channel, Kinds
from geleit.maps.journey import Journey
from geleit.maps.reading import ReadingContext, read_journey
from geleit.needs.need import Need, ReadEvent

ZONE = "Europe/Berlin"
CATALOGUE = Catalogue(
    Kinds(
        channels={
            "reviews": Channel(
                label={"en": "review portal", "de": "Bewertungsportal"}, medium="online", ownership="earned"
            ),
            "prices": Channel(label={"en": "price site", "de": "Preisvergleich"}, medium="online", ownership="earned"),
            "market": Channel(
                label={"en": "electronics market", "de": "Elektronik-Markt"}, medium="offline", ownership="other"
            ),
            "mailorder": Channel(label={"en": "mail order", "de": "Versender"}, medium="online", ownership="other"),
        }
    )
)
LABELS = {
    "shop": {"en": "Web", "de": "Web"},
    "crm": {"en": "CRM", "de": "CRM"},
    "pbx": {"en": "Phone system", "de": "Telefonanlage"},
    "till": {"en": "Till", "de": "Kasse"},
    "dispatch": {"en": "Dispatch", "de": "Versand"},
    "app": {"en": "App", "de": "App"},
    "public": {"en": "Public web", "de": "Öffentliches Netz"},
    "survey": {"en": "Survey", "de": "Umfrage"},
}


def at(text: str) -> int:
    return micros(localize(datetime.fromisoformat(text), ZONE))


def both(en: str, de: str) -> dict[str, str]:
    return {"en": en, "de": de}


def step(key: str, when: str, kind: str, source: str = "crm", channel: str = "", **properties: object) -> Event:
    place = {
        name: str(properties.pop(name)) for name in ("stage", "ownership", "initiator", "medium") if name in properties
    }
    evidence = properties.pop("evidence", "log")
    return Event(
        source,
        key,
        kind,
        at(when),
        properties=properties,
        place=place | ({"channel": channel} if channel else {}),
        evidence=evidence,
    )


def note(key: str, about: str, when: str, kind: str, source: str = "crm", **properties: object) -> Event:
    return Event(source, key, kind, at(when), properties={"about": about, **properties})


KERN = both("Ms Kern", "Frau Kern")


def supposed(key: str, when: str, place: tuple[str, str], text: dict[str, str], kind: str = "") -> Event:
    stage, channel = place
    named = {"step": kind} if kind else {}
    return step(key, when, "step_told", "crm", channel, stage=stage, text=text, supposed=True, **named)


def judged(key: str, about: str, when: str, value: object, source: str = "crm", **more: object) -> Event:
    return note(key, about, when, "judgement_given", source, judged=value, **more)


def counts(key: str, about: str, when: str, text: dict[str, str], **more: object) -> Event:
    return note(key, about, when, "criterion_stated", criterion=text, **more)


def chance(key: str, about: str, when: str, text: dict[str, str]) -> Event:
    return note(key, about, when, "opportunity_noted", text=text)


def read(events: Sequence[Event], catalogue: Catalogue = CATALOGUE) -> list[ReadEvent]:
    ordered = sorted(events, key=lambda event: (event.t, event.order))
    return [ReadEvent(event, catalogue.touchpoint(event), "need") for event in ordered]


def need_of(events: Sequence[Event], quote: str = "", closed: bool = True) -> Need:
    ordered = sorted(events, key=lambda event: (event.t, event.order))
    ids = tuple(str(event.id) for event in ordered)
    end = ordered[-1].t if closed else None
    return Need(ids[0], "washing_machine", ordered[0].t, end, "person" if closed else "", quote, ids[0], ids)


def context_of(language: str, **changes: object) -> ReadingContext:
    known = {
        "customer_key": "4711",
        "customer_name": "Helga Sommer",
        "language": language,
        "zone": ZONE,
        "as_of": at("2026-11-22T08:15"),
        "contact_person": KERN[language],
        "topic_label": both("Washing machine", "Waschmaschine")[language],
        "source_labels": LABELS,
    }
    return ReadingContext(**(known | changes))


LONG = both(
    "asks whether the Donaudampfschifffahrtsgesellschaftskapitän's counterrevolutionary-interdepartmental-service/repair works",
    "fragt nach der Rindfleischetikettierungsüberwachungsaufgabenübertragungsgesetzgebungskompetenz und Gewährleistung",
)
KINDS = ("contact_made", "product_viewed", "order_completed", "question_asked", "screen_viewed", "promotion_viewed")
CHANNELS = ("store", "web", "phone", "search", "advert", "home", "market", "mailorder", "email", "reviews")


def long_journey(count: int, language: str, *, wordy: bool = False) -> Journey:
    """A journey of ``count`` different steps that wanders through all lanes, with notes at every third step."""
    events: list[Event] = []
    for place in range(count):
        day, minute = divmod(place, 4)
        when = f"2026-{3 + day // 28:02}-{1 + day % 28:02}T10:{minute * 10:02}"
        channel, kind = CHANNELS[(place * 7 // 3) % len(CHANNELS)], KINDS[place % len(KINDS)]
        text = LONG if wordy else both(f"does thing number {place + 1}", f"tut die Sache Nummer {place + 1}")
        told = {"evidence": ("log", "log", "told", "public", "gap")[place % 5]}
        staff = {"staff": LONG if wordy else KERN} if place % 4 < 2 else {}
        events.append(step(f"s{place}", when, kind, "crm", channel, text=text, **told, **staff))
        if place % 3 == 0:
            events += [
                judged(f"j{place}", f"s{place}", when, place % 5 - 2, text=LONG if wordy else ""),
                counts(f"c{place}", f"s{place}", when, LONG if wordy else both("price", "Preis")),
                note(
                    f"p{place}",
                    f"s{place}",
                    when,
                    "promise_made",
                    promise_id=str(place),
                    text=text,
                    by=KERN,
                    due_at="2026-03-02",
                ),
                chance(f"o{place}", f"s{place}", when, text),
            ]
    need = need_of(events, LONG[language] if wordy else "", closed=False)
    return read_journey(read(events), need, catalogue=CATALOGUE, context=context_of(language))
