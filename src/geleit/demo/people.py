"""The people: households, couples with one e-mail, shared tablets, firms with several contacts, movers, strangers."""

from __future__ import annotations

import unicodedata

import numpy as np

from geleit.demo import days, words
from geleit.demo.chance import Rng, from_list, pick, yes
from geleit.demo.rows import Array, Rows, texts

NEVER = 10**6  # a day that does not come
KIOSKS = ("4d1e-kiosk-0001", "4d1e-kiosk-0002")
DOMAINS = ("post.example", "mail.example.com", "web.example.net", "familie.example", "briefkasten.example.org")
DOMAIN_WEIGHTS = (30, 26, 20, 10, 14)
_LETTERS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "ı": "i", "ł": "l", " ": "", ".": ""})


def plain(name: str) -> str:
    """A name as mail addresses write it.

    >>> plain("Müller"), plain("Yılmaz"), plain("Wiśniewski")
    ('mueller', 'yilmaz', 'wisniewski')
    """
    folded = name.lower().translate(_LETTERS)
    return unicodedata.normalize("NFD", folded).encode("ascii", "ignore").decode()


def make(rng: Rng, count: int, first: int) -> Rows:
    """So many people, numbered from ``first``; day columns count from the company's first day, NEVER for none."""
    people = Rows(id=np.arange(first, first + count))
    _households(rng, people)
    _names(rng, people)
    _addresses(rng, people)
    people["known"] = yes(rng, count, 0.86)
    people["online"] = rng.beta(2.2, 1.8, count)
    _firms(rng, people)
    _mail(rng, people)
    _phones(rng, people)
    _numbers(rng, people)
    _devices(rng, people)
    return people


def _households(rng: Rng, people: Rows) -> None:
    count = len(people)
    sizes = 1 + pick(rng, count, (50, 36, 9, 5))
    starts = np.concatenate([[0], np.cumsum(sizes)])
    household = np.searchsorted(starts, np.arange(count), side="right") - 1
    people["household"] = people["id"][0] + household
    people["place_in"] = np.arange(count) - starts[household]  # 0 is the first adult
    people["house"] = household
    people["size"] = np.bincount(household)[household]


def _names(rng: Rng, people: Rows) -> None:
    count, house = len(people), people["house"]
    sex = rng.integers(0, 2, count)
    second = (people["place_in"] == 1) & yes(rng, count, 0.88)
    sex = np.where(second, 1 - np.roll(sex, 1), sex)
    people["female"] = sex == 0
    women = from_list(rng, count, words.listed("female"), 0.6)
    men = from_list(rng, count, words.listed("male"), 0.6)
    people["first"] = np.where(people["female"], women, men)
    family = from_list(rng, count, words.listed("family"), 0.7)
    own = yes(rng, count, 0.12)
    people["last"] = np.where(own, family, family[house])


def _addresses(rng: Rng, people: Rows) -> None:
    count, house = len(people), people["house"]
    codes, towns = words.places()
    streets = words.listed("streets")
    moved = np.where(yes(rng, count, 0.06), rng.integers(40, days.DAYS - 60, count), NEVER)[house]
    people["moved"] = moved
    for suffix in ("", "2"):
        place = pick(rng, count, 1 / (np.arange(codes.size) + 6.0))[house]
        numbers = rng.integers(1, 120, count)[house].tolist()
        lanes = from_list(rng, count, streets)[house].tolist()
        people[f"street{suffix}"] = texts([f"{lane} {number}" for lane, number in zip(lanes, numbers, strict=True)])
        people[f"plz{suffix}"], people[f"town{suffix}"] = codes[place], towns[place]


