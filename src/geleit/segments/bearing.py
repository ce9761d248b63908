"""Which way one more event moves the answer of a segment, so that whoever stays where they stand need not be looked at."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from geleit.segments import conditions as c
from geleit.segments.definition import Segment, the_segment

EITHER = 0  # into the segment or out of it, who knows
IN, OUT = 1, -1  # if anywhere, then that way, at every moment
STEP = 2  # nowhere, unless somebody did later things before: only the last step completes a sequence


def bearings(segment: Segment, segments: Mapping[str, Segment]) -> dict[int, int]:
    """For each selector (by key) that a segment asks for: which way one more such event moves anybody."""
    found: dict[int, int] = {}
    for key, way in _walk(segment.who, segments, IN):
        found[key] = way if found.get(key, way) == way else EITHER
    return found


def _walk(condition: c.Condition, segments: Mapping[str, Segment], sign: int) -> Iterator[tuple[int, int]]:
    if isinstance(condition, c.InSegment):
        yield from _walk(the_segment(segments, condition.segment).who, segments, sign)
    elif isinstance(condition, c.Not):
        yield from _walk(condition.not_, segments, -sign)
    elif isinstance(condition, c.Did):
        for selector in c.selectors(condition):
            yield selector.key, sign * _counting(condition)
    elif isinstance(condition, c.Sequence):
        *earlier, last = condition.sequence
        for step in earlier:
            yield step.selector.key, STEP
        yield last.selector.key, sign
        if condition.not_followed_by:
            yield condition.not_followed_by.selector.key, -sign
    for one in () if isinstance(condition, c.Not) else c.inner(condition):
        yield from _walk(one, segments, sign)


def _counting(did: c.Did) -> int:
    """Of what is counted, more of it; the first, the last and what is long past may become another one by it."""
    if did.only != "any" or did.not_since:
        return EITHER
    if did.high is None:
        return IN
    return EITHER if did.low else OUT
