"""Numbers of orders, receipts, machines and promises, which several systems write down."""

from __future__ import annotations

import numpy as np

from geleit.demo import days, words
from geleit.demo.chance import Rng, yes
from geleit.demo.rows import Array, Rows, texts
from geleit.demo.stories import QUESTIONS


def number(rng: Rng, people: Rows, needs: Rows, portion: int) -> None:
    """Give every need its order number ('' if nothing was bought), the machine's serial number and a promise's number."""
    ids = needs["id"].tolist()
    shop = [f"B-{id_ + 1_000_000:08d}" for id_ in ids]
    till = receipt_numbers(needs["ordered_at"], portion, 100)
    needs["order_no"] = np.where(needs["bought"], np.where(needs["in_shop"], texts(shop), texts(till)), "")
    names = words.products().id[needs["product"]].tolist()
    needs["serial"] = texts([f"{name.replace('-', '')}-{300_000 + id_}" for name, id_ in zip(names, ids, strict=True)])
    delivery = needs["asks"] & needs["answered"] & (needs["question"] == QUESTIONS.index("delivery"))
    in_store = (needs["place"] == 0) & people["in_crm"][needs["who"]]
    needs["promise"] = delivery & in_store & needs["toured"]
    needs["promise_no"] = texts([f"Z-{id_ + 1_000_000}" for id_ in ids])
    needs["has_serial"] = needs["bought"] & (needs["quantity"] == 1)
    needs["card_shown"] = people["has_card"][needs["who"]] & yes(rng, len(needs), 0.82)


def receipt_numbers(at: Array, portion: int, begin: int) -> list[str]:
    """Numbers of receipts as the till counts them: the day, then the receipts of the day from ``begin`` on."""
    days_ = days.day_of(at)
    order = np.argsort(at, kind="stable")
    ranked = days_[order]
    starts = np.flatnonzero(np.r_[True, ranked[1:] != ranked[:-1]]) if at.size else np.array([], int)
    within = np.arange(at.size) - np.repeat(starts, np.diff(np.r_[starts, at.size]))
    rank = np.empty(at.size, int)
    rank[order] = within
    stamps = days.written(days.to_local(at), "%Y-%m%d")
    return [f"{day}-{portion * 1000 + begin + place:04d}" for day, place in zip(stamps, rank.tolist(), strict=True)]


def german_money(cents: int) -> str:
    """An amount as a German till writes it.

    >>> german_money(114900), german_money(-3990)
    ('1.149,00', '-39,90')
    """
    sign, amount = ("-", -cents) if cents < 0 else ("", cents)
    return f"{sign}{amount // 100:,}".replace(",", ".") + f",{amount % 100:02d}"
