"""Journeys for the tests of maps, made of events in the reserved vocabulary; nothing a source could not deliver."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from geleit.clock import localize, micros
from geleit.events.event import Event
from geleit.events.kinds import Catalogue, Channel, Kinds
from geleit.maps.designed import DesignedJourney
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


STEPS = (
    step(
        "n1",
        "2026-02-09T18:00",
        "need_opened",
        "crm",
        "home",
        topic="washing_machine",
        evidence="told",
        words=both("the old one stands in water", "die alte steht unter Wasser"),
        evidence_note=both("in conversation (9)", "im Gespräch (9)"),
    ),
    step(
        "n2",
        "2026-02-10T20:10",
        "products_searched",
        "shop",
        "search",
        query="waschmaschine leise",
        text=both("searches, keeps four models in mind", "sucht im Netz, fasst vier Modelle in die engere Wahl"),
        evidence_note=both("entry from search", "Einstieg über Suche"),
    ),
    supposed(
        "n3",
        "2026-02-11T20:10",
        ("inform", "reviews"),
        both("reads what others say about the models", "liest Erfahrungen anderer Kunden zu den Modellen"),
    ),
    supposed(
        "n4",
        "2026-02-12T11:00",
        ("configure", "market"),
        both("looks at them in a market", "sieht sich die Modelle im Elektronik-Markt an"),
    ),
    supposed(
        "n5",
        "2026-02-12T11:20",
        ("configure", "market"),
        both("gets advice from a salesman there", "lässt sich von einem Verkäufer beraten"),
        "contact_made",
    ),
    step(
        "n6",
        "2026-02-13T21:00",
        "question_asked",
        "public",
        "social",
        evidence="public",
        text=both("asks friends for advice on Facebook", "bittet auf Facebook um Meinungen"),
        evidence_note=both("open post, she named us", "offener Beitrag, Kundin nannte uns"),
    ),
    step(
        "n7",
        "2026-02-13T21:40",
        "product_viewed",
        "shop",
        "prices",
        stage="configure",
        sku="w1",
        text=both("compares prices for each model", "vergleicht Preise je Modell im Preisportal"),
        evidence_note=both("click from portal", "Klick aus Portal"),
    ),
    step(
        "n8",
        "2026-02-16T08:00",
        "promotion_viewed",
        "crm",
        "print",
        evidence="told",
        initiator="company",
        text=both("reads our advert", "sieht die Anzeige des Händlers in der Zeitung"),
        evidence_note=both("asked how she found us", "Frage: Wie kamen Sie zu uns?"),
    ),
    step(
        "n9",
        "2026-02-17T10:00",
        "contact_made",
        "crm",
        "store",
        stage="configure",
        staff=KERN,
        text=both("asks for pick-up and stock", "fragt nach Preis, Abholung des Altgeräts, Verfügbarkeit"),
        evidence_note=both("note of the talk", "Gesprächsnotiz"),
    ),
    step(
        "n10",
        "2026-02-17T10:10",
        "contact_made",
        "crm",
        "store",
        stage="configure",
        staff=KERN,
        text=both("counters with web prices", "hält die Internet-Preise dagegen"),
        evidence_note=both("price objection", "Einwand Preis"),
    ),
    step(
        "n11",
        "2026-02-17T10:20",
        "contact_made",
        "crm",
        "store",
        stage="configure",
        staff=KERN,
        initiator="company",
        text=both("hears: service on site, own repair shop", "hört: Service vor Ort, eigene Reparatur, Flexibilität"),
        evidence_note=both("note of the talk", "Gesprächsnotiz"),
    ),
    supposed(
        "n12",
        "2026-02-18T20:00",
        ("inform", "mailorder"),
        both("checks what mail order offers", "recherchiert Aufbau, Abholung, Garantie der Versender"),
    ),
    step(
        "n13",
        "2026-02-19T09:00",
        "contact_made",
        "pbx",
        "phone",
        stage="configure",
        staff=KERN,
        text=both("negotiates price and day", "ruft an, verhandelt Preis und Konditionen"),
        evidence_note=both("and CRM", "und CRM"),
    ),
    step(
        "n14",
        "2026-02-19T12:00",
        "order_completed",
        "till",
        "till",
        order_id="4711",
        staff=KERN,
        evidence_note=both("receipt", "Beleg"),
    ),
    step("n15", "2026-02-20T12:00", "delivery_promised", "dispatch", "sms", order_id="4711", due_at="2026-02-26"),
    step(
        "n16",
        "2026-02-27T14:10",
        "order_progress",
        "dispatch",
        "delivery",
        order_id="4711",
        state="delivered",
        stage="service",
        staff=KERN,
        text=both("gets it, the old one leaves", "erhält die Maschine, Altgerät wird mitgenommen"),
        evidence_note=both("tour", "Tour"),
    ),
    step(
        "n17",
        "2026-10-21T18:31",
        "screen_viewed",
        "app",
        "app",
        stage="service",
        text=both("loads new software", "lädt die neue Gerätesoftware"),
    ),
    step(
        "n18",
        "2026-11-20T09:02",
        "need_closed",
        "crm",
        "phone",
        topic="washing_machine",
        evidence="told",
        initiator="company",
        staff=KERN,
        words=both("All fine, it runs.", "Alles gut, sie läuft."),
        evidence_note=both("call after 30 days", "Rückfrage nach 30 Tagen"),
    ),
)


def judged(key: str, about: str, when: str, value: object, source: str = "crm", **more: object) -> Event:
    return note(key, about, when, "judgement_given", source, judged=value, **more)


def counts(key: str, about: str, when: str, text: dict[str, str], **more: object) -> Event:
    return note(key, about, when, "criterion_stated", criterion=text, **more)


def chance(key: str, about: str, when: str, text: dict[str, str]) -> Event:
    return note(key, about, when, "opportunity_noted", text=text)


NOTES = (
    judged("j1", "n1", "2026-02-17T10:05", -2, facet="personal"),
    judged("j6", "n6", "2026-02-13T21:01", 0, "public", estimated=True, evidence_note=both("text model", "Textmodell")),
    judged("j10", "n10", "2026-02-17T10:11", -1),
    judged("j13", "n13", "2026-02-19T09:10", "+1", "pbx"),
    judged("j14", "till:n14", "2026-02-19T12:30", 2, "survey"),
    judged("j16", "dispatch:n16", "2026-02-27T18:00", 2, "survey", text=both("so quiet", "so leise")),
    judged("j18", "n18", "2026-11-20T09:03", 2),
    counts("c2", "shop:n2", "2026-02-10T20:11", both("price", "Preis")),
    counts("c2b", "shop:n2", "2026-02-10T20:12", both("energy use", "Energieeffizienz")),
    counts("c3", "n3", "2026-02-11T20:11", both("what others found", "Erfahrungen anderer"), supposed=True),
    counts("c5", "n5", "2026-02-12T11:21", both("advice", "Beratung"), supposed=True),
    counts("c6", "public:n6", "2026-02-13T21:02", both("friends' opinion", "Meinung von Freunden")),
    counts("c7", "shop:n7", "2026-02-13T21:42", both("price", "Preis")),
    counts("c9", "n9", "2026-02-17T10:01", both("pick-up of the old one", "Abholung des Altgeräts")),
    counts("c9b", "n9", "2026-02-17T10:02", both("in stock", "lieferbar")),
    counts("c10", "n10", "2026-02-17T10:12", both("price", "Preis")),
    counts("c11", "n11", "2026-02-17T10:21", both("service on site", "Service vor Ort")),
    counts("c11b", "n11", "2026-02-17T10:22", both("repair", "Reparatur")),
    counts("c12", "n12", "2026-02-18T20:01", both("guarantee", "Gewährleistung"), supposed=True),
    note(
        "e13",
        "n13",
        "2026-02-19T09:05",
        "expectation_stated",
        "pbx",
        text=both("delivery on Friday", "Lieferung am Freitag"),
    ),
    note(
        "p11",
        "n11",
        "2026-02-17T10:23",
        "promise_made",
        promise_id="p1",
        by=KERN,
        text=both("repair within 48 h", "Reparatur in 48 Std."),
    ),
    note(
        "p13",
        "n13",
        "2026-02-19T09:06",
        "promise_made",
        "pbx",
        promise_id="p2",
        by=KERN,
        due_at="2026-02-27",
        text=both("delivery on Friday", "Lieferung am Freitag"),
    ),
    Event("dispatch", "p16", "promise_kept", at("2026-02-27T14:11"), properties={"promise_id": "p2"}),
    chance(
        "o1",
        "n1",
        "2026-02-17T10:06",
        both(
            "Was the old one in our service file? Then offer help before.",
            "Altgerät aus der Gewährleistungsakte bekannt? Dann vorher Hilfe anbieten",
        ),
    ),
    chance(
        "o2",
        "shop:n2",
        "2026-02-17T10:07",
        both("help to compare by her two criteria", "Vergleichshilfe nach ihren zwei Kriterien"),
    ),
    chance("o3", "n3", "2026-02-17T10:08", both("ask, do not guess", "fragen, nicht raten")),
    chance(
        "o6",
        "public:n6",
        "2026-02-17T10:09",
        both("answer as a person, no advert", "als Mensch antworten, nicht werben"),
    ),
    chance("o9", "n9", "2026-02-17T10:10", both("name one contact person", "feste Ansprechperson zusagen")),
    chance(
        "o12",
        "n12",
        "2026-02-17T10:25",
        both(
            "give a comparison, honest where mail order is better",
            "Vergleich der Leistungen mitgeben, ehrlich auch wo der Versender besser ist",
        ),
    ),
    chance("o13", "pbx:n13", "2026-02-19T09:20", both("the same person at the phone", "dieselbe Person am Apparat")),
)

DESIGNED = DesignedJourney(
    name="washing-machine",
    label=both("Buying a washing machine", "Waschmaschine kaufen"),
    topic="washing_machine",
    steps=(
        {"kind": "products_searched"},
        {"kind": "product_viewed"},
        {"kind": "contact_made"},
        {"kind": "contact_made"},
        {"kind": "order_completed"},
        {"kind": "delivery_promised"},
        {"kind": "order_progress"},
        {"kind": "product_registered"},
        {"kind": "screen_viewed"},
        {"kind": "need_closed"},
    ),
)


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


QUOTES = both(
    "I need a new washing machine before the children come to visit.",
    "Ich brauche eine neue Waschmaschine, bevor die Kinder zu Besuch kommen.",
)


def washing_machine(language: str = "en", designed: DesignedJourney | None = DESIGNED) -> Journey:
    events = (*STEPS, *NOTES)
    return read_journey(
        read(events),
        need_of(events, QUOTES[language]),
        catalogue=CATALOGUE,
        context=context_of(language, designed=designed),
    )


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
