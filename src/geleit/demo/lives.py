"""What people live through: a need arises, they inform themselves, ask, buy or not, wait, complain, are helped, come back.

Each function adds columns for all needs at once. What happens later is drawn later than what it follows.
"""

from __future__ import annotations

import numpy as np

from geleit.demo import days, words
from geleit.demo.chance import Rng, days_after, pick, yes
from geleit.demo.days import DAY
from geleit.demo.rows import Array, Rows, together
from geleit.demo.stories import CAUSES, CHANCES, FELT, OUTCOMES, QUESTIONS

TRIGGERS = ("broke", "wish", "move", "gift", "heat")
REPAIR = QUESTIONS.index("repair")


def later(rng: Rng, t: Array, wait: Array, hours: str) -> Array:
    """A moment in these hours at least a day, and about so many days, after another one."""
    day = days.day_of(t) + np.maximum(1, np.ceil(wait)).astype(np.int64)
    if hours != "home":
        day = days.open_day(day) if hours == "shop" else days.working_day(day)
    return days.moment(day, days.seconds(rng, t.size, hours))


def end() -> int:
    """The first second that no export holds."""
    return int(days.moment(np.array([days.DAYS]), np.array([0]))[0])


def live(rng: Rng, people: Rows) -> tuple[Rows, Rows]:
    """All needs of these people, with what became of them; and all complaints."""
    counts = rng.poisson(np.where(people["known"], 1.35, 0.9))
    who = np.repeat(np.arange(len(people)), counts)
    first = _opened(rng, who, None)
    _live(rng, people, first, np.full(who.size, -1))
    back = yes(rng, who.size, np.array(CHANCES.comes_back)[first["felt"]]) & first["bought"]
    follow = np.flatnonzero(back & (first["felt_at"] < end() - 20 * DAY))
    opened = later(rng, first["felt_at"][follow], rng.uniform(15, 140, follow.size), "home")
    second = _opened(rng, who[follow], opened)
    _live(rng, people, second, first["felt"][follow])
    first["bought_again"] = np.zeros(who.size, bool)
    again = second["bought"] & (second["ordered_at"] <= first["felt_at"][follow] + 180 * DAY)
    first["bought_again"][follow[again & (second["ordered_at"] < end())]] = True
    second["bought_again"] = np.zeros(follow.size, bool)
    first["turn"], second["turn"] = np.ones(who.size, int), np.full(follow.size, 2)
    needs = together([first, second])
    needs = needs.take(needs["opened"] < end() - DAY).sorted_by("opened")
    needs["number"] = np.arange(len(needs))
    needs["id"] = people["id"][needs["who"]] * 100 + _running(needs["who"])
    return needs, _complaints(needs)


def _running(who: Array) -> Array:
    """0, 1, 2 for the first, second, third need of the same person."""
    order = np.argsort(who, kind="stable")
    ranked = who[order]
    starts = np.flatnonzero(np.r_[True, ranked[1:] != ranked[:-1]])
    result = np.empty(who.size, int)
    result[order] = np.arange(who.size) - np.repeat(starts, np.diff(np.r_[starts, who.size]))
    return result


def _opened(rng: Rng, who: Array, at: Array | None) -> Rows:
    topics = words.topics()
    topic = pick(rng, who.size, [one.weight for one in topics])
    ids = [one.id for one in topics]
    cooling = np.isin(topic, [ids.index("fan"), ids.index("air_conditioner")])
    gifts = np.isin(topic, [ids.index("coffee_machine"), ids.index("vacuum")])
    if at is None:
        day = np.where(
            cooling,
            days.draw(rng, "heat", who.size),
            np.where(gifts, days.draw(rng, "gift", who.size), days.draw(rng, "large", who.size)),
        )
        at = days.moment(day, days.seconds(rng, who.size, "home"))
    day = days.day_of(at)
    trigger = pick(rng, who.size, (52, 32, 16))
    trigger = np.where(gifts & days.within(day, days.CHRISTMAS) & yes(rng, who.size, 0.7), 3, trigger)
    trigger = np.where(cooling & ~np.isin(trigger, [2]) & yes(rng, who.size, 0.85), 4, trigger)
    sold_out = cooling & days.within(day, days.SOLD_OUT)
    return Rows(who=who, topic=topic, opened=at, trigger=trigger, cooling=cooling, sold_out=sold_out)


