"""Random logs, conditions, clocks and decisions, so small that whatever can happen happens often."""

import random
from contextlib import suppress
from datetime import datetime
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from geleit.clock import DAY, micros
from geleit.errors import GeleitError
from geleit.events.event import Event, Identifier
from geleit.identity.decisions import Note
from geleit.intake import slicing
from geleit.intake.inbox import take_inbox
from geleit.ledger import tables
from geleit.ledger.segment_tables import segment_move, segment_standing, segment_wait
from geleit.needs import recut
from geleit.segments import applying
from geleit.segments.asking import Asked
from geleit.segments.bulk import Census
from geleit.segments.definition import Segment
from geleit.segments.keeping import look_again
from geleit.workspace import deciding, open_workspace
from geleit.workspace.scaffold import init

HOUR = DAY // 24
# The last Sunday of October has 25 hours in Berlin.
BEGIN = micros(datetime(2026, 10, 22, 9, tzinfo=ZoneInfo("Europe/Berlin")))
NEEDS = """
needs:
  - topic: repair
    label: {en: repair}
    opens: [{kind: complaint_opened}]
    closes: [{kind: complaint_closed}, {kind: need_closed}]
    gap: 3 days
    reopens: 1 day
  - topic: purchase
    label: {en: purchase}
    opens: [{kind: product_viewed}]
    closes: [{kind: need_closed}]
    gap: 4 days
"""
OWN = """
kinds:
  repair_asked: {same_as: question_asked}
"""
SEEN = (
    "page_viewed",
    "repair_asked",
    "product_viewed",
    "complaint_opened",
    "complaint_closed",
    "question_asked",
    "need_closed",
)
KINDS = (*SEEN, *SEEN, "order_completed", "order_completed", "order_refunded", "order_cancelled", "consent_given")
KINDS = (*KINDS, "consent_withdrawn", "step_told", "judgement_given", "segment_entered")
NOTE = Note("Anja Kern", "so it is")


