"""What a question says of a value that does not fit it: in words, and in parts for whoever says it otherwise."""

from __future__ import annotations

from pydantic import ValidationError

from geleit.errors import GeleitError

SHOWN = 60  # characters of a value that are told
LIMITS = ("ge", "le", "min_length")  # what pydantic calls the bounds of a value


class UnfitError(GeleitError):
    """A value that a question cannot take.

    ``place``: the field, '' for several; ``kind``: pydantic's name of the error; ``text``: the value as it was given;
    ``bound``: the least or most of a number, or the fewest of a list; ``choices``: what a choice may be.
    """

    def __init__(self, error: ValidationError, given: dict[str, object], *, hint: str) -> None:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        self.said = first["msg"].removeprefix("Value error, ")
        self.place, self.kind = place.split(".", maxsplit=1)[0], first["type"]
        value = given.get(self.place, first["input"])
        self.text = str(value)[:SHOWN] if isinstance(value, str | int | float) else ""
        context = first.get("ctx", {})
        self.bound = int(next((context[name] for name in LIMITS if name in context), 0))
        self.choices = str(context.get("expected", "")).replace("'", "").replace(" or ", ", ")
        super().__init__(f"this cannot be asked: {f'{place}: ' if place else ''}{self.said}", hint=hint)
