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
FILE = r"(?:segments/)?(?P<file>[\w.-]+?)(?:\.yaml)?"
# What the rooms below say in English with values in it, and the text with a translation that says the same.
TOLD = (
    (r"'(?P<name>.*)' is no name of a file; nothing was saved", "“{name}” cannot be the name of a file; nothing was saved."),
    (rf"{FILE} was (?:changed|made) by somebody else meanwhile; nothing was saved", "Somebody else saved “{file}” meanwhile; nothing was saved."),
    (rf"{FILE}: there is no topic '(?P<name>.*)'", "There is no need “{name}”."),
    (rf"{FILE}: there is no stage '(?P<name>.*)'", "There is no stage “{name}”."),
    (rf"{FILE}: there is no segment '(?P<name>.*)'", "There is no segment “{name}”."),
    (rf"{FILE}: no event is known to be of the kind '(?P<name>.*)'", "No event is known to be “{name}”."),
    (rf"{FILE}: a segment asks for itself: (?P<way>.*)", "A segment asks for itself: {way}."),
    (r"'(?P<name>.*)' is compared with a day counted from today; of an event compare with fixed days only", "“{name}”: a property of an event can be compared with fixed days only."),
    (r"Input should be a valid (?:number|integer).*", "This is no number."),
    (r"Input should be greater than or equal to (?P<low>\d+)", "This is less than {low}."),
    (r"say what it is compared with: .*", "Say what it is compared with."),
    (r"did you mean '(?P<name>[^']*)'\?.*", "Did you mean “{name}”?"),
    (r"there is: (?P<names>.*)", "There is: {names}."),
    (r"small letters, digits and hyphens: (?P<name>.*)", "Small letters, digits and hyphens: {name}"),
)  # fmt: skip


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
    hint = "" if error.hint.startswith(LOST) else _said(error.hint, reader)[0]
    found = PLACE.fullmatch(error.message)
    if found is None:
        said, translated = _said(error.message, reader)
        return Problem(said, hint, None, translated=translated)
    row = int(found["row"]) if found["row"] else 0 if len(draft.rows) == 1 else None
    said, translated = _said(found["text"], reader)
    text = said if found["found"] is None else f"{said} ({found['found']})"
    if row is not None:
        text = reader.say("Condition {n}: {text}", n=row + 1, text=text)
    return Problem(text, hint, row, translated=translated)


def _said(text: str, reader: Reader) -> tuple[str, bool]:
    """A text of the rooms below in the reader's language, and whether that could be done."""
    for pattern, told in TOLD:
        if found := re.fullmatch(pattern, text):
            return reader.say(told, **found.groupdict()), True
    said = reader.say(text) if text else ""
    return said, said != text or reader.language == "en"
