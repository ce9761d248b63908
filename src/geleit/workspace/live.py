"""How each source that sends live is doing: when it sent last, how much, how late, and whether it has fallen silent."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from geleit.access import write_keys
from geleit.access.write_keys import WriteKey
from geleit.intake import arrivals
from geleit.intake.arrivals import HOUR, Arrivals
from geleit.intake.rhythm import Rhythm, rhythm
from geleit.ledger.ledger import Ledger
from geleit.sources.definition import SourceDefinition

FRESH = 300.0  # seconds that a learned rhythm is kept: it changes by the hour

State = Literal["running", "silent", "learning", "waiting"]


@dataclass(frozen=True, slots=True)
class Silence:
    """Whether a source has fallen silent.

    ``state``: running; silent (an alarm); learning (it sends, and there is not enough history to tell what is usual);
    waiting (nothing came yet). ``alarm_at``: from when on silence is an alarm, microseconds UTC, None if not known;
    ``fixed``: the source's definition says so.
    """

    state: State
    last_at: int | None
    alarm_at: int | None
    fixed: bool


@dataclass(frozen=True, slots=True)
class LiveStatus:
    """One source that sends: ``collect`` (client libraries) or ``hook`` (webhooks), what came, and its write keys."""

    ways: tuple[str, ...]
    silence: Silence
    last_t: int | None
    hour: Arrivals
    day: Arrivals
    keys: tuple[WriteKey, ...]


def fixed_silence(source: SourceDefinition) -> int | None:
    """The shortest silence that the definition calls wrong, in microseconds; None if it names none."""
    said = [way.silence for way in (source.collect, source.hook) if way is not None and way.silence is not None]
    return min(said, default=None)


@dataclass(slots=True)
class Watch:
    """Watches the live sources of a workspace. ``zone``: the company's, whose week their rhythms follow."""

    ledger: Ledger
    sources: Mapping[str, SourceDefinition]
    zone: str
    _rhythms: dict[str, tuple[float, Rhythm | None]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def live(self) -> list[str]:
        """Names of the sources that send."""
        return [name for name, one in self.sources.items() if one.collect or one.hook]

    def silences(self) -> dict[str, Silence]:
        """Every live source, by name; cheap enough for each start page."""
        came = arrivals.latest(self.ledger, self.live)
        return {name: self._silence(name, came[name][0] if name in came else None) for name in self.live}

    def statuses(self) -> dict[str, LiveStatus]:
        """Every live source with all that its row tells."""
        now = self.ledger.clock()
        came, day = arrivals.latest(self.ledger, self.live), arrivals.recent(self.ledger, now)
        hour = arrivals.recent(self.ledger, now, HOUR)
        keys = write_keys.listed(self.ledger)
        found = {}
        for name in self.live:
            last_at, last_t = came.get(name, (None, None))
            ways = tuple(way for way in ("collect", "hook") if getattr(self.sources[name], way))
            mine = tuple(key for key in keys if key.source == name)
            silence = self._silence(name, last_at)
            found[name] = LiveStatus(ways, silence, last_t, hour.get(name, NONE), day.get(name, NONE), mine)
        return found

    def _silence(self, name: str, last_at: int | None) -> Silence:
        fixed = fixed_silence(self.sources[name])
        if last_at is None:
            return Silence("waiting", None, None, fixed is not None)
        if fixed is not None:
            alarm_at: int | None = last_at + fixed
        else:
            known = self._rhythm(name)
            if known is None:
                return Silence("learning", last_at, None, fixed=False)
            alarm_at = known.alarm_at(last_at)
        silent = alarm_at is not None and self.ledger.clock() >= alarm_at
        return Silence("silent" if silent else "running", last_at, alarm_at, fixed is not None)

    def _rhythm(self, name: str) -> Rhythm | None:
        with self._lock:
            looked, known = self._rhythms.get(name, (float("-inf"), None))
            if time.monotonic() - looked > FRESH:
                known = rhythm(self.ledger, name, self.zone)
                self._rhythms[name] = (time.monotonic(), known)
            return known


NONE = Arrivals()
