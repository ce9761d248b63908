"""What people say, in German and English: drawn from the parts in words/sentences.yaml."""

from __future__ import annotations

from functools import cache

from geleit.demo import words
from geleit.demo.lives import TRIGGERS
from geleit.demo.stories import CAUSES, QUESTIONS
from geleit.demo.words import Said

WEEKDAYS = (
    ("Montag", "Monday"),
    ("Dienstag", "Tuesday"),
    ("Mittwoch", "Wednesday"),
    ("Donnerstag", "Thursday"),
    ("Freitag", "Friday"),
    ("Samstag", "Saturday"),
    ("Sonntag", "Sunday"),
)
CRITERIA = {
    "delivery": "abholung",
    "stock": "lieferbar",
    "price": "preis",
    "size": "groesse",
    "energy": "strom",
    "repair": "reparatur",
}
MORE = ("preis", "leise", "reparatur", "lieferbar", "garantie", "aufbau", "werkstatt")


def need(topic: int, trigger: int, turn: int) -> Said:
    """A need in somebody's words; ``turn`` chooses among all ways to say it."""
    ways = words.needs_said(topic, TRIGGERS[trigger])
    return ways[turn % len(ways)]


@cache
def _ways(topic: int, *path: str) -> tuple[Said, ...]:
    about = words.topics()[topic]
    return tuple(about.say(part) for part in words.sayings(*path))


def question(topic: int, number: int, turn: int) -> Said:
    """A question before buying."""
    ways = _fitting(topic, "question", number)
    return ways[turn % len(ways)]


def answer(topic: int, number: int) -> Said:
    """Our answer to it."""
    return _fitting(topic, "answer", number)[0]


def _fitting(topic: int, what: str, number: int) -> tuple[Said, ...]:
    """What is said of small appliances, where that differs from large ones."""
    small = f"{what}_small"
    differs = not words.topics()[topic].large and QUESTIONS[number] in words.read("sentences")[small]
    return _ways(topic, small if differs else what, QUESTIONS[number])


def complaint(topic: int, cause: int, turn: int) -> Said:
    """What somebody complains about."""
    ways = _ways(topic, "complaint", CAUSES[cause])
    return ways[turn % len(ways)]


def broken(topic: int, turn: int) -> Said:
    """What is wrong with a machine bought long ago."""
    ways = _ways(topic, "broken")
    return ways[turn % len(ways)]


def settled(outcome: str) -> Said:
    """How a complaint ended."""
    return _ways(0, "settled", outcome)[0]


def status(weekday: int, turn: int) -> Said:
    """Asking where the delivery is that was promised for a day of the week."""
    parts = words.sayings("status")
    part, (de, en) = parts[turn % len(parts)], WEEKDAYS[weekday]
    return part["de"].format(Tag=de), part["en"].format(day=en)


def said(mood: str, turn: int) -> Said:
    """A remark afterwards: good, brought, fair, bad, unadvised, repaired."""
    ways = _ways(0, "said", mood)
    return ways[turn % len(ways)]


def expectation(turn: int) -> Said:
    """What somebody expects before buying."""
    ways = _ways(0, "expectation")
    return ways[turn % len(ways)]


def post(topic: int, number: int) -> Said:
    """A public post."""
    return _ways(topic, "posts")[number]


def review(mood: str, turns: tuple[int, int, int]) -> tuple[str, str]:
    """Title and text of a review, in German."""
    parts = words.read("sentences")["review"][mood]
    texts = parts["parts"]
    first, second = texts[turns[1] % len(texts)], texts[turns[2] % len(texts)]
    return parts["titles"][turns[0] % len(parts["titles"])], first if first == second else f"{first} {second}"
