"""Newsletter tool: a line per letter and recipient with a status code; and the answers to the question of consent."""

from __future__ import annotations

from datetime import date

import numpy as np

from geleit.demo import days, words
from geleit.demo.chance import Rng, yes
from geleit.demo.dirt import Dirt, field, one_more, spoil, wrong_encoding
from geleit.demo.people import mail_at
from geleit.demo.rows import Array, Rows, texts
from geleit.demo.stories import CHANCES
from geleit.demo.world import World

FILE = "newsletter-empfaenger.csv"
HEADER = "Kampagne;Betreff;Thema;Versand;Empfänger-Nr;E-Mail;Status;Geöffnet;Geklickt;Abgemeldet"
CONSENTS = "einwilligungen-2026-10.csv"
CONSENTS_HEADER = "\ufeffZeitpunkt;E-Mail;Kundennummer;Zweck;Kanal;Antwort;Wortlaut;Erhoben"
OFFERS, SERVICE = "Angebote und Neuheiten per E-Mail", "Nachrichten zu Auftrag, Lieferung und Wartung"
FLOOD_TURNS = 8  # letters more than usual in the month of too many
SUBJECTS = (
    "Neu bei Lindner: {}",
    "Ratgeber {}",
    "{} im Vergleich",
    "Was {} wirklich verbrauchen",
    "{}: pflegen statt neu kaufen",
)


