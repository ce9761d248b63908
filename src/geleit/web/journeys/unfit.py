"""Why a value does not fit a question, in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping

from geleit.analytics.unfit import UnfitError
from geleit.charts.words import Words
from geleit.definitions import as_micros

# What questions say in English of values that do not go together, and the text with a translation that says the same.
APART = (
    (
        "step_window: steps in any order",
        "Steps in any order have no step before: leave the time from step to step open.",
    ),
    ("steps: in any order", "In any order, each event can be one step only."),
    ("having: name kinds", "Choose an event that parts the journeys, or a segment."),
    ("unit: ", "This is counted by people, not by needs."),
    ("anchor: name a value", "Name what to begin with, or leave it open to begin where journeys do."),
    ("goal: name a value", "Name where to stop, or leave it open to follow journeys to their end."),
)


def told(error: UnfitError, words: Words, labels: Mapping[str, str]) -> str:
    """What is wrong, with the field as the page calls it (``labels``) or by its name; empty where only the exact words tell."""
    if apart := next((text for begin, text in APART if error.said.startswith(begin)), ""):
        return words.say(apart)
    say, name = words.say, error.place
    label = labels.get(name, name)
    if error.kind in ("greater_than_equal", "less_than_equal"):
        span = error.bound > 0 and _is_span(error.text)
        bound = words.span(error.bound) if span else words.number(error.bound)
        if error.kind == "greater_than_equal":
            return say("{label}: '{text}' is too little, at least {bound}.", label=label, text=error.text, bound=bound)
        return say("{label}: '{text}' is too much, at most {bound}.", label=label, text=error.text, bound=bound)
    if error.kind.startswith(("int_", "float_")):
        return say("{label}: '{text}' is no whole number.", label=label, text=error.text)
    if error.kind.startswith("bool_"):
        return say("{label}: '{text}' is neither true nor false.", label=label, text=error.text)
    if error.kind.startswith("date_"):
        return say("'{text}' is no day. Write it like 2026-11-22.", text=error.text)
    if error.kind == "literal_error":
        choices = error.choices
        return say("{label}: '{text}' is none of {choices}.", label=label, text=error.text, choices=choices)
    if error.kind in ("missing", "too_short"):
        return say("{label}: choose {n} at least.", label=label, n=words.number(max(error.bound, 1)))
    if error.kind == "value_error" and "write a number and a unit" in error.said:
        return say("{label}: “{text}” is no span of time. Write it like 30 days.", label=label, text=error.text)
    return ""


def _is_span(text: str) -> bool:
    """Whether a value is written as a span of time."""
    try:
        return not text.isdecimal() and as_micros(text) >= 0
    except ValueError:
        return False
