"""One portion of people with everything that systems write about them, and where they write it to."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

import numpy as np

from geleit.demo.chance import Rng
from geleit.demo.exports import Exports
from geleit.demo.lives import end
from geleit.demo.rows import Array, Rows
from geleit.demo.truth import Truth


@dataclass(frozen=True, slots=True)
class World:
    """A portion of people (``number`` counts portions from 0), their needs and complaints."""

    seed: int
    number: int
    people: Rows
    needs: Rows
    complaints: Rows
    exports: Exports
    truth: Truth

    def rng(self, name: str) -> Rng:
        """Chance for one system: what another system draws does not change it."""
        return np.random.default_rng([self.seed, self.number, zlib.crc32(name.encode())])

    def persons(self, who: Array) -> Array:
        """Numbers of people by their places in this portion."""
        return self.people["id"][who]

    def past(self, rows: Rows, name: str) -> Rows:
        """The rows that happened before the exports were made."""
        return rows.take(rows[name] < end())

    @property
    def orders(self) -> Rows:
        """Needs that led to a purchase."""
        return self.needs.take(self.needs["bought"])