def _firms(rng: Rng, people: Rows) -> None:
    """Some work for a firm that buys here; most of them since before, some join or leave in these months."""
    count, first = len(people), int(people["id"][0])
    firms = max(2, count // 90)
    at_firm = people["known"] & yes(rng, count, 0.042)
    firm = rng.integers(0, firms, count)
    people["firm"] = np.where(at_firm, first + firm, -1)
    names = words.firms()
    people["firm_name"] = names[(first // 90 + firm) % names.size]
    people["firm_town"] = words.places()[1][(first + firm) % words.places()[1].size]
    people["role"] = from_list(rng, count, words.listed("roles"))
    people["role_from"] = np.where(yes(rng, count, 0.3), rng.integers(20, 300, count), -rng.integers(30, 2500, count))
    people["role_until"] = np.where(yes(rng, count, 0.25), rng.integers(310, days.DAYS - 20, count), NEVER)


def _mail(rng: Rng, people: Rows) -> None:
    count, numbered = len(people), people["id"][0] > 0
    domains = texts(DOMAINS)[pick(rng, count, DOMAIN_WEIGHTS)].tolist()
    forms = pick(rng, count, (46, 18, 20, 10, 6)).tolist()
    years = rng.integers(48, 99, count).tolist()
    seen: set[str] = set()
    mails = []
    for id_, first, last, domain, form, year in zip(
        *people.lists("id", "first", "last"), domains, forms, years, strict=True
    ):
        f, name = plain(first), plain(last)
        local = (f"{f}.{name}", f"{f[0]}.{name}", f"{f}.{name}{year}", f"{name}-{f}", f"{f}{year}")[form]
        if numbered or f"{local}@{domain}" in seen:
            local = f"{local}.{id_}"
        mails.append(f"{local}@{domain}")
        seen.add(mails[-1])
    house, mail = people["house"], texts(mails)
    shared = (yes(rng, count, 0.09)[house]) & (people["size"] > 1)
    leader = np.arange(count) - people["place_in"]
    people["shares_mail"] = shared & people["known"]
    people["email"] = np.where(shared, mail[leader], mail)
    own = [m.replace("@", ".neu@") for m in mails]
    changes = yes(rng, count, 0.05) & ~shared
    people["email2"] = texts(own)
    people["mail_day"] = np.where(changes, rng.integers(60, days.DAYS - 90, count), NEVER)
    works = people["firm"] >= 0
    at_work = [
        f"{plain(f)[0]}.{plain(last)}{id_}@{plain(firm).replace('&', '')}-{plain(town)}.example"
        for id_, f, last, firm, town in zip(*people.lists("id", "first", "last", "firm_name", "firm_town"), strict=True)
    ]
    people["email"] = np.where(works, texts(at_work), people["email"])
    people["shares_mail"] &= ~works
    people["has_mail"] = people["known"] & (works | people["shares_mail"] | yes(rng, count, 0.9))


def _phones(rng: Rng, people: Rows) -> None:
    """Numbers that nobody can have: subscribers' numbers do not begin with 1, and 01510 is not given out."""
    count, house, ids = len(people), people["house"], people["id"]
    office = ids[0] + np.where(people["firm"] >= 0, people["firm"] - ids[0], 0)
    landline = [f"+49561{1_000_000 + number}" for number in (ids[0] + house).tolist()]
    switchboard = [f"+495601{1_000_000 + number}" for number in office.tolist()]
    people["landline"] = np.where(people["firm"] >= 0, texts(switchboard), texts(landline))
    people["mobile"] = texts([f"+4915100{number:06d}" for number in ids.tolist()])
    home = yes(rng, count, 0.5)[house]
    people["has_landline"] = people["known"] & (home | (people["firm"] >= 0))
    people["has_mobile"] = people["known"] & yes(rng, count, 0.86)


def _numbers(rng: Rng, people: Rows) -> None:
    """Which systems know a person, each by a number of its own; a few stand in the CRM twice."""
    count, ids, known = len(people), people["id"], people["known"]
    people["in_crm"] = known & (yes(rng, count, 0.8) | (people["firm"] >= 0))
    people["crm"] = 100_000 + ids
    people["crm_twice"] = people["in_crm"] & yes(rng, count, 0.025)
    people["crm2"] = 9_000_000 + ids
    people["in_shop"] = people["has_mail"] & yes(rng, count, 0.35 + 0.5 * people["online"])
    people["shop"] = texts([f"s-{number:06d}" for number in (20_000 + ids).tolist()])
    people["has_card"] = known & yes(rng, count, 0.6)
    people["card"] = texts([f"{3_000_000_000 + number * 7 + 3:010d}" for number in ids.tolist()])
    people["member"] = people["has_mail"] & yes(rng, count, 0.32)
    people["in_app"] = people["has_mail"] & yes(rng, count, 0.12 + 0.3 * people["online"])


def _devices(rng: Rng, people: Rows) -> None:
    """Browsers: two or three of one's own, perhaps the family's tablet; and the app on one phone."""
    count = len(people)
    for name in ("phone_web", "desk_web", "work_web", "tablet", "installation"):
        people[name] = _tokens(rng, count)
    has_tablet = yes(rng, count, 0.3)[people["house"]] & (people["size"] > 1)
    people["tablet"] = people["tablet"][people["house"]]
    people["has_tablet"] = has_tablet


def _tokens(rng: Rng, count: int) -> Array:
    numbers = rng.integers(0, 2**48, count).tolist()
    return texts([f"{n >> 32:04x}-{n >> 16 & 65535:04x}-{n & 65535:04x}" for n in numbers])


def mail_at(people: Rows, who: Array, day: Array) -> Array:
    """The address a person uses on a day."""
    return np.where(day >= people["mail_day"][who], people["email2"][who], people["email"][who])


def phone_of(people: Rows, who: Array, rng: Rng) -> Array:
    """The number a person calls from, mostly the mobile; '' for who has none."""
    mobile = people["has_mobile"][who] & (~people["has_landline"][who] | yes(rng, who.size, 0.68))
    landline = np.where(people["has_landline"][who], people["landline"][who], "")
    return np.where(mobile, people["mobile"][who], landline)
