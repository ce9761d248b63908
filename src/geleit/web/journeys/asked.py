"""What an address asks: a question about all journeys, how its picture is wanted, or in words why it cannot be asked."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from importlib import import_module
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from starlette.requests import Request

from geleit.analytics.unfit import UnfitError
from geleit.charts.drawing import Drawing
from geleit.charts.words import Words
from geleit.definitions import as_micros
from geleit.errors import GeleitError, NotFoundError
from geleit.events.kinds import in_language
from geleit.events.vocabulary import VOCABULARY
from geleit.language.spans import read_day, read_span
from geleit.web.journeys.unfit import told
from geleit.web.journeys.views import COMMON, VIEWS, WHEN, Field, Known, View
from geleit.web.members import called, members_of
from geleit.web.screen import reader_of, workspace_of

if TYPE_CHECKING:
    from geleit.analytics.question import Question
    from geleit.analytics.result import Result

CELL, LESS = "cell.", "less."
MEMBERS = ("segment", "against")
FEWEST = 2  # steps of a way
OWN = {"lang", "open", "top", "rows", "page"}  # what an address says of the page, not of the question


class Unaskable(GeleitError):
    """The asker's mistake, told in the reader's language; ``exact`` is what the question itself said, in English.

    ``fault`` is false where nobody asked wrongly, and something has to be made first.
    """

    def __init__(self, message: str, exact: str = "", *, fault: bool = True) -> None:
        super().__init__(message)
        self.exact = exact
        self.fault = fault


@dataclass(frozen=True)
class Asked:
    """One address: the view, the given values of the question by name, and what is wanted of the page."""

    request: Request
    view: View
    given: Mapping[str, Sequence[str]]
    page: Mapping[str, str]
    cell: Mapping[str, str] = field(default_factory=dict)
    less: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @cached_property
    def words(self) -> Words:
        workspace, reader = workspace_of(self.request), reader_of(self.request)
        segments = workspace.segment_files.now.items()
        return Words(
            reader.language,
            workspace.catalogue,
            reader.zone,
            {name: one.title(name, reader.language) for name, one in segments},
            {topic: workspace.topic_label(topic, reader.language) for topic in self.topics},
        )

    @property
    def fields(self) -> tuple[Field, ...]:
        """What the form asks; without the unit where the question has only one."""
        only = model_of(self.view.name).only
        left = {one.name for one in self.view.fields} | ({"unit"} if only else set())
        if only == "customer" or not self.topics[1:]:  # of one topic there is nothing to choose
            left.add("topic")
        here = self.view.fields
        if not workspace_of(self.request).segment_files.now:
            left.add("segment")
            here = tuple(one for one in here if one.control != "segment")
        return (*here, *(one for one in (*WHEN, *COMMON) if one.name not in left))

    @property
    def topics(self) -> tuple[str, ...]:
        """What the company's needs are about."""
        return tuple(rule.topic for rule in workspace_of(self.request).definitions.needs.needs)

    @cached_property
    def known(self) -> Sequence[Known]:
        """The kinds (channels, stages) there are, the most frequent first."""
        of = (self.given.get("of") or ["kind"])[0]
        if all(one.name in model_of(self.view.name).kind_fields for one in self.view.fields if one.control == "values"):
            of = "kind"
        own = self.given.get("own_kinds", ["0"])[-1] not in ("", "0", "false")
        return known(self.request, of if of in ("channel", "stage") else "kind", self.words, own_kinds=own)

    @cached_property
    def begun(self) -> Mapping[str, Any]:
        """What the view begins with."""
        return self.view.start(self.known)

    @cached_property
    def start(self) -> Mapping[str, Any]:
        """What the view begins with, as far as nothing else was chosen."""
        if any(name in self.given for name in self.view.unless):
            return {}
        return {name: value for name, value in self.begun.items() if name not in self.given}

    @cached_property
    def values(self) -> Mapping[str, Any]:
        """The question's fields; where nothing was chosen yet, those the view begins with.

        Errors: Unaskable.
        """
        fields = {one.name: one for one in self.fields}
        model = model_of(self.view.name)
        found: dict[str, Any] = {}
        for name, texts in self.given.items():
            if name not in model.model_fields:
                near = self._near(name, {one.name: self.words.say(one.label) for one in self.fields})
                raise Unaskable(self.words.say("This page has no filter '{name}'. {near}", name=name, near=near))
            found[name] = self._value(name, texts, fields.get(name))
            if name in MEMBERS:
                found |= called(self.request, name, [text.strip() for text in texts])
        self._fit(found)
        return {**self.start, **found}

    def _fit(self, found: Mapping[str, Any]) -> None:
        """Values must go together."""
        say = self.words.say
        if (since := found.get("since")) and (until := found.get("until")) and since >= until:
            raise Unaskable(say("The time ends before it begins: the second day must come after the first."))
        if found.get("against") and found.get("having"):
            raise Unaskable(say("Groups are made by an event or by segments: leave one of both empty."))
        if found.get("against") and "segment" not in found:
            raise Unaskable(say("Choose the segment of group a as well."))

    def _value(self, name: str, texts: Sequence[str], asked: Field | None) -> Any:
        text, say = texts[-1].strip(), self.words.say
        if name in MEMBERS:
            return self._members(texts)
        if name == "topic" and text not in self.topics:
            near = self._near(text, self.words.topics)
            raise Unaskable(say("There is no need “{name}”. {near}", name=text, near=near))
        if asked is not None and asked.control == "span":
            return self._span(text, asked)
        if asked is not None and asked.control == "design":
            designs = workspace_of(self.request).definitions.journeys
            if designs and text not in designs:
                labels = {name: in_language(one.label, self.words.language) for name, one in designs.items()}
                raise Unaskable(
                    say("There is no designed journey “{name}”. {near}", name=text, near=self._near(text, labels))
                )
            return text
        if asked is None or asked.control == "values":
            many = "tuple" in str(model_of(self.view.name).model_fields[name].annotation)
            return list(texts) if many else text
        if asked.control == "day":
            return self._day(text)
        if asked.control == "number":
            low, high = (int(end) for end, _ in asked.options)
            if not text.isdecimal() or not low <= int(text) <= high:
                raise Unaskable(
                    say(
                        "{label}: '{text}' is no number from {low} to {high}.",
                        label=say(asked.label),
                        text=text,
                        low=low,
                        high=high,
                    )
                )
            return int(text)
        if asked.control == "choice" and text not in [value for value, _ in asked.options]:
            choices = ", ".join(value for value, _ in asked.options)
            raise Unaskable(
                say("{label}: '{text}' is none of {choices}.", label=say(asked.label), text=text, choices=choices)
            )
        return text not in ("", "0", "false") if asked.control == "flag" else text

    def _members(self, texts: Sequence[str]) -> tuple[str, ...]:
        try:
            return tuple(one for text in texts for one in members_of(self.request, text.strip()))
        except NotFoundError as error:
            name = texts[-1].strip()
            said = self.words.say(
                "There is no segment “{name}”. {near}", name=name, near=self._near(name, self.words.segments)
            )
            raise Unaskable(said, "" if self.words.segments else error.message) from None

    def _near(self, text: str, known: Mapping[str, str]) -> str:
        """What was probably meant, by names and by what people call them; else what there is."""
        say = self.words.say
        by = {one.casefold(): name for name, label in known.items() for one in (label, name)}
        if close := difflib.get_close_matches(text.casefold(), by, n=1):
            name = by[close[0]]
            return say("Did you mean {name}?", name=f"{name} ({known[name]})" if known[name] != name else name)
        return say("There is: {names}.", names=", ".join(known)) if known else ""

    def _span(self, text: str, asked: Field) -> str:
        """``30 Tage`` is ``30 days``."""
        try:
            as_micros(read_span(text))
        except ValueError:
            say = self.words.say
            label = say(asked.label)
            raise Unaskable(
                say("{label}: “{text}” is no span of time. Write it like 30 days.", label=label, text=text)
            ) from None
        return read_span(text)

    def _day(self, text: str) -> date:
        try:
            return date.fromisoformat(read_day(text))
        except ValueError:
            raise Unaskable(self.words.say("'{text}' is no day. Write it like 2026-11-22.", text=text)) from None

    @cached_property
    def question(self) -> Question:
        """The question.

        Errors: Unaskable.
        """
        analytics = import_module("geleit.analytics.analytics")
        if self.view.name == "funnel" and len(self.values.get("steps", ())) < FEWEST:
            raise Unaskable(self.words.say("A way has two steps at least: choose another one."))
        try:
            made: Question = analytics.question(model_of(self.view.name), **self.values)
        except Unaskable:
            raise
        except GeleitError as error:
            labels = {one.name: self.words.say(one.label) for one in self.fields}
            said = told(error, self.words, labels) if isinstance(error, UnfitError) else ""
            exact = "" if said else f"{error.message}. {error.hint}"
            raise Unaskable(f"{self.words.say('This cannot be asked.')} {said}".strip(), exact) from None
        self._check(made)
        return made

    def _check(self, question: Question) -> None:
        """Name a kind that nobody knows, and what was probably meant."""
        if "design" in type(question).model_fields and not workspace_of(self.request).definitions.journeys:
            exact = "write one: journeys/NAME.yaml"
            raise Unaskable(self.words.say("There is no designed journey yet."), exact, fault=False)
        catalogue, say = self.words.catalogue, self.words.say
        there = {one.value: one.label for one in known(self.request, "kind", self.words, own_kinds=question.own_kinds)}
        for kind in question.kinds:
            if not {kind, catalogue.canonical(kind)} & {*there, *VOCABULARY, *catalogue.definition.kinds}:
                near = self._near(kind, there)
                raise Unaskable(say("No event is of the kind “{kind}”. {near}", kind=kind, near=near))
        if question.looked_at != "kind":
            of = question.looked_at
            every = {
                *(one.value for one in self.known),
                *(catalogue.channels if of == "channel" else catalogue.stage_index),
            }
            for value in question.named_values:
                if value not in every:
                    near = self._near(value, {one: self.words.name(one, of) for one in sorted(every)})
                    raise Unaskable(say("There is no “{name}” to choose. {near}", name=value, near=near))

    @cached_property
    def result(self) -> Result[Any]:
        """The answer. Errors: Unaskable."""
        found: Result[Any] = workspace_of(self.request).analytics.ask(self.question)
        return found

    def address(self, door: str = "", /, **changes: str) -> str:
        """This question's page, ``/people`` behind it or a file of it, with changes of what the page is wanted to show."""
        page = {**self.page, **changes} if not door.startswith("/") else {}
        started = {name: [value] if isinstance(value, str) else value for name, value in self.start.items()}
        pairs = [(name, str(text)) for name, texts in {**started, **self.given}.items() for text in texts]
        pairs += [(name, text) for name, text in page.items() if text and name != "lang"]
        return f"/journeys/{self.view.name}{door}{'?' if pairs else ''}{urlencode(pairs)}"

    def lead(self, cell: Mapping[str, object], less: Mapping[str, Sequence[str]] | None = None, /) -> str:
        """Where the people of a cell are."""
        pairs = [(f"{CELL}{name}", str(value)) for name, value in cell.items()]
        pairs += [(f"{LESS}{name}", value) for name, values in (less or {}).items() for value in values]
        return f"{self._people}{urlencode(pairs)}"

    @cached_property
    def _people(self) -> str:
        address = self.address("/people")
        return f"{address}{'&' if '?' in address else '?'}"

    def drawing(self, width: float) -> Drawing:
        """For this reader, every number leading to its people."""
        return Drawing(self.words, self.lead, width, self.page, lambda changes: f"{self.address(**changes)}#picture")


