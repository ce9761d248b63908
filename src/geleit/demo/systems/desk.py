"""Service desk: tickets with their comments, nested JSON, UTC."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np

from geleit.demo import days, speech, words
from geleit.demo.chance import Rng, from_list, yes
from geleit.demo.dirt import Dirt, Spoil, changed, spoil
from geleit.demo.lives import REPAIR, end, later
from geleit.demo.people import mail_at
from geleit.demo.rows import Array, Rows, together
from geleit.demo.stories import OUTCOMES
from geleit.demo.systems.crm import Told, by_phone
from geleit.demo.world import World

FILE = "tickets-2026-10.json"
QUESTION, REPAIR_QUESTION, STATUS, COMPLAINT, OTHER = range(5)
TYPES = ("question", "repair_question", "order_status", "complaint", "other")
GREETINGS = ("Guten Tag!", "Hallo!", "Sehr geehrte Damen und Herren!", "Guten Abend!")
OTHERS = (
    ("Rechnung", "Könnten Sie mir die Rechnung noch einmal schicken?", "Die Rechnung hängt an."),
    ("Öffnungszeiten", "Haben Sie am Samstag nachmittags offen?", "Ja, bis 18 Uhr."),
    ("Anleitung", "Mir fehlt die Anleitung zum Gerät.", "Sie finden sie im Kundenkonto unter Meine Geräte."),
    ("Kundenkarte", "Meine Punkte vom letzten Einkauf fehlen.", "Die Punkte sind jetzt gutgeschrieben."),
    ("Ersatzteil", "Ich brauche einen neuen Zulaufschlauch.", "Wir haben ihn im Laden, Art.-Nr. ZB-13."),
)
_json = msgspec.json.Encoder()


def write(world: World) -> None:
    """Questions before buying, questions where the delivery is, complaints, and all else; some never answered."""
    rng = world.rng("desk")
    tickets = world.past(_tickets(world, rng), "at").sorted_by("at")
    tickets["mail"] = mail_at(world.people, tickets["who"], days.day_of(tickets["at"]))
    tickets["staff"] = from_list(rng, len(tickets), words.listed("staff"), 0.5)
    for name in ("id", "first", "last"):
        tickets[name] = world.people[name][tickets["who"]]
    for name in ("at", "answer_at", "again_at", "settled_at"):
        tickets[f"{name}_iso"] = days.iso(tickets[name])
    turns = rng.integers(0, 1000, (len(tickets), 3)).tolist()
    begin, names = 100_000 * (world.number + 1), list(tickets)
    records: list[str] = []
    told: Told = []
    for n, values in enumerate(zip(*(tickets[name].tolist() for name in names), strict=True)):
        records.append(_ticket(begin + n, dict(zip(names, values, strict=True)), turns[n], told))
    keys, owners, times = zip(*told, strict=True)
    world.truth.events("tickets", keys, world.persons(np.array(owners)), np.array(times))
    lines = [line for line in spoil(world, "tickets", records, _PLAN) if isinstance(line, str)]
    world.exports.document(FILE, '{"exported_at": "2026-10-31T04:00:00Z", "tickets": [', lines, "\n]}\n")


def _ticket(number: int, row: dict[str, Any], turn: list[int], told: Told) -> str:
    """One ticket with its comments; what becomes of it is noted in ``told``."""
    who, type_, outcome = row["who"], row["type"], row["outcome"]
    subject, text, answer = _words(type_, (row["topic"], row["detail"]), turn)
    told.append((str(number), who, row["at"]))
    comments = _comments(row, answer)
    times = (row["answer_at"], row["again_at"])
    told.extend((f"{number}-{comment['id']}", who, at) for comment, at in zip(comments, times, strict=False))
    solved = row["settled_at"] < end() and outcome > 0
    if solved:
        told.append((f"{number}-geloest", who, row["settled_at"]))
    ticket = {
        "id": number,
        "created_at": row["at_iso"],
        "type": TYPES[type_],
        "subject": subject,
        "description": f"{GREETINGS[turn[2] % 4]} {text}",
        "product_group": words.topics()[row["topic"]].thema if type_ != OTHER else None,
        "requester": {"id": f"r{row['id'] + 50_000}", "name": f"{row['first']} {row['last']}", "email": row["mail"]},
        "assignee": row["staff"],
        "comments": comments,
        "solution": speech.settled(OUTCOMES[outcome])[0] if solved else None,
        "solved_at": row["settled_at_iso"] if solved else None,
    }
    return _json.encode(ticket).decode()


def _comments(row: dict[str, Any], answer: str) -> list[dict[str, Any]]:
    """Our answer, if there was one, and the person's thanks."""
    if row["answer_at"] >= end():
        return []
    ours = {"id": 1, "at": row["answer_at_iso"], "author": "agent", "name": row["staff"], "text": answer}
    if row["again_at"] >= end():
        return [ours]
    name = f"{row['first']} {row['last']}"
    return [ours, {"id": 2, "at": row["again_at_iso"], "author": "requester", "name": name, "text": "Vielen Dank."}]


