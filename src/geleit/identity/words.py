"""What identifier types are called in front of people."""

from __future__ import annotations

from geleit.language.words import translate


def type_name(type_: str, language: str) -> str:
    """An identifier type in words, with its system where it has one; one that is not ours keeps its name."""
    system, _, bare = type_.rpartition(".")
    ours = {
        "email": translate(language, "E-mail"),
        "phone": translate(language, "Phone"),
        "user_id": translate(language, "User number"),
        "customer_no": translate(language, "Customer number"),
        "customer_id": translate(language, "Customer number"),
        "contact_id": translate(language, "Contact number"),
        "member_id": translate(language, "Member number"),
        "account_no": translate(language, "Account number"),
        "loyalty_card": translate(language, "Loyalty card"),
        "device_id": translate(language, "Device"),
        "anonymous_id": translate(language, "Browser"),
        "cookie": translate(language, "Browser"),
        "order_id": translate(language, "Order"),
        "ticket_no": translate(language, "Ticket"),
        "receipt_no": translate(language, "Receipt"),
        "visitor": translate(language, "Visitor"),
        "visitor_id": translate(language, "Visitor"),
        "installation": translate(language, "App installation"),
    }
    name = ours.get(bare, bare.replace("_", " "))
    return translate(language, "{name} ({system})", name=name, system=system) if system else name
