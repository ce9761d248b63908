"""The known event kinds (reserved, messages, e-commerce): what each means, where it stands, what it must carry.

Names of the shop kinds follow the Segment e-commerce spec in snake_case ("Order Completed" -> ``order_completed``).
A kind that is no step (``step=False``) annotates the step it belongs to: a judgement, a criterion, a promise.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Initiator = Literal["person", "company"]

# Traits of this beginning say whether a purpose was agreed to: what clients report with every event, not an answer given.
CONSENT_TRAIT = "consent."


# What geleit itself notes of a person: it belongs to no need, and to no step that the person took.
OURS = frozenset(("segment_entered", "segment_left"))


@dataclass(frozen=True, slots=True)
class Vocable:
    """One known kind: default stage, what a map draws, which properties it requires.

    ``requires`` holds alternatives per entry: ``"serial|product_id"`` means at least one of the two.
    """

    kind: str
    en: str
    de: str
    stage: str = ""
    requires: tuple[str, ...] = ()
    step: bool = True
    contact: bool = False
    initiator: Initiator = "person"
    ownership: str = "owned"


RESERVED: tuple[Vocable, ...] = (
    Vocable("need_opened", "has a need", "hat einen Bedarf", "need", ("topic",), ownership="home"),
    Vocable("need_closed", "needs nothing more", "braucht nichts mehr", "resolved", ("topic|need_id",), contact=True),
    Vocable(
        "criterion_stated",
        "names what counts: {criterion}",
        "nennt, was zählt: {criterion}",
        "",
        ("criterion",),
        step=False,
    ),
    Vocable("expectation_stated", "expects: {text}", "erwartet: {text}", "", ("text",), step=False),
    Vocable("judgement_given", "judges: {judged}", "urteilt: {judged}", "", ("judged",), step=False),
    Vocable("promise_made", "gets a promise", "bekommt eine Zusage", "", ("promise_id", "text"), step=False),
    Vocable("promise_kept", "a promise is kept", "eine Zusage ist gehalten", "", ("promise_id",), step=False),
    Vocable("question_asked", "asks", "fragt", "inform", ("text",), contact=True),
    Vocable("question_answered", "gets an answer", "bekommt Antwort", "inform", (), contact=True, initiator="company"),
    Vocable("complaint_opened", "complains", "beschwert sich", "service", ("text",), contact=True),
    Vocable("complaint_closed", "complaint is settled", "Beschwerde ist geklärt", "service", (), contact=True),
    Vocable("step_told", "tells of a step", "erzählt von einem Schritt", "", ("step|text",), ownership="other"),
    Vocable("opportunity_noted", "we could help", "wir könnten helfen", "", ("text",), step=False),
    Vocable(
        "order_progress",
        "hears of the order: {state}",
        "erfährt den Stand: {state}",
        "order",
        ("order_id", "state"),
        contact=True,
        initiator="company",
    ),
    Vocable(
        "delivery_promised",
        "learns the delivery day",
        "erfährt den Liefertag",
        "order",
        ("order_id", "due_at"),
        contact=True,
        initiator="company",
    ),
    Vocable("product_registered", "registers the product", "meldet das Gerät an", "service", ("serial|product_id",)),
    Vocable("consent_given", "agrees: {purpose}", "willigt ein: {purpose}", "", ("purpose",), step=False),
    Vocable("consent_withdrawn", "withdraws consent: {purpose}", "widerruft: {purpose}", "", ("purpose",), step=False),
    Vocable("contact_made", "speaks with us", "spricht mit uns", "", (), contact=True),
    Vocable("feedback_given", "gives feedback", "gibt Rückmeldung", "", ("text|words",), contact=True),
    Vocable("feedback_withdrawn", "takes feedback back", "nimmt eine Rückmeldung zurück", step=False),
    Vocable(
        "feedback_answered",
        "hears what became of feedback: {state}",
        "erfährt, was aus der Rückmeldung wird: {state}",
        contact=True,
        initiator="company",
    ),
    Vocable("task_done", "a task is done", "eine Aufgabe ist erledigt", "", ("task_id",), step=False),
    Vocable(
        "note_written",
        "a note is written",
        "eine Notiz wird geschrieben",
        "",
        ("text",),
        step=False,
        initiator="company",
    ),
    Vocable(
        "segment_entered",
        "is placed in our segment: {label}",
        "wird unserem Segment zugeordnet: {label}",
        "",
        ("segment",),
        step=False,
        initiator="company",
    ),
    Vocable(
        "segment_left",
        "is taken out of our segment: {label}",
        "wird aus unserem Segment genommen: {label}",
        "",
        ("segment",),
        step=False,
        initiator="company",
    ),
    Vocable("identified", "says who it is", "gibt sich zu erkennen", "", (), step=False),
    Vocable("account_joined", "belongs to {account_name}", "gehört zu {account_name}", "", ("account_id",), step=False),
    Vocable("account_left", "leaves an account", "verlässt ein Konto", "", ("account_id",), step=False),
    Vocable("page_viewed", "looks at a page", "sieht eine Seite an", "inform"),
    Vocable("screen_viewed", "looks at the app", "sieht in die App", "inform"),
)

# One set for every channel that carries messages (the channel is the event's place), so that mail, SMS and push of
# any system are counted alike. What technology reports about a message is no step of the person.
MESSAGES: tuple[Vocable, ...] = (
    Vocable("message_sent", "gets a message", "bekommt eine Nachricht", contact=True, initiator="company"),
    Vocable("message_delivered", "message has arrived", "Nachricht ist angekommen", step=False, initiator="company"),
    Vocable("message_opened", "opens a message", "öffnet eine Nachricht"),
    Vocable("message_clicked", "follows a message", "folgt einer Nachricht"),
    Vocable("message_bounced", "message came back", "Nachricht kam zurück", step=False, initiator="company"),
    Vocable("message_not_sent", "message was not sent", "Nachricht ging nicht hinaus", step=False, initiator="company"),
    Vocable("message_marked_as_spam", "calls a message spam", "meldet eine Nachricht als Spam", contact=True),
)

COMMERCE: tuple[Vocable, ...] = (
    Vocable("products_searched", "searches", "sucht", "inform", ("query",)),
    Vocable("product_list_viewed", "looks at a list", "sieht eine Liste an", "inform"),
    Vocable("product_list_filtered", "narrows a list down", "grenzt eine Liste ein", "inform"),
    Vocable("promotion_viewed", "sees an offer", "sieht ein Angebot", "inform", initiator="company"),
    Vocable("promotion_clicked", "follows an offer", "folgt einem Angebot", "inform"),
    Vocable("product_clicked", "opens a product: {name}", "öffnet ein Produkt: {name}", "inform"),
    Vocable(
        "product_viewed",
        "looks at a product: {name}",
        "sieht ein Produkt an: {name}",
        "inform",
        ("product_id|sku|name",),
    ),
    Vocable(
        "product_added",
        "puts into the cart: {name}",
        "legt in den Warenkorb: {name}",
        "configure",
        ("product_id|sku|name",),
    ),
    Vocable("product_removed", "takes out of the cart: {name}", "nimmt aus dem Warenkorb: {name}", "configure"),
    Vocable("cart_viewed", "looks at the cart", "sieht den Warenkorb an", "configure"),
    Vocable("cart_updated", "changes the cart", "ändert den Warenkorb", "configure"),  # shops report the whole cart
    Vocable("checkout_started", "goes to the checkout", "geht zur Kasse", "order"),
    Vocable("checkout_step_viewed", "sees a checkout step", "sieht einen Kassenschritt", "order"),
    Vocable("checkout_step_completed", "completes a checkout step", "erledigt einen Kassenschritt", "order"),
    Vocable("payment_info_entered", "enters payment", "gibt die Zahlung ein", "order"),
    Vocable("order_completed", "buys", "kauft", "order", ("order_id",)),
    Vocable("order_updated", "changes the order", "ändert den Auftrag", "order", ("order_id",)),
    Vocable("order_refunded", "gets money back", "bekommt Geld zurück", "service", ("order_id",)),
    Vocable("order_cancelled", "cancels the order", "storniert", "order", ("order_id",)),
    Vocable("coupon_entered", "enters a voucher", "gibt einen Gutschein ein", "order"),
    Vocable("coupon_applied", "uses a voucher", "nutzt einen Gutschein", "order"),
    Vocable("coupon_denied", "voucher is refused", "Gutschein wird abgelehnt", "order"),
    Vocable("coupon_removed", "removes a voucher", "entfernt einen Gutschein", "order"),
    Vocable("product_added_to_wishlist", "remembers a product: {name}", "merkt ein Produkt vor: {name}", "configure"),
    Vocable("product_removed_from_wishlist", "forgets a product: {name}", "streicht ein Produkt: {name}", "configure"),
    Vocable("wishlist_product_added_to_cart", "takes it from the list", "nimmt es von der Liste", "configure"),
    Vocable("product_shared", "shares a product: {name}", "teilt ein Produkt: {name}", "inform"),
    Vocable("cart_shared", "shares the cart", "teilt den Warenkorb", "configure"),
    Vocable("product_reviewed", "reviews a product: {name}", "bewertet ein Produkt: {name}", "service"),
)

VOCABULARY: dict[str, Vocable] = {v.kind: v for v in RESERVED + MESSAGES + COMMERCE}