class World:
    """A workspace whose clock stands until it is moved."""

    def __init__(self, folder, seed, ledger=None):
        self.chance = random.Random(seed)
        self.now = BEGIN
        self.count = 0
        init(folder, name="Acme")
        (folder / "needs.yaml").write_text(NEEDS)
        (folder / "kinds.yaml").write_text(OWN)
        if ledger:
            ledger(folder)
        self.space = open_workspace(folder, clock=lambda: self.now)
        self.space.sync()
        self.segments = {}

    def apply(self, segments):
        self.segments = segments
        applying.apply(self.space.ledger, self.space.history, segments, self.space.intake.setting)

    def event(self):
        chance = self.chance
        self.count += 1
        kind = chance.choice(KINDS)
        who = [Identifier("shop.user_id", str(chance.randrange(5)))]
        if chance.random() < 0.15:
            who.append(Identifier("email", f"{chance.randrange(3)}@example.org"))
        if chance.random() < 0.3:
            who = [Identifier("email", f"{chance.randrange(3)}@example.org")]
        t = self.now - chance.choice((0, 0, 0, 1, HOUR, 5 * HOUR, DAY, 2 * DAY, 5 * DAY, -HOUR, -30 * HOUR))
        traits = {}
        if chance.random() < 0.3:
            traits["city"] = chance.choice(("Kassel", "kassel", "Fulda", ["Fulda", "Kassel"], 3))
        if chance.random() < 0.2:
            traits["due"] = chance.choice(("2026-10-24", "2026-10-25", "25.10.2026", "soon", "2026-10-26T10:00:00Z"))
        if chance.random() < 0.1:
            traits["guess.city"] = "Kassel"
        if chance.random() < 0.1:
            traits["consent.news"] = chance.random() < 0.5
        return Event(
            chance.choice(("shop", "crm")), f"k{self.count}", kind, t, tuple(who), traits=traits,
            properties=self._properties(kind), place={"channel": "store"} if chance.random() < 0.2 else {},
            rank=chance.choice((100, 100, 50)),
        )  # fmt: skip

    def _properties(self, kind):
        chance = self.chance
        found = {"v": chance.choice((1, 2, "2", "red", None, ["red", 7]))} if chance.random() < 0.6 else {}
        if kind.startswith("order_"):
            found["order_id"] = str(chance.randrange(6))
            if chance.random() < 0.8:
                found["total"] = chance.choice((10, 20, "99.5"))
            if chance.random() < 0.2:
                found["currency"] = "USD"
            if chance.random() < 0.6:
                product = {"product_id": chance.choice("ab"), "name": chance.choice(("Washer", "Dryer")), "price": 5}
                found["products"] = [product | {"category": chance.choice(("big", "small"))}]
        if kind.startswith("consent"):
            found["purpose"] = chance.choice(("news", "calls"))
            if chance.random() < 0.4:
                found["channel"] = "email"
        if kind == "step_told":
            found |= {"step": "page_viewed", "supposed": chance.random() < 0.5}
        return found

    def happen(self):
        """Something happens: events, a decision, or only time goes by."""
        chance, dice = self.chance, self.chance.random()
        if dice < 0.6:
            self.space.intake.accept([self.event() for _ in range(chance.choice((1, 1, 2, 5)))])
        elif dice < 0.9:
            self.now += chance.choice((1, HOUR, 7 * HOUR, DAY, DAY + HOUR, 3 * DAY))
        else:
            self._decide()

    def _decide(self):
        ids = [Identifier("shop.user_id", str(n)) for n in range(5)]
        ids += [Identifier("email", f"{n}@example.org") for n in range(3)]
        one, other = self.chance.sample(ids, 2)
        sides = [[one, other]] if self.chance.random() < 0.5 else [[one], [other]]
        with suppress(GeleitError):  # what cannot be decided is not decided
            deciding.decide(self.space, "merge" if len(sides) == 1 else "separate", sides, NOTE)

    def settle(self):
        """What the keeper does."""
        space = self.space
        for _ in range(20):
            list(slicing.cut_waiting(space.intake, space.history))
            list(recut.slices(space.ledger, space.history, space.catalogue, space.definitions.needs))
            looked = sum(look_again(space.ledger, space.intake.segments))
            if not looked + take_inbox(space.intake):
                break
        else:
            raise AssertionError("it does not come to rest")

    def bulk(self):
        asked = Asked(self.segments, self.space.intake.setting, self.now)
        with Census(self.space.history, asked, [one.who for one in self.segments.values()]) as census:
            return {name: set(census.ids(one.who)) for name, one in self.segments.items()}

    def live(self):
        found = {name: set() for name in self.segments}
        with self.space.ledger.read() as connection:
            standing = segment_standing.c
            query = sa.select(standing.segment, standing.customer_id).where(standing.member)
            for name, customer in connection.execute(query):
                found[name].add(customer)
            assert not connection.execute(sa.select(segment_wait)).all()
        return found

    def told(self):
        """How many moves were told, and how many events tell of one."""
        with self.space.ledger.read() as connection:
            moves = connection.execute(sa.select(segment_move.c.event_id)).scalars().all()
            query = sa.select(tables.outbox.c.event_id).where(tables.outbox.c.source == "geleit")
            return sorted(moves), sorted(connection.execute(query).scalars())


def conditions(chance, depth=0):
    """A random condition."""
    dice = chance.random()
    if depth < 2 and dice < 0.35:
        word = chance.choice(("all", "any", "not"))
        inner = [conditions(chance, depth + 1) for _ in range(1 if word == "not" else chance.choice((1, 2, 3)))]
        return {word: inner[0] if word == "not" else inner}
    return chance.choice((_did, _did, _did, _sequence, _sequence, _trait, _need, _need, _orders, _consent))(chance)


def _span(chance):
    return chance.choice(("1 day", "2 days", "3 days", "1 week", "5 hours", "24 hours", "36 hours", "30 minutes"))


