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


def note(about: str, when: str, kind: str, source: str = "crm", **properties: object) -> Event:
    supposed = f"{kind}-{about}-{len(str(properties))}-{sum(map(ord, str(properties)))}"
    return Event(source, supposed, kind, at(when), properties={"about": about, **properties})


KERN = both("Ms Kern", "Frau Kern")


def supposed(key: str, when: str, stage: str, channel: str, en: str, de: str, kind: str = "") -> Event:
    named = {"step": kind} if kind else {}
    return step(key, when, "step_told", "crm", channel, stage=stage, text=both(en, de), supposed=True, **named)


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
        "inform",
        "reviews",
        "reads what others say about the models",
        "liest Erfahrungen anderer Kunden zu den Modellen",
    ),
    supposed(
        "n4",
        "2026-02-12T11:00",
        "configure",
        "market",
        "looks at them in a market",
        "sieht sich die Modelle im Elektronik-Markt an",
    ),
    supposed(
        "n5",
        "2026-02-12T11:20",
        "configure",
        "market",
        "gets advice from a salesman there",
        "lässt sich von einem Verkäufer beraten",
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
        "inform",
        "mailorder",
        "checks what mail order offers",
        "recherchiert Aufbau, Abholung, Garantie der Versender",
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

NOTES = (
    note("n1", "2026-02-17T10:05", "judgement_given", judged=-2, facet="personal"),
    note("n6", "2026-02-13T21:01", "judgement_given", "public", about="crm:n6", judged=0, estimated=True)
    if False
    else Event(
        "public",
        "j6",
        "judgement_given",
        at("2026-02-13T21:01"),
        properties={"about": "n6", "judged": 0, "estimated": True, "evidence_note": both("text model", "Textmodell")},
    ),
    note("n10", "2026-02-17T10:11", "judgement_given", judged=-1),
    Event("pbx", "j13", "judgement_given", at("2026-02-19T09:10"), properties={"about": "n13", "judged": "+1"}),
    Event("survey", "j14", "judgement_given", at("2026-02-19T12:30"), properties={"about": "till:n14", "judged": 2}),
    Event(
        "survey",
        "j16",
        "judgement_given",
        at("2026-02-27T18:00"),
        properties={"about": "dispatch:n16", "judged": 2, "text": both("so quiet", "so leise")},
    ),
    note("n18", "2026-11-20T09:03", "judgement_given", judged=2),
    Event(
        "crm",
        "c2",
        "criterion_stated",
        at("2026-02-10T20:11"),
        properties={"about": "shop:n2", "criterion": both("price", "Preis")},
    ),
    Event(
        "crm",
        "c2b",
        "criterion_stated",
        at("2026-02-10T20:12"),
        properties={"about": "shop:n2", "criterion": both("energy use", "Energieeffizienz")},
    ),
    note(
        "n3",
        "2026-02-11T20:11",
        "criterion_stated",
        criterion=both("what others found", "Erfahrungen anderer"),
        supposed=True,
    ),
    note("n5", "2026-02-12T11:21", "criterion_stated", criterion=both("advice", "Beratung"), supposed=True),
    Event(
        "public",
        "c6",
        "criterion_stated",
        at("2026-02-13T21:02"),
        properties={"about": "n6", "criterion": both("friends' opinion", "Meinung von Freunden")},
    ),
    Event(
        "shop",
        "c7",
        "criterion_stated",
        at("2026-02-13T21:42"),
        properties={"about": "n7", "criterion": both("price", "Preis")},
    ),
    note(
        "n9", "2026-02-17T10:01", "criterion_stated", criterion=both("pick-up of the old one", "Abholung des Altgeräts")
    ),
    note("n9", "2026-02-17T10:02", "criterion_stated", criterion=both("in stock", "lieferbar")),
    note("n10", "2026-02-17T10:12", "criterion_stated", criterion=both("price", "Preis")),
    note("n11", "2026-02-17T10:21", "criterion_stated", criterion=both("service on site", "Service vor Ort")),
    note("n11", "2026-02-17T10:22", "criterion_stated", criterion=both("repair", "Reparatur")),
    note("n12", "2026-02-18T20:01", "criterion_stated", criterion=both("guarantee", "Gewährleistung"), supposed=True),
    Event(
        "pbx",
        "e13",
        "expectation_stated",
        at("2026-02-19T09:05"),
        properties={"about": "n13", "text": both("delivery on Friday", "Lieferung am Freitag")},
    ),
    note(
        "n11",
        "2026-02-17T10:23",
        "promise_made",
        promise_id="p1",
        text=both("repair within 48 h", "Reparatur in 48 Std."),
        by=KERN,
    ),
    Event(
        "pbx",
        "p13",
        "promise_made",
        at("2026-02-19T09:06"),
        properties={
            "about": "n13",
            "promise_id": "p2",
            "by": KERN,
            "due_at": "2026-02-27",
            "text": both("delivery on Friday", "Lieferung am Freitag"),
        },
    ),
    Event("dispatch", "p16", "promise_kept", at("2026-02-27T14:11"), properties={"promise_id": "p2"}),
    note(
        "n1",
        "2026-02-17T10:06",
        "opportunity_noted",
        text=both(
            "Was the old one in our service file? Then offer help before.",
            "Altgerät aus der Gewährleistungsakte bekannt? Dann vorher Hilfe anbieten",
        ),
    ),
    Event(
        "crm",
        "o2",
        "opportunity_noted",
        at("2026-02-17T10:07"),
        properties={
            "about": "shop:n2",
            "text": both("help to compare by her two criteria", "Vergleichshilfe nach ihren zwei Kriterien"),
        },
    ),
    note("n3", "2026-02-17T10:08", "opportunity_noted", text=both("ask, do not guess", "fragen, nicht raten")),
    Event(
        "crm",
        "o6",
        "opportunity_noted",
        at("2026-02-17T10:09"),
        properties={
            "about": "public:n6",
            "text": both("answer as a person, no advert", "als Mensch antworten, nicht werben"),
        },
    ),
    note(
        "n9",
        "2026-02-17T10:10",
        "opportunity_noted",
        text=both("name one contact person", "feste Ansprechperson zusagen"),
    ),
    note(
        "n12",
        "2026-02-17T10:25",
        "opportunity_noted",
        text=both(
            "give a comparison, honest where mail order is better",
            "Vergleich der Leistungen mitgeben, ehrlich auch wo der Versender besser ist",
        ),
    ),
    Event(
        "pbx",
        "o13",
        "opportunity_noted",
        at("2026-02-19T09:20"),
        properties={"about": "n13", "text": both("the same person at the phone", "dieselbe Person am Apparat")},
    ),
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
        "contact_person": in_words(KERN, language),
        "topic_label": in_words(both("Washing machine", "Waschmaschine"), language),
        "source_labels": LABELS,
    }
    return ReadingContext(**(known | changes))


def in_words(label: dict[str, str], language: str) -> str:
    return label[language]


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
