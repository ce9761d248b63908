"""How a cell of an answer is told above its people: what its columns are called, and what stands in them."""

from __future__ import annotations

from geleit.analytics.calendar import beginning
from geleit.charts.coming import STATES
from geleit.charts.lanes import STANDS, criterion, judged
from geleit.charts.rfm import GROUPS
from geleit.events.properties import amount
from geleit.language.formats import day_of
from geleit.web.journeys.asked import Asked, model_of

# How columns of cells are called; a question that is added puts its own here.
NAMED = {
    "step": "Step",
    "source": "where from",
    "target": "where to",
    "next": "what came instead",
    "part": "shown",
    "value": "what",
    "cohort": "First time from",
    "later": "later by",
    "channel": "Channel",
    "visits": "days on which they came",
    "often": "days on which they came",
    "way": "The way",
    "touch": "Touch",
    "success": "success after it",
    "stage": "Stage",
    "further": "went further",
    "group": "Group",
    "verdict": "verdict",
    "begins": "Begins",
    "state": "shown",
    "days": "days on which they came",
    "name": "Group",
    "recency": "lately",
    "frequency": "often",
    "money": "much",
    "kind": "what",
}
# Columns that hold kinds, channels or stages, whatever is asked.
OF = ("source", "target", "next", "value", "touch", "kind")
OWN = ("channel", "stage")  # columns that hold what they are called
PARTS = (
    {"reached": "came to the step", "lost": "did not take the step after"}
    | {
        "journey": "the whole journey",
        "step": "what became of the step",
        "extra": "besides",
    }
    | {
        "all": "All journeys",
        "path": "from step to step",
        "channel": "Through",
        "other": "Beside the way",
        "left": "Leave the way here",
        "felt": "said how it was for them",
        "criterion": "named what they judge by",
        "promise": "have a promise",
    }
)
VERDICTS = {
    "as_designed": "as designed",
    "so_far": "as designed so far",
    "deviating": "deviates",
    "elsewhere": "takes none of the steps",
    "late": "late",
    "other_order": "in another order",
    "skipped": "left out",
    "not_reached": "not reached",
    "by_person": "besides, by the person",
    "by_company": "besides, by us",
}
SAID = ("felt", "criterion", "promise")
SEVERAL = "|"  # between the steps of a way


def told(one: Asked) -> list[tuple[str, str]]:
    """Column and value, and what is left out."""
    words = one.words
    found = [
        (
            column(one, name),
            said(one, text) if name == "value" and one.cell.get("part") in SAID else value(one, name, text),
        )
        for name, text in one.cell.items()
    ]
    for name, texts in one.less.items():
        left = ", ".join(value(one, name, text) for text in texts)
        found.append((column(one, name), words.say("others than {names}", names=left)))
    return found


def said(one: Asked, text: str) -> str:
    """What people said at a step of the typical way; empty: anything."""
    words, part = one.words, one.cell.get("part")
    if not text:
        return words.say("anything")
    if part == "promise":
        return words.say(STANDS.get(text, text))
    number = amount(text) if part == "felt" else None
    return criterion(text, words) if number is None else judged(number, words)


def column(one: Asked, name: str) -> str:
    """A column's name."""
    if name == "source" and one.cell.get("part") in SAID:
        return one.words.say("Step")
    return one.words.say(NAMED.get(name, name))


def value(one: Asked, name: str, text: str) -> str:
    """What stands in a column."""
    words, of = one.words, _of(one)
    if one.view.name == "typical" and text == "0" and one.cell.get("part") in SAID:
        return words.say("All journeys")
    if one.view.name == "typical" and name in ("source", "target"):
        return words.say("step {n}", n=text) if text != "0" else words.say("the beginning")
    if name in OF:
        return words.name(text, of) if text else words.say("nothing more")
    if name in OWN:
        return words.name(text, name)
    if name == "way":
        steps = [words.name(step, of) for step in text.split(SEVERAL) if step]
        return " → ".join(steps) or words.say("a rarer way")
    if name == "cohort" and text.removeprefix("-").isdecimal():
        return day_of(beginning(int(text), one.values.get("span", "week")), words.language)
    if name in ("success", "further"):
        return words.say("yes") if text == "1" else words.say("no")
    said = {"part": PARTS, "verdict": VERDICTS, "state": STATES, "name": GROUPS}.get(name, {})
    return words.say(said[text]) if text in said else text


def _of(one: Asked) -> str:
    field = model_of(one.view.name).model_fields.get("of")
    given = one.given.get("of")
    return given[0] if given else str(field.default) if field else "kind"
