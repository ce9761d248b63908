"""RFM: how recently, how often and for how much people bought, in fifths, and the groups that follow from the first two."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any, ClassVar, Literal, Self

import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field, PrivateAttr

from geleit.analytics.orders import BOUGHT
from geleit.analytics.question import Question, Supplies, Unit
from geleit.analytics.selection import Selection
from geleit.language.words import translate

FIFTHS = range(1, 6)
GROUPS = ("regular", "growing", "new", "slowing", "occasional", "missed", "quiet", "once", "no_order")
OFTEN, RECENT, MIDDLE = 4, 4, 3  # fifths from which somebody bought often, recently, neither lately nor long ago
MANY = 3  # orders from which it can be called often at all: where most buy once, two orders are among the upper fifths


def group(recency: int, frequency: int, orders: int) -> str:
    """The group of two scores and the number of orders; all 0 without an order.

    Often is who stands in the two upper fifths and has three orders or more; once is who has one order, whatever the others have.

    >>> group(5, 5, 7), group(5, 4, 2), group(4, 1, 1), group(1, 5, 3), group(2, 1, 1), group(2, 1, 4)
    ('regular', 'growing', 'new', 'missed', 'once', 'quiet')
    """
    if not recency:
        return "no_order"
    if frequency >= OFTEN and orders >= MANY:
        return "regular" if recency >= RECENT else "slowing" if recency == MIDDLE else "missed"
    if recency == MIDDLE:
        return "occasional"
    if orders == 1:
        return "new" if recency >= RECENT else "once"
    return "growing" if recency >= RECENT else "quiet"


@dataclass(frozen=True, slots=True)
class Scored:
    """People of the group ``name``, or of one combination of scores (``recency``, ``frequency``, ``money`` from 1 to 5; 0 = not apart).

    ``orders`` and ``kept`` (minor units of ``currency``) are sums; ``days`` is the mean of the days since the last order.
    """

    name: str
    recency: int
    frequency: int
    money: int
    people: int
    share: float
    orders: int
    kept: int
    currency: str
    days: float | None


class Rfm(Question):
    """People by what they bought. Equal values get equal scores: one more for each whole fifth of people below."""

    name: ClassVar[str] = "rfm"
    counted: ClassVar[pa.Schema] = pa.schema(
        [("name", pa.string())]
        + [(name, pa.int64()) for name in ("recency", "frequency", "money", "people", "orders", "kept", "days")]
    )
    keys: ClassVar[tuple[str, ...]] = ("name", "recency", "frequency", "money")
    only: ClassVar[Unit | None] = "customer"
    by_sql: ClassVar[bool] = True

    unit: Unit = Field("customer", description="always customer")
    by: Literal["group", "score"] = Field(
        "group", description="rows by group, or by recency, frequency and money apart"
    )
    currency: str = Field("", description="the currency that is summed; by default the one of most orders")
    limit: int = Field(200, ge=1, description="rows shown; the rest is folded into 'other', which opens")

    _bought: pa.Table = PrivateAttr(default_factory=BOUGHT.empty_table)

    def completed(self, supplies: Supplies) -> Self:
        """With the orders there are, and the currency of most."""
        rows = supplies.orders()
        often = Counter(rows["currency"].to_pylist())
        currency = self.currency or min(often, key=lambda one: (-often[one], one), default="")
        done = self.model_copy(update={"currency": currency})
        done._bought = rows  # noqa: SLF001 (its own)
        return done

    def tables(self, selection: Selection) -> Mapping[str, pa.Table]:
        """The orders that count, and the name of each pair of scores with so many orders (``at_most`` 3: three or more)."""
        rows = self._bought
        mine = pc.if_else(pc.equal(rows["currency"], self.currency), rows["kept"], 0)
        rows = rows.set_column(rows.schema.get_field_index("kept"), "kept", mine)
        if self.period_of == "events":
            first, last = self.days
            rows = rows.filter(pc.and_(pc.greater_equal(rows["local_day"], first), pc.less(rows["local_day"], last)))
        keys = [(0, 0, 0), *product(FIFTHS, FIFTHS, range(1, MANY + 1))]
        names = {
            "recency": [r for r, _, _ in keys],
            "frequency": [f for _, f, _ in keys],
            "at_most": [orders for _, _, orders in keys],
            "name": [group(*key) for key in keys],
        }
        return {
            "rfm_orders": rows.select(["customer_id", "local_day", "kept"]),
            "rfm_groups": pa.table(names),
            "rfm_today": pa.table({"today": pa.array([self._today(selection)], pa.int64())}),
        }

    def _today(self, selection: Selection) -> int:
        """The day up to which days since the last order count: the last one of the period, or that of asking."""
        last = self.days[1] - 1
        return min(selection.today, last) if self.period_of == "events" else selection.today

    def rows(self, counts: pa.Table, selection: Selection) -> Sequence[Scored]:  # noqa: ARG002 (counts say it all)
        """By group in the order of their names' list, or by scores, the best first."""
        listed = counts.to_pylist()
        if self.by == "group":
            listed = [_summed([row for row in listed if row["name"] == name]) for name in GROUPS]
            listed = [row for row in listed if row["people"]]
        else:
            listed.sort(key=lambda row: (-row["recency"], -row["frequency"], -row["money"]))
        total = sum(row["people"] for row in listed)
        return [
            Scored(
                **{**row, "days": row["days"] / row["people"] if row["orders"] else None},
                share=row["people"] / total,
                currency=self.currency,
            )
            for row in listed
        ]

    def sentence(self, language: str) -> str:
        """What is counted, in words."""
        return translate(
            language,
            "Counted is how recently, how often and for how much people bought, each in fifths: one more for every whole fifth "
            "of people below, and equal values are equal. Orders that were canceled or given back wholly do not count; what "
            "was given back in part is taken off. Often means in the two upper fifths and three orders at least, once means one order; "
            "lately are the two newest fifths, long ago the two oldest.",
        )


def _summed(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    names = ("people", "orders", "kept", "days")
    first = rows[0]["name"] if rows else ""
    return {"name": first, "recency": 0, "frequency": 0, "money": 0} | {
        name: sum(row[name] for row in rows) for name in names
    }
