"""Phone system: a line per call, every field quoted, on the wall clock (one hour comes twice in autumn), some numbers hidden."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np

from geleit.demo import days, words
from geleit.demo.chance import Rng, from_list, yes
from geleit.demo.dirt import Dirt, Spoil, field, spoil, wrong_encoding
from geleit.demo.lives import REPAIR
from geleit.demo.people import phone_of
from geleit.demo.rows import Array, Rows, together
from geleit.demo.systems.crm import by_phone
from geleit.demo.world import World

FILE = "telefonanlage-2026-10.csv"
HEADER = '"Anruf-ID","Richtung","Rufnummer","Nst","Teilnehmer","Beginn","Dauer (s)","Code"'
NIGHTS = (
    datetime(2025, 10, 26, tzinfo=UTC),
    datetime(2026, 10, 25, tzinfo=UTC),
)  # the hour from 0 UTC comes again at 1


def write(world: World) -> None:
    """Calls to us by what they were about, our calls to people, and the emergency line at night."""
    rng = world.rng("phone")
    needs, complaints = world.needs, world.complaints
    asked = needs["asks"] & (needs["place"] == 1)
    reached = world.people["has_mobile"] | world.people["has_landline"]
    status = needs["asks_status"] & (needs["id"] % 3 > 0) & reached[needs["who"]]
    parts = [
        _calls(needs, asked & (needs["question"] != REPAIR) & needs["answered"], "asked_at", "FRAGE-OK"),
        _calls(needs, asked & (needs["question"] != REPAIR) & ~needs["answered"], "asked_at", "RUECK"),
        _calls(needs, asked & (needs["question"] == REPAIR) & needs["answered"], "asked_at", "REPA-OK"),
        _calls(needs, asked & (needs["question"] == REPAIR) & ~needs["answered"], "asked_at", "REPA"),
        _calls(needs, status, "status_at", "WO"),
        _calls(complaints, by_phone(complaints) & reached[complaints["who"]], "at", "REKL"),
        _other(world, rng),
        _night(world, rng),
    ]
    calls = world.past(together(parts), "at").sorted_by("at")
    _write(world, rng, calls)


def _calls(rows: Rows, where: Array, time: str, code: str) -> Rows:
    some = rows.take(where)
    return Rows(who=some["who"], at=some[time], code=np.full(len(some), code, object))


def _other(world: World, rng: Rng) -> Rows:
    """Opening hours, wrong department, haggling: calls that belong to no need we planted."""
    people = world.people
    callers = np.flatnonzero(people["has_mobile"] | people["has_landline"])
    who = callers[rng.integers(0, callers.size, round(0.42 * len(people)))]
    day = days.working_day(days.draw(rng, "large", who.size))
    code = np.where(yes(rng, who.size, 0.16), "VERH", np.where(yes(rng, who.size, 0.3), "AUS", "INFO")).astype(object)
    return Rows(who=who, at=days.moment(day, days.seconds(rng, who.size, "desk")), code=code)


def _night(world: World, rng: Rng) -> Rows:
    """Calls to the emergency line in the nights in which the clocks are turned back, in both turns of the hour."""
    people = world.people
    callers = np.flatnonzero(people["has_mobile"])
    begin = np.array([int(night.timestamp()) for night in NIGHTS])
    at = (begin[:, None] + np.array([600, 2100, 4200, 5700]) + rng.integers(0, 300, (2, 4))).ravel()
    code = np.full(at.size, "NOT", object)
    turned = (at - np.repeat(begin, 4)) >= days.HOUR
    world.truth.noted["calls_in_the_second_turn_of_the_doubled_hour"] = int(turned.sum()) + world.truth.noted.get(
        "calls_in_the_second_turn_of_the_doubled_hour", 0
    )
    return Rows(who=callers[rng.integers(0, callers.size, at.size)], at=at, code=code)


def _write(world: World, rng: Rng, calls: Rows) -> None:
    size = len(calls)
    number = phone_of(world.people, calls["who"], rng)
    staff = from_list(rng, size, words.listed("staff"), 0.5).tolist()
    names = words.listed("staff").tolist()
    local = days.to_local(calls["at"])
    ids = [f"{stamp}-{world.number}{n:05d}" for n, stamp in enumerate(days.written(local, "%d%m%y-%H%M%S"))]
    outgoing = calls["code"] == "AUS"
    seconds = rng.integers(25, 700, size).tolist()
    columns = (
        ids,
        outgoing.tolist(),
        number.tolist(),
        staff,
        days.written(local, "%d.%m.%Y %H:%M:%S"),
        seconds,
        calls["code"].tolist(),
    )
    lines = [
        f'"{id_}","{"aus" if out else "ein"}","{phone}","{21 + names.index(who)}","{who}","{begin}","{long}","{"" if out else code}"'
        for id_, out, phone, who, begin, long, code in zip(*columns, strict=True)
    ]
    answered = [code.endswith("-OK") for code in calls["code"].tolist()]
    said = np.flatnonzero(answered)
    ends = calls["at"][said] + np.array(seconds)[said]
    world.truth.events("telefon", [f"{ids[n]}-antwort" for n in said], world.persons(calls["who"][said]), ends)
    kept = np.flatnonzero(~outgoing)
    world.truth.events("telefon", [ids[n] for n in kept], world.persons(calls["who"][kept]), calls["at"][kept])
    world.exports.lines(FILE, HEADER, spoil(world, "telefon", lines, _PLAN, repeated=0.004))


def _incoming(place: int, value: str) -> Spoil:
    change = field(place, lambda _: f'"{value}"', ",")

    def make(line: str, mark: str) -> str:
        call = str(change(line.replace('","aus","', '","ein","', 1), f"{mark}"))
        first, rest = call.split(",", 1)
        fields = rest.split(",")
        fields[-1] = '"INFO"'
        return f'"{first.replace(chr(34), "")}",{",".join(fields)}'

    return make


def _one_more(line: str, mark: str) -> str:
    return f'{line},"{mark}"'


_PLAN = (
    Dirt("no_identifier", 0.012, _incoming(2, "anonym")),
    Dirt("time_out_of_range", 0.0015, _incoming(5, "01.01.2099 00:00:00")),
    Dirt("bad_time", 0.0015, _incoming(5, "--.--.---- --:--:--")),
    Dirt("wrong_field_count", 0.001, _one_more),
    Dirt("undecodable", 0.001, wrong_encoding("", ",")),
)
