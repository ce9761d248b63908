"""Random logs with everything that breaks counting: ties, repeats, single events, unknown kinds, days of a clock change."""

import hashlib
import os
import random
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa

from geleit.analytics.desk import Desk
from geleit.events.kinds import Catalogue, Kind, Kinds
from geleit.history import reading
from geleit.history.columns import NAMES, Columns, Part

LOGS = int(os.environ.get("GELEIT_LOGS", "4"))
SPLIT = 5
ZONE = ZoneInfo("Europe/Berlin")
CLOCK_CHANGES = (datetime(2026, 3, 29, tzinfo=ZONE), datetime(2026, 10, 25, tzinfo=ZONE))
KINDS = ("page_viewed", "product_viewed", "question_asked", "order_completed", "nobody_knows", "Grüße, 'Zitat'")
CATALOGUE = Catalogue(Kinds(kinds={kind: Kind() for kind in KINDS}))
CHANNELS = ("web", "store", "phone", "")
STAGES = ("need", "inform", "configure", "order", "service", "resolved", "")
MINUTE = 60_000_000
SCHEMA = pa.schema(
    [(name, pa.string()) for name in ("customer_id", "need_id", "event_id", "kind", "own_kind", "channel", "stage")]
    + [("t", pa.int64()), ("ord", pa.int64()), ("local_day", pa.int32()), ("step", pa.bool_()), ("contact", pa.bool_())]
    + [(name, pa.string()) for name in ("evidence", "initiator", "source", "record", "body")]
)


@dataclass(frozen=True)
class Seen:
    """One event of a log."""

    customer_id: str
    need_id: str
    event_id: str
    kind: str
    channel: str
    stage: str
    t: int
    ord: int
    local_day: int
    step: bool
    contact: bool
    evidence: str
    initiator: str
    own_kind: str = ""
    source: str = "s"
    record: str = ""
    body: str = ""


def invent(chance, customers=9, most=12):
    """One log; small, so that whatever can happen happens often."""
    found = []
    for customer in range(chance.choice((0, 1, customers, customers, customers, customers))):
        season = chance.choice(CLOCK_CHANGES)
        for number in range(chance.choice((1, 2, 3, most, most, most * 2))):
            moment = season + timedelta(
                days=chance.choice((0, 0, 0, 0, -2, 7, 40)), minutes=30 * chance.randint(-6, 12)
            )
            day = moment.astimezone(ZONE).date().toordinal() - 719163
            kind = chance.choice(KINDS[: chance.choice((3, 4, 6))])
            found.append(
                Seen(
                    customer_id="" if customer == 7 else f"c{customer:x}",
                    need_id=chance.choice(("", *[f"n{customer}a"] * 5, f"n{customer}b", f"n{customer}b")),
                    event_id=f"e{chance.random():.9f}{number}",
                    kind=kind,
                    own_kind=chance.choice((kind, f"our {kind}", KINDS[0])),
                    channel=chance.choice(CHANNELS),
                    stage=chance.choice(STAGES),
                    t=int(moment.timestamp()) * 1_000_000,
                    ord=chance.randint(0, 2),
                    local_day=day,
                    step=chance.random() < 0.9,
                    contact=chance.random() < 0.5,
                    evidence="gap" if chance.random() < 0.05 else "log",
                    initiator="person" if chance.random() < 0.7 else "company",
                )
            )
    return found


def topic_of(need_id):
    return {"a": "first", "b": "second"}.get(need_id[-1:], "")


def lot_of(customer):
    """By lot into 32 parts of people."""
    return hashlib.md5(customer.encode(), usedforsecurity=False).digest()[0] // 8


class Split(Columns):
    """The same events in two parts, as base and delta would hold them; the base also holds what the delta replaces."""

    dirty: frozenset = frozenset()

    @property
    def parts(self):
        whole = super().parts[0]
        names = self._values("delta_customers")
        stale = np.array([name in self.dirty for name in names], np.bool_)
        inside = stale[whole.column("customer")] if names else np.zeros(0, np.bool_)
        renumbered = np.cumsum(stale) - 1
        columns = {name: whole.column(name)[inside] for name in NAMES}
        columns["customer"] = renumbered[columns["customer"]].astype(np.int32)
        return (
            Part(whole.column, whole.keep & ~stale),
            Part(columns.__getitem__, np.array([n != "" for n in names if n in self.dirty], np.bool_)),
        )

    @property
    def lots(self):
        names = self._values("delta_customers")
        found = np.array([lot_of(name) for name in names], np.uint8)
        return [found, found[np.array([name in self.dirty for name in names], np.bool_)]]

    def chosen(self, customers):
        names = self._values("delta_customers")
        wanted = np.array([name in set(customers) for name in names], np.bool_)
        stale = np.array([name in self.dirty for name in names], np.bool_)
        return [wanted, wanted[stale]]

    def among_needs(self, needs):
        self.duck.register("wanted", pa.table({"need_id": pa.array(needs, pa.string())}))
        mask = np.zeros(int(max((part.column("need").max(initial=0) for part in self.parts), default=0)) + 1, np.bool_)
        mask[self._values("delta_needs")] = True
        return [mask, mask]


