"""Unrolls journeys from an anchor, step by step, so that loops become ways."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from geleit.analytics.kernels.pairs import Way
from geleit.compiling import kernel

Ints = npt.NDArray[Any]


class Anchor(NamedTuple):
    """Codes at which unrolling begins (all of them: at the end of the journey) and ends, the code to skip, the direction."""

    member: npt.NDArray[np.bool_]
    goal: npt.NDArray[np.bool_]
    skip: int
    backward: bool


@kernel
def links(way: Way, anchor: Anchor, cells: Ints) -> None:
    """Add to ``cells[step, source, target]``: journeys, people, last person; the last code is outside the journey.

    Forward from the first anchor, backward from the last one, up to the first goal on the way; a journey ends after its
    last step, not at the depth.
    """
    depth, outside = cells.shape[0], cells.shape[1] - 1
    for u in range(len(way.owners)):
        size = way.starts[u + 1] - way.starts[u]
        step, before = 0, np.int64(-1)
        for nth in range(size + 1):
            code = np.int64(outside)
            if nth < size:
                i = way.starts[u + 1] - 1 - nth if anchor.backward else way.starts[u] + nth
                code = np.int64(way.value[i])
                if code == anchor.skip or (before < 0 and not anchor.member[code]):
                    continue
            if before >= 0:
                cell = cells[step, code, before] if anchor.backward else cells[step, before, code]
                cell[0] += 1
                if cell[2] != way.owners[u]:
                    cell[2] = way.owners[u]
                    cell[1] += 1
                step += 1
                if step == depth or (code != outside and anchor.goal[code]):
                    break
            before = code
