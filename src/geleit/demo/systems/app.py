"""The app for one's own machines and points: Parquet with typed columns; the machines' heartbeats are among it."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from geleit.demo import days, words
from geleit.demo.chance import Rng, pick, yes
from geleit.demo.lives import later
from geleit.demo.people import mail_at
from geleit.demo.rows import Array, Rows, together
from geleit.demo.world import World

FILE = "geraete-app-2026-10.parquet"
SCREENS = ("app_opened", "points_viewed", "programme_chosen", "help_read", "receipt_viewed")
NONE = np.array(None, object)
VERSIONS = ("2.1.0", "2.2.0", "2.3.0", "2.4.1", "2.5.0")


def write(world: World) -> None:
    """Openings of the app, machines that were registered, new software, heartbeats."""
    rng = world.rng("app")
    parts = [_screens(world, rng), *_machines(world, rng)]
    rows = world.past(together(parts), "at").sorted_by("at")
    people, who, size = world.people, rows["who"], len(rows)
    numbers = [f"a{world.number:02d}-{n:07d}" for n in range(size)]
    mail = np.where(yes(rng, size, 0.9), mail_at(people, who, days.day_of(rows["at"])), NONE)
    own = rows["event"] != "heartbeat"
    world.truth.events("app", [numbers[n] for n in np.flatnonzero(own)], world.persons(who[own]), rows["at"][own])
    bad = np.concatenate([np.full(max(1, round(size * 0.0012)), 0), np.full(max(1, round(size * 0.001)), 1)])
    copied = rng.integers(0, size, bad.size)
    columns = {
        "event_id": [*numbers, *(f"x{world.number:02d}-{n:05d}" for n in range(bad.size))],
        "event": [*rows["event"].tolist(), *["app_opened"] * bad.size],
        "ts": [*rows["at"].tolist(), *np.where(bad == 0, 4_070_908_800, rows["at"][copied]).tolist()],
        "installation": [
            *people["installation"][who].tolist(),
            *np.where(bad == 0, people["installation"][who[copied]], NONE).tolist(),
        ],
        "account_email": [*mail.tolist(), *[None] * bad.size],
    }
    for name in ("device_serial", "model", "fw_from", "fw_to", "duration_s"):
        columns[name] = [*rows[name].tolist(), *[None] * bad.size]
    world.truth.spoiled("app", "time_out_of_range", [f"event of 2099, {n}" for n in range(int((bad == 0).sum()))])
    world.truth.spoiled("app", "no_identifier", [f"event of nobody, {n}" for n in range(int((bad == 1).sum()))])
    world.exports.table(FILE, _table(columns))


def _table(columns: dict[str, list[object]]) -> pa.Table:
    types = {"ts": pa.int64(), "duration_s": pa.int32()}
    table = {name: pa.array(values, types.get(name, pa.string())) for name, values in columns.items()}
    stamps = pa.array(np.array(columns["ts"], np.int64) * 1_000_000).cast(pa.timestamp("us", tz="UTC"))
    return pa.table(table | {"ts": stamps})


def _rows(who: Array, at: Array, event: Array) -> Rows:
    rows = Rows(who=who, at=at, event=event)
    for name in ("device_serial", "model", "fw_from", "fw_to", "duration_s"):
        rows[name] = np.full(who.size, None, object)
    return rows


def _screens(world: World, rng: Rng) -> Rows:
    people = world.people
    users = np.flatnonzero(people["in_app"])
    who = np.repeat(users, rng.poisson(5 + 34 * people["online"][users]))
    at = days.moment(days.draw(rng, "large", who.size), days.seconds(rng, who.size, "home"))
    return _rows(who, at, np.array(SCREENS, object)[pick(rng, who.size, (46, 22, 14, 6, 12))])


def _machines(world: World, rng: Rng) -> list[Rows]:
    """Machines that are registered after delivery, with heartbeats, and software that people load."""
    orders = world.orders
    owned = orders.take(
        orders["has_it"] & orders["large"] & orders["has_serial"] & world.people["in_app"][orders["who"]]
    )
    registered = owned.take(yes(rng, len(owned), 0.6))
    name = words.products().id[registered["product"]]
    at = registered["delivered_at"] + rng.integers(1800, 5 * days.DAY, len(registered))
    parts = []
    for event, when, share in (
        ("machine_registered", at, 1.0),
        ("heartbeat", at + rng.integers(3600, 20 * days.DAY, len(at)), 1.0),
        ("heartbeat", at + rng.integers(20 * days.DAY, 60 * days.DAY, len(at)), 1.0),
        ("firmware_updated", later(rng, at, rng.uniform(30, 200, len(at)), "home"), 0.6),
    ):
        mask = yes(rng, len(at), share)
        rows = _rows(registered["who"][mask], when[mask], np.full(int(mask.sum()), event, object))
        rows["device_serial"], rows["model"] = registered["serial"][mask], name[mask]
        if event == "firmware_updated":
            version = rng.integers(0, len(VERSIONS) - 1, len(rows))
            rows["fw_from"], rows["fw_to"] = (
                np.array(VERSIONS, object)[version],
                np.array(VERSIONS, object)[version + 1],
            )
            rows["duration_s"] = rng.integers(120, 700, len(rows)).astype(object)
        parts.append(rows)
    return parts
