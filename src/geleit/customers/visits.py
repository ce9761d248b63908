"""How often a person comes through each channel: days with contact, not clicks."""

from __future__ import annotations

from collections.abc import Iterable

from geleit.clock import local_day
from geleit.customers.profile import ChannelVisits


def visits_by_channel(seen: Iterable[tuple[str, int]], zone: str) -> list[ChannelVisits]:
    """Visits from (channel, time) pairs, the most frequent channel first; a day of the company's zone is one visit."""
    times: dict[str, list[int]] = {}
    for channel, t in seen:
        if channel:
            times.setdefault(channel, []).append(t)
    found = [
        ChannelVisits(channel, len({local_day(t, zone) for t in some}), len(some), min(some), max(some))
        for channel, some in times.items()
    ]
    return sorted(found, key=lambda one: (-one.visits, -one.last_t, one.channel))
