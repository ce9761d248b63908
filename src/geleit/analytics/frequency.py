"""Visit frequency: on how many days people come through each channel."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pyarrow as pa
from pydantic import Field

from geleit.analytics.kernels import occurring
from geleit.analytics.kernels.ranks import of_counted
from geleit.analytics.question import Question, Unit
from geleit.analytics.selection import Selection, table, ways
from geleit.errors import GeleitError
from geleit.history.columns import PERSON
from geleit.language.words import translate

OFTEN = (1, 2, 4, 8, 16, 32)  # from so many days on people came about equally often; frequency.sql has the same


@dataclass(frozen=True, slots=True)
class Came:
    """How many people came on ``often`` days or more, but on fewer than the next of ``OFTEN``."""

    often: int
    people: int


@dataclass(frozen=True, slots=True)
class Frequency:
    """People of a channel and their visits; ``once`` came on one day only. Median and 95th percentile of visits per person.

    ``came`` parts the people by how often they came.
    """

    channel: str
    people: int
    visits: int
    once: int
    mean: float
    median: int
    p95: int
    came: tuple[Came, ...]


class Frequencies(Question):
    """A visit is a day of the company's calendar on which the person came; what the company began is none."""

    name: ClassVar[str] = "frequency"
    counted: ClassVar[pa.Schema] = pa.schema([("channel", pa.string()), ("visits", pa.int64()), ("people", pa.int64())])
    keys: ClassVar[tuple[str, ...]] = ("channel", "visits", "often")
    sorted_by: ClassVar[tuple[str, ...]] = ("channel", "visits")
    only: ClassVar[Unit | None] = "customer"

    unit: Unit = Field("customer", description="always customer")

    def cell(self, cell: Mapping[str, object], selection: Selection) -> Mapping[str, object]:  # noqa: ARG002 (as declared)
        """Numbers as numbers.

        Errors: GeleitError for what is none.
        """
        wrong = [value for name, value in cell.items() if name != "channel" and not str(value).isdecimal()]
        if wrong:
            raise GeleitError(f"'{wrong[0]}' is no number of days", hint="give a whole number")
        return {name: value if name == "channel" else int(str(value)) for name, value in cell.items()}

    def count(self, selection: Selection) -> pa.Table:
        """Count by kernels."""
        channels = selection.channels
        most = max((occurring.most_days(part.column("local_day"), part.starts) for part in selection.parts), default=0)
        histogram = np.zeros((len(channels), most + 1), np.int64)
        asked = np.array([channels.index("") if "" in channels else -1, PERSON])
        for way, part in zip(ways(selection, "channel"), selection.parts, strict=True):
            occurring.visits(way, part.column("local_day"), part.column("flags"), asked, histogram)
        channel, visits = np.nonzero(histogram)
        names = np.array([*channels, ""], object)
        return table(self.counted, channel=names[channel], visits=visits, people=histogram[channel, visits])

    def rows(self, counts: pa.Table, selection: Selection) -> Sequence[Frequency]:  # noqa: ARG002 (counts say it all)
        """The channel with the most visits first."""
        by_channel: dict[str, list[tuple[int, int]]] = {}
        for row in counts.to_pylist():
            by_channel.setdefault(row["channel"], []).append((row["visits"], row["people"]))
        found = [_summed(channel, sorted(pairs)) for channel, pairs in by_channel.items()]
        return sorted(found, key=lambda row: (-row.visits, row.channel))

    def sentence(self, language: str) -> str:
        """What is counted, in words."""
        return translate(
            language,
            "Counted is on how many days people came through each channel; several contacts on a day are one visit, and "
            "what the company began is none.",
        )


def _summed(channel: str, pairs: Sequence[tuple[int, int]]) -> Frequency:
    people, visits = sum(some for _, some in pairs), sum(number * some for number, some in pairs)
    median, tail = of_counted(pairs)
    return Frequency(
        channel=channel,
        people=people,
        visits=visits,
        once=sum(some for number, some in pairs if number == 1),
        mean=visits / people,
        median=median,
        p95=tail,
        came=tuple(
            Came(often, some)
            for often, further in zip(OFTEN, (*OFTEN[1:], sys.maxsize), strict=True)
            if (some := sum(count for number, count in pairs if often <= number < further))
        ),
    )
