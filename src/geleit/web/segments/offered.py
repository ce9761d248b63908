"""What the builder offers to choose from: the kinds, channels, traits, products ... that this workspace knows."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from starlette.requests import Request

from geleit.events.vocabulary import VOCABULARY
from geleit.language.spans import say_span
from geleit.ledger import tables
from geleit.web.screen import reader_of, workspace_of
from geleit.web.segments.rows import Draft
from geleit.workspace.segments import Segments

Choice = tuple[str, str]  # value, what people read
LOOKED = 100_000  # rows of the ledger that are looked at: a form must not read all of a large one
VALUES, PRODUCTS = 40, 400
SHARED = 5  # people who share a value before it is offered: a rarer one may name a person
SPANS = ("1 day", "7 days", "14 days", "30 days", "3 months", "1 year")


@dataclass(frozen=True, slots=True)
class Group:
    """Choices under one head; without a head they stand alone."""

    head: str
    choices: tuple[Choice, ...]


@dataclass(frozen=True, slots=True)
class Offered:
    """For each list its choices; ``values`` are those of one trait by its name."""

    lists: Mapping[str, Sequence[Group]]
    values: Mapping[str, Sequence[str]]

    def groups(self, name: str, chosen: str = "") -> Sequence[Group]:
        """A list's choices; what a file names though nobody knows it stays in."""
        groups = self.lists.get(name, ())
        known = {value for group in groups for value, _ in group.choices}
        return groups if not chosen or chosen in known else (*groups, Group("", ((chosen, chosen),)))

    def any(self, name: str) -> bool:
        """Whether there is anything to choose."""
        return any(group.choices for group in self.lists.get(name, ()))


def offered(request: Request, draft: Draft) -> Offered:
    """The lists that the draft's rows need."""
    space, language = workspace_of(request), reader_of(request).language
    catalogue, kinds = space.catalogue, {row.kind for row in draft.rows}
    topics = [(rule.topic, space.topic_label(rule.topic, language)) for rule in space.definitions.needs.needs]
    segments = [(name, one.title(name, language)) for name, one in Segments(space).all.items() if name != draft.name]
    lists: dict[str, Sequence[Group]] = {
        "topics": _group([("any", reader_of(request).say("any")), *topics]),
        "stages": _group((stage.id, catalogue.stage_label(stage.id, language)) for stage in catalogue.stages),
        "segments": _group(segments),
        "spans": _group((said := say_span(span, language), said) for span in SPANS),
    }
    if kinds & {"did", "sequence"}:
        lists |= _events(request)
    with space.ledger.read() as connection:
        if "trait" in kinds:
            lists["traits"] = _plain([*_of_sources(request, "traits"), *_distinct(connection, tables.trait.c.name)])
        if "consent" in kinds:
            lists["purposes"] = _plain(_distinct(connection, tables.consent_fact.c.purpose))
        if "orders" in kinds:
            lists["products"] = _products(connection)
        named = {row.get("trait") for row in draft.rows if row.get("trait")}
        return Offered(lists, {name: _values_of(connection, name) for name in named})


def _events(request: Request) -> dict[str, Sequence[Group]]:
    """Kinds that happened here and others that are known; channels, sources, names of properties."""
    space, reader = workspace_of(request), reader_of(request)
    catalogue, language = space.catalogue, reader.language
    columns = space.history.open_columns()
    try:
        happened = {*columns.kinds, *columns.own_kinds} - {""}
        channels = {*columns.channels} - {""}
    finally:
        columns.close()

    def grouped(there: set[str], known: Iterable[str], label: Callable[[str], str]) -> Sequence[Group]:
        groups = ((reader.say("It happened here"), there), (reader.say("Not here yet"), {*known} - there))
        return [Group(head, _sorted((one, label(one)) for one in some)) for head, some in groups if some]

    sources = [(name, space.source_label(name, language)) for name in space.definitions.sources]
    required = {name for one in VOCABULARY.values() for need in one.requires for name in need.split("|")}
    return {
        "kinds": grouped(
            happened,
            {*VOCABULARY, *catalogue.definition.kinds},
            lambda kind: catalogue.label(kind, language).strip(" :,") or kind,
        ),
        "channels": grouped(channels, catalogue.channels, lambda one: catalogue.channel_label(one, language)),
        "sources": _group(_sorted(sources)),
        "properties": _plain([*_of_sources(request, "properties"), *required]),
    }


def _of_sources(request: Request, part: str) -> set[str]:
    """Names of traits or properties that the sources' definitions map."""
    sources = workspace_of(request).definitions.sources.values()
    return {name for source in sources for event in source.events for name in getattr(event, part)}


def _distinct(connection: sa.Connection, column: sa.ColumnElement[str]) -> list[str]:
    some = sa.select(column.label("one")).limit(LOOKED).subquery()
    return [one for one in connection.execute(sa.select(some.c.one).distinct()).scalars() if one]


def _values_of(connection: sa.Connection, name: str) -> list[str]:
    """The most frequent values of a trait."""
    of = tables.trait.c
    some = sa.select(of.name, of.value, of.set_id).limit(LOOKED).subquery()
    people = sa.func.count(sa.distinct(some.c.set_id))
    query = sa.select(some.c.value).where(some.c.name == name).group_by(some.c.value).having(people >= SHARED)
    found = connection.execute(query.order_by(people.desc(), some.c.value).limit(VALUES)).scalars()
    told = [json.loads(value) for value in found]
    return [str(one) for one in told if isinstance(one, str | int | float) and not isinstance(one, bool)]


def _products(connection: sa.Connection) -> Sequence[Group]:
    """By their numbers; those without one by their names."""
    of = tables.order_line.c
    some = sa.select(of.product_id, of.name).limit(LOOKED).subquery()
    rows = connection.execute(sa.select(some.c.product_id, some.c.name).distinct().limit(PRODUCTS)).all()
    return _group(_sorted((number or name, name or number) for number, name in rows if number or name))


def _group(choices: Iterable[Choice]) -> Sequence[Group]:
    found = tuple(dict(choices).items())
    return (Group("", found),) if found else ()


def _plain(names: Iterable[str]) -> Sequence[Group]:
    return _group((name, name) for name in sorted({*names}))


def _sorted(choices: Iterable[Any]) -> tuple[Choice, ...]:
    return tuple(sorted(choices, key=lambda one: (one[1].casefold(), one[0])))