def _live(rng: Rng, people: Rows, needs: Rows, before: Array) -> None:
    _ask(rng, people, needs)
    _decide(rng, people, needs, before)
    _choose(rng, people, needs)
    _deliver(rng, needs)
    _complain(rng, needs)
    _break(rng, needs)
    _feel(needs)


def _ask(rng: Rng, people: Rows, needs: Rows) -> None:
    """Questions before buying: where, about what, answered when; repair is asked about where nobody knows at once."""
    size, who = needs["who"].size, needs["who"]
    needs["asks"] = people["known"][who] & yes(rng, size, 0.5)
    needs["place"] = np.where(
        people["online"][who] > rng.random(size) * 1.25, pick(rng, size, (30, 18, 52)), pick(rng, size, (68, 27, 5))
    )
    needs["place"] = np.where((needs["place"] == 2) & ~people["has_mail"][who], 0, needs["place"])
    callable_ = people["has_mobile"][who] | people["has_landline"][who]
    needs["place"] = np.where((needs["place"] == 1) & ~callable_, 0, needs["place"])
    needs["asks"] &= (needs["place"] > 0) | people["in_crm"][who]  # only what some system writes down
    needs["question"] = pick(rng, size, (22, 11, 17, 15, 11, 24))
    asked = days_after(rng, size, 2.2)
    hours = [later(rng, needs["opened"], asked, kind) for kind in ("shop", "desk", "home")]
    needs["asked_at"] = np.choose(needs["place"], hours)
    crisis = days.within(days.day_of(needs["asked_at"]), days.CRISIS)
    share = np.array([[0.97, 0.9, 0.8], [0.74, 0.7, 0.58]])[(needs["question"] == REPAIR).astype(int), needs["place"]]
    needs["answered"] = needs["asks"] & yes(rng, size, share - 0.15 * (crisis & (needs["place"] > 0)))
    at_once = needs["asked_at"] + rng.integers(60, 600, size)
    next_days = later(rng, needs["asked_at"], days_after(rng, size, 1.0), "desk")
    needs["answered_at"] = np.where(needs["place"] == 2, next_days, at_once)


def _decide(rng: Rng, people: Rows, needs: Rows, before: Array) -> None:
    size, who = needs["who"].size, needs["who"]
    chance = np.where(people["known"][who], CHANCES.buys, CHANCES.stranger_buys)
    repair = needs["question"] == REPAIR
    answered = np.where(repair, CHANCES.repair_answered_buys, CHANCES.answered_buys)
    left_open = np.where(repair, CHANCES.repair_unanswered_buys, CHANCES.unanswered_buys)
    chance = np.where(needs["asks"], np.where(needs["answered"], answered, left_open), chance)
    chance = np.where(before >= 0, np.array(CHANCES.buys_again)[before], chance)
    chance = np.where(needs["sold_out"], CHANCES.sold_out_buys, chance)
    needs["bought"] = yes(rng, size, chance)
    since = np.where(
        needs["asks"], np.where(needs["answered"], needs["answered_at"], needs["asked_at"]), needs["opened"]
    )
    wait = days_after(rng, size, 3.5)
    broke = needs["trigger"] == 0
    wait = np.where(broke, np.minimum(wait, 9), wait)
    in_shop = people["in_shop"][who] & yes(rng, size, 0.25 + 0.65 * people["online"][who])
    needs["in_shop"] = in_shop
    needs["ordered_at"] = np.where(in_shop, later(rng, since, wait, "home"), later(rng, since, wait, "shop"))
    needs["bought"] &= needs["ordered_at"] < end()
    needs["recorded"] = people["known"][who]


