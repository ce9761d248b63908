"""The washing-machine example gives exactly the counts that its README states: mapped, and from end to end."""

from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest

from geleit.maps.sheet import LEAST, a3
from geleit.sources.mapping import map_source
from geleit.workspace.definitions import load_definitions

EXAMPLES = Path(__file__).parents[2] / "examples"

NOW = 1_795_331_700_000_000  # 22.11.2026, 08:15 in Kassel
HELGA = "crm.customer_no:4711"

STAGES = "need inform inform configure configure inform configure inform configure configure configure inform configure order"
CHANNELS = "home search reviews market salesman social price_portal print store store store mail_order phone till sms delivery app phone"
EVIDENCE = "told log gap gap gap public log told log log log gap log log log log log told"
SHAPES = "□□□□○○□○○○○□○○○○□○"
TEXTS = {
    "de": (
        "die alte steht unter Wasser",
        "sucht im Netz, merkt sich 4 Geräte",
        "liest, was andere sagen",
        "sieht die Geräte im Markt an",
        "lässt sich dort beraten",
        "fragt Freunde um Rat",
        "vergleicht Preise",
        "liest unsere Anzeige",
        "fragt nach Abholung und Vorrat",
        "hält Preise aus dem Netz dagegen",
        "hört: eigene Werkstatt",
        "prüft, was Versender leisten",
        "verhandelt über Preis und Tag",
        "kauft",
        "erfährt den Liefertag",
        "bekommt sie, die alte geht mit",
        "lädt die neue Software",
        "kein Bedarf mehr",
    ),
    "en": (
        "the old one stands in water",
        "searches, keeps 4 in mind",
        "reads what others say",
        "looks at them in a market",
        "gets advice there",
        "asks friends for advice",
        "compares prices",
        "reads our advert",
        "asks for pick-up and stock",
        "counters with web prices",
        "hears: own repair shop",
        "checks what mail order offers",
        "negotiates price and day",
        "buys",
        "learns the delivery day",
        "gets it, the old one leaves",
        "loads new software",
        "no need any more",
    ),
}
QUOTES = {
    "de": "Ich brauche eine neue Waschmaschine, bevor die Kinder zu Besuch kommen.",
    "en": "I need a new washing machine before the children come to visit.",
}
# source: (records read, left out on purpose, events by kind)
MAPPED = {
    "app": (4, 2, {"software_updated": 2}),
    "crm": (
        11,
        0,
        {
            "machine_broke": 2,
            "need_opened": 3,
            "step_told": 4,
            "asked_in_store": 5,
            "objected": 1,
            "heard_argument": 2,
            "complaint_closed": 1,
            "need_closed": 2,
            "criterion_stated": 22,
            "judgement_given": 6,
            "promise_made": 3,
            "expectation_stated": 1,
            "opportunity_noted": 7,
            "told_about_self": 4,
        },
    ),
    "crm_contacts": (5, 0, {"identified": 9, "account_joined": 2, "account_left": 1}),
    "einwilligungen": (9, 0, {"consent_given": 6, "consent_withdrawn": 2}),
    "kasse": (15, 1, {"order_completed": 8, "handed_over": 5, "order_refunded": 1}),
    "oeffentlich": (3, 2, {"asked_friends": 1, "judgement_given": 1}),
    "telefon": (8, 3, {"negotiated": 2, "complaint_opened": 1, "asked_by_phone": 1}),
    "touren": (5, 0, {"delivered_and_taken": 2, "delivered": 2, "delivery_missed": 1, "promise_kept": 1}),
    "umfragen": (6, 0, {"step_told": 2, "judgement_given": 4}),
    "versand": (4, 1, {"delivery_promised": 3}),
    "web": (
        12,
        0,
        {
            "shortlisted_from_search": 2,
            "arrived_by_search": 2,
            "arrived_by_price_portal": 2,
            "compared_on_site": 1,
            "criterion_stated": 7,
            "identified": 4,
        },
    ),
}
QUARANTINED = {"einwilligungen": "bad_time", "telefon": "no_identifier", "web": "bad_json"}


@pytest.fixture(scope="module")
def definitions():
    return load_definitions(EXAMPLES / "washing-machine")


