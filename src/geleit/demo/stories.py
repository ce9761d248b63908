"""What is planted in the example on purpose: how likely what is, and the true numbers that came of it."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from geleit.demo import days
from geleit.demo.rows import Array, Rows

FELT = ("good", "late", "let_down", "cancelled", "repaired", "unhelped")
QUESTIONS = ("delivery", "stock", "price", "size", "energy", "repair")
CAUSES = ("late", "damaged", "defect")
OUTCOMES = ("open", "excused", "refunded", "refused", "repaired")


@dataclass(frozen=True, slots=True)
class Chances:
    """How likely people buy and complain; shares from 0 to 1."""

    buys: float = 0.44
    stranger_buys: float = 0.07
    answered_buys: float = 0.56
    unanswered_buys: float = 0.24
    repair_answered_buys: float = 0.66
    repair_unanswered_buys: float = 0.22
    sold_out_buys: float = 0.08
    late: float = 0.06
    crisis_late: float = 0.56
    late_complains: float = 0.42
    late_cancels: float = 0.36
    defect: float = 0.10
    defect_repaired: float = 0.56
    comes_back: tuple[float, ...] = (0.40, 0.40, 0.40, 0.40, 0.80, 0.80)
    buys_again: tuple[float, ...] = (0.55, 0.30, 0.12, 0.06, 0.68, 0.20)
    leaves_newsletter: float = 0.004
    leaves_newsletter_flood: float = 0.016


CHANCES = Chances()


def told(parts: Mapping[str, Rows], extra: Mapping[str, Any]) -> dict[str, Any]:
    """The planted stories with the numbers that truly came out, for truth/stories.json."""
    needs, complaints = parts["needs"], parts["complaints"]
    return {
        "chances": dataclasses.asdict(CHANCES),
        "repair_question": _repair_question(needs),
        "questions": _questions(needs),
        "sold_out": _sold_out(needs),
        "delivery_crisis": _crisis(needs),
        "promises": _promises(needs),
        "repair_service": _repair_service(needs),
        "complaints": _complaints(complaints),
        "seasons": _seasons(needs),
        **extra,
    }


def _share(mask: Array, of: Array) -> dict[str, Any]:
    """A count of a population and its share."""
    total, count = int(of.sum()), int((mask & of).sum())
    return {"of": total, "count": count, "share": round(count / total, 4) if total else None}


def _repair_question(needs: Rows) -> dict[str, Any]:
    asked = needs["asks"] & (needs["question"] == QUESTIONS.index("repair")) & needs["recorded"]
    answered = needs["answered"]
    return {
        "what": "Who asks before buying whether the dealer repairs: with an answer most buy, without one most are lost",
        "bought_when_answered": _share(needs["bought"], asked & answered),
        "bought_when_left_open": _share(needs["bought"], asked & ~answered),
    }


def _questions(needs: Rows) -> dict[str, Any]:
    asked = needs["asks"] & needs["recorded"] & (needs["question"] != QUESTIONS.index("repair"))
    return {
        "bought_when_answered": _share(needs["bought"], asked & needs["answered"]),
        "bought_when_left_open": _share(needs["bought"], asked & ~needs["answered"]),
        "left_open": _share(~needs["answered"], needs["asks"] & needs["recorded"]),
    }


def _sold_out(needs: Rows) -> dict[str, Any]:
    day = days.day_of(needs["opened"])
    cooling = needs["cooling"]
    return {
        "what": "In the heat of 2026 fans and air conditioners are sold out for nearly three weeks",
        "from": str(days.SOLD_OUT[0]),
        "to": str(days.SOLD_OUT[1]),
        "bought_when_sold_out": _share(needs["bought"], needs["sold_out"]),
        "bought_otherwise": _share(needs["bought"], cooling & ~needs["sold_out"] & (day < days.DAYS)),
    }


def _crisis(needs: Rows) -> dict[str, Any]:
    toured = needs["toured"] & needs["recorded"]
    crisis = toured & needs["crisis"]
    before = toured & ~needs["crisis"]
    return {
        "what": "In spring 2026 the carrier fails: promised days are missed, people ask, complain, cancel and stay away",
        "from": str(days.CRISIS[0]),
        "to": str(days.CRISIS[1]),
        "late_in_crisis": _share(needs["late"], crisis),
        "late_otherwise": _share(needs["late"], before),
        "cancelled_in_crisis": _share(needs["cancelled"], crisis),
        "cancelled_otherwise": _share(needs["cancelled"], before),
        "asked_where_it_is_in_crisis": _share(needs["asks_status"], crisis),
        "asked_where_it_is_otherwise": _share(needs["asks_status"], before),
    }


def _promises(needs: Rows) -> dict[str, Any]:
    made = needs["promise"] & needs["has_it"]
    return {
        "what": "Days of delivery that a colleague promised in the store, kept on the day or not",
        "kept_in_crisis": _share(~needs["late"], made & needs["crisis"]),
        "kept_otherwise": _share(~needs["late"] & ~needs["missed"], made & ~needs["crisis"]),
    }


def _repair_service(needs: Rows) -> dict[str, Any]:
    first = (needs["turn"] == 1) & needs["bought"] & (needs["felt_at"] < np.int64(_late_enough()))
    groups = {name: first & (needs["felt"] == place) for place, name in enumerate(FELT)}
    return {
        "what": "Complaint, repair at home, content, buys again: compared with complaints that nobody repaired. "
        "Bought again within 180 days after the experience; only experiences at least 180 days before the end count",
        "bought_again": {name: _share(needs["bought_again"], group) for name, group in groups.items()},
    }


def _late_enough() -> int:
    return int(days.moment(np.array([days.DAYS - 180]), np.array([0]))[0])


def _complaints(complaints: Rows) -> dict[str, Any]:
    known = complaints["recorded"]
    return {
        cause: {
            outcome: int(((complaints["cause"] == i) & (complaints["outcome"] == j) & known).sum())
            for j, outcome in enumerate(OUTCOMES)
        }
        for i, cause in enumerate(CAUSES)
    }


def _seasons(needs: Rows) -> dict[str, Any]:
    day = days.day_of(needs["opened"])
    heat = days.within(day, days.HEAT)
    return {
        "needs_by_month": _by_month(needs["opened"]),
        "orders_by_month": _by_month(needs["ordered_at"][needs["bought"] & needs["recorded"]]),
        "needs_for_cooling_in_the_heat_wave": int((needs["cooling"] & heat).sum()),
    }


def _by_month(t: Array) -> dict[str, int]:
    months, counts = np.unique(days.written(days.to_local(t), "%Y-%m"), return_counts=True)
    return dict(zip(months.tolist(), counts.tolist(), strict=True))
