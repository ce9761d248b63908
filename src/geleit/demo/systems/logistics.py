"""Dispatch: text messages in a table with tabs and UTC; tours in a table with pipes and the wall clock."""

from __future__ import annotations

import numpy as np

from geleit.demo import days, words
from geleit.demo.chance import Rng, from_list, yes
from geleit.demo.dirt import Dirt, field, one_more, spoil, wrong_encoding
from geleit.demo.exports import Line
from geleit.demo.lives import later
from geleit.demo.rows import Array, Rows, together
from geleit.demo.world import World

MESSAGES = "versand-sms-2026-10.tsv"
MESSAGES_HEADER = "MSG_ID\tSENT_UTC\tCHANNEL\tMSISDN\tORDER\tTEMPLATE\tDELIVERY_DAY\tSTATUS"
TOURS = "touren-2026-10.csv"
TOURS_HEADER = "Tour|Stopp|Auftrag|Ankunft|Fertig|Status|Altgerät|Fahrer|Etage|Aufzug|Zusage"


def write(world: World) -> None:
    """What dispatch told people, and what became of each tour."""
    orders = world.orders
    _messages(world, world.rng("messages"), orders)
    _tours(world, world.rng("tours"), orders.take(orders["toured"]))


def _messages(world: World, rng: Rng, orders: Rows) -> None:
    """The day of delivery, its postponement (too seldom told), and parcels handed to the carrier."""
    people = world.people
    parts = []
    told = orders.take(people["has_mobile"][orders["who"]])
    toured = told.take(told["toured"])
    soon = later(rng, toured["ordered_at"], np.ones(len(toured)), "desk")
    soon = np.minimum(soon, days.moment(toured["promised"] - 1, np.full(len(toured), 61_000)))
    first = _message(toured, soon, "LIEFERTAG", toured["promised"])
    late = toured.take(toured["late"] & yes(rng, len(toured), 0.4))
    late_at = days.moment(late["promised"], rng.integers(15 * 3600, 19 * 3600, len(late)))
    moved = _message(late, late_at, "VERSCHOBEN", days.working_day(late["promised"] + late["delay"]))
    parcel = told.take(told["parcel"] & ~told["cancelled"])
    sent_at = days.moment(
        days.working_day(days.day_of(parcel["delivered_at"]) - 1), rng.integers(50_000, 62_000, len(parcel))
    )
    sent_at = np.maximum(sent_at, parcel["ordered_at"] + 1800)
    parts = [first, moved, _message(parcel, sent_at, "PAKET", days.day_of(parcel["delivered_at"]))]
    rows = world.past(together(parts), "at")
    ok = (rows["template"] == "VERSCHOBEN") | yes(rng, len(rows), 0.96)
    rows["status"] = np.where(ok, "DELIVERED", "FAILED").astype(object)
    rows = rows.sorted_by("at")
    numbers = [f"M-{1_000_000 * (world.number + 1) + n}" for n in range(len(rows))]
    columns = (
        numbers,
        days.iso(rows["at"]).tolist(),
        [number.removeprefix("+") for number in people["mobile"][rows["who"]].tolist()],
        *rows.lists("order_no", "template"),
        days.iso_day(rows["day"]).tolist(),
        rows["status"].tolist(),
    )
    lines = [f"{a}\t{b}\tSMS\t{c}\t{d}\t{e}\t{f}\t{g}" for a, b, c, d, e, f, g in zip(*columns, strict=True)]
    arrived = rows["status"] == "DELIVERED"
    keys = [number for number, told_ in zip(numbers, arrived.tolist(), strict=True) if told_]
    world.truth.events("versand", keys, world.persons(rows["who"][arrived]), rows["at"][arrived])
    plan = (
        Dirt("wrong_field_count", 0.002, one_more("\t")),
        Dirt("time_out_of_range", 0.001, _year_0202),
    )
    world.exports.lines(MESSAGES, MESSAGES_HEADER, spoil(world, "versand", lines, plan, repeated=0.005))


