"""The form above a picture: every control with what is chosen in it; it works without a script."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from geleit.events.kinds import in_language
from geleit.language.formats import span
from geleit.web.journeys.asked import Asked, model_of
from geleit.web.journeys.views import SPANS, Field
from geleit.web.screen import workspace_of


@dataclass(frozen=True, slots=True)
class Option:
    """One choice of a list."""

    value: str
    label: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class Control:
    """One control: a list (``options``), a day, a number from ``low`` to ``high``, or a box to tick."""

    name: str
    label: str
    kind: str
    value: str = ""
    options: tuple[Option, ...] = ()
    low: str = ""
    high: str = ""
    more: bool = False
    set: bool = False


def controls(asked: Asked) -> list[Control]:
    """All controls in order; what holds several values is several lists of one name."""
    found: list[Control] = []
    for field in asked.fields:
        given = list(asked.given.get(field.name, [])) or _started(asked, field)
        if field.control == "values":
            found += _values(asked, field, given)
        else:
            found.append(_control(asked, field, given[-1] if given else ""))
    return found


def hidden(asked: Asked) -> list[tuple[str, str]]:
    """What the address gives and no control holds: it is kept when the form is sent."""
    held = {field.name for field in asked.fields}
    return [(name, text) for name, texts in asked.given.items() if name not in held for text in texts] + [
        (name, text) for name, text in asked.page.items() if name == "top"
    ]


def _started(asked: Asked, field: Field) -> list[str]:
    value = asked.start.get(field.name, [])
    return [str(value)] if isinstance(value, (str, int)) else [str(one) for one in value]


def _values(asked: Asked, field: Field, given: Sequence[str]) -> list[Control]:
    words = asked.words
    many = "tuple" in str(model_of(asked.view.name).model_fields[field.name].annotation)
    places = max(field.several, len(given) + 1 if field.several > 1 else len(given), 1) if many else 1
    label = words.say(field.label)
    found = []
    for place in range(places):
        chosen = given[place] if place < len(given) else ""
        options = [Option("", words.say(field.empty) if field.empty else "", not chosen)]
        options += [
            Option(one.value, f"{one.label} ({words.number(one.journeys)})", one.value == chosen) for one in asked.known
        ]
        if chosen and chosen not in [option.value for option in options]:
            options.append(Option(chosen, words.names(chosen.split("|")), chosen=True))
        named = words.say("{label} {n}", label=label, n=place + 1) if places > 1 else label
        found.append(Control(field.name, named, "list", chosen, tuple(options), more=field.more, set=bool(chosen)))
    return found


def _control(asked: Asked, field: Field, given: str) -> Control:
    words = asked.words
    label, default = words.say(field.label), _default(asked, field)
    own = (default, str(asked.begun.get(field.name, default)))  # what is there by itself is not the reader's filter
    if field.control == "flag":
        return Control(field.name, label, "flag", more=field.more, set=given not in ("", "0", "false"))
    if field.control == "number":
        low, high = field.options[0][0], field.options[1][0]
        chosen = given or default
        return Control(field.name, label, "number", chosen, (), low, high, field.more, chosen not in own)
    if field.control == "day":
        return Control(field.name, label, "day", given, more=field.more, set=bool(given))
    if field.control in ("topic", "segment"):
        named = words.topics if field.control == "topic" else words.segments
        options = [Option("", words.say(field.empty), not given)]
        options += [Option(name, title, name == given) for name, title in named.items()]
        return Control(field.name, label, "list", given, tuple(options), more=field.more, set=bool(given))
    if field.control == "design":
        designs = workspace_of(asked.request).definitions.journeys
        chosen = given or next(iter(designs), "")
        options = [
            Option(name, in_language(one.label, words.language), name == chosen) for name, one in designs.items()
        ]
        return Control(field.name, label, "list", chosen, tuple(options), more=field.more, set=bool(given))
    if field.control == "span":
        options = [Option("", words.say("any length"), not given)]
        options += [Option(one, _span(asked, one), one == given) for one in dict.fromkeys((*SPANS, given)) if one]
        return Control(field.name, label, "list", given, tuple(options), more=field.more, set=bool(given))
    chosen = given or default
    options = [Option(value, words.say(said), value == chosen) for value, said in field.options]
    return Control(field.name, label, "list", chosen, tuple(options), more=field.more, set=chosen not in own)


def _default(asked: Asked, field: Field) -> str:
    """The value that the question has by itself."""
    value = model_of(asked.view.name).model_fields[field.name].default
    return "" if value is None else str(value)


def _span(asked: Asked, text: str) -> str:
    """``7 days`` in the reader's language; what is no span stays as it is."""
    units = {"hour": 3_600_000_000, "day": 86_400_000_000}
    number, _, unit = text.partition(" ")
    micros = units.get(unit.removesuffix("s"))
    return span(int(number) * micros, asked.words.language) if micros and number.isdecimal() else text
