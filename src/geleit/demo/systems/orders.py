"""Web shop, orders: a table for the accountant in cp1252, and a second one of one month that overlaps the first."""

from __future__ import annotations

import numpy as np

from geleit.demo import days, words
from geleit.demo.chance import Rng, from_list, yes
from geleit.demo.days import DAY
from geleit.demo.dirt import Dirt, Spoil, shown, spoil
from geleit.demo.exports import Line
from geleit.demo.people import mail_at
from geleit.demo.receipts import german_money
from geleit.demo.rows import Array, Rows, texts
from geleit.demo.spelling import names, phones, streets
from geleit.demo.stories import OUTCOMES
from geleit.demo.world import World

FILE = "bestellungen-2026-10.csv"
AGAIN = "bestellungen-nachexport-2026-05.csv"
HEADER = (
    "Bestellnr;Bestellt am;Kundennr;Vorname;Nachname;E-Mail;Telefon;Straße;PLZ;Ort;Art.-Nr.;Artikel;Gruppe;Menge;Preis;Summe;"
    "Zahlart;Storniert am;Stornogrund;Erstattet am"
)
PAID_BY = texts(["Rechnung", "PayPal", "Lastschrift", "Vorkasse", "Kreditkarte"])


def write(world: World) -> None:
    """All orders of the shop; those of May 2026 were exported a second time, some with another amount."""
    rng = world.rng("orders")
    orders = world.orders
    orders = orders.take(orders["in_shop"])
    orders["refunded_at"] = _refunds(world, orders)
    lines = _lines(world, rng, orders)
    _tell(world, orders)
    world.exports.lines(
        FILE, HEADER, spoil(world, "bestellungen", lines, _PLAN, repeated=0.004), encoding="cp1252", end="\r\n"
    )
    months = days.written(days.to_local(orders["ordered_at"]), "%Y-%m")
    again = [line for line, month in zip(lines, months, strict=True) if month == "2026-05"]
    changed = list(again)
    count = min(len(again), max(2, len(again) // 40))
    for place in range(count):
        fields = again[place].split(";")
        fields[15] = german_money(1000 + 37 * place)
        changed[place] = ";".join(fields)
    world.truth.spoiled("bestellungen", "changed_content", changed[:count])
    world.truth.repeated["bestellungen"] += len(again) - count
    world.exports.lines(AGAIN, HEADER, changed, encoding="cp1252", end="\r\n")


def _refunds(world: World, orders: Rows) -> Array:
    """When the money went back after a complaint; 0 if it did not."""
    settled = world.complaints.take(
        world.complaints["settled"] & (world.complaints["outcome"] == OUTCOMES.index("refunded"))
    )
    at = dict(zip(settled["number"].tolist(), settled["settled_at"].tolist(), strict=True))
    return np.array([at.get(number, 0) for number in orders["number"].tolist()], np.int64)


def _lines(world: World, rng: Rng, orders: Rows) -> list[str]:
    people, who, size = world.people, orders["who"], len(orders)
    day = days.day_of(orders["ordered_at"])
    moved = day >= people["moved"][who]
    catalogue, group = words.products(), texts([topic.plural for topic in words.topics()])
    phone = np.where(people["has_mobile"][who] & yes(rng, size, 0.7), people["mobile"][who], "")
    total = orders["cents"] * orders["quantity"]
    columns = [
        orders["order_no"],
        days.german(orders["ordered_at"]),
        people["shop"][who],
        people["first"][who],
        names(rng, people["last"][who], 0.03),
        mail_at(people, who, day),
        phones(rng, phone),
        streets(rng, np.where(moved, people["street2"][who], people["street"][who])),
        np.where(moved, people["plz2"][who], people["plz"][who]),
        np.where(moved, people["town2"][who], people["town"][who]),
        catalogue.id[orders["product"]],
        catalogue.name[orders["product"]],
        group[orders["topic"]],
        orders["quantity"].astype(str),
        texts([german_money(c) for c in orders["cents"].tolist()]),
        texts([german_money(c) for c in total.tolist()]),
        from_list(rng, size, PAID_BY),
        np.where(orders["cancelled"], days.german(orders["cancelled_at"]), ""),
        np.where(orders["cancelled"], np.where(orders["late"], "zu spät", "anders entschieden"), ""),
        np.where(orders["refunded_at"] > 0, days.german(np.maximum(orders["refunded_at"], DAY)), ""),
    ]
    return [
        ";".join(row).translate(_NOT_IN_CP1252) for row in zip(*(column.tolist() for column in columns), strict=True)
    ]


def _tell(world: World, orders: Rows) -> None:
    truth, minute = world.truth, 60
    for condition, time, suffix in (
        (np.ones(len(orders), bool), "ordered_at", ""),
        (orders["cancelled"], "cancelled_at", "-storno"),
        (orders["refunded_at"] > 0, "refunded_at", "-erstattet"),
    ):
        some = orders.take(condition)
        keys = [f"{number}{suffix}" for number in some["order_no"].tolist()]
        truth.events("bestellungen", keys, world.persons(some["who"]), some[time] // minute * minute)


_NOT_IN_CP1252 = str.maketrans({"ş": "s", "Ş": "S", "ı": "i", "ł": "l", "ś": "s", "č": "c", "ğ": "g"})


def _with(changes: dict[int, str]) -> Spoil:
    def make(line: str, mark: str) -> Line:
        fields = line.split(";")
        fields[0] = f"B-{mark}"
        fields[17] = fields[18] = fields[19] = ""
        for place, value in changes.items():
            fields[place] = value
        return ";".join(fields)

    return make


def _torn(line: str, mark: str) -> Line:
    return shown(_with({})(line, mark)).replace(";", ";Hinterhaus; ", 8)


def _half_written(line: str, mark: str) -> Line:
    return shown(_with({})(line, mark)).encode("cp1252") + b"\x81"


_PLAN = (
    Dirt("wrong_field_count", 0.003, _torn),
    Dirt("undecodable", 0.0015, _half_written),
    Dirt("time_out_of_range", 0.002, _with({1: "03.04.0202 10:15"})),
    Dirt("bad_time", 0.002, _with({1: "31.02.2026 11:00"})),
    Dirt("expression", 0.0015, _with({15: "auf Anfrage"})),
)