@pytest.fixture
def helga(washing_machine, monkeypatch):
    monkeypatch.setattr(washing_machine, "clock", lambda: NOW)
    return washing_machine.customer(HELGA)


def test_every_source_is_counted(definitions):
    assert set(MAPPED) == set(definitions.sources)


@pytest.mark.parametrize("name", sorted(MAPPED))
def test_each_source_maps_as_intended(definitions, name):
    chunks = list(
        map_source(
            definitions.sources[name],
            root=definitions.root,
            catalogue=definitions.catalogue,
            zone="Europe/Berlin",
            now=NOW,
        )
    )
    read, skipped, kinds = MAPPED[name]
    assert sum(chunk.read for chunk in chunks) == read
    assert sum(chunk.skipped for chunk in chunks) == skipped
    assert Counter(event.kind for chunk in chunks for event in chunk.events) == kinds
    reasons = [rejected.reason for chunk in chunks for rejected in chunk.rejected]
    assert reasons == ([QUARANTINED[name]] if name in QUARANTINED else [])
    assert not [column for chunk in chunks for column in chunk.unseen]


def test_every_kind_has_words_in_both_languages(definitions):
    for name, kind in definitions.kinds.kinds.items():
        assert kind.label is None or {"de", "en"} <= kind.label.keys(), name


def test_the_fourteen_steps_have_the_counts_of_the_requirements(washing_machine, helga):
    first = washing_machine.journey(helga, language="de").steps[:14]
    assert [step.stage for step in first] == STAGES.split()
    assert [step.channel for step in first] == CHANNELS.split()[:14]
    assert sum(a.channel != b.channel for a, b in pairwise(first)) == 11
    assert sum((a.stage, b.stage) == ("configure", "inform") for a, b in pairwise(first)) == 3
    assert Counter(step.ownership for step in first) == {"owned": 5, "earned": 4, "paid": 1, "other": 3, "home": 1}
    assert Counter(step.medium for step in first) == {"offline": 8, "online": 5, "phone": 1}
    assert Counter(step.evidence for step in first) == {"log": 7, "told": 2, "public": 1, "gap": 4}


def test_with_the_service_months_there_are_eighteen(washing_machine, helga):
    steps = washing_machine.journey(helga, language="de").steps
    assert [step.channel for step in steps] == CHANNELS.split()
    assert [step.evidence for step in steps] == EVIDENCE.split()
    assert Counter(step.evidence for step in steps) == {"log": 10, "told": 3, "public": 1, "gap": 4}
    assert "".join("○" if step.contact else "□" for step in steps) == SHAPES
    assert [step.number for step in steps if step.initiator == "company"] == [8, 11, 15, 16, 18]
    assert [step.stage for step in steps[14:]] == ["order", "service", "service", "resolved"]


@pytest.mark.parametrize("language", ["de", "en"])
def test_it_reads_in_both_languages(washing_machine, helga, language):
    journey = washing_machine.journey(helga, language=language)
    assert tuple(step.text for step in journey.steps) == TEXTS[language]
    assert journey.quote == QUOTES[language]
    assert (journey.closed_by, journey.contact_person, journey.skipped) == ("person", "Anja Kern", ())


def test_feelings_are_what_was_said_but_for_one_guess(washing_machine, helga):
    steps = washing_machine.journey(helga, language="de").steps
    said = {step.number: [(f.value, f.source) for f in step.feelings if not f.estimated] for step in steps}
    assert {number: found for number, found in said.items() if found} == {
        1: [(-2, "Personalnotiz")],
        10: [(-1, "Personalnotiz")],
        13: [(1, "Personalnotiz")],
        14: [(2, "Umfrage")],
        16: [(2, "Umfrage")],
        18: [(2, "Personalnotiz")],
    }
    assert [(s.number, f.value, f.source) for s in steps for f in s.feelings if f.estimated] == [(6, 0, "Textmodell")]


def test_criteria_stand_in_the_persons_order(washing_machine, helga):
    steps = washing_machine.journey(helga, language="de").steps
    stated = {s.number: " · ".join(c.text + "?" * c.supposed for c in s.criteria) for s in steps if s.criteria}
    assert stated == {
        2: "Preis · Energieeffizienz",
        3: "Erfahrungen anderer?",
        5: "Beratung?",
        6: "Meinung von Freunden",
        7: "Preis",
        9: "Preis · Abholung · lieferbar",
        10: "Preis",
        11: "Service vor Ort · Reparatur",
        12: "Garantie? · Aufbau?",
        13: "Preis · Konditionen",
        15: "Termin",
    }