def _tickets(world: World, rng: Rng) -> Rows:
    needs, complaints, people = world.needs, world.complaints, world.people
    asked = needs["asks"] & (needs["place"] == 2)
    never = np.int64(end())
    answer = np.where(needs["answered"], needs["answered_at"], never)
    by_mail = people["has_mail"]
    status = needs["asks_status"] & (needs["id"] % 3 == 0) & by_mail[needs["who"]]
    status_answer = np.where(
        yes(rng, len(needs), 0.5), later(rng, needs["status_at"], np.full(len(needs), 2.0), "desk"), never
    )
    written = ~by_phone(complaints) & by_mail[complaints["who"]]
    reply = np.where(
        yes(rng, len(complaints), 0.7), later(rng, complaints["at"], np.ones(len(complaints)), "desk"), never
    )
    reply = np.minimum(reply, np.where(complaints["settled"], complaints["settled_at"] - 600, never))
    reply = np.where(reply <= complaints["at"], never, reply)
    parts = [
        _some(needs, asked & (needs["question"] != REPAIR), QUESTION, ("asked_at", "question", answer)),
        _some(needs, asked & (needs["question"] == REPAIR), REPAIR_QUESTION, ("asked_at", "question", answer)),
        _some(needs, status, STATUS, ("status_at", "promised", status_answer)),
        _some(complaints, written, COMPLAINT, ("at", "cause", reply)),
        _others(world, rng),
    ]
    rows = together(parts)
    thanks = yes(rng, len(rows), 0.3) & (rows["answer_at"] < never)
    rows["again_at"] = np.where(thanks, rows["answer_at"] + rng.integers(1800, 60_000, len(rows)), never)
    return rows


def _some(rows: Rows, where: Array, type_: int, columns: tuple[str, str, Array]) -> Rows:
    time, detail, answer = columns
    some, never = rows.take(where), np.int64(end())
    result = Rows(who=some["who"], at=some[time], topic=some["topic"], detail=some[detail], answer_at=answer[where])
    result["type"] = np.full(len(some), type_)
    complaint = type_ == COMPLAINT
    result["outcome"] = some["outcome"] * some["settled"] if complaint else np.zeros(len(some), int)
    result["settled_at"] = some["settled_at"] if complaint else np.full(len(some), never)
    return result


def _others(world: World, rng: Rng) -> Rows:
    writers = np.flatnonzero(world.people["has_mail"])
    who = writers[rng.integers(0, writers.size, round(0.26 * len(world.people)))]
    at = days.moment(days.draw(rng, "gift", who.size), days.seconds(rng, who.size, "home"))
    rows = Rows(who=who, at=at, topic=np.zeros(who.size, int), detail=rng.integers(0, len(OTHERS), who.size))
    rows["answer_at"] = np.where(yes(rng, who.size, 0.9), later(rng, at, np.ones(who.size), "desk"), np.int64(end()))
    rows["type"], rows["outcome"] = np.full(who.size, OTHER), np.zeros(who.size, int)
    rows["settled_at"] = np.full(who.size, np.int64(end()))
    return rows


def _words(type_: int, about: tuple[int, int], turn: list[int]) -> tuple[str, str, str]:
    """Subject, text and our answer."""
    topic, detail = about
    name = words.topics()[topic].de
    if type_ == OTHER:
        return OTHERS[detail]
    if type_ == STATUS:
        weekday = int(days.weekday(np.array([detail]))[0])
        return (
            "Liefertermin",
            speech.status(weekday, turn[0])[0],
            "Das tut uns leid. Die Spedition nennt uns heute einen neuen Tag.",
        )
    if type_ == COMPLAINT:
        return (
            f"{name}: Reklamation",
            speech.complaint(topic, detail, turn[0])[0],
            "Das bedauern wir sehr. Wir kümmern uns darum und melden uns.",
        )
    return f"{name}: eine Frage", speech.question(topic, detail, turn[0])[0], speech.answer(topic, detail)[0]


def _plain(**changes: Any) -> Spoil:
    def change(ticket: dict[str, Any]) -> None:
        ticket |= {"type": "question", "comments": [], "solved_at": None, "solution": None} | changes

    return changed("id", change)


_PLAN = (
    Dirt("no_identifier", 0.003, _plain(requester={"id": None, "name": "Unbekannt", "email": None})),
    Dirt("missing_property", 0.002, _plain(description=None)),
    Dirt("time_out_of_range", 0.0015, _plain(created_at="2099-12-31T23:59:59Z")),
)
