"""Asks conditions of everybody at once: portable SQL over base and delta of the journal, and over the ledger's state.

Each condition becomes a table of customers. Values (a trait's, a property's) are judged once each, by the function that
judges them live; all else is SQL (``bulk.sql``), whose windows come in as moments.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import msgspec
import pyarrow as pa

from geleit.clock import local_day
from geleit.customers.profiles import GUESS
from geleit.history.delta import AsOf
from geleit.history.history import History
from geleit.history.statements import load_from
from geleit.segments import conditions as c
from geleit.segments.asking import Asked
from geleit.segments.comparison import Comparison
from geleit.segments.definition import Segment, the_segment
from geleit.segments.meaning import between, product_meant, value_at
from geleit.segments.state import open_state, tables_for

SQL = load_from(Path(__file__).parent / "bulk.sql")
NONE = -1  # for "no limit" in SQL
EVER = 2**62


class Census:
    """One state of history and ledger, of which any number of conditions are asked. Close it after use."""

    def __init__(self, history: History, asked: Asked, wanted: Sequence[c.Condition]) -> None:
        self.asked = asked
        every = [part for one in wanted for part in c.walk(one)]
        reached = [the_segment(asked.segments, name) for name in _reached(asked.segments, every)]
        every += [part for one in reached for part in c.walk(one.who)]
        self.duck = open_state(history, dict(tables_for(every)))
        self.as_of = AsOf(*self.duck.execute("SELECT * FROM as_of").fetchall()[0])
        self._made: dict[object, str] = {}
        self._number = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.duck.close()

    def ids(self, condition: c.Condition) -> list[str]:
        """Who fulfils a condition, in the order of ids."""
        rows = self._rows(f"SELECT customer_id FROM {self.table(condition)} ORDER BY customer_id")  # noqa: S608 (ours)
        return [row[0] for row in rows]

    def count(self, condition: c.Condition) -> int:
        """How many fulfil it."""
        return int(self._rows(f"SELECT count(*) FROM {self.table(condition)}")[0][0])  # noqa: S608 (ours)

    def some(self, condition: c.Condition, limit: int) -> list[str]:
        """A few who fulfil it."""
        query = f"SELECT customer_id FROM {self.table(condition)} ORDER BY customer_id LIMIT {int(limit)}"  # noqa: S608 (ours)
        return [row[0] for row in self._rows(query)]

    @property
    def everybody(self) -> int:
        """How many customers there are."""
        return int(self._rows("SELECT count(*) FROM person")[0][0])

    def table(self, condition: c.Condition) -> str:
        """The table of those who fulfil a condition; made once."""
        key = condition.model_dump_json(by_alias=True)
        if key not in self._made:
            self._made[key] = self._make(condition)
        return self._made[key]

    def selected(self, selector: c.Selector) -> str:
        """The table of the events that a selector means."""
        key = ("selected", selector.key)
        if key not in self._made:
            self._made[key] = self._select(selector, -EVER, self.asked.now)
        return self._made[key]

    def happened(self, selector: c.Selector, most: int) -> Iterator[list[tuple[Any, ...]]]:
        """The events that a selector means: (set, time, order, id, local day), so many at a time."""
        table = self.selected(selector)
        answer = self.duck.execute(f"SELECT set_key, t, ord, event_id, local_day FROM {table}")  # noqa: S608 (ours)
        while rows := answer.fetchmany(most):
            yield rows

    def restless(self, condition: c.Condition) -> set[str]:
        """Everybody whose answer may change by mere time, and maybe others."""
        found: set[str] = set()
        ahead = self._told_ahead()
        for part in c.walk(condition):
            if isinstance(part, c.InSegment):
                found |= self.restless(the_segment(self.asked.segments, part.segment).who)
            elif source := self._moving(part):
                found |= self._whose(source)
            for selector in c.selectors(part) if ahead else ():
                found |= self._whose(self._select(selector, self.asked.now, EVER))
        return found

    def _whose(self, source: str) -> set[str]:
        return {row[0] for row in self._rows(f"SELECT DISTINCT customer_id FROM {source}")}  # noqa: S608 (ours)

    def _told_ahead(self) -> bool:
        """Whether any event is told that is still to come."""
        return bool(self._rows("SELECT 1 FROM events WHERE t > $now LIMIT 1", {"now": self.asked.now}))

    def _moving(self, part: c.Condition) -> str:
        """Where those stand whom time alone may move; empty where it moves nobody."""
        if isinstance(part, c.Did) and (part.within or part.not_since):
            return self.selected(part.selector)
        if isinstance(part, c.Sequence) and (
            part.begun_within or (part.not_followed_by and part.not_followed_by.within)
        ):
            return self.selected(part.sequence[-1].selector)
        if isinstance(part, c.Trait) and part.moves:
            return "trait_told WHERE customer_id <> ''"
        if isinstance(part, c.Orders) and (part.within or part.not_since):
            return "order_told WHERE customer_id <> ''"
        return "need" if isinstance(part, c.NeedIs) else ""

    # --- one condition after another ----------------------------------------------------------------------------

    def _make(self, condition: c.Condition) -> str:
        if isinstance(condition, c.InSegment):
            return self.table(the_segment(self.asked.segments, condition.segment).who)
        if isinstance(condition, c.Not):
            return self._run("opposite", {}, other=self.table(condition.not_))
        if isinstance(condition, c.All | c.AnyOf):
            word = "INTERSECT" if isinstance(condition, c.All) else "UNION"
            parts = [f"SELECT customer_id FROM {self.table(one)}" for one in c.inner(condition)]  # noqa: S608 (ours)
            return self._create(
                f" {word} ".join(parts) if len(parts) > 1 else parts[0].replace("SELECT", "SELECT DISTINCT")
            )
        makers: dict[type, Callable[[Any], str]] = {
            c.Did: self._did,
            c.Sequence: self._sequence,
            c.Trait: self._trait,
            c.NeedIs: self._need,
            c.Orders: self._orders,
            c.ConsentIs: self._consent,
        }
        return makers[type(condition)](condition)

    def _did(self, did: c.Did) -> str:
        selected = self.selected(did.selector)
        first, end = between(did, self.asked.now, self.asked.zone)
        if did.not_since:
            return self._run(
                "not_since", {"first": did.not_since.begin(self.asked.now, self.asked.zone)}, selected=selected
            )
        if did.only != "any":
            way = "" if did.only == "first" else " DESC"
            order = ", ".join(name + way for name in ("t", "ord", "event_id"))
            plain = self.selected(did.plain)
            return self._run("edge", {"first": first, "end": end}, selected=selected, plain=plain, order=order)
        values = {"first": first, "end": end}
        enough = self._run("counted", values | {"low": did.low}, selected=selected) if did.low else ""
        if did.high is None:
            return enough
        more = self._run("counted", values | {"low": did.high + 1}, selected=selected)
        few = self._run("opposite", {}, other=more)
        both = f"SELECT customer_id FROM {few} INTERSECT SELECT customer_id FROM {enough}"  # noqa: S608 (ours)
        return self._create(both) if enough else few

    def _sequence(self, one: c.Sequence) -> str:
        steps = [self.selected(step.selector) for step in one.sequence]
        after = one.not_followed_by
        marked = self._create(_marked(steps, self.selected(after.selector) if after else ""))
        now, zone = self.asked.now, self.asked.zone
        wait = after.within if after else None
        return self._run(
            "sequence",
            {
                "first": between(one, now, zone)[0],
                "days": one.within.days if one.within and one.within.days is not None else NONE,
                "exact": one.within.exact if one.within and one.within.days is None else NONE,
                "after": NONE if after is None or wait else 0,
                "wait_exact": wait.exact if wait and wait.days is None else NONE,
                "wait_days": wait.days if wait and wait.days is not None else NONE,
                "now": now,
                "today": local_day(now, zone),
            },
            ways=self._create(_ways(marked, len(steps))),
        )

    def _trait(self, trait: c.Trait) -> str:
        named = {"name": trait.trait, "guess": GUESS + trait.trait, "guessed": trait.guessed}
        told = self._run("told_trait", named)
        passing = self._passing(f"SELECT DISTINCT value FROM {told}", trait, ())  # noqa: S608 (ours)
        missing = trait.holds(None, self.asked.now, self.asked.zone)
        return self._run("trait", {"missing": missing}, told=told, passing=passing)

    def _need(self, need: c.NeedIs) -> str:
        now, zone = self.asked.now, self.asked.zone
        spans = {"stage": need.stage_for, "opened": need.open_for, "silent": need.silent_for}
        bounds = {f"{name}_before": span.begin(now, zone) if span else EVER for name, span in spans.items()}
        closed = need.closed_within.begin(now, zone) if need.closed_within else -EVER
        values = {"any": "any" in need.need, "every": not need.stage, "now": now, "open": need.state == "open"}
        topics, stages = self._words(need.need), self._words(need.stage)
        return self._run("need", values | bounds | {"closed_after": closed}, topics=topics, stages=stages)

    def _orders(self, orders: c.Orders) -> str:
        if "order_of" not in self._made:
            self.duck.execute(SQL["order_of"])
            self._made["order_of"] = "order_of"
        now, zone = self.asked.now, self.asked.zone
        first, end = between(orders, now, zone)
        company = self.asked.setting.currency
        least, most = orders.spent_at_least, orders.spent_at_most
        amount = least or most
        values = {
            "first": first,
            "end": end,
            "currency": (amount.currency if amount else "") or company,
            "low": orders.low,
            "high": NONE if orders.at_most is None else orders.at_most,
            "least": least.minor(company) if least else NONE,
            "most": most.minor(company) if most else NONE,
            "before": orders.not_since.begin(now, zone) if orders.not_since else NONE,
        }
        more = ""
        if orders.products:
            more = f"AND line_event IN (SELECT value FROM {self._products(orders.products)})"  # noqa: S608 (ours)
        return self._run("orders", values, more=more)

    def _products(self, wanted: Sequence[str]) -> str:
        rows = self._rows("SELECT DISTINCT product_id, name FROM line_told")
        meant = [row for row in rows if product_meant(wanted, *row)]
        numbers, titles = (list(some) for some in (zip(*meant, strict=True) if meant else ((), ())))
        made = self._name()
        self.duck.from_arrow(
            pa.table({"product_id": pa.array(numbers, pa.string()), "name": pa.array(titles, pa.string())})
        ).create(made)
        return self._create(
            f"SELECT DISTINCT line_told.event_id AS value FROM line_told INNER JOIN {made} "  # noqa: S608 (ours)
            f"ON {made}.product_id = line_told.product_id AND {made}.name = line_told.name"
        )

    def _consent(self, consent: c.ConsentIs) -> str:
        answers = self._run("answer_of", {"purpose": consent.consent, "channel": consent.channel})
        return self._run("consent", {"wanted": consent.is_}, answers=answers)

    # --- events -------------------------------------------------------------------------------------------------

    def _select(self, selector: c.Selector, after: int, until: int) -> str:
        kinds = self._words(selector.did)
        more, values = "", {"after": after, "until": until}
        if selector.channel:
            more += f" AND events.channel IN (SELECT value FROM {self._words(selector.channel)})"  # noqa: S608 (ours)
        if selector.source:
            more += f" AND events.source IN (SELECT value FROM {self._words(selector.source)})"  # noqa: S608 (ours)
        for place, (name, comparison) in enumerate(selector.where.items()):
            root, *rest = name.split(".")
            path = "$.properties." + msgspec.json.encode(root).decode()
            passing = self._passing(SQL["told"].format(kinds=kinds), comparison, rest, path=path)
            values |= {f"path_{place}": path}  # type: ignore[dict-item]
            value = f"coalesce(cast(events.body -> $path_{place} AS varchar), '')"
            more += f" AND {value} IN (SELECT value FROM {passing})"  # noqa: S608 (ours)
        return self._run("selected", values, kinds=kinds, more=more)

    def _passing(self, query: str, comparison: Comparison, rest: Sequence[str], **values: object) -> str:
        """The table of those values (JSON, empty for none) of which a comparison holds."""
        now, zone = self.asked.now if comparison.moves else 0, self.asked.zone
        told = [row[0] for row in self._rows(query, values)]
        return self._words([text for text in told if comparison.holds(value_at(_read(text), rest), now, zone)])

    # --- tables -------------------------------------------------------------------------------------------------

    def _name(self) -> str:
        self._number += 1
        return f"made_{self._number}"

    def _words(self, values: Sequence[str]) -> str:
        made = self._name()
        self.duck.from_arrow(pa.table({"value": pa.array(sorted(set(values)), pa.string())})).create(made)
        return made

    def _run(self, statement: str, values: Mapping[str, object], **names: str) -> str:
        made = self._name()
        self.duck.execute(SQL[statement].format(made=made, **{"more": ""} | names), dict(values))
        return made

    def _create(self, query: str) -> str:
        made = self._name()
        self.duck.execute(f"CREATE TABLE {made} AS {query}")
        return made

    def _rows(self, query: str, values: Mapping[str, object] | None = None) -> list[tuple[Any, ...]]:
        return self.duck.execute(query, dict(values or {})).fetchall()


def _read(text: str) -> Any:
    return msgspec.json.decode(text) if text else None


def _reached(segments: Mapping[str, Segment], parts: Sequence[c.Condition]) -> list[str]:
    """The segments that conditions ask for, directly or through others."""
    found: list[str] = []
    open_names = [part.segment for part in parts if isinstance(part, c.InSegment)]
    while open_names:
        name = open_names.pop()
        if name not in found:
            found.append(name)
            open_names += the_segment(segments, name).nested
    return found


def _marked(steps: Sequence[str], after: str) -> str:
    """One row per event that is a step or what must not follow, with a mark for each."""
    tables = [*steps, after] if after else list(steps)
    names = [*(f"s{place}" for place in range(len(steps))), "n"]
    parts = []
    for place, table in enumerate(tables):
        marks = ", ".join(
            f"{int(name == (names[place] if table != after or place < len(steps) else 'n'))} AS {name}"
            for name in names
        )
        parts.append(f"SELECT customer_id, t, ord, event_id, local_day, {marks} FROM {table}")  # noqa: S608 (ours)
    highest = ", ".join(f"max({name}) AS {name}" for name in names)
    return (
        f"SELECT customer_id, t, ord, event_id, max(local_day) AS local_day, {highest} "  # noqa: S608 (ours)
        f"FROM ({' UNION ALL '.join(parts)}) AS parts GROUP BY customer_id, t, ord, event_id"
    )


def _ways(marked: str, steps: int) -> str:
    """Every event that is the last step, with the latest first step that leads to it and what follows next."""
    over = "PARTITION BY customer_id ORDER BY t, ord, event_id ROWS BETWEEN"
    first = (
        "w0 AS (SELECT *, CASE WHEN s0 = 1 THEN t END AS b0, CASE WHEN s0 = 1 THEN local_day END AS d0, "  # noqa: S608 (ours)
        "min(CASE WHEN n = 1 THEN t END) OVER later AS next_t, "
        "min(CASE WHEN n = 1 THEN local_day END) OVER later AS next_day "
        f"FROM {marked} WINDOW later AS ({over} 1 FOLLOWING AND UNBOUNDED FOLLOWING))"
    )
    parts = [first]
    for step in range(1, steps):
        before = step - 1
        parts.append(
            f"w{step} AS (SELECT *, CASE WHEN s{step} = 1 THEN max(b{before}) OVER earlier END AS b{step}, "  # noqa: S608 (ours)
            f"CASE WHEN s{step} = 1 THEN max(d{before}) OVER earlier END AS d{step} "
            f"FROM w{before} WINDOW earlier AS ({over} UNBOUNDED PRECEDING AND 1 PRECEDING))"
        )
    last = steps - 1
    return (
        f"WITH {', '.join(parts)} SELECT customer_id, t, local_day, b{last} AS begun_t, d{last} AS begun_day, "  # noqa: S608 (ours)
        f"next_t, next_day FROM w{last} WHERE b{last} IS NOT NULL"
    )
