"""Surveys, reviews of products, and public posts."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np

from geleit.demo import days, speech, words
from geleit.demo.chance import Rng, pick, yes
from geleit.demo.dirt import Dirt, changed, cut_off, spoil
from geleit.demo.lives import end
from geleit.demo.people import mail_at
from geleit.demo.rows import Array, Rows
from geleit.demo.stories import FELT
from geleit.demo.systems.till import cards
from geleit.demo.world import World

SURVEYS = "umfragen-2026-10.json"
REVIEWS = "bewertungen.jsonl"
POSTS = "oeffentliche-beitraege-2026-10.json"
FACETS = ("functional", "functional", "social", "personal")
MARKS = {"good": (1, 2, 8, 42, 47), "late": (22, 34, 30, 10, 4), "bad": (60, 28, 8, 3, 1)}
_json = msgspec.json.Encoder()


def write(world: World) -> None:
    """What people say afterwards, when asked and unasked."""
    _surveys(world, world.rng("surveys"))
    _reviews(world, world.rng("reviews"))
    _posts(world, world.rng("posts"))


def _marks(rng: Rng, orders: Rows) -> Array:
    """From 1 to 5, by what people went through until then."""
    late = orders["late"]
    bad = late & orders["complains"]
    size = len(orders)
    good, fair, poor = (pick(rng, size, MARKS[name]) for name in ("good", "late", "bad"))
    return 1 + np.where(bad, poor, np.where(late, fair, good))


def _surveys(world: World, rng: Rng) -> None:
    """After the purchase (how was the advice?) and after the delivery; most are never answered."""
    people, orders = world.people, world.orders
    mail = np.where(
        people["has_mail"][orders["who"]], mail_at(people, orders["who"], days.day_of(orders["ordered_at"])), ""
    )
    card = cards(people, orders["who"])
    reachable = (mail != "") | (card != "")
    in_store = reachable & ~orders["in_shop"] & yes(rng, len(orders), 0.28)
    at_door = reachable & orders["toured"] & orders["has_it"] & yes(rng, len(orders), 0.42)
    told: list[tuple[str, int, int]] = []
    blocks = []
    for kind, name, mask, time in (
        ("kauf", "Nach dem Kauf", in_store, "ordered_at"),
        ("lieferung", "Nach der Lieferung", at_door, "delivered_at"),
    ):
        some, mails, numbers = orders.take(mask), mail[mask].tolist(), card[mask].tolist()
        note = _marks(rng, some) if kind == "lieferung" else 1 + pick(rng, len(some), (2, 4, 14, 42, 38))
        at = (some[time] + rng.integers(1800, 60 * 3600, len(some))) // 60 * 60
        turns = rng.integers(0, 1000, (len(some), 2)).tolist()
        stamps = days.german(at).tolist()
        answers = []
        for n, (who, order, t) in enumerate(zip(*some.lists("who", "order_no"), at.tolist(), strict=True)):
            if t >= end():
                continue
            key = f"U{kind[0]}{world.number:02d}-{n:06d}"
            answer: dict[str, Any] = {"id": key, "umfrage": kind, "abgegeben": stamps[n], "bon": order}
            answer |= {"karte": numbers[n]} if numbers[n] and (turns[n][0] % 2 or not mails[n]) else {"mail": mails[n]}
            fields: dict[str, Any] = {"note": int(note[n]), "seite": FACETS[turns[n][1] % 4]}
            if turns[n][0] % 3 == 0:
                moods = ("unadvised", "fair", "good") if kind == "kauf" else ("bad", "fair", "brought")
                de, en = speech.said(moods[min(2, max(0, int(note[n]) - 2))], turns[n][1])
                fields |= {"worte": de, "worte_en": en}
            answers.append(_json.encode(answer | {"felder": fields}).decode())
            told.append((key, who, t))
        spoiled = spoil(world, "umfragen", answers, _SURVEY_PLAN)
        blocks.append(f'{{"name": "{name}", "antworten": [\n' + ",\n".join(str(line) for line in spoiled) + "\n]}")
    keys, who_, times = zip(*told, strict=True)
    world.truth.events("umfragen", keys, world.persons(np.array(who_)), np.array(times))
    world.exports.document(SURVEYS, '{"umfragen": [', blocks, "\n]}\n")


def _reviews(world: World, rng: Rng) -> None:
    people, orders = world.people, world.orders
    writes = orders["has_it"] & people["in_shop"][orders["who"]] & yes(rng, len(orders), 0.16)
    some = orders.take(writes)
    stars = _marks(rng, some)
    stars = np.where(some["felt"] == FELT.index("unhelped"), np.minimum(stars, 2), stars)
    some["at"] = np.maximum(some["delivered_at"], np.where(some["breaks"], some["felt_at"], 0)) + (
        rng.integers(2, 40, len(some)) * days.DAY + rng.integers(0, 40_000, len(some))
    )
    order = np.argsort(some["at"], kind="stable")
    some, stars = some.take(order), stars[order]
    keep = some["at"] < end()
    some, stars = some.take(keep), stars[keep]
    turns = rng.integers(0, 1000, (len(some), 3)).tolist()
    catalogue, stamps = words.products(), days.iso(some["at"]).tolist()
    lines, keys = [], []
    groups = [words.topics()[topic].thema for topic in some["topic"].tolist()]
    for n, (who, product, late, felt, star) in enumerate(
        zip(*some.lists("who", "product", "late", "felt"), stars.tolist(), strict=True)
    ):
        title, text = speech.review(_mood(star, late, felt), tuple(turns[n]))
        keys.append(f"R{world.number:02d}-{n:06d}")
        record = {
            "id": keys[-1],
            "created": stamps[n],
            "author": {"account": people["shop"][who], "name": people["first"][who]},
        }
        record |= {"product": {"id": catalogue.id[product], "name": catalogue.name[product], "group": groups[n]}}
        lines.append(
            _json.encode(record | {"stars": star, "title": title, "text": text, "helpful": turns[n][0] % 9}).decode()
        )
    persons = world.persons(some["who"])
    world.truth.events("bewertungen", keys, persons, some["at"])
    world.truth.events("bewertungen", [f"{key}-urteil" for key in keys], persons, some["at"])
    plan = (Dirt("bad_json", 0.006, cut_off),)
    world.exports.lines(REVIEWS, "", spoil(world, "bewertungen", lines, plan, repeated=0.01))


def _mood(stars: int, late: bool, felt: int) -> str:
    if stars >= 3:
        return "fair" if stars == 3 else "good"
    if felt == FELT.index("unhelped"):
        return "defect"
    return "late" if late else "bad"


def _posts(world: World, rng: Rng) -> None:
    """Public posts; most authors never agreed to be linked, and their posts are left out by rule."""
    needs, people = world.needs, world.people
    late, mended = needs["late"] & (needs["delay"] >= 9) & ~needs["cancelled"], needs["repaired"]
    asks = (needs["trigger"] == 0) & ~late & ~mended
    posts = yes(rng, len(needs), np.where(late, 0.2, np.where(mended, 0.2, np.where(asks, 0.05, 0.0))))
    some = needs.take(posts & needs["recorded"])
    which = np.where(
        some["late"] & (some["delay"] >= 9) & ~some["cancelled"],
        3,
        np.where(some["repaired"], 2, rng.integers(0, 2, len(some))),
    )
    base = np.where(
        which == 3,
        days.moment(some["promised"] + 7, np.full(len(some), 28_000)),
        np.where(which == 2, some["visit_at"] + 7200, some["opened"]),
    )
    some["at"] = base + rng.integers(3600, 90_000, len(some))
    some["which"] = which
    some = world.past(some, "at").sorted_by("at")
    agreed = people["in_crm"][some["who"]] & yes(rng, len(some), 0.3)
    stamps, moods = days.iso(some["at"]).tolist(), {0: 0.1, 1: -0.8, 2: 1.6, 3: -1.7}
    records, told = [], []
    days_ = days.iso_day(days.day_of(some["at"]) + 2).tolist()
    for n, (who, topic, which_, t, linked) in enumerate(
        zip(*some.lists("who", "topic", "which", "at"), agreed.tolist(), strict=True)
    ):
        key = f"f-{20_000_000 + world.number * 100_000 + n}"
        de, en = speech.post(topic, which_)
        owner = {"kundennummer": int(people["crm"][who]), "zugestimmt": days_[n]} if linked else None
        record = {"id": key, "netz": "Facebook", "erstellt": stamps[n], "text": de, "text_en": en}
        record |= {
            "link": f"https://facebook.example/posts/{key}",
            "stimmung": {"wert": moods[which_], "verfahren": "Textmodell"},
        }
        records.append(_json.encode(record | {"zuordnung": owner}).decode())
        if linked:
            told += [(key, who, t), (f"{key}-stimmung", who, t)]
    keys, who_, times = zip(*told, strict=True) if told else ((), (), ())
    world.truth.events("oeffentlich", keys, world.persons(np.array(who_, int)), np.array(times, np.int64))
    head = '{"dienst": "Beobachtung öffentlicher Beiträge", "beitraege": ['
    world.exports.document(POSTS, head, records, "\n]}\n")


_SURVEY_PLAN = (
    Dirt("missing_property", 0.004, changed("id", lambda answer: answer["felder"].update(note=None, worte=None))),
    Dirt("no_identifier", 0.002, changed("id", lambda answer: answer.update(karte=None, mail=None))),
)