def _selector(chance):
    found = {"did": chance.choice((["page_viewed"], ["product_viewed", "page_viewed"], ["question_asked"], ["order_completed"], ["repair_asked"], ["repair_asked", "order_completed"],
                                   ["complaint_opened", "need_closed", "product_viewed"], ["segment_entered"]))}  # fmt: skip
    if chance.random() < 0.3:
        where = (
            {"v": 2},
            {"v": {"exists": False}},
            {"v": ["red", 1]},
            {"v": {"above": 1}},
            {"products.category": "big"},
        )
        found["where"] = chance.choice(where)
    if chance.random() < 0.1:
        found["channel"] = "store"
    if chance.random() < 0.1:
        found["source"] = ["crm"]
    return found


def _did(chance):
    found = _selector(chance)
    form = chance.choice(("often", "often", "few", "range", "never", "only", "not_since"))
    found |= {
        "often": {"at_least": chance.choice((1, 2, 3))}, "few": {"at_most": chance.choice((0, 1, 2))},
        "range": {"at_least": 1, "at_most": 2}, "never": {"never": True}, "only": {"only": chance.choice(("first", "last"))},
        "not_since": {"not_since": _span(chance)},
    }[form]  # fmt: skip
    if form != "not_since":
        when = (
            {},
            {},
            {"within": _span(chance)},
            {"within": _span(chance)},
            {"since": "2026-10-23"},
            {"until": "2026-10-26"},
        )
        found |= chance.choice(when)
    return found


def _sequence(chance):
    found = {"sequence": [_selector(chance) for _ in range(chance.choice((1, 2, 2, 3)))]}
    if chance.random() < 0.6:
        found["within"] = _span(chance)
    if chance.random() < 0.4:
        found["begun_within"] = _span(chance)
    if chance.random() < 0.5:
        found["not_followed_by"] = _selector(chance) | ({"within": _span(chance)} if chance.random() < 0.6 else {})
    return found


def _trait(chance):
    if chance.random() < 0.5:
        asked = (
            {"is": "Kassel"},
            {"is_not": "Kassel"},
            {"exists": False},
            {"one_of": ["Fulda", 3]},
            {"contains": "ass"},
        )
        return {"trait": "city", "guessed": chance.random() < 0.3} | chance.choice(asked)
    asked = (
        {"before": "today"},
        {"after": "1 day ago"},
        {"within_last": _span(chance)},
        {"within_next": _span(chance)},
    )
    return {"trait": "due"} | chance.choice((*asked, {"before": "2026-10-26"}))


def _need(chance):
    found = {"need": chance.choice(("any", "repair", ["repair", "purchase"]))}
    if chance.random() < 0.3:
        return found | {"state": "closed"} | ({"closed_within": _span(chance)} if chance.random() < 0.6 else {})
    if chance.random() < 0.5:
        found["stage"] = chance.choice(("inform", ["service", "inform"]))
    if chance.random() < 0.6:
        found[chance.choice(("stage_for", "open_for", "silent_for"))] = _span(chance)
    return found


def _orders(chance):
    form = chance.choice((
        {}, {"at_least": 2}, {"at_most": 1}, {"spent_at_least": "20 EUR"}, {"spent_at_most": "100"},
        {"spent_at_least": "10 USD"}, {"not_since": _span(chance)},
    ))  # fmt: skip
    found = {"orders": "any"} | form
    if "not_since" not in form and chance.random() < 0.5:
        found |= chance.choice(({"within": _span(chance)}, {"since": "2026-10-23"}))
    if chance.random() < 0.3:
        found["products"] = chance.choice((["a"], ["wash"]))
    return found


def _consent(chance):
    found = {"consent": chance.choice(("news", "calls")), "is": chance.choice(("given", "withdrawn", "unknown"))}
    return found | ({"channel": "email"} if chance.random() < 0.5 else {})


def segments(chance, count=6):
    """Some random segments; later ones may ask for earlier ones."""
    made = {}
    for number in range(count):
        who = conditions(chance)
        if made and chance.random() < 0.3:
            who = {"all": [who, {"not": {"segment": chance.choice(list(made))}}]}
        made[f"s{number}"] = Segment.model_validate({"who": who})
    return made
