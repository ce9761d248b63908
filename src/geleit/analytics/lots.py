"""How sure an estimate is: people are drawn by lot into parts, and the estimate is made again without each of them.

This is the delete-a-group jackknife with groups of unequal size (Busing, Meijer and van der Leeden, 1999, "Delete-m
jackknife for unequal m"). It asks nothing of the estimate but that it can be counted by lot, keeps all journeys of one
person together, and gives the same range for the same people.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[Any]
Z = 1.959963984540054  # 95 % of a normal distribution lie within
FEWEST = 10  # lots with people that a range needs


def student(freedom: int) -> float:
    """95 % of Student's t distribution lie within (Cornish and Fisher's expansion; from 9 degrees on right to 0.001).

    >>> [round(student(freedom), 3) for freedom in (9, 15, 31)]
    [2.262, 2.131, 2.04]
    """
    terms = (
        (Z**3 + Z) / 4,
        (5 * Z**5 + 16 * Z**3 + 3 * Z) / 96,
        (3 * Z**7 + 19 * Z**5 + 17 * Z**3 - 15 * Z) / 384,
    )
    return float(Z + sum(term / freedom**power for power, term in enumerate(terms, 1)))


def ranges(whole: Floats, without: Floats, people: Floats) -> tuple[Floats, Floats] | None:
    """The lower and upper ends of the 95 % ranges of totals that cannot be negative; None with too few lots.

    ``whole`` = the totals; ``without[lot]`` = the same without the lot's people, and raised to as many people as before;
    ``people[lot]`` = how many people the lot has.
    """
    there = people > 0
    lots = int(there.sum())
    if lots < FEWEST:
        return None
    shape = (lots, *[1] * whole.ndim)
    weight = (people.sum() / people[there]).reshape(shape)
    left = without[there]
    middle = lots * whole - ((1 - 1 / weight) * left).sum(axis=0)
    spread = (weight * whole - (weight - 1) * left - middle) ** 2 / (weight - 1)
    around = student(lots - 1) * np.sqrt(spread.mean(axis=0))
    return np.maximum(whole - around, 0.0), whole + around
