"""What every client tells: one visitor who becomes a known customer, and what the workspace has to know of it afterwards."""

from dataclasses import dataclass, field

EVERY = frozenset({"page", "identify", "track", "screen", "group", "alias"})
PREFERENCES = {"marketing": True, "statistics": False}
HOUR = 3600


@dataclass(frozen=True)
class Told:
    """``calls`` as clients make them; ``events``: kind, and some properties and traits, of each event that they give."""

    calls: list
    events: list
    people: list = field(default_factory=list)  # identifiers, without the source's name before them


def visit(run, calls=EVERY, *, own_time=True, switches=True):
    """A story for one run. ``own_time``: a call may say when it was; ``switches``: a call may say who made it."""
    user, visitor, other = f"u-{run}", f"a-{run}", f"o-{run}"
    basket = {"product_id": "W-17", "price": 499.5, "tags": ["weiß", "🧺"], "nested": {"deep": [1, {"a": "ß"}]}}
    traits = {"email": f"{run}@example.com", "firstName": "Helga", "plan": "plus"}
    told = Told([], [], [f"user_id:{user}", f"anonymous_id:{visitor}"])
    home = {"section": "wash"}
    _add(told, calls, {"type": "page", "anonymousId": visitor, "name": "Home", "properties": home})
    consent = {"consent": {"categoryPreferences": PREFERENCES}}
    _add(
        told,
        calls,
        {"type": "identify", "userId": user, "anonymousId": visitor, "traits": traits, "context": consent},
    )
    _add(told, calls, {"type": "track", "userId": user, "name": "Product Viewed", "properties": basket})
    _add(told, calls, {"type": "screen", "userId": user, "name": "Basket", "properties": {"items": 2}})
    _add(told, calls, {"type": "group", "userId": user, "groupId": f"g-{run}", "traits": {"industry": "laundry"}})
    if "alias" in calls:
        told.people.append(f"anonymous_id:{other}")
    _add(told, calls, {"type": "alias", "userId": user, "previousId": other})
    if switches:
        _add(told, calls, {"type": "track", "anonymousId": other, "name": "Cart Viewed", "properties": {"n": 1}})
    if own_time:
        late = {"type": "track", "userId": user, "name": "Call Made", "properties": {"n": 2}, "ago": HOUR}
        _add(told, calls, late)
    return told


def _add(told, calls, call):
    if call["type"] not in calls:
        return
    told.calls.append(call)
    told.events.append(expected(call))


def expected(call):
    """The event that a call gives: its kind, properties and traits, and how many seconds ago it says it was."""
    properties, traits = dict(call.get("properties", {})), {}
    kinds = {"page": "page_viewed", "screen": "screen_viewed", "group": "account_joined"}
    kind = kinds.get(call["type"], "identified")
    if call["type"] == "track":
        kind = call["name"].lower().replace(" ", "_")
    elif "name" in call:
        properties["name"] = call["name"]
    if call["type"] == "group":
        properties = {**call["traits"], "account_id": call["groupId"]}
    if call["type"] == "identify":
        said = call["traits"]
        traits = {"email": said["email"], "first_name": said["firstName"], "plan": said["plan"]}
        traits |= {f"consent.{category}": agreed for category, agreed in PREFERENCES.items()}
    return kind, properties, traits, call.get("ago", 0)


def cloud(run):
    """The same visitor as CloudEvents tell it: kind and data."""
    user, visitor = f"u-{run}", f"a-{run}"
    traits = {"email": f"{run}@example.com", "firstName": "Helga"}
    data = [
        ("page_viewed", {"anonymousId": visitor, "section": "wash"}, {}),
        ("identified", {"userId": user, "anonymousId": visitor, "traits": traits}, {"first_name": "Helga"}),
        *[("product_viewed", {"userId": user, "product_id": f"W-{n}", "tags": ["weiß", "🧺"]}, {}) for n in range(7)],
    ]
    told = Told([], [], [f"user_id:{user}", f"anonymous_id:{visitor}"])
    for kind, said, known in data:
        told.calls.append({"kind": kind, "data": said})
        told.events.append((kind, {name: value for name, value in said.items() if name != "traits"}, known, 0))
    return told


def stream(run, count, pause, *, clouds=False):
    """One known person to whom ``count`` numbered things happen, ``pause`` seconds apart."""
    user = f"u-{run}"
    told = Told([], [], [f"user_id:{user}"])
    if not clouds:
        told.calls.append({"type": "identify", "userId": user, "traits": {"plan": "plus"}})
    for n in range(count):
        seen = {"type": "track", "userId": user, "name": "Product Viewed", "properties": {"n": n}}
        told.calls.append(
            ({"kind": "product_viewed", "data": {"userId": user, "n": n}} if clouds else seen) | {"pause": pause}
        )
    return told
