"""The till: a table in cp1252, one line per article of a receipt; the card is shown or it reads 0000 0000 00."""

from __future__ import annotations

import csv
from functools import cache

import numpy as np

from geleit.demo import days, words
from geleit.demo.chance import Rng, from_list, yes
from geleit.demo.lives import later
from geleit.demo.people import mail_at
from geleit.demo.receipts import german_money, receipt_numbers
from geleit.demo.rows import Array, Rows, texts
from geleit.demo.stories import OUTCOMES
from geleit.demo.words import FOLDER
from geleit.demo.world import World

FILE = "kasse-filialen.csv"
HEADER = (
    "Bon-Nr.;Datum;Zeit;Bediener;Vorgang;Pos.;Art.-Nr.;Bezeichnung;Menge;E-Preis;Betrag;Serien-Nr.;Garantie bis;Kundenkarte;"
    "Mail für Beleg;PLZ;zu Bon"
)
NO_CARD = "0000 0000 00"
JUNK_MAIL = "test@example.com"  # what cashiers type when the till insists on an address


def write(world: World) -> None:
    """Purchases in the store, small things in passing, cancellations and returns."""
    rng = world.rng("till")
    orders = world.orders
    orders = orders.take(~orders["in_shop"])
    lines = _purchases(world, rng, orders) + _passing(world, rng) + _back(world, rng, orders)
    lines.sort(key=lambda line: (line[0], line[1]))
    texts_ = [line[2] for line in lines]
    texts_ += _broken(world, texts_)
    world.exports.lines(FILE, HEADER, texts_, encoding="cp1252", end="\r\n")


Receipt = tuple[int, int, str]  # time, line of the receipt, text


def _heads(world: World, rng: Rng, rows: Rows) -> tuple[list[str], list[str], list[str]]:
    """Per receipt: date, time and cashier; card, mail and postal code; the two parts of a line around its article."""
    people, who, size = world.people, rows["who"], rows["at"].size
    local = days.to_local(rows["at"])
    staff = from_list(rng, size, words.listed("staff"), 0.6).tolist()
    when = zip(days.written(local, "%d.%m.%Y"), days.written(local, "%H:%M"), staff, strict=True)
    card = [f"{c[:4]} {c[4:8]} {c[8:]}" for c in people["card"][who].tolist()]
    card = np.where(rows["card_shown"], texts(card), NO_CARD).tolist()
    gives = people["has_mail"][who] & yes(rng, size, 0.3)
    mail = np.where(gives, mail_at(people, who, days.day_of(rows["at"])), "")
    junk = np.flatnonzero((mail == "") & yes(rng, size, 0.02))
    mail[np.union1d(junk, np.flatnonzero(mail == "")[:14])] = JUNK_MAIL
    plz = np.where(people["known"][who] & yes(rng, size, 0.7), people["plz"][who], "").tolist()
    tails = [f"{c};{m};{p}" for c, m, p in zip(card, mail.tolist(), plz, strict=True)]
    return rows["number"].tolist(), [";".join(part) for part in when], tails


def _purchases(world: World, rng: Rng, orders: Rows) -> list[Receipt]:
    rows = Rows({name: orders[name] for name in ("who", "card_shown")})
    rows["at"], rows["number"] = orders["ordered_at"] // 60 * 60, orders["order_no"]
    catalogue, old_taken = words.products(), yes(rng, len(orders), 0.55).tolist()
    until = days.german_day(days.day_of(orders["ordered_at"]) + 730).tolist()
    columns = (
        *_heads(world, rng, rows),
        *orders.lists("product", "quantity", "cents", "toured", "has_serial", "serial", "ordered_at"),
    )
    lines: list[Receipt] = []
    for n, (number, when, tail, product, quantity, cents, toured, own, serial, at) in enumerate(
        zip(*columns, strict=True)
    ):
        machine = f"{serial};{until[n]}" if own else ";"
        items = [
            f"{catalogue.id[product]};{catalogue.name[product]};{quantity};{german_money(cents)};{german_money(cents * quantity)};{machine}"
        ]
        if toured:
            items.append("DL-LA;Lieferung und Aufbau;1;30,00;30,00;;")
            if old_taken[n]:
                items.append("DL-AG;Altgerät mitnehmen;1;20,00;20,00;;")
        lines.extend((at, p, f"{number};{when};Verkauf;{p};{item};{tail};") for p, item in enumerate(items, 1))
    people, truth = world.persons(orders["who"]), world.truth
    truth.events("kasse", orders["order_no"].tolist(), people, rows["at"])
    own = orders["has_serial"]
    handed = [f"{a}-{b}" for a, b in zip(*orders.take(own).lists("order_no", "serial"), strict=True)]
    truth.events("kasse", handed, people[own], rows["at"][own])
    return lines


