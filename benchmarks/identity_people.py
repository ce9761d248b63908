"""Invented people with known truth, and what contaminates them: family phones, shared mail, computers, kiosks, junk.

Who an identifier truly belongs to stands in ``truth``; one that several people use belongs to nobody. The same on every run.
"""

from __future__ import annotations

import random
from collections import defaultdict
from dataclasses import dataclass, field

from geleit.events.event import Identifier

DAY = 86_400_000_000
BEGIN = 19_700  # days since 1970: December 2023
DAYS = 730
# Parts of all sightings, 4.5 % together, that show something shared:
SHARES = {
    "phone": 0.020,  # of a family of two to four
    "email": 0.005,  # of a couple
    "computer": 0.008,  # on which a couple signs in
    "kiosk": 0.007,  # of a store, signed in at once
    "junk": 0.005,  # what is no address and no number, but looks like one
}
PER_KIOSK = 2_000  # people to one kiosk
JUNK_MAILS = ("keine@angabe.de", "info@example.org", "a@a.de", "kunde@example.com")
JUNK_PHONES = ("+491234567890", "+491111111111", "+499999999999")


@dataclass(slots=True)
class World:
    """What was seen together: (day, source, identifiers), and to whom each identifier truly belongs (-1: to nobody)."""

    seen: list[tuple[int, str, tuple[Identifier, ...]]] = field(default_factory=list)
    truth: dict[Identifier, int] = field(default_factory=dict)
    contaminated: int = 0  # sightings


def invent(people: int, seed: int = 7) -> World:
    """A world of so many people; 4.5 % of what is seen of them is contaminated."""
    chance = random.Random(seed)
    made = _Maker(chance)
    for person in range(people):
        made.person(person)
    made.contaminate(people)
    return made.world


class _Maker:
    """Invents people one after another, then makes some of them share things."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.world = World()
        self.of: dict[int, dict[str, list[Identifier]]] = {}
        self.kiosks = 0

    def person(self, person: int) -> None:
        """One person's accounts, addresses and browsers, and what of them was seen together."""
        mine: dict[str, list[Identifier]] = defaultdict(list)
        self.of[person] = mine
        for type_, likely, twice in (
            ("shop.user_id", 0.72, 0.015),
            ("crm.contact_id", 0.4, 0.03),
            ("desk.requester", 0.15, 0.0),
            ("loyalty_card", 0.35, 0.05),
            ("email", 0.96, 0.18),
            ("phone", 0.6, 0.08),
            ("app.device_id", 0.3, 0.2),
        ):
            for _ in range((self._happens(likely)) * (1 + (self._happens(twice)))):
                mine[type_].append(self._new(type_, person))
        for _ in range(self.chance.choices((0, 1, 2, 3, 5, 9), (10, 30, 25, 15, 13, 7))[0]):
            mine["web.anonymous_id"].append(self._new("web.anonymous_id", person))
        self._live(mine)

    def _happens(self, likely: float) -> bool:
        return self.chance.random() < likely

    def _new(self, type_: str, person: int) -> Identifier:
        number = f"{self.chance.getrandbits(40):010x}"
        forms = {"email": f"p{number}@example.org", "phone": f"+49561{int(number, 16) % 10**8:08d}"}
        made = Identifier(type_, forms.get(type_, f"x{number}"))
        if made in self.world.truth:
            return self._new(type_, person)
        self.world.truth[made] = person
        return made

    def _live(self, mine: dict[str, list[Identifier]]) -> None:
        """What systems see of one person."""
        users, mails, phones = mine["shop.user_id"], mine["email"], mine["phone"]
        for user in users:
            self._see("shop", user, *mails[:1], *(phones[:1] if self._happens(0.5) else ()))
            for mail in mails[1:]:
                if self._happens(0.8):
                    self._see("shop", user, mail)
        for contact in mine["crm.contact_id"]:
            self._see("crm", contact, *mails[:1], *phones[:1])
        for contact in mine["desk.requester"]:
            self._see("desk", contact, *(self.chance.choice([mails, phones])[:1] or mails[:1]))
        for card in mine["loyalty_card"]:
            self._see("till", card, *((phones if self._happens(0.4) else mails)[:1]))
            if users and self._happens(0.5):
                self._see("shop", users[0], card)
        for device in mine["app.device_id"]:
            if accounts := users or mails:
                self._see("app", accounts[0], device, times=3)
        for browser in mine["web.anonymous_id"]:
            if users and self._happens(0.85):
                self._see("web", self.chance.choice(users), browser, times=self.chance.randint(1, 4))
            elif mails and self._happens(0.85):
                self._see("mail", self.chance.choice(mails), browser)
            else:
                self._see("web", browser)

    def _see(self, source: str, *who: Identifier, times: int = 1) -> None:
        for _ in range(times):
            self.world.seen.append((BEGIN + self.chance.randrange(DAYS), source, tuple(sorted(set(who)))))

    def contaminate(self, people: int) -> None:
        """Let some share a telephone, an address, a computer, a kiosk, or junk."""
        self.kiosks = max(3, people // PER_KIOSK)
        clean = len(self.world.seen)
        total = clean / (1 - sum(SHARES.values()))
        for what, part in SHARES.items():
            share = getattr(self, f"_{what}")
            until = len(self.world.seen) + total * part
            while len(self.world.seen) < until:
                size = (
                    self.chance.choice((2, 2, 3, 4)) if what == "phone" else 2 if what in ("email", "computer") else 1
                )
                share(self.chance.sample(range(people), size))
        self.world.contaminated = len(self.world.seen) - clean

    def _phone(self, family: list[int]) -> None:
        """They all give one number, here and there."""
        shared = self._new("phone", -1)
        for person in family:
            mine = self.of[person]
            accounts = [*mine["shop.user_id"], *mine["crm.contact_id"], *mine["loyalty_card"]] or mine["email"][:1]
            for account in accounts or [self._new("crm.contact_id", person)]:
                self._see("crm" if account.type.startswith("crm") else "shop", account, shared)

    def _email(self, couple: list[int]) -> None:
        shared = self._new("email", -1)
        for person in couple:
            mine = self.of[person]
            accounts = [*mine["shop.user_id"], *mine["crm.contact_id"], *mine["loyalty_card"]]
            for account in accounts or [self._new("shop.user_id", person)]:
                self._see("shop", account, shared)

    def _computer(self, couple: list[int]) -> None:
        shared = self._new("web.anonymous_id", -1)
        for person in couple:
            mine = self.of[person]
            for account in mine["shop.user_id"] or mine["email"][:1] or [self._new("shop.user_id", person)]:
                self._see("web", account, shared, times=self.chance.randint(1, 6))
        self._see("web", shared, times=3)

    def _kiosk(self, group: list[int]) -> None:
        shared = Identifier("kiosk.device_id", f"store{self.chance.randrange(self.kiosks)}")
        self.world.truth[shared] = -1
        mine = self.of[group[0]]
        for account in (mine["shop.user_id"] or mine["loyalty_card"] or mine["email"])[:1]:
            self._see("kiosk", account, shared)

    def _junk(self, group: list[int]) -> None:
        mine = self.of[group[0]]
        values = [Identifier("email", one) for one in JUNK_MAILS] + [Identifier("phone", one) for one in JUNK_PHONES]
        shared = self.chance.choice(values)
        self.world.truth[shared] = -1
        for account in (mine["shop.user_id"] or mine["crm.contact_id"] or mine["loyalty_card"] or mine["email"])[:1]:
            self._see("crm", account, shared)
