"""The segments of a workspace: how many are in, who, and in which words the condition reads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from geleit.errors import GeleitError
from geleit.history.delta import AsOf
from geleit.intake.following import keep_segments
from geleit.ledger.segment_tables import segment_applied
from geleit.segments.asking import Asked
from geleit.segments.bulk import Census
from geleit.segments.conditions import Condition
from geleit.segments.definition import Segment, check_one, load_segment, the_segment
from geleit.segments.standing import standings
from geleit.segments.words import Line, Speaker
from geleit.workspace.workspace import Workspace

SAMPLE = 5


@dataclass(frozen=True, slots=True)
class Counted:
    """How many fulfil a condition, a few of them, and of which state that is."""

    count: int
    of: int
    sample: tuple[str, ...]
    as_of: AsOf


@dataclass(frozen=True, slots=True)
class Segments:
    """Reads a workspace's segments; ``more`` are definitions that are not saved yet, by name."""

    workspace: Workspace
    more: Mapping[str, Segment] | None = None

    @property
    def all(self) -> dict[str, Segment]:
        """The segments by name."""
        return {**self.workspace.segment_files.now, **(self.more or {})}

    def named(self, name: str) -> Segment:
        """A segment.

        Errors: NotFoundError naming the nearest.
        """
        return the_segment(self.all, name)

    def counted(self, condition: Condition, sample: int = SAMPLE) -> Counted:
        """Ask a condition of everybody."""
        with self.census([condition]) as census:
            found = census.some(condition, sample)
            return Counted(census.count(condition), census.everybody, tuple(found), census.as_of)

    def members(self, name: str) -> tuple[str, ...]:
        """Customer ids of all who are in, in order.

        Errors: NotFoundError for an unknown segment.
        """
        segment = self.named(name)
        with self.census([segment.who]) as census:
            return tuple(census.ids(segment.who))

    def counts(self) -> dict[str, int]:
        """How many are in each segment, of one state."""
        whos = {name: one.who for name, one in self.all.items()}
        if not whos:
            return {}
        with self.census(list(whos.values())) as census:
            return {name: census.count(who) for name, who in whos.items()}

    @contextmanager
    def census(self, conditions: Sequence[Condition]) -> Iterator[Census]:
        """One state of which conditions are asked."""
        space = self.workspace
        asked = Asked(self.all, space.intake.setting, space.clock())
        with Census(space.history, asked, conditions) as census:
            yield census

    def draft(self, path: Path) -> Segment:
        """A definition from any file, checked as if it were saved.

        Errors: DefinitionError naming file, line, value and remedy.
        """
        segment = load_segment(path, path.parent)
        self.check(path.stem, segment)
        return segment

    def check(self, name: str, segment: Segment) -> None:
        """Look whether the names in a segment lead somewhere.

        Errors: DefinitionError.
        """
        known = (self.workspace.definitions.kinds, self.workspace.definitions.needs)
        problem: GeleitError | None = next(check_one(name, segment, self.all | {name: segment}, known), None)
        if problem is not None:
            raise problem

    def speaker(self, language: str) -> Speaker:
        """Who puts conditions into words."""
        return Speaker(
            language,
            self.workspace.catalogue,
            lambda topic: self.workspace.topic_label(topic, language),
            lambda name: self.all[name].title(name, language) if name in self.all else name,
        )

    def lines(self, segment: Segment, language: str) -> list[Line]:
        """A segment's condition in words."""
        return self.speaker(language).lines(segment.who)

    def named_people(self, customers: Sequence[str]) -> list[dict[str, str]]:
        """Customers with their names."""
        return [{"customer": one, "name": self.workspace.profile(one).name} for one in customers]

    def refresh(self) -> dict[str, tuple[int, int]]:
        """Count everybody anew from history, beside all live answers; returns how many were in before and are now.

        Nobody comes or goes by that. Errors: Retryable, StoreError.
        """
        space = self.workspace
        before = self._standing()
        with space.ledger.write() as connection:
            connection.execute(sa.update(segment_applied).values(digest=""))
        keep_segments(space.intake, space.history, self.all)
        after = self._standing()
        return {name: (before.get(name, 0), after.get(name, 0)) for name in self.all}

    def _standing(self) -> dict[str, int]:
        with self.workspace.ledger.read() as connection:
            return {name: one.people for name, one in standings(connection, 0).items()}