@cache
def accessories() -> tuple[tuple[str, str, int], ...]:
    """Small things: id, name and price in cents."""
    with (FOLDER / "accessories.csv").open(encoding="utf-8", newline="") as file:
        return tuple(
            (row["id"], row["name"], round(float(row["price"]) * 100)) for row in csv.DictReader(file, delimiter=";")
        )


def _passing(world: World, rng: Rng) -> list[Receipt]:
    people = world.people
    who = np.repeat(np.arange(len(people)), rng.poisson(0.55, len(people)))
    day = days.open_day(days.draw(rng, "gift", who.size))
    rows = Rows(who=who, at=days.moment(day, days.seconds(rng, who.size, "shop")) // 60 * 60)
    rows["card_shown"] = people["has_card"][who] & yes(rng, who.size, 0.75)
    rows = rows.sorted_by("at")
    rows["number"] = texts(receipt_numbers(rows["at"], world.number, 500))
    sold, pieces = rng.integers(0, len(accessories()), who.size).tolist(), rng.integers(1, 3, who.size).tolist()
    lines: list[Receipt] = []
    for number, when, tail, at, item, count in zip(
        *_heads(world, rng, rows), rows["at"].tolist(), sold, pieces, strict=True
    ):
        id_, name, cents = accessories()[item]
        article = f"{id_};{name};{count};{german_money(cents)};{german_money(cents * count)};;"
        lines.append((at, 1, f"{number};{when};Verkauf;1;{article};{tail};"))
    world.truth.events("kasse", rows["number"].tolist(), world.persons(rows["who"]), rows["at"])
    return lines


def _back(world: World, rng: Rng, orders: Rows) -> list[Receipt]:
    """Cancelled orders, and money back after complaints."""
    complaints = world.complaints
    refunds = complaints.take(complaints["settled"] & (complaints["outcome"] == OUTCOMES.index("refunded")))
    place = {number: i for i, number in enumerate(orders["number"].tolist())}
    pairs = [(place[n], at) for n, at in zip(*refunds.lists("number", "settled_at"), strict=True) if n in place]
    returned = orders.take(np.array([p for p, _ in pairs], int))
    returned["back_at"] = later(rng, np.array([at for _, at in pairs], np.int64), np.ones(len(pairs)), "shop")
    cancelled = orders.take(orders["cancelled"])
    cancelled["back_at"] = later(rng, cancelled["cancelled_at"], np.ones(len(cancelled)), "shop")
    lines: list[Receipt] = []
    for deed, rows, begin in (("Rückgabe", returned, 900), ("Storno", cancelled, 950)):
        back = world.past(rows, "back_at")
        lines += _undone(world, rng, back, deed, begin)
    return lines


def _undone(world: World, rng: Rng, rows: Rows, deed: str, begin: int) -> list[Receipt]:
    at = rows["back_at"] // 60 * 60
    heads = Rows(
        who=rows["who"], at=at, card_shown=rows["card_shown"], number=texts(receipt_numbers(at, world.number, begin))
    )
    catalogue = words.products()
    lines = []
    columns = (*_heads(world, rng, heads), at.tolist(), *rows.lists("product", "quantity", "cents", "order_no"))
    for number, when, tail, t, product, quantity, cents, order in zip(*columns, strict=True):
        article = f"{catalogue.id[product]};{catalogue.name[product]};{quantity};{german_money(cents)};{german_money(-cents * quantity)};;"
        lines.append((t, 1, f"{number};{when};{deed};1;{article};{tail};{order}"))
    world.truth.events("kasse", heads["number"].tolist(), world.persons(rows["who"]), at)
    return lines


def _broken(world: World, lines: list[str]) -> list[str]:
    """Receipts of training without a card are left out by rule; two kinds of broken ones wait in quarantine."""
    rng = world.rng("till dirt")
    made: list[str] = []
    for reason, share in (("time_out_of_range", 0.0012), ("wrong_field_count", 0.0015)):
        own = []
        for turn, place in enumerate(rng.integers(0, len(lines), max(1, round(share * len(lines)))).tolist()):
            fields = lines[place].split(";")
            fields[0], fields[4] = f"X{world.number:02d}-{reason[0]}{turn:05d}", "Verkauf"
            fields[11] = fields[12] = ""
            if reason == "time_out_of_range":
                fields[1] = "19.02.2099"
            else:
                fields.insert(8, "B-Ware")
            own.append(";".join(fields))
        world.truth.spoiled("kasse", reason, own)
        made += own
    return made


def cards(people: Rows, who: Array) -> Array:
    """Card numbers without blanks; '' for who has none."""
    return np.where(people["has_card"][who], people["card"][who], "")
