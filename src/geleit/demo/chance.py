"""Draws for many at once; everything by one seed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from geleit.demo.rows import Array

Rng = np.random.Generator


def yes(rng: Rng, size: int, share: float | Array) -> Array:
    """True for about this share (or each with its own)."""
    return np.asarray(rng.random(size) < share)


def pick(rng: Rng, size: int, weights: Sequence[float] | Array) -> Array:
    """Places drawn by weight."""
    total = np.cumsum(np.asarray(weights, float))
    places = np.searchsorted(total, rng.random(size) * total[-1], side="right")
    return np.asarray(np.minimum(places, total.size - 1))


def from_list(rng: Rng, size: int, values: Array, skew: float = 0.0) -> Array:
    """Values drawn from a list; ``skew`` 1 makes the first ones common and the last ones rare, as names are."""
    weights = 1.0 / (np.arange(values.size) + 8.0) ** skew
    return values[pick(rng, size, weights)]


def days_after(rng: Rng, size: int, median: float, spread: float = 0.7) -> Array:
    """Waiting times in days, most near the median, some long."""
    return np.asarray(median * np.exp(rng.normal(0, spread, size)))
