"""The CRM: who the customers are, what was said in the store and on the phone, which firms they belong to, who agreed to what."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np

from geleit.demo import days, speech, words
from geleit.demo.chance import Rng, from_list, pick, yes
from geleit.demo.dirt import Dirt, Spoil, changed, spoil
from geleit.demo.lives import TRIGGERS, later
from geleit.demo.people import NEVER, mail_at
from geleit.demo.receipts import receipt_numbers
from geleit.demo.rows import Array, Rows, texts
from geleit.demo.spelling import names, phones
from geleit.demo.stories import OUTCOMES, QUESTIONS
from geleit.demo.systems.till import JUNK_MAIL
from geleit.demo.world import World

TALKS = "crm-export-gespraeche.json"
CONTACTS = "crm-export-kontakte.json"
FIRMS = "firmenkunden.xlsx"
BRANCHES = ("Kassel", "Baunatal")
PROMISED = {"text": "Lieferung am zugesagten Tag", "text_en": "delivery on the promised day"}
MOODS = {"good": 2, "fair": 0, "bad": -2, "repaired": 2}
_json = msgspec.json.Encoder()
Told = list[tuple[str, int, int]]  # key, place of the person, time


def write(world: World) -> None:
    """Conversations, contacts and firms."""
    told: Told = []
    talks = [*_asked(world, told), *_settled(world, told), *_followed_up(world, told)]
    talks.sort(key=lambda talk: str(talk["beginn"]))
    lines = [_json.encode(talk).decode() for talk in talks]
    plan = (
        Dirt("no_identifier", 0.002, _question(kundennummer=None)),
        Dirt("expression", 0.0012, _question(beginn="2026-04-31T10:00:00")),
    )
    records = [line for line in spoil(world, "crm", lines, plan) if isinstance(line, str)]
    world.exports.document(
        TALKS, '{"mandant": "Lindner Hausgeräte", "kontakte": [], "gespraeche": [', records, "\n]}\n"
    )
    keys, who, at = zip(*told, strict=True)
    world.truth.events("crm", keys, world.persons(np.array(who)), np.array(at))
    _contacts(world, world.rng("contacts"))
    _firms(world)


def _question(**changes: Any) -> Spoil:
    def change(talk: dict[str, Any]) -> None:
        kept = {name: talk[name] for name in ("nr", "kundennummer", "art", "beginn", "mitarbeiter", "thema")}
        talk.clear()
        talk.update(kept | {"verlauf": [{"zeile": 1, "art": "einwand", "text": "zu teuer"}]} | changes)

    return changed("nr", change)


def _talks(world: World, rng: Rng, rows: Rows, way: str, begin: int) -> list[dict[str, Any]]:
    """The heads of conversations."""
    people, who = world.people, rows["who"]
    numbers = receipt_numbers(rows["at"], world.number, begin)
    staff = from_list(rng, len(rows), words.listed("staff"), 0.6).tolist()
    began = days.local_iso(rows["at"]).tolist()
    topics = words.topics()
    return [
        {
            "nr": f"G-{number}",
            "kundennummer": customer,
            "art": way,
            "beginn": at,
            "mitarbeiter": {
                "kuerzel": "".join(part[0] for part in name.split()),
                "name": name,
                "filiale": BRANCHES[len(name) % 2],
            },
            "thema": topics[topic].thema,
        }
        for number, customer, at, name, topic in zip(
            numbers, people["crm"][who].tolist(), began, staff, rows["topic"].tolist(), strict=True
        )
    ]


def _asked(world: World, told: Told) -> list[dict[str, Any]]:
    """Talks in the store before buying: the need, a question, our answer or none, criteria, expectation, promise."""
    rng, needs = world.rng("talks"), world.needs
    rows = needs.take(needs["asks"] & (needs["place"] == 0))
    rows["at"] = rows["asked_at"] // 60 * 60
    rows = world.past(rows, "at").sorted_by("at")
    talks = _talks(world, rng, rows, "Laden", 100)
    turns = rng.integers(0, 10_000, (len(rows), 4)).tolist()
    promised = days.german_day(rows["promised"]).tolist()
    opened = days.local_iso(rows["opened"]).tolist()
    speaks, objects, expects = (
        yes(rng, len(rows), 0.8).tolist(),
        yes(rng, len(rows), 0.25).tolist(),
        yes(rng, len(rows), 0.3).tolist(),
    )
    columns = rows.lists("who", "topic", "trigger", "question", "answered", "promise", "promise_no", "opened", "at")
    for n, (who, topic, trigger, question, answered, promise, number, since, at) in enumerate(
        zip(*columns, strict=True)
    ):
        talk, turn = talks[n], turns[n]
        key = talk["nr"]
        own: list[tuple[str, int]] = []
        if speaks[n]:
            de, en = speech.need(topic, trigger, turn[0])
            occasion = "defekt" if TRIGGERS[trigger] == "broke" else "wunsch"
            talk["bedarf"] = {"anlass": occasion, "seit": opened[n], "worte": de, "worte_en": en}
            own.append((f"{key}-bedarf", since))
        talk["verlauf"] = lines = _lines(topic, question, (answered, objects[n]), turn)
        own += [(f"{key}-{line['zeile']}", at + line["zeile"]) for line in lines]
        main, second = speech.CRITERIA[QUESTIONS[question]], speech.MORE[turn[2] % len(speech.MORE)]
        chosen = dict.fromkeys([main, second][: 1 + turn[3] % 2])
        talk["kriterien"] = [{"zu": "1", "rang": rank, "kriterium": name} for rank, name in enumerate(chosen, 1)]
        own += [(f"{key}-K-1-{name}", at) for name in chosen]
        if expects[n]:
            own.append((f"{key}-W-1", at))
            talk["erwartungen"] = [_expected(turn[1])]
        if promise:
            own.append((number, at))
            talk["zusagen"] = [{"zu": "1", "nummer": number, "bis": promised[n]} | PROMISED]
        told.extend((name, who, t) for name, t in own)
    return talks


def _expected(turn: int) -> dict[str, str]:
    de, en = speech.expectation(turn)
    return {"zu": "1", "text": de, "text_en": en}


def _lines(topic: int, question: int, went: tuple[bool, bool], turn: list[int]) -> list[dict[str, Any]]:
    answered, objects = went
    de, en = speech.question(topic, question, turn[1])
    art = "frage_reparatur" if QUESTIONS[question] == "repair" else "frage_offen"
    lines: list[dict[str, Any]] = [
        {"art": art, "text": _short(question, "de"), "text_en": _short(question, "en"), "worte": de, "worte_en": en}
    ]
    if objects:
        lines.append(
            {
                "art": "einwand",
                "text": "hält Preise aus dem Netz dagegen",
                "text_en": "counters with prices from the net",
            }
        )
    if answered:
        de, en = speech.answer(topic, question)
        lines.append({"art": "antwort", "text": de, "text_en": en})
    return [{"zeile": number, **line} for number, line in enumerate(lines, 1)]


def _short(question: int, language: str) -> str:
    what = {
        "delivery": ("fragt nach Liefertag und Abholung", "asks for delivery and pick-up"),
        "stock": ("fragt, ob es vorrätig ist", "asks whether it is in stock"),
        "price": ("fragt nach dem Preis", "asks for the price"),
        "size": ("fragt nach den Maßen", "asks for the size"),
        "energy": ("fragt nach dem Verbrauch", "asks for the energy use"),
        "repair": ("fragt, ob wir reparieren", "asks whether we repair"),
    }[QUESTIONS[question]]
    return what[0] if language == "de" else what[1]


def _settled(world: World, told: Told) -> list[dict[str, Any]]:
    """Calls with which complaints end that came by phone (the desk writes down its own)."""
    rng, complaints = world.rng("settled"), world.complaints
    rows = complaints.take(complaints["settled"] & world.people["in_crm"][complaints["who"]] & by_phone(complaints))
    rows["at"] = rows["settled_at"] // 60 * 60
    rows = rows.sorted_by("at")
    talks = _talks(world, rng, rows, "Telefon", 400)
    for talk, who, outcome, at in zip(talks, *rows.lists("who", "outcome", "at"), strict=True):
        de, en = speech.settled(OUTCOMES[outcome])
        talk["verlauf"] = [{"zeile": 1, "art": "beschwerde_geklaert", "text": de, "text_en": en}]
        talk["empfinden"] = [
            {"zu": "1", "wert": {"repaired": 2, "refunded": 0, "excused": 0}.get(OUTCOMES[outcome], -2)}
        ]
        told.extend([(f"{talk['nr']}-1", who, at + 1), (f"{talk['nr']}-E-1", who, at)])
    return talks


def by_phone(complaints: Rows) -> Array:
    """Which complaints came by phone; the others were written to the desk."""
    return np.asarray(complaints["id"] % 5 < 3)


def _followed_up(world: World, told: Told) -> list[dict[str, Any]]:
    """Calls a month after delivery: does the machine do what it should? Only these close a need by the person's word."""
    rng, orders = world.rng("follow up"), world.orders
    well = orders["has_it"] & ~orders["breaks"] & ~orders["complains"] & world.people["in_crm"][orders["who"]]
    rows = orders.take(well & yes(rng, len(orders), 0.22))
    rows["at"] = later(rng, rows["delivered_at"], rng.uniform(28, 34, len(rows)), "desk") // 60 * 60
    rows = world.past(rows, "at").sorted_by("at")
    talks = _talks(world, rng, rows, "Telefon", 700)
    turns = rng.integers(0, 1000, len(rows)).tolist()
    for talk, turn, who, late, toured, at in zip(talks, turns, *rows.lists("who", "late", "toured", "at"), strict=True):
        mood = "fair" if late or turn % 5 == 0 else "good"
        said = "brought" if mood == "good" and toured and turn % 2 else mood
        talk |= {"anlass": "Rückfrage nach 30 Tagen", "anlass_en": "follow-up after 30 days"}
        de, en = speech.said(said, turn // 2)
        talk["verlauf"] = [
            {
                "zeile": 1,
                "art": "erledigt",
                "text": "kein Bedarf mehr",
                "text_en": "no need any more",
                "worte": de,
                "worte_en": en,
            }
        ]
        talk["empfinden"] = [{"zu": "1", "wert": MOODS[mood]}]
        told.extend([(f"{talk['nr']}-1", who, at + 1), (f"{talk['nr']}-E-1", who, at)])
    return talks


def _contacts(world: World, rng: Rng) -> None:
    """Contacts, some twice under two numbers, some with mistyped or junk values."""
    people = world.people
    single = np.flatnonzero(people["in_crm"])
    twice = np.flatnonzero(people["crm_twice"])
    who = np.concatenate([single, twice])
    second = np.arange(who.size) >= single.size
    size = who.size
    number = np.where(second, people["crm2"][who], people["crm"][who])
    mail = np.where(people["has_mail"][who], mail_at(people, who, np.full(size, days.DAYS)), "").astype(object)
    odd = pick(rng, size, (955, 12, 14, 10, 9))
    mail = np.where(odd == 1, texts([m.replace(".", ",", 1) for m in mail.tolist()]), mail)  # mistyped: joins nobody
    junk = np.flatnonzero((mail == "") & (odd == 0))[:12]
    mail[junk] = JUNK_MAIL
    mail = np.where((odd == 2) & (mail == ""), "unbekannt", mail)
    landline = np.where(people["has_landline"][who], people["landline"][who], "")
    typed = phones(rng, landline)
    typed = np.where((odd == 3) & (typed == ""), "0000", typed)
    mobile = np.where(people["has_mobile"][who] & ~second & yes(rng, size, 0.8), phones(rng, people["mobile"][who]), "")
    card = np.where(people["has_card"][who] & yes(rng, size, 0.85) & ~second, people["card"][who], "")
    created = days.moment(-rng.integers(3, 3000, size), np.zeros(size, int))
    last = names(rng, people["last"][who], 0.04)
    moved = people["moved"][who] < NEVER
    place = [np.where(moved, people[f"{name}2"][who], people[name][who]).tolist() for name in ("plz", "town")]
    columns = (number, people["female"][who], people["first"][who], last, mail, typed, mobile, card)
    rows = zip(*(c.tolist() for c in columns), *place, days.written(days.to_local(created), "%d.%m.%Y"), strict=True)
    records = [_json.encode(_contact(row)).decode() for row in rows]
    keys = [str(n) for n in number.tolist()]
    truth = world.truth
    truth.events("crm_contacts", keys, world.persons(who), created)
    has = mobile != ""
    truth.events("crm_contacts", [f"{n}-mobil" for n in number[has].tolist()], world.persons(who[has]), created[has])
    plan = (Dirt("bad_time", 0.0015, changed("kundennummer", lambda c: c.update(angelegt="30.02.2021", mobil=None))),)
    lines = [line for line in spoil(world, "crm_contacts", records, plan) if isinstance(line, str)]
    world.exports.document(
        CONTACTS, '{"mandant": "Lindner Hausgeräte", "gespraeche": [], "kontakte": [', lines, "\n]}\n"
    )


def _contact(row: tuple[Any, ...]) -> dict[str, Any]:
    number, female, first, last, mail, phone, mobile, card, plz, town, created = row
    return {
        "kundennummer": number,
        "anrede": "Frau" if female else "Herr",
        "vorname": first,
        "nachname": last,
        "email": mail or None,
        "telefon": phone or None,
        "mobil": mobile or None,
        "kundenkarte": f"{card[:4]} {card[4:8]} {card[8:]}" if card else None,
        "plz": plz,
        "ort": town,
        "angelegt": created,
    }


def _firms(world: World) -> None:
    """The sales people's own workbook: who works for which firm, since when, until when."""
    people = world.people
    who = np.flatnonzero(people["firm"] >= 0)
    since, until = people["role_from"][who], people["role_until"][who]
    left = until < NEVER
    begins = days.german_day(since).tolist()
    ends = np.where(left, days.german_day(np.minimum(until, days.DAYS)), "").tolist()
    firm = [f"F-{2_000 + number}" for number in people["firm"][who].tolist()]
    columns = [people[name][who].tolist() for name in ("firm_name", "firm_town", "crm", "first", "last", "role")]
    rows = [
        (f, name, town, str(crm), f"{first} {last}", role, begin, stop)
        for f, name, town, crm, first, last, role, begin, stop in zip(firm, *columns, begins, ends, strict=True)
    ]
    header = ("Firmennummer", "Firma", "Ort", "Kundennummer", "Ansprechpartner", "Rolle", "Seit", "Bis")
    world.exports.sheet(FIRMS, header, rows)
    keys = [f"{row[0]}-{row[3]}" for row in rows]
    persons = world.persons(who)
    world.truth.events("firmenkunden", keys, persons, days.moment(since, np.zeros(who.size)))
    gone = [f"{key}-bis" for key, row in zip(keys, rows, strict=True) if row[7]]
    world.truth.events("firmenkunden", gone, persons[left], days.moment(until[left], np.zeros(int(left.sum()))))
