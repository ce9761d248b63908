"""Two people of a company, told event by event: what the pages have to show well, with long names and hostile texts."""

import json
from datetime import datetime

from geleit.clock import localize, micros
from geleit.events.event import Event, Identifier

ZONE = "Europe/Berlin"
WASHER, DISHES = "washing_machine", "dishwasher"
QUOTE = {
    "de": "Der Geschirrspüler ist so laut, dass wir abends nicht reden können. Ich suche einen leisen, der unter die alte Arbeitsplatte passt.",
    "en": "The dishwasher is so loud that we cannot talk in the evening. I want a quiet one that fits under the old worktop.",
}
HOSTILE = "<script>alert(1)</script> \"'&{{ 7 * 7 }}"
LONG = "Donaudampfschifffahrtsgesellschaftskapitänswitwenversicherungsanstalt"

GELEIT = """\
company: Lindner Hausgeräte, Kassel
languages: [de, en]
zone: Europe/Berlin
currency: EUR
country: DE
"""
NEEDS = """\
needs:
  - topic: washing_machine
    label: {en: washing machine, de: Waschmaschine}
    opens: [{kind: need_opened, where: {topic: washing_machine}}]
    closes: [{kind: need_closed}]
    gap: 400 days
  - topic: dishwasher
    label: {en: dishwasher, de: Geschirrspüler}
    opens: [{kind: need_opened, where: {topic: dishwasher}}]
    closes: [{kind: need_closed}]
    gap: 400 days
"""
LABELS = {
    "till": ("Till", "Kasse"),
    "crm": ("CRM", "CRM"),
    "website": ("Website", "Website"),
    "pbx": ("Phone system", "Telefonanlage"),
    "tour": ("Tour plan", "Tourenplan"),
}
SOURCE = """\
label: {{en: {en}, de: {de}}}
file: exports/{name}.jsonl
system: till
events:
  - kind_from: art
    time: wann
    key: nr
    identifiers: {{crm.customer_no: kunde}}
"""


def at(text: str) -> int:
    return micros(localize(datetime.fromisoformat(text), ZONE))


def told(de: str, en: str) -> dict[str, str]:
    return {"de": de, "en": en}


class Teller:
    """Collects one person's events; each gets a key, a raw record and a time of arrival."""

    def __init__(self, *identifiers: tuple[str, str]) -> None:
        self.identifiers = tuple(Identifier(type_, value) for type_, value in identifiers)
        self.events: list[Event] = []

    def tell(self, source, when, kind, *, place=None, evidence="log", traits=None, also=(), **properties) -> str:
        key = f"{self.identifiers[0].value}-{len(self.events)}"
        t = at(when)
        self.events.append(
            Event(
                source=source,
                key=key,
                kind=kind,
                t=t,
                identifiers=(*self.identifiers, *(Identifier(*one) for one in also)),
                traits=traits or {},
                properties=properties,
                place=place or {},
                evidence=evidence,
                record=key,
                raw=json.dumps({"nr": key, "art": kind, "wann": when}, ensure_ascii=False),
                received_at=t,
            )
        )
        return key


