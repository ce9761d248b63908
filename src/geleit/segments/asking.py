"""Who asks: which segments there are, of which company, at which moment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from geleit.customers.facts import Setting
from geleit.segments.definition import Segment


@dataclass(frozen=True, slots=True)
class Asked:
    """The segments by name, how events and money are read, and when it is asked (microseconds UTC)."""

    segments: Mapping[str, Segment]
    setting: Setting
    now: int

    @property
    def zone(self) -> str:
        """The company's time zone."""
        return self.setting.zone
