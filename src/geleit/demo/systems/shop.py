"""Web shop: every click as one line of JSON (packed, a file per quarter), and the orders as a table for the accountant."""

from __future__ import annotations

from typing import Any

import numpy as np

from geleit.demo import days, words
from geleit.demo.chance import Rng, pick, yes
from geleit.demo.days import DAY
from geleit.demo.dirt import Change, Dirt, changed, cut_off, latin, spoil
from geleit.demo.people import KIOSKS, mail_at
from geleit.demo.rows import Array, Rows, texts, together
from geleit.demo.systems.website import visitor
from geleit.demo.world import World

# Sessions as letters: (N)ote of advice, (S)earch, (L)ist, (F)ilter, (V)iew, (W)ish list, (A)dd, (R)emove, (C)art, chec(K)out, pay(I)ng, (O)rder
CASUAL = ("L", "LV", "N", "LVL", "LL", "LLV", "NL", "V", "LF", "LFL")
RESEARCH = ("SLV", "SLFVV", "LFVVV", "SLVFVVW", "NLFVV", "SVV", "LFVLVVV", "SLFVVVVW", "FVVN")
CART = ("VAC", "LVVAC", "VACK", "SVAC", "LVAVRC", "VACKI")
ORDER = ("VACKIO", "LVACKIO", "VVACKIO", "SVACKIO", "VAVCKIO")
NAMES = {
    "N": ("page", "Ratgeber"),
    "S": ("track", "Products Searched"),
    "L": ("track", "Product List Viewed"),
    "F": ("track", "Product List Filtered"),
    "V": ("track", "Product Viewed"),
    "W": ("track", "Product Added to Wishlist"),
    "A": ("track", "Product Added"),
    "R": ("track", "Product Removed"),
    "C": ("track", "Cart Viewed"),
    "K": ("track", "Checkout Started"),
    "I": ("track", "Payment Info Entered"),
    "O": ("track", "Order Completed"),
    "1": ("identify", ""),
}
CODES = "".join(NAMES)
OF_PRODUCT = "VWAR"
PATTERNS = (*CASUAL, *RESEARCH, *CART, *ORDER)
DEVICES = ("mobile", "desktop", "tablet", "kiosk")


def write_clicks(world: World) -> None:
    """The clickstream, one file per quarter."""
    rng = world.rng("clicks")
    clicks = _clicks(rng, _sessions(world, rng))
    clicks = world.past(clicks, "at").sorted_by("at")
    lines, keys = _lines(world, rng, clicks)
    kept = clicks["code"] != CODES.index("O")
    taken = np.flatnonzero(kept)
    world.truth.events("klicks", [keys[i] for i in taken], world.persons(clicks["who"][taken]), clicks["at"][taken])
    quarter = (np.array(days.written(days.to_local(clicks["at"]), "%m")).astype(int) - 1) // 3 + 1
    names = [
        f"{y}-q{q}" for y, q in zip(days.written(days.to_local(clicks["at"]), "%Y"), quarter.tolist(), strict=True)
    ]
    starts = [i for i, name in enumerate(names) if i == 0 or names[i - 1] != name]
    for begin, stop in zip(starts, [*starts[1:], len(names)], strict=True):
        some = spoil(world, "klicks", lines[begin:stop], _PLAN, repeated=0.004)
        world.exports.lines(f"klicks-{names[begin]}.jsonl.gz", "", some)


