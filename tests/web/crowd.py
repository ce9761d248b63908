"""Many people on their ways through one shop, the same each time: enough to be lost, folded and counted."""

import random

from household import SOURCE, WASHER, Teller

SOURCES = {f"sources/{name}.yaml": SOURCE.format(name=name, en=name, de=name) for name in ("website", "till", "crm")}
WAYS = (
    ("product_viewed", 0.9),
    ("products_searched", 0.4),
    ("product_viewed", 0.5),
    ("question_asked", 0.3),
    ("product_added", 0.5),
    ("advice_read", 0.2),
    ("checkout_started", 0.5),
    ("payment_info_entered", 0.6),
    ("order_completed", 0.5),
    ("contact_made", 0.3),
)
NEEDED = {
    "product_viewed": {"product_id": "p1", "name": "Leise 7"},
    "product_added": {"product_id": "p1", "name": "Leise 7"},
    "products_searched": {"query": "leise"},
    "question_asked": {"text": "Passt sie unter die Arbeitsplatte?"},
    "order_completed": {"total": 700.0, "currency": "EUR"},
}


def crowd(many=70, first=1000):
    """Events of so many people, each with one need, some of whom begin another."""
    chance, found = random.Random(first), []
    for number in range(first, first + many):
        one = Teller(("crm.customer_no", str(number)))
        month, day = chance.randint(1, 9), chance.randint(1, 20)
        one.tell("crm", f"2026-{month:02}-{day:02}T08:00", "need_opened", topic=WASHER)
        for minute, (kind, share) in enumerate(WAYS):
            if chance.random() < share:
                more = NEEDED.get(kind, {})
                more = more | ({"order_id": f"o{number}"} if kind.startswith(("order", "checkout", "payment")) else {})
                one.tell("website", f"2026-{month:02}-{day:02}T09:{minute:02}", kind, topic=WASHER, **more)
        if number % 3 == 0:
            one.tell("crm", f"2026-{month:02}-{day + 2:02}T08:00", "need_closed", topic=WASHER)
        if number % 6 == 0:
            one.tell("crm", f"2026-{month + 1:02}-{day:02}T08:00", "need_opened", topic=WASHER)
            one.tell("website", f"2026-{month + 1:02}-{day:02}T09:00", "product_viewed", topic=WASHER, **NEEDED["product_viewed"])  # fmt: skip
        found += one.events
    return found
