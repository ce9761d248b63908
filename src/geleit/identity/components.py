"""Which numbered things hang together by links: the connected components of a large graph."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.int64]

MANY = 2_000_000  # links from which loading what is quicker pays
ROUNDS = 60


def components(count: int, low: Numbers, high: Numbers) -> Numbers:
    """The connected component of each of ``count`` numbered ends of links, numbered by their first ends."""
    if not count:
        return np.zeros(0, np.int64)
    if len(low) < MANY and (first := _first_of_each(count, low, high)) is not None:
        return np.cumsum(first == np.arange(count))[first] - 1
    # A fifth of a second that every command would pay, and only bulk loads and probable links need it.
    from scipy.sparse import coo_array  # noqa: PLC0415
    from scipy.sparse.csgraph import connected_components  # noqa: PLC0415

    graph = coo_array((np.ones(len(low), np.int8), (low, high)), shape=(count, count))
    found: Numbers = connected_components(graph, directed=False)[1].astype(np.int64)
    return found


def _first_of_each(count: int, low: Numbers, high: Numbers) -> Numbers | None:
    """The first end that hangs together with each; None if that takes too many rounds.

    Each round joins whatever a link leads on from to the least that it leads to.
    """
    first = np.arange(count, dtype=np.int64)
    for _ in range(ROUNDS):
        one, other = first[low], first[high]
        apart = one != other
        if not apart.any():
            return first
        low, high, one, other = low[apart], high[apart], one[apart], other[apart]
        np.minimum.at(first, np.maximum(one, other), np.minimum(one, other))
        while not np.array_equal(first, further := first[first]):
            first = further
    return None