def campaigns() -> list[tuple[int, int, int]]:
    """Day, topic and number of each letter: every third Thursday, and eight more in one November."""
    regular = list(range(7, days.DAYS, 21))
    flood = [days.number(date(2025, 11, 2)) + 3 * turn for turn in range(FLOOD_TURNS)]
    sent = sorted({*regular, *flood})
    return [(day, (turn * 4 + turn // 9) % len(words.topics()), turn) for turn, day in enumerate(sent)]


def write(world: World) -> None:
    """Each letter to all who subscribe at that time; people leave, most in the month of too many letters."""
    rng, people = world.rng("newsletter"), world.people
    readers = np.flatnonzero(people["member"])
    joined = np.where(yes(rng, readers.size, 0.6), -1, rng.integers(0, days.DAYS - 40, readers.size))
    left = np.full(readers.size, days.DAYS + 1)
    dead = yes(
        rng, readers.size, 0.03
    )  # addresses that bounce for good, and are taken off the list after the third time
    bounced = np.zeros(readers.size, int)
    in_flood = leaving_flood = others = leaving_others = 0
    for day, topic, turn in campaigns():
        here = np.flatnonzero((joined < day) & (left > day) & (bounced < 3))
        flood = bool(days.within(np.array([day]), days.FLOOD)[0])
        leaves = (
            yes(rng, here.size, CHANCES.leaves_newsletter_flood if flood else CHANCES.leaves_newsletter) & ~dead[here]
        )
        _send(world, rng, readers[here], Rows(dead=dead[here], leaves=leaves), (day, topic, turn))
        bounced[here] += dead[here]
        left[here[leaves]] = day
        if flood:
            in_flood, leaving_flood = in_flood + here.size, leaving_flood + int(leaves.sum())
        else:
            others, leaving_others = others + here.size, leaving_others + int(leaves.sum())
    for name, count in (
        ("newsletters_sent_in_november_2025", in_flood),
        ("left_in_november_2025", leaving_flood),
        ("newsletters_sent_otherwise", others),
        ("left_otherwise", leaving_others),
    ):
        world.truth.noted[name] = world.truth.noted.get(name, 0) + count
    _consents(world, rng, readers, joined)


def _send(world: World, rng: Rng, who: Array, rows: Rows, campaign: tuple[int, int, int]) -> None:
    day, topic, turn = campaign
    size, people = who.size, world.people
    sent = np.full(size, days.moment(np.array([day]), np.array([36_000]))[0]) + np.arange(size) // 40
    soft = yes(rng, size, 0.012) & ~rows["leaves"]
    arrived = ~rows["dead"] & ~soft
    opened = arrived & (yes(rng, size, 0.24) | rows["leaves"])
    clicked = opened & yes(rng, size, 0.16)
    opened_at = sent + (np.exp(rng.normal(8.8, 1.6, size))).astype(np.int64).clip(30, 6 * days.DAY)
    clicked_at, left_at = opened_at + rng.integers(5, 90, size), opened_at + rng.integers(10, 240, size)
    about, name = words.topics()[topic], f"NL-{turn + 1:03d}"
    subject = SUBJECTS[turn % len(SUBJECTS)].format(about.plural)
    status = np.where(rows["dead"], "550", np.where(soft, "452", "250")).tolist()
    mail = mail_at(people, who, np.full(size, day)).tolist()
    member = [f"n{number + 70_000}" for number in people["id"][who].tolist()]
    shown = [
        np.where(mask, days.german(t, seconds_too=True), "").tolist()
        for mask, t in ((opened, opened_at), (clicked, clicked_at), (rows["leaves"], left_at))
    ]
    columns = (days.german(sent, seconds_too=True).tolist(), member, mail, status, *shown)
    lines = [
        f"{name};{subject};{about.thema};{a};{b};{c};{d};{e};{f};{g}"
        for a, b, c, d, e, f, g in zip(*columns, strict=True)
    ]
    persons, truth = world.persons(who), world.truth
    keys = texts([f"{name}-{number}" for number in member])
    for mask, t, suffix in (
        (np.ones(size, bool), sent, ""),
        (opened, opened_at, "-auf"),
        (clicked, clicked_at, "-klick"),
        (rows["leaves"], left_at, "-ab"),
    ):
        truth.events("newsletter", [f"{key}{suffix}" for key in keys[mask].tolist()], persons[mask], t[mask])
    world.exports.lines(FILE, HEADER, spoil(world, "newsletter", lines, _PLAN if turn % 6 == 0 else (), repeated=0.001))


def _consents(world: World, rng: Rng, readers: Array, joined: Array) -> None:
    """Yes to letters when subscribing, no to letters by phone later, yes to service messages at the till or in the shop."""
    people = world.people
    day = np.where(joined < 0, rng.integers(-400, -1, readers.size), joined)
    signed = days.moment(day, days.seconds(rng, readers.size, "home"))
    later_no = readers[yes(rng, readers.size, 0.04)]
    refused = days.moment(
        rng.integers(days.DAYS - 120, days.DAYS - 3, later_no.size), days.seconds(rng, later_no.size, "desk")
    )
    service = np.flatnonzero(people["in_shop"] & yes(rng, len(people), 0.6))
    served = days.moment(rng.integers(-300, days.DAYS - 5, service.size), days.seconds(rng, service.size, "home"))
    entries: list[tuple[int, str, int]] = []
    for who, at, what in ((readers, signed, "ja"), (later_no, refused, "nein"), (service, served, "service")):
        stamps = days.german(at, seconds_too=True).tolist()
        mails = mail_at(people, who, days.day_of(at)).tolist()
        crm = np.where(people["in_crm"][who] & (what == "nein"), people["crm"][who].astype(str), "").tolist()
        purpose, channel = ("Service", "") if what == "service" else ("Angebote", "E-Mail")
        wording = SERVICE if what == "service" else OFFERS
        asked = {"ja": "Webkonto", "nein": "Telefon", "service": "Kasse"}[what]
        answer = "nein" if what == "nein" else "ja"
        keys = [
            f"{mail}-{stamp}-{purpose}-{channel}".replace(":", "").replace(" ", "-")
            for mail, stamp in zip(mails, stamps, strict=True)
        ]
        world.truth.events("einwilligungen", keys, world.persons(who), at)
        entries += [
            (t, f"{stamp};{mail};{number};{purpose};{channel};{answer};{wording};{asked}", t)
            for t, stamp, mail, number in zip(at.tolist(), stamps, mails, crm, strict=True)
        ]
    lines = [line for _, line, _ in sorted(entries)]
    world.exports.lines(CONSENTS, CONSENTS_HEADER, spoil(world, "einwilligungen", lines, _CONSENT_PLAN, repeated=0.004))


def _without_status(line: str, mark: str) -> str:
    fields = line.split(";")
    return ";".join([*fields[:4], f"{fields[4]}-{mark}", fields[5], "", "", "", ""])


_PLAN = (
    Dirt("wrong_field_count", 0.003, one_more(";", 4)),
    Dirt("undecodable", 0.003, wrong_encoding("Lindner", ";", 4)),
    Dirt("no_kind", 0.003, _without_status),
)
_CONSENT_PLAN = (
    Dirt("no_kind", 0.0015, field(5, lambda _: "vielleicht", ";", 1)),
    Dirt("bad_time", 0.001, field(0, lambda _: "30.02.2026 10:00:00", ";", 1)),
)