def test_promises_and_verdicts(washing_machine, helga):
    steps = washing_machine.journey(helga, language="de").steps
    assert [(s.number, p.text, p.by, p.state) for s in steps for p in s.promises] == [
        (11, "Reparatur in 48 Std.", "Anja Kern", "open"),
        (13, "Lieferung am Freitag", "Anja Kern", "made"),
        (16, "Lieferung am Freitag", "Anja Kern", "kept"),
    ]
    verdicts = {kind: [s.number for s in steps if s.verdict.kind == kind] for kind in ("as_designed", "extra", "late")}
    assert verdicts == {
        "as_designed": [2, 7, 9, 11, 13, 14, 16, 17, 18],
        "extra": [1, 3, 4, 5, 6, 8, 10, 12],
        "late": [15],
    }
    assert [s.number for s in steps if s.opportunities] == [1, 2, 3, 6, 9, 12, 13]
    assert [s.number for s in steps if s.staff == "Anja Kern"] == [9, 10, 11, 13, 14, 18]


def test_one_person_out_of_ten_files(washing_machine, helga):
    profile = washing_machine.profile(helga)
    assert profile.name == "Helga Sommer"
    joined = {one.type for one in profile.identifiers if not one.reason}
    assert joined == {
        "crm.customer_no",
        "email",
        "phone",
        "loyalty_card",
        "till.receipt_no",
        "app.installation",
        "web.visitor",
    }
    assert sum(one.type == "web.visitor" for one in profile.identifiers) == 2
    assert [(order.total, order.state) for order in profile.orders][-1] == (74_900, "delivered")
    assert sum(order.total for order in profile.orders) == 131_890
    machine = next(one for one in profile.products if one.serial == "WM7014-238816")
    assert (machine.version, machine.order_id) == ("2.4.1", "2026-0219-0047")
    answers = {(one.purpose, one.channel): one.given for one in profile.consents}
    assert answers == {("service", ""): True, ("service", "phone"): True, ("marketing", "email"): False}


def test_the_dishwasher_is_a_need_of_its_own(washing_machine, helga):
    washing, dishes = washing_machine.needs(helga, "de")
    assert (washing.topic, washing.closed_by) == ("washing_machine", "person")
    assert (dishes.topic, dishes.closed_at) == ("dishwasher", None)
    steps = washing_machine.journey(helga, dishes.id, "de").steps
    assert [step.channel for step in steps] == ["home", "search", "web", "store", "phone"]


@pytest.mark.usefixtures("helga")
def test_others_have_their_own_journeys(washing_machine):
    names = {found.name: found.customer_id for found in washing_machine.people()}
    assert names.keys() == {
        "Helga Sommer",
        "Jonas Brandt",
        "Ayşe Demir",
        "Martina Vogt",
        "Peter Lang",
        "5e88-0c3d-a1f2",
    }
    jonas = washing_machine.journey(names["Jonas Brandt"], language="de")
    assert [s.number for s in jonas.steps if s.verdict.kind == "late"] == [9]
    assert washing_machine.needs(names["Ayşe Demir"])[0].closed_by == "person"
    krone = washing_machine.account("crm:F-118")
    assert [(member.name, member.left_at is None) for member in krone.members] == [
        ("Martina Vogt", True),
        ("Peter Lang", False),
    ]


def test_what_cannot_be_mapped_waits(washing_machine):
    assert {entry.source: entry.reason for entry in washing_machine.quarantine()} == QUARANTINED
    assert len(washing_machine.quarantine()) == 3


@pytest.mark.parametrize("language", ["de", "en"])
def test_the_whole_journey_stands_on_one_sheet_of_a3(washing_machine, language):
    journey = washing_machine.journey(washing_machine.customer("crm.customer_no:4711"), language=language)
    sheet = a3(journey)
    assert len(sheet.scenes) == 1
    assert sheet.scale >= LEAST