def _sessions(world: World, rng: Rng) -> Rows:
    needs, people = world.needs, world.people
    online = people["online"][needs["who"]]
    counts = rng.poisson(np.where(yes(rng, len(needs), 0.3 + 0.65 * online), 1.2 + 2.4 * online, 0.0))
    about = needs.take(np.repeat(np.arange(len(needs)), counts))
    size = len(about)
    span = np.where(about["bought"], about["ordered_at"] - about["opened"] - 3600, 20 * DAY)
    day = days.day_of(about["opened"] + (rng.random(size) * span * 0.95).astype(np.int64))
    start = np.clip(days.moment(day, days.seconds(rng, size, "home")), about["opened"], about["opened"] + span)
    cart = yes(rng, size, 0.16)
    pattern = np.where(cart, _some(rng, size, CART), _some(rng, size, RESEARCH))
    research = Rows(who=about["who"], topic=about["topic"], product=about["product"], start=start, pattern=pattern)
    casual = rng.poisson(3.3 + 11.0 * people["online"])
    who = np.repeat(np.arange(len(people)), casual)
    topic = pick(rng, who.size, [one.weight for one in words.topics()])
    glance = Rows(
        who=who,
        topic=topic,
        product=_of_topic(rng, topic),
        start=days.moment(days.draw(rng, "gift", who.size), days.seconds(rng, who.size, "home")),
        pattern=_some(rng, who.size, CASUAL),
    )
    bought = needs.take(needs["bought"] & needs["in_shop"])
    ordered = Rows({name: bought[name] for name in ("who", "topic", "product")})
    ordered["start"] = bought["ordered_at"]
    ordered["pattern"] = _some(rng, len(bought), ORDER)
    every = together([research, glance, ordered])
    every["certain"] = np.repeat([False, False, True], [size, who.size, len(bought)])
    every["casual"] = np.repeat([False, True, False], [size, who.size, len(bought)])
    return _devices(world, rng, every)


def _devices(world: World, rng: Rng, sessions: Rows) -> Rows:
    """Which browser, and whether the person is logged in there."""
    people, who, size = world.people, sessions["who"], len(sessions)
    device = np.where(people["has_tablet"][who] & yes(rng, size, 0.3), 2, pick(rng, size, (58, 42)))
    sessions["visitor"] = visitor(people, who, device)
    kiosk = sessions["casual"] & people["known"][who] & yes(rng, size, 0.04)
    sessions["visitor"][kiosk] = texts(KIOSKS)[rng.integers(0, len(KIOSKS), int(kiosk.sum()))]
    shop = days.moment(days.open_day(days.day_of(sessions["start"])), days.seconds(rng, size, "shop"))
    sessions["start"] = np.where(kiosk, shop, sessions["start"])
    sessions["device"] = np.where(kiosk, 3, device)
    sessions["logged"] = people["in_shop"][who] & (sessions["certain"] | yes(rng, size, np.where(kiosk, 0.3, 0.4)))
    sessions["identifies"] = sessions["logged"] & yes(rng, size, 0.3)
    return sessions


def _some(rng: Rng, size: int, patterns: tuple[str, ...]) -> Array:
    return np.asarray(PATTERNS.index(patterns[0]) + rng.integers(0, len(patterns), size))


def _of_topic(rng: Rng, topic: Array) -> Array:
    counts = np.array([len(one.products) for one in words.topics()])
    table = np.zeros((counts.size, counts.max()), int)
    for number, one in enumerate(words.topics()):
        table[number, : len(one.products)] = one.products
    return np.asarray(table[topic, (rng.random(topic.size) * counts[topic]).astype(int)])


def _clicks(rng: Rng, sessions: Rows) -> Rows:
    """Sessions taken apart into clicks, seconds apart."""
    flat = np.array([CODES.index(letter) for pattern in PATTERNS for letter in pattern])
    lengths = np.array([len(pattern) for pattern in PATTERNS])
    begin = np.cumsum(lengths) - lengths
    count = lengths[sessions["pattern"]] + sessions["identifies"]
    session = np.repeat(np.arange(len(sessions)), count)
    place = np.arange(session.size) - np.repeat(np.cumsum(count) - count, count)
    clicks = sessions.take(session)
    place = place - clicks["identifies"]  # the one at -1 says who it is
    code = flat[np.maximum(begin[clicks["pattern"]] + place, 0)]
    clicks["code"] = np.where(place < 0, CODES.index("1"), code)
    gap = rng.integers(8, 160, session.size)
    gap[np.r_[True, session[1:] != session[:-1]]] = 0
    total = np.cumsum(gap)
    offset = total - total[np.searchsorted(session, session)]
    length = offset[np.searchsorted(session, session, side="right") - 1]
    # An order's time has no seconds in the accountant's table: all clicks but the last lie before that minute.
    ordering = clicks["start"] // 60 * 60 + 3 - length
    clicks["at"] = np.where(clicks["certain"], ordering, clicks["start"]) + offset
    wanders = (clicks["code"] == CODES.index("V")) & yes(rng, session.size, 0.55)
    clicks["product"] = np.where(wanders, _of_topic(rng, clicks["topic"]), clicks["product"])
    return clicks