def _year_0202(line: str, mark: str) -> Line:
    make = field(1, lambda _: "0202-03-04T10:00:00Z", "\t")
    return make(line.replace("FAILED", "DELIVERED"), mark)


def _message(orders: Rows, at: Array, template: str, day: Array) -> Rows:
    rows = Rows(who=orders["who"], order_no=orders["order_no"], at=at, day=day)
    rows["template"] = np.full(len(orders), template, object)
    return rows


def _tours(world: World, rng: Rng, orders: Rows) -> None:
    """Tours that failed, tours that met nobody, tours that arrived."""
    parts = []
    drive = days.moment(orders["promised"], (8.5 * 3600 + rng.random(len(orders)) * 9 * 3600).astype(np.int64))
    failed = yes(rng, len(orders), 0.6) & orders["late"] & (drive < orders["delivered_at"])
    failed &= ~orders["cancelled"] | (drive < orders["cancelled_at"])
    parts.append(_stops(orders, failed, drive, "ausgefallen"))
    parts.append(_stops(orders, orders["missed"] & ~orders["cancelled"], orders["missed_at"], "nicht angetroffen"))
    parts.append(_stops(orders, orders["has_it"], orders["delivered_at"], "zugestellt"))
    rows = world.past(together(parts), "at")
    rows["at"] = rows["at"] // 60 * 60
    rows = rows.sorted_by("at")
    lines, keys, owners, times = [], [], [], []
    tour = days.written(days.to_local(rows["at"]), "T-%m%d")
    size, people = len(rows), world.persons(rows["who"])
    driver = from_list(rng, size, words.listed("drivers")).tolist()
    stop, floor, lift = (
        rng.integers(1, 12, size).tolist(),
        rng.integers(0, 5, size).tolist(),
        yes(rng, size, 0.4).tolist(),
    )
    took = yes(rng, size, 0.6).tolist()
    arrived = days.german(rows["at"] - 1500).tolist()
    done = days.german(rows["at"]).tolist()
    for n, (order, status, promise, number, at) in enumerate(
        zip(*rows.lists("order_no", "status", "promise", "promise_no", "at"), strict=True)
    ):
        name = f"{tour[n]}-{n % 3 + 1}-{world.number * 100_000 + n}"
        came = status == "zugestellt"
        rest = f"{floor[n]}|{'ja' if lift[n] else 'nein'}" if came else "|"
        kept = number if came and promise else ""
        lines.append(
            f"{name}|{stop[n]}|{order}|{arrived[n]}|{done[n] if came else ''}|{status}|{'ja' if came and took[n] else 'nein'}|{driver[n]}|{rest}|{kept}"
        )
        own = [order if came else f"{order}-{name}", *([kept] if kept else [])]
        keys += own
        owners += [people[n]] * len(own)
        times += [at if came else at - 1500] * len(own)
    world.truth.events("touren", keys, np.array(owners, np.int64), np.array(times))
    world.exports.lines(TOURS, TOURS_HEADER, spoil(world, "touren", lines, _TOUR_PLAN, repeated=0.003))


def _stops(orders: Rows, where: Array, at: Array, status: str) -> Rows:
    rows = orders.take(where)
    stops = Rows({name: rows[name] for name in ("who", "order_no", "promise", "promise_no")})
    stops["at"] = at[where]
    stops["status"] = np.full(len(rows), status, object)
    return stops


def _lost_day(line: str, mark: str) -> str:
    fields = line.split("|")
    fields[0], fields[2], fields[3], fields[4] = f"{fields[0]}-{mark}", f"{fields[2]}-{mark}", "00.00.0000 00:00", ""
    fields[5], fields[8], fields[9], fields[10] = "nicht angetroffen", "", "", ""
    return "|".join(fields)


_TOUR_PLAN = (
    Dirt("wrong_field_count", 0.002, one_more("|", 2)),
    Dirt("undecodable", 0.001, wrong_encoding("", "|", 2)),
    Dirt("bad_time", 0.0015, _lost_day),
)
