"""The workshop's own database (SQLite): jobs and the visits of fitters."""

from __future__ import annotations

import numpy as np

from geleit.demo import days, speech, words
from geleit.demo.chance import Rng, from_list, pick, yes
from geleit.demo.lives import end
from geleit.demo.people import phone_of
from geleit.demo.rows import Rows, texts
from geleit.demo.spelling import names, phones
from geleit.demo.stories import CAUSES
from geleit.demo.world import World

FILE = "werkstatt.sqlite"
SCHEMA = """
CREATE TABLE auftraege (auftrag_nr TEXT PRIMARY KEY, angelegt TEXT, kunde TEXT, kundennummer INTEGER, telefon TEXT, plz TEXT,
  geraet TEXT, gruppe TEXT, serien_nr TEXT, fehler TEXT, garantie INTEGER);
CREATE TABLE einsaetze (auftrag_nr TEXT, termin TEXT, fertig TEXT, monteur TEXT, ergebnis TEXT, note INTEGER, bemerkung TEXT);
"""
JOB = "INSERT INTO auftraege VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
VISIT = "INSERT INTO einsaetze VALUES (?, ?, ?, ?, ?, ?, ?)"
DEFECT = CAUSES.index("defect")
OLD = 0.045  # share of people whose machine, bought long ago, is repaired without a complaint


def write(world: World) -> None:
    """Repairs within warranty after a complaint, and repairs of machines bought long ago."""
    rng, orders = world.rng("workshop"), world.orders
    mended = orders.take(orders["repaired"])
    mended["asked_at"] = mended["broke_at"] + rng.integers(1200, 9000, len(mended))
    recent = Rows({name: mended[name] for name in ("who", "topic", "product", "serial", "asked_at", "visit_at")})
    recent["warranty"] = np.ones(len(mended), int)
    jobs = world.past(_with_old(world, recent), "asked_at").sorted_by("asked_at")
    jobs["number"] = texts([f"W{world.number:02d}-{n:05d}" for n in range(len(jobs))])
    jobs["done_at"] = jobs["visit_at"] + rng.integers(1500, 6000, len(jobs))
    jobs["came"] = jobs["done_at"] < end()
    jobs["note"] = np.where(yes(rng, len(jobs), 0.55), pick(rng, len(jobs), (1, 2, 6, 40, 51)) + 1, 0)
    _write_jobs(world, rng, jobs)
    _write_visits(world, rng, jobs)
    _tell(world, jobs)


def _write_jobs(world: World, rng: Rng, jobs: Rows) -> None:
    people, who, size = world.people, jobs["who"], len(jobs)
    topics = jobs["topic"].tolist()
    jobs["crm"] = np.where(people["in_crm"][who] & yes(rng, size, 0.6), people["crm"][who], 0)
    jobs["phone"] = phone_of(people, who, rng)
    turns = rng.integers(0, 99, size).tolist()
    owner = zip(people["first"][who].tolist(), names(rng, people["last"][who]).tolist(), strict=True)
    rows = zip(
        jobs["number"].tolist(),
        days.local_iso(jobs["asked_at"]).tolist(),
        [f"{first} {last}" for first, last in owner],
        [number or None for number in jobs["crm"].tolist()],
        [number or None for number in phones(rng, jobs["phone"]).tolist()],
        people["plz"][who].tolist(),
        words.products().name[jobs["product"]].tolist(),
        [words.topics()[topic].thema for topic in topics],
        jobs["serial"].tolist(),
        [
            (speech.complaint(topic, DEFECT, turn) if new else speech.broken(topic, turn))[0]
            for topic, turn, new in zip(topics, turns, jobs["warranty"].tolist(), strict=True)
        ],
        jobs["warranty"].tolist(),
        strict=True,
    )
    world.exports.database(FILE, SCHEMA, JOB, rows)


def _write_visits(world: World, rng: Rng, jobs: Rows) -> None:
    """Where the fitter has not been yet, nothing but the appointment is known."""
    fitter = from_list(rng, len(jobs), words.listed("fitters")).tolist()
    ends, planned = days.local_iso(jobs["done_at"]).tolist(), days.local_iso(jobs["visit_at"]).tolist()
    columns = (jobs["number"].tolist(), planned, ends, fitter, *jobs.lists("came", "note"))
    visits = []
    for turn, (number, plan, done, name, came, note) in enumerate(zip(*columns, strict=True)):
        result = (done, name, "repariert", note or None) if came else (None, name, None, None)
        remark = speech.said("repaired", turn)[0] if came and note >= 4 else None
        visits.append((number, plan, *result, remark))
    world.exports.database(FILE, SCHEMA, VISIT, visits)


def _tell(world: World, jobs: Rows) -> None:
    """A job without number and phone can be given to nobody: each of its events waits in quarantine."""
    reachable = (jobs["crm"] > 0) | (jobs["phone"] != "")
    rated = jobs["came"] & (jobs["note"] > 0)
    persons, every = world.persons(jobs["who"]), np.ones(len(jobs), bool)
    for suffix, there, at in (
        ("", every, jobs["asked_at"]),
        ("-termin", every, jobs["asked_at"] + 60),
        ("-fertig", jobs["came"], jobs["done_at"]),
        ("-urteil", rated, jobs["done_at"] + 60),
    ):
        known, lost = there & reachable, there & ~reachable
        keys = [f"{number}{suffix}" for number in jobs["number"][known].tolist()]
        world.truth.events("werkstatt", keys, persons[known], at[known])
        shown = [f"{number}{suffix}" for number in jobs["number"][lost].tolist()]
        world.truth.spoiled("werkstatt", "no_identifier", shown)


def _with_old(world: World, recent: Rows) -> Rows:
    """Add machines that were bought before any of these exports begins; their owners have no purchase here."""
    rng, people = world.rng("old machines"), world.people
    who = np.flatnonzero(people["known"] & (people["has_mobile"] | people["has_landline"]) & yes(rng, len(people), OLD))
    product = rng.integers(0, words.products().id.size, who.size)
    day = days.working_day(days.draw(rng, "large", who.size, days.DAYS - 8))
    at = days.moment(day, days.seconds(rng, who.size, "desk"))
    old = Rows(who=who, topic=words.products().topic[product], product=product, asked_at=at)
    old["serial"] = np.array([f"ALT-{number + 40_000}" for number in people["id"][who].tolist()], object)
    old["visit_at"] = days.moment(
        days.working_day(day + rng.integers(1, 5, who.size)), days.seconds(rng, who.size, "desk")
    )
    old["warranty"] = np.zeros(who.size, int)
    return Rows({name: np.concatenate([recent[name], old[name]]) for name in recent})
