"""The questions by name, as notebooks ask them: ``geleit.open(folder).analytics.funnel(["product_viewed", "order_completed"])``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from geleit.analytics.attribution import Attribution, Credit
from geleit.analytics.desk import Desk
from geleit.analytics.flow import Flow, Link
from geleit.analytics.funnel import Funnel, FunnelStep
from geleit.analytics.result import Result
from geleit.analytics.retention import Retention, Returned
from geleit.analytics.transitions import Transition, Transitions
from geleit.analytics.variants import Variant, Variants


class Analytics(Desk):
    """Every question as a method; what all of them share (unit, since, until, segment ...) is ``Question``'s."""

    def transitions(self, **more: Any) -> Result[Transition]:
        """What follows what: count, journeys, people, spans."""
        return self.ask(Transitions(**more))

    def funnel(self, steps: Sequence[str | Sequence[str]], **more: Any) -> Result[FunnelStep]:
        """How many journeys come how far on a way of steps, and where the others go."""
        return self.ask(Funnel(steps=steps, **more))

    def variants(self, **more: Any) -> Result[Variant]:
        """The whole ways that journeys take, the most frequent first."""
        return self.ask(Variants(**more))

    def retention(self, **more: Any) -> Result[Returned]:
        """Who comes back, by the day, week or month of the first time."""
        return self.ask(Retention(**more))

    def attribution(self, conversion: Sequence[str], **more: Any) -> Result[Credit]:
        """Which touches come before a success, by several models; an association, not a cause."""
        return self.ask(Attribution(conversion=tuple(conversion), **more))

    def flow(self, **more: Any) -> Result[Link]:
        """What follows, step by step, from the beginning or from an anchor."""
        return self.ask(Flow(**more))
