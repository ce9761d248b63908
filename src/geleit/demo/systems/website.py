"""Website statistics: one line of JSON per visit, milliseconds since 1970, English names."""

from __future__ import annotations

from typing import Any

import numpy as np

from geleit.demo import words
from geleit.demo.chance import Rng, pick, yes
from geleit.demo.days import DAY, day_of
from geleit.demo.dirt import Change, Dirt, changed, cut_off, spoil
from geleit.demo.people import mail_at
from geleit.demo.rows import Array, Rows
from geleit.demo.world import World

FILE = "webanalyse-besuche.jsonl"
DEVICES = ("smartphone", "desktop", "tablet")
CRITERIA = ("price", "energy", "size", "quiet")
CAME = ("search", "price_portal", "direct")


def write(world: World) -> None:
    """How people came to the website, what they remembered and compared there."""
    rng = world.rng("website")
    visits = _visits(world, rng)
    lines = _lines(world, rng, visits)
    world.exports.lines(FILE, "", spoil(world, "web", lines, _PLAN, repeated=0.003))


def _visits(world: World, rng: Rng) -> Rows:
    """One or two visits for most needs of people who look on the web, before they decide."""
    needs, people = world.needs, world.people
    counts = np.where(
        yes(rng, len(needs), 0.35 + 0.5 * people["online"][needs["who"]]), rng.integers(1, 3, len(needs)), 0
    )
    rows = needs.take(np.repeat(np.arange(len(needs)), counts))
    span = np.where(rows["bought"], rows["ordered_at"] - rows["opened"], 18 * DAY)
    rows["at"] = rows["opened"] + (rng.random(len(rows)) * span * 0.8).astype(np.int64)
    rows = world.past(rows, "at").sorted_by("at")
    size = len(rows)
    rows["came"] = pick(rng, size, (55, 22, 23))
    rows["device"] = pick(rng, size, (52, 36, 12))
    logged = world.people["in_shop"][rows["who"]] & yes(rng, size, 0.22)
    rows["logged"] = logged
    rows["remembered"] = np.where(yes(rng, size, 0.4), rng.integers(1, 6, size), 0)
    rows["compared"] = np.where(yes(rng, size, 0.35), rng.integers(2, 5, size), 0)
    rows["criteria"] = np.where(yes(rng, size, 0.3), rng.integers(1, 16, size), 0)
    rows["pages"], rows["minutes"] = rng.integers(2, 22, size), rng.integers(1, 28, size)
    return rows


def visitor(people: Rows, who: Array, device: Array) -> Array:
    """The browser of a visit: phone, desktop, or a tablet that the household shares."""
    tablet = np.where(people["has_tablet"][who], people["tablet"][who], people["work_web"][who])
    return np.where(device == 0, people["phone_web"][who], np.where(device == 1, people["desk_web"][who], tablet))


def _lines(world: World, rng: Rng, rows: Rows) -> list[str]:
    people, topics = world.people, words.topics()
    ids = [words.products().id[list(topic.products)].tolist() for topic in topics]
    queries = [
        (f"{t.de.lower()} kassel", f"{t.de.lower()} leise", f"{t.de.lower()} test", f"{t.de.lower()} reparatur")
        for t in topics
    ]
    names = [f"{topic.en}s" if not topic.en.endswith("s") else topic.en for topic in topics]
    browser = visitor(people, rows["who"], rows["device"]).tolist()
    mail = mail_at(people, rows["who"], day_of(rows["at"])).tolist()
    account = people["shop"][rows["who"]].tolist()
    which = rng.integers(0, 4, len(rows)).tolist()
    keys, owners, times, lines = [], [], [], []
    columns = rows.lists(
        "topic", "at", "came", "device", "logged", "remembered", "compared", "criteria", "pages", "minutes", "who"
    )
    for n, (topic, at, came, device, logged, kept, compared, chosen, pages, minutes, who) in enumerate(
        zip(*columns, strict=True)
    ):
        key = f"w{world.number:02d}-{n:06d}"
        query = f'"{queries[topic][which[n]]}"' if came == 0 else "null"
        portal = {0: '"Google"', 1: '"preisvergleich.example"', 2: "null"}[came]
        wanted = [name for bit, name in enumerate(CRITERIA) if chosen >> bit & 1]
        login = f'{{"email":"{mail[n]}","account":"{account[n]}"}}' if logged else "null"
        lines.append(
            f'{{"visit_id":"{key}","visitor":"{browser[n]}","started_at":{at * 1000},"referrer":{{"type":"{CAME[came]}",'
            f'"name":{portal},"query":{query}}},"category":"{names[topic]}","device":"{DEVICES[device]}","pages":{pages},'
            f'"minutes":{minutes},"shortlist":{_list(ids[topic][:kept])},"compared":{_list(ids[topic][:compared])},'
            f'"saved_criteria":{_list(wanted)},"login":{login}}}'
        )
        own = [key, *(f"{key}-{name}" for name in wanted), *([f"{key}-login"] if logged else [])]
        keys.extend(own)
        owners.extend([who] * len(own))
        times.extend([at] * len(own))
    world.truth.events("web", keys, world.persons(np.array(owners, int)), np.array(times))
    return lines


def _list(values: list[str]) -> str:
    return "[" + ",".join(f'"{value}"' for value in values) + "]"


def _plain(**changes: Any) -> Change:
    def change(visit: dict[str, Any]) -> None:
        visit |= {"saved_criteria": [], "login": None} | changes

    return change


_PLAN = (
    Dirt("bad_json", 0.0016, cut_off),
    Dirt("time_out_of_range", 0.0007, changed("visit_id", _plain(started_at=4_070_908_800_000))),
    Dirt("no_identifier", 0.0012, changed("visit_id", _plain(visitor=None))),
)