def _choose(rng: Rng, people: Rows, needs: Rows) -> None:
    size = needs["who"].size
    share, product = rng.random(size), np.zeros(size, int)
    large = np.zeros(size, bool)
    for number, topic in enumerate(words.topics()):
        here = needs["topic"] == number
        product[here] = np.array(topic.products)[np.searchsorted(topic.chances, share[here] * 0.999999, side="right")]
        large[here] = topic.large
    needs["product"] = product
    firm = people["firm"][needs["who"]] >= 0
    needs["quantity"] = np.where(firm & yes(rng, size, 0.4), rng.integers(2, 5, size), 1)
    cents = words.products().cents[product]
    cheaper = needs["asks"] & needs["answered"] & (needs["question"] == QUESTIONS.index("price")) & (cents > 30_000)
    needs["cents"] = np.where(cheaper & yes(rng, size, 0.5), (cents * 95 // 10_000) * 100, cents)
    needs["large"] = large
    needs["toured"] = needs["bought"] & large & yes(rng, size, 0.92)
    needs["parcel"] = needs["bought"] & ~large & needs["in_shop"]


def _deliver(rng: Rng, needs: Rows) -> None:
    """Promised days and real ones; in the crisis most are missed and some orders are cancelled."""
    size, ordered = needs["who"].size, days.day_of(needs["ordered_at"])
    large = needs["toured"]
    promised = days.working_day(ordered + np.where(large, rng.integers(4, 10, size), rng.integers(2, 4, size)))
    promised = np.where(
        days.within(promised, (days.BEGIN, days.END)) & (days.weekday(promised) > 4), promised + 2, promised
    )
    needs["promised"] = promised
    needs["crisis"] = large & days.within(promised, days.CRISIS)
    brought = large | needs["parcel"]
    needs["late"] = brought & yes(rng, size, np.where(needs["crisis"], CHANCES.crisis_late, CHANCES.late))
    delay = np.where(needs["crisis"], 2 + rng.geometric(0.13, size), rng.integers(1, 5, size))
    needs["delay"] = np.where(needs["late"], np.minimum(delay, 40), 0)
    came = days.working_day(promised + needs["delay"])
    needs["delivered_at"] = np.where(
        brought, days.moment(came, (8.2 * 3600 + rng.random(size) * 9 * 3600).astype(int)), needs["ordered_at"]
    )
    needs["missed"] = large & ~needs["late"] & yes(rng, size, 0.04)  # nobody was at home; a second tour comes next day
    needs["missed_at"] = needs["delivered_at"]
    again = days.working_day(came + 1)
    second = days.moment(again, (8.2 * 3600 + rng.random(size) * 9 * 3600).astype(int))
    needs["delivered_at"] = np.where(needs["missed"], second, needs["delivered_at"])
    cancels = yes(rng, size, np.where(needs["late"] & (needs["delay"] >= 6), CHANCES.late_cancels, 0.0))
    cancels |= brought & ~needs["late"] & yes(rng, size, 0.012) & (promised > ordered + 3)
    needs["cancelled"] = brought & cancels
    waited = np.where(needs["late"], promised + rng.integers(2, 5, size), ordered + 1)
    needs["cancelled_at"] = days.moment(waited, days.seconds(rng, size, "desk"))
    needs["cancelled"] &= (needs["cancelled_at"] < end()) & (days.day_of(needs["delivered_at"]) > waited)
    needs["cancelled_at"] = np.maximum(needs["cancelled_at"], needs["ordered_at"] + 1200)
    needs["has_it"] = needs["bought"] & ~needs["cancelled"] & (needs["delivered_at"] < end())
    needs["asks_status"] = needs["late"] & yes(rng, size, 0.62)
    needs["status_at"] = later(rng, days.moment(promised, np.zeros(size)), rng.integers(1, 3, size), "desk")
    needs["asks_status"] &= (needs["status_at"] < needs["delivered_at"]) & (
        ~needs["cancelled"] | (needs["status_at"] < needs["cancelled_at"])
    )


def _complain(rng: Rng, needs: Rows) -> None:
    """Complaints about late and damaged deliveries, and what became of them."""
    size = needs["who"].size
    late = needs["late"] & yes(rng, size, CHANCES.late_complains)
    damaged = needs["has_it"] & ~late & (needs["toured"] | needs["parcel"]) & yes(rng, size, 0.035)
    needs["complains"] = late | damaged
    needs["cause"] = np.where(late, CAUSES.index("late"), CAUSES.index("damaged"))
    since = np.where(late, days.moment(needs["promised"], np.zeros(size)), needs["delivered_at"])
    needs["complained_at"] = later(rng, since, rng.integers(1, 5, size), "desk")
    for_late = np.array([0, 1])[pick(rng, size, (60, 40))]  # open, excused
    for_damage = np.array([0, 2, 4])[pick(rng, size, (28, 32, 40))]  # open, refunded, repaired
    needs["outcome"] = np.where(late, for_late, for_damage)
    needs["settled_at"] = later(rng, needs["complained_at"], days_after(rng, size, 4), "desk")


def _break(rng: Rng, needs: Rows) -> None:
    """Machines that fail within warranty: some are repaired at home by the workshop, some owners are left alone."""
    size = needs["who"].size
    needs["breaks"] = needs["has_it"] & yes(rng, size, CHANCES.defect) & needs["recorded"]
    needs["broke_at"] = later(rng, needs["delivered_at"], rng.uniform(12, 170, size), "desk")
    needs["breaks"] &= needs["broke_at"] < end()
    needs["repaired"] = needs["breaks"] & yes(rng, size, CHANCES.defect_repaired)
    needs["visit_at"] = later(rng, needs["broke_at"], rng.integers(1, 4, size), "desk")
    needs["repaired"] &= needs["visit_at"] < end()
    needs["defect_outcome"] = np.where(needs["repaired"], 4, np.array([0, 2, 3])[pick(rng, size, (62, 14, 24))])
    needs["defect_settled_at"] = np.where(
        needs["repaired"], needs["visit_at"] + 9000, later(rng, needs["broke_at"], days_after(rng, size, 6), "desk")
    )


def _feel(needs: Rows) -> None:
    """The experience that counts later, and when it was made."""
    name = FELT.index
    felt = np.full(needs["who"].size, name("good"))
    felt[needs["late"]] = name("late")
    felt[needs["complains"] & (needs["cause"] == 0) & (needs["outcome"] == 0)] = name("let_down")
    felt[needs["cancelled"]] = name("cancelled")
    felt[needs["breaks"]] = name("unhelped")
    felt[needs["repaired"]] = name("repaired")
    needs["felt"] = felt
    at = np.where(needs["cancelled"], needs["cancelled_at"], needs["delivered_at"])
    at = np.where(needs["breaks"], np.maximum(needs["broke_at"], needs["defect_settled_at"]), at)
    needs["felt_at"] = at


def _complaints(needs: Rows) -> Rows:
    """One row per complaint: about the delivery, or about a defect."""
    columns = {"complained_at": "at", "cause": "cause", "outcome": "outcome", "settled_at": "settled_at"}
    delivery = needs.take(needs["complains"])
    broken = needs.take(needs["breaks"])
    broken["complained_at"], broken["settled_at"] = broken["broke_at"], broken["defect_settled_at"]
    broken["outcome"] = broken["defect_outcome"]
    broken["cause"] = np.full(len(broken), CAUSES.index("defect"))
    both = together([delivery, broken])
    found = Rows({new: both[old] for old, new in columns.items()})
    for name in ("who", "number", "id", "topic", "product", "recorded", "cancelled"):
        found[name] = both[name]
    found["settled"] = (found["outcome"] != OUTCOMES.index("open")) & (found["settled_at"] < end())
    return found.take((found["at"] < end()) & found["recorded"])
