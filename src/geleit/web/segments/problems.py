"""What is wrong with a draft, in the reader's language where the words are known, and in which of its rows."""

from __future__ import annotations

import re
from dataclasses import dataclass

from geleit.errors import GeleitError
from geleit.web.reader import Reader
from geleit.web.segments.rows import Draft

PLACE = re.compile(
    r"draft(?::\d+)?: who(?:\.(?:all|any)\.(?P<row>\d+))?(?:\.[\w.]+)?: (?P<text>.*?)(?: \(found (?P<found>.*?)\))?(?: \(and .*)?"
)
REQUIRED = {"did": "did", "sequence": "did", "trait": "trait", "consent": "consent", "segment": "segment"}
LOST = "geleit schemas"  # a hint for those who write files


class UnfinishedError(GeleitError):
    """A row lacks what it asks for; ``row`` counts from 0."""

    def __init__(self, row: int | None) -> None:
        super().__init__("something is missing here")
        self.row = row


@dataclass(frozen=True, slots=True)
class Problem:
    """One problem; ``row`` counts from 0, None for the whole; ``translated``: it is in the reader's language."""

    text: str
    hint: str
    row: int | None
    translated: bool


def require_whole(draft: Draft) -> None:
    """Every row must say what it asks for.

    Errors: UnfinishedError.
    """
    if not draft.rows:
        raise UnfinishedError(None)
    for number, row in enumerate(draft.rows):
        asked = REQUIRED.get(row.kind)
        if asked and not row.get(asked):
            raise UnfinishedError(number)


def problem(error: GeleitError, draft: Draft, reader: Reader) -> Problem:
    """An error as the page shows it."""
    if isinstance(error, UnfinishedError):
        if error.row is None:
            return Problem(reader.say("A segment needs a condition: add one."), "", None, translated=True)
        text = reader.say("Condition {n}: something is missing here.", n=error.row + 1)
        return Problem(text, "", error.row, translated=True)
    hint = "" if error.hint.startswith(LOST) else error.hint
    found = PLACE.fullmatch(error.message)
    if found is None:
        said = reader.say(error.message)
        return Problem(said, hint, None, translated=said != error.message or reader.language == "en")
    row = int(found["row"]) if found["row"] else 0 if len(draft.rows) == 1 else None
    said = reader.say(found["text"])
    text = said if found["found"] is None else f"{said} ({found['found']})"
    if row is not None:
        text = reader.say("Condition {n}: {text}", n=row + 1, text=text)
    return Problem(text, hint, row, translated=said != found["text"] or reader.language == "en")