def helga() -> list[Event]:
    """A closed need, an open one, promises in every state, gaps, an account, orders, a guess, hostile text."""
    one = Teller(("crm.customer_no", "4711"))
    say = one.tell
    name = {"first_name": "Helga", "last_name": "Sommer", "salutation": "Frau Sommer", "city": "Göttingen"}
    say("till", "2019-03-12T10:00", "order_completed", order_id="A-1", total=569.9, currency="EUR", traits=name)
    say("crm", "2026-02-09T08:10", "need_opened", topic=WASHER, words=told("Ich brauche eine neue Waschmaschine.", "I need a new washing machine."), place={"channel": "home", "ownership": "home"}, evidence="told")  # fmt: skip
    say("website", "2026-02-10T20:14", "products_searched", query="leise", also=(("web.anonymous_id", "a-9f31"),), place={"channel": "search"})  # fmt: skip
    say("crm", "2026-02-12T17:00", "step_told", text=told("sieht die Geräte im Markt an", "looks at them in a market"), supposed=True, step="visit", place={"channel": "store", "ownership": "other", "stage": "configure"})  # fmt: skip
    key = say("crm", "2026-02-17T10:40", "contact_made", text=told("hört von der Werkstatt", "hears of the repair shop"), staff="Frau Kern", place={"channel": "store", "stage": "configure"})  # fmt: skip
    say("crm", "2026-02-17T10:41", "promise_made", promise_id="p1", text=told("Reparatur in 48 Stunden", "repair within 48 hours"), by="Frau Kern", about=key)  # fmt: skip
    say("crm", "2026-02-19T12:05", "promise_made", promise_id="p2", text=told("Lieferung am Freitag", "delivery on Friday"), by="Frau Kern", due_at="2026-02-27")  # fmt: skip
    say("till", "2026-02-19T15:31", "order_completed", order_id="A-10482", total=749.0, currency="EUR", products=[{"product_id": "L7", "name": "Waschmaschine Leise 7", "quantity": 1, "price": 749.0}], also=(("loyalty_card", "22047718"),), traits={"city": "Kassel"})  # fmt: skip
    say("till", "2026-02-19T15:32", "consent_given", purpose="service", wording="Ja, zu meinen Geräten.")
    say("tour", "2026-02-27T14:10", "order_progress", order_id="A-10482", state="delivered", staff="Herr Yildiz", place={"channel": "delivery", "stage": "service"})  # fmt: skip
    say("tour", "2026-02-27T14:30", "promise_kept", promise_id="p2")
    say("website", "2026-03-02T08:14", "consent_withdrawn", purpose="marketing", channel="email")
    say("tour", "2026-10-21T18:31", "product_registered", serial="W-88-2026-0331", product_id="L7", name="Leise 7", warranty_until="2028-02-19")  # fmt: skip
    say("crm", "2026-11-10T09:00", "account_joined", account_id="77", account_name="Sommer & Wintertag GmbH & Co. KG", role="Einkauf")  # fmt: skip
    say("crm", "2026-11-14T10:15", "need_opened", topic=DISHES, words=QUOTE, staff="Frau Kern", place={"channel": "store"}, evidence="told", traits={"guess.shift": "arbeitet im Schichtdienst"})  # fmt: skip
    for criterion in ("leise, unter 42 dB", "höchstens 81,5 cm hoch"):
        say("crm", "2026-11-14T10:20", "criterion_stated", criterion=criterion, topic=DISHES)
    say("crm", "2026-11-14T10:22", "criterion_stated", criterion="Preis", supposed=True, topic=DISHES)
    for minute in range(9):
        say("website", f"2026-11-17T20:{48 + minute}", "product_viewed", product_id=str(minute), name=f"Modell {minute}", also=(("web.anonymous_id", "a-9f31"),), topic=DISHES)  # fmt: skip
    say("crm", "2026-11-20T09:02", "need_closed", topic=WASHER, words=told("Alles gut, sie läuft.", "All fine, it runs."), staff="Frau Kern", place={"channel": "phone"}, evidence="told")  # fmt: skip
    key = say("pbx", "2026-11-21T11:32", "question_asked", text=HOSTILE, words=HOSTILE, topic=DISHES, staff="Frau Kern", place={"channel": "phone", "stage": "configure"})  # fmt: skip
    say("crm", "2026-11-21T11:40", "promise_made", promise_id="p3", text=told("Höhe nachmessen", "measure the height"), by="Frau Kern", due_at="2026-11-23", about=f"pbx:{key}")  # fmt: skip
    return one.events


def visitor() -> list[Event]:
    """Somebody with a very long name, no need, and more events than a page holds."""
    one = Teller(("crm.customer_no", "9"))
    one.tell("crm", "2025-01-01T08:00", "identified", traits={"first_name": "Änne", "last_name": LONG})
    for day in range(130):
        month, rest = divmod(day, 28)
        one.tell("website", f"2025-{2 + month:02}-{rest + 1:02}T12:00", "page_viewed", title="Start")
    return one.events
