"""Chooses, without labels, from which weight on two records count as one person."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
LOWEST, HIGHEST = -1.0, 1.0  # bits; calibration is not trusted beyond


@dataclass(frozen=True, slots=True)
class Expected:
    """The chosen weight in bits, and the precision, recall and F1 of pairs that the model itself expects there."""

    threshold: float
    precision: float
    recall: float
    f1: float


def choose(weights: Floats, missed: float = 0.0) -> Expected:
    """The weight that makes the expected F1 of all pairs the highest.

    ``weights``: log2 odds of each pair. The best set to link holds the pairs whose probability is at least half of the
    F1 it reaches (Lewis 1995), so the threshold follows from the probabilities alone. ``missed``: expected number of
    pairs of one person that were never compared.
    """
    if not len(weights):
        return Expected(0.0, 1.0, 1.0, 1.0)
    falling = np.sort(weights)[::-1]
    chance = 1 / (1 + np.exp2(-np.clip(falling, -60, 60)))
    found = np.cumsum(chance)
    there = found[-1] + missed
    f1 = 2 * found / (np.arange(1, len(falling) + 1) + there)
    half = min(max(float(f1.max()) / 2, 1e-9), 1 - 1e-9)
    threshold = float(np.clip(np.log2(half / (1 - half)), LOWEST, HIGHEST))
    taken = max(int((falling >= threshold).sum()), 1)
    return Expected(
        threshold, float(found[taken - 1] / taken), float(found[taken - 1] / max(there, 1e-9)), float(f1[taken - 1])
    )