def _lines(world: World, rng: Rng, clicks: Rows) -> tuple[list[str], list[str]]:
    people, who = world.people, clicks["who"]
    stamp = days.written(clicks["at"], "%Y-%m-%dT%H:%M:%S")
    millis = rng.integers(0, 1000, len(clicks)).tolist()
    user = np.where(clicks["logged"], people["shop"][who], "").tolist()
    mail = mail_at(people, who, days.day_of(clicks["at"])).tolist()
    about = _about()
    head = [f'"type":"{kind}","{"name" if kind == "page" else "event"}":"{name}"' for kind, name in NAMES.values()]
    says_who = CODES.index("1")
    keys = [f"k{world.number:02d}-{n:07d}" for n in range(len(clicks))]
    lines = []
    columns = (keys, stamp, millis, user, mail, *clicks.lists("code", "visitor", "topic", "product", "device"))
    for key, at, ms, uid, address, code, browser, topic, product, device in zip(*columns, strict=True):
        who_is = f'"userId":"{uid}",' if uid else '"userId":null,'
        if code == says_who:
            what = f'"type":"identify","traits":{{"email":"{address}"}}'
        else:
            path, properties = about[code][topic][product]
            what = f'{head[code]},"properties":{{{properties}}},"context":{{"page":{{"path":"{path}"}},"device":"{DEVICES[device]}"}}'
        lines.append(f'{{"messageId":"{key}","timestamp":"{at}.{ms:03d}Z","anonymousId":"{browser}",{who_is}{what}}}')
    return lines, keys


def _about() -> list[list[list[tuple[str, str]]]]:
    """Path and properties of a click by letter, topic and product."""
    products, topics = words.products(), words.topics()
    shown = [
        f'"product_id":"{i}","name":"{name}","price":{cents / 100}'
        for i, name, cents in zip(products.id, products.name, products.cents.tolist(), strict=True)
    ]
    result = []
    for letter in NAMES:
        by_topic = []
        for topic in topics:
            group = f'"category":"{topic.plural}"'
            folder = f"/{topic.plural.lower().replace('ä', 'ae').replace('ö', 'oe').replace('ü', 'ue')}"
            made = []
            for place, product in enumerate(shown):
                if letter in OF_PRODUCT:
                    made.append((f"{folder}/{products.id[place].lower()}", f"{product},{group}"))
                elif letter == "S":
                    made.append(("/suche", f'"query":"{topic.de.lower()}",{group}'))
                elif letter == "F":
                    made.append(
                        (folder, f'{group},"filters":["leise","bis {products.cents[place] // 10000 + 1}00 Euro"]')
                    )
                else:
                    made.append(
                        ({"L": folder, "N": f"/ratgeber{folder}", "C": "/warenkorb"}.get(letter, "/kasse"), group)
                    )
            by_topic.append(made)
        result.append(by_topic)
    return result


def _viewed_nothing(click: dict[str, Any]) -> None:
    click |= {"type": "track", "event": "Product Viewed", "properties": {}}


def _cart(**changes: Any) -> Change:
    def change(click: dict[str, Any]) -> None:
        click |= {"type": "track", "event": "Cart Viewed", "properties": {}, "traits": None} | changes

    return change


_PLAN = (
    Dirt("bad_json", 0.0009, cut_off),
    Dirt("undecodable", 0.0003, latin),
    Dirt("not_an_object", 0.0002, lambda _line, mark: f'"connection reset {mark}"'),
    Dirt("missing_property", 0.0009, changed("messageId", _viewed_nothing)),
    Dirt("time_out_of_range", 0.0003, changed("messageId", _cart(timestamp="2099-01-01T00:00:00.000Z"))),
    Dirt("bad_time", 0.0003, changed("messageId", _cart(timestamp="Invalid Date"))),
    Dirt("no_time", 0.0002, changed("messageId", _cart(timestamp=None))),
    Dirt("no_identifier", 0.0009, changed("messageId", _cart(anonymousId=None, userId=None))),
)