def opened(events, dirty=(), now=1):
    """The log as base and delta."""
    duck = reading.connect(threads="1")
    rows = pa.Table.from_pylist([vars(event) for event in events], schema=SCHEMA)
    duck.from_arrow(rows).create("delta")
    duck.execute("CREATE VIEW events AS FROM delta")
    duck.execute(
        "CREATE TABLE as_of AS SELECT 1::BIGINT AS g, 1::BIGINT AS c, 1::BIGINT AS l, $now::BIGINT AS a", {"now": now}
    )
    columns = Split(duck, None, [stage for stage in STAGES if stage])
    columns.dirty = frozenset(dirty)
    return columns


def desk_of(events, dirty=(), now=1):
    """A desk whose history is the log."""
    columns = opened(events, dirty, now)
    desk = Desk(SimpleNamespace(open_columns=lambda: columns, as_of=lambda: columns.as_of), CATALOGUE, "Europe/Berlin")
    desk._needs_of = lambda topic: sorted({one.need_id for one in events if topic_of(one.need_id) == topic})
    return desk


def journeys(events, question):
    """The journeys of a log by the meaning of the words: {(customer, need): events in order}."""
    found = {}
    for event in sorted(events, key=lambda one: (one.t, one.ord, one.event_id)):
        counts = event.customer_id and event.evidence != "gap" and (event.step or question.notes)
        if question.segment is not None and event.customer_id not in question.segment:
            counts = False
        if question.period_of == "events" and not inside(event.local_day, question):
            counts = False
        if question.unit == "need" and not event.need_id:
            counts = False
        if question.topic and topic_of(event.need_id) != question.topic:
            counts = False
        if counts:
            need = event.need_id if question.unit == "need" else ""
            seen = replace(event, kind=event.own_kind) if question.own_kinds else event
            found.setdefault((event.customer_id, need), []).append(seen)
    if question.period_of == "journeys":
        found = {unit: way for unit, way in found.items() if inside(way[0].local_day, question)}
    return found


def inside(local_day, question):
    first, last = question.days
    return first <= local_day < last


def asked(chance, model, **more):
    """A question with random surroundings."""
    values = {"unit": chance.choice(("need", "customer")), "notes": chance.random() < 0.3, "limit": 10_000}
    values["own_kinds"] = chance.random() < 0.2
    if chance.random() < 0.3:
        values["since"] = datetime(2026, 3, chance.randint(27, 31), tzinfo=ZONE).date()
    if chance.random() < 0.3:
        values["until"] = datetime(2026, 10, chance.randint(24, 30), tzinfo=ZONE).date()
    if chance.random() < 0.5:
        values["period_of"] = "events"
    if chance.random() < 0.2:
        values["topic"] = chance.choice(("first", "second"))
    if chance.random() < 0.2:
        values["segment"] = ("c0", "c3", "c4", "cx")
    return model(**(values | more))


def nearest_rank(values, percent):
    """The smallest value with at least that share at or below it."""
    ordered = sorted(values)
    return next(v for place, v in enumerate(ordered, 1) if place * 100 >= percent * len(ordered))


def compare(seed, model, oracle, now=1, **more):
    """Kernels, reference SQL and brute force agree, and every cell opens to its people."""
    chance = random.Random(seed)
    events = invent(chance)
    dirty = {f"c{n:x}" for n in range(8) if chance.random() < 0.3}
    question = asked(chance, model, **(more if not callable(more.get("choose")) else more["choose"](chance)))
    desk = desk_of(events, dirty, now)
    fast, slow = desk.ask(question), desk.ask(question, "sql")
    ways = journeys(events, question)
    assert fast.population == slow.population, seed
    assert fast.population.journeys == len(ways), seed
    assert fast.population.events == sum(map(len, ways.values())), seed
    assert fast.population.people == len({customer for customer, _ in ways}), seed
    assert fast.rows == slow.rows, seed
    state = desk._state
    question = question.renamed(CATALOGUE.canonical)
    assert state.counts(question, "kernels") == state.counts(question, "sql"), seed
    oracle(question, ways, fast, seed)
    return fast
