"""A small company whose exports go in bulk: people with several identifiers, shared ones, contradictions, live events beside."""

import random
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest

from geleit.clock import DAY
from geleit.events.event import Event, Identifier
from geleit.history import keys
from geleit.intake import adoption, gathering, imports
from geleit.workspace import open_workspace
from geleit.workspace.scaffold import init

SHOP = """
label: shop
file: exports/shop*.csv
events:
  - kind: order_completed
    key: no
    time: day
    identifiers: {shop.user_id: user, email: mail, shop.order_id: no}
    traits: {name: name, city: city}
    properties: {order_id: no, total: money(amount)}
"""
WEB = """
label: web
file: exports/web*.csv
events:
  - kind: page_viewed
    key: no
    time: day
    identifiers: {web.anonymous_id: visitor, email: mail, phone: phone}
    properties: {page: page}
"""
NEEDS = """
needs:
  - topic: wash
    label: {en: washing, de: Waschen}
    opens: [{kind: page_viewed}]
    closes: [{kind: order_completed}]
"""
# Chunks and slices so small that a few hundred events make many of them.
SMALL = {
    "imports.BULK": 40,
    "imports.TOGETHER": 60,
    "adoption.SLICE": 40,
    "adoption.PEOPLE": 9,
    "adoption.DIFFICULT": 4,
    "gathering.EARLY": 0,
    "keys.MOST": 2,
}
FILE = 30  # records of one file: the least that is read at once
WORKER = """
import sys
from geleit.cli.app import main
from geleit.history import keys
from geleit.intake import adoption, deriving, gathering, imports
deriving.WORTH = 0
{small}
sys.argv = ["geleit", *sys.argv[1:]]
main()
"""
ROOMS = {"imports": imports, "adoption": adoption, "gathering": gathering, "keys": keys}


def make(folder: Path, rows: int = 240, seed: int = 1) -> Path:
    """The company's workspace with its exports: two sources of ``rows`` records each."""
    init(folder, name="Acme")
    for name, text in {"sources/shop.yaml": SHOP, "sources/web.yaml": WEB, "needs.yaml": NEEDS}.items():
        (folder / name).write_text(text)
    chance = random.Random(seed)
    shop = ["no,day,user,mail,name,city,amount"]
    web = ["no,day,visitor,mail,phone,page"]
    for number in range(rows):
        person = chance.randrange(rows // 6)
        day = f"{2024 + number % 2}-{chance.randint(1, 12):02d}-{chance.randint(1, 28):02d}"
        mail = "family@example.org" if person % 9 == 0 else f"p{person}@example.org"
        told = mail if chance.random() < 0.5 else ""
        shop.append(f"o{number},{day},u{person},{told},Ada B{person},Ulm,{number}.50")
        visitor = f"v{chance.randrange(rows // 4)}"
        phone = f"+4917155{person:05d}" if chance.random() < 0.2 else ""
        web.append(f"w{number},{day},{visitor},{told if chance.random() < 0.5 else ''},{phone},/p{number % 5}")
    shop.append("o3,2025-01-01,u1,,Ada,Ulm,1.00")  # says something else under a key of before
    shop.append("bad,2025-31-31,u1,,Ada,Ulm,1.00")
    for name, (head, *lines) in (("shop", shop), ("web", web)):
        for place in range(0, len(lines), FILE):
            text = "\n".join([head, *lines[place : place + FILE]]) + "\n"
            (folder / "exports" / f"{name}-{place:04d}.csv").write_text(text)
    return folder


def live(start: int, count: int, rows: int = 240) -> list[Event]:
    """Events of the same people from somewhere else, the same ones for the same numbers."""
    found = []
    for number in range(start, start + count):
        chance = random.Random(number)
        who = [Identifier("shop.user_id", f"u{chance.randrange(rows // 6)}")]
        if number % 3 == 0:
            who.append(Identifier("web.anonymous_id", f"v{chance.randrange(rows // 4)}"))
        if number % 7 == 0:
            who.append(Identifier("email", f"live{number % 10}@example.org"))
        kind = "page_viewed" if number % 2 else "question_asked"
        found.append(Event("app", str(number), kind, chance.randrange(19_000, 20_000) * DAY, tuple(who), raw="{}"))
    return found


@contextmanager
def small():
    """Small chunks and slices in this process."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in SMALL.items():
            room, constant = name.split(".")
            patch.setattr(ROOMS[room], constant, value)
        yield


def command(folder: Path, *words: str) -> list[str]:
    """A command line that runs geleit with small chunks and slices."""
    text = WORKER.format(small="\n".join(f"{name} = {value}" for name, value in SMALL.items()))
    return [sys.executable, "-c", text, *words, "-w", str(folder)]


def expected(folder: Path, dump, events: list[Event], rows: int = 240) -> str:
    """What the company knows if nothing disturbs: everything one by one."""
    with open_workspace(make(folder, rows)) as workspace:
        workspace.import_sources()
        workspace.intake.accept(events)
        workspace.sync()
        assert workspace.check().ok, workspace.check().text()
        return dump(workspace)