def asked(request: Request) -> Asked:
    """Read an address. Errors: NotFoundError for a question without a page."""
    name = request.path_params["name"]
    if name not in VIEWS:
        raise NotFoundError(f"there is no page of the question '{name}'", hint=f"there are {', '.join(VIEWS)}")
    given: dict[str, list[str]] = {}
    cell: dict[str, str] = {}
    less: dict[str, list[str]] = {}
    for key, text in request.query_params.multi_items():
        if key.startswith(CELL):
            cell[key.removeprefix(CELL)] = text
        elif key.startswith(LESS):
            less.setdefault(key.removeprefix(LESS), []).append(text)
        elif key not in OWN and text.strip():
            given.setdefault(key, []).append(text)
    page = {key: request.query_params[key] for key in OWN if key in request.query_params}
    return Asked(request, VIEWS[name], given, page, cell, less)


def model_of(name: str) -> type[Question]:
    """The model of a question; loads what compiles kernels."""
    found: type[Question] = import_module("geleit.analytics.analytics").QUESTIONS[name]
    return found


def known(request: Request, of: str, words: Words, *, own_kinds: bool = False) -> list[Known]:
    """The values there are; counted once for each state of the history."""
    workspace, state = workspace_of(request), request.app.state
    as_of = workspace.as_of()
    key = (as_of.generation, as_of.change, as_of.last_seq)
    kept: dict[Any, Any] = getattr(state, "known_values", {})
    if kept.get("key") != key:
        kept = {"key": key}
        state.known_values = kept
    if (of, own_kinds) not in kept:
        found = workspace.analytics.occurrences(of=of, own_kinds=own_kinds, limit=2**31 - 1).rows
        kept[of, own_kinds] = [(row.value, row.journeys) for row in found if row.value]
    there = kept[of, own_kinds]
    return [Known(value, words.name(value, of), _place(value, of, words), journeys) for value, journeys in there]


def _place(value: str, of: str, words: Words) -> int:
    return words.catalogue.stage_index.get(words.stage(value, of), -1)
