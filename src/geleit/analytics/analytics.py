"""The questions by name, as notebooks ask them: ``geleit.open(folder).analytics.transitions(of="channel")``."""

from __future__ import annotations

from typing import Any

from geleit.analytics.desk import Desk
from geleit.analytics.result import Result
from geleit.analytics.transitions import Transition, Transitions


class Analytics(Desk):
    """Every question as a method; what all of them share (unit, since, until, segment ...) is ``Question``'s."""

    def transitions(self, **more: Any) -> Result[Transition]:
        """What follows what: count, journeys, people, spans."""
        return self.ask(Transitions(**more))
