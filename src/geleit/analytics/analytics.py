"""The questions by name, as notebooks ask them: ``geleit.open(folder).analytics.funnel(["product_viewed", "order_completed"])``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

from pydantic import ValidationError

from geleit.analytics.attribution import Attribution, Credit
from geleit.analytics.comparison import Comparison, Correlated, Correlation, Difference
from geleit.analytics.conformance import Conformance, Conformed
from geleit.analytics.desk import Desk
from geleit.analytics.flow import Flow, Link
from geleit.analytics.frequency import Frequencies, Frequency
from geleit.analytics.funnel import Funnel, FunnelStep
from geleit.analytics.lifecycle import Lifecycle, Lived
from geleit.analytics.loops import Loop, Loops
from geleit.analytics.occurrences import Occurrence, Occurrences, Placed, Positions
from geleit.analytics.question import Question
from geleit.analytics.result import Result
from geleit.analytics.retention import Retention, Returned
from geleit.analytics.rfm import Rfm, Scored
from geleit.analytics.stages import StageReached, Stages
from geleit.analytics.stickiness import Stickiness, Sticky
from geleit.analytics.transitions import Transition, Transitions
from geleit.analytics.trend import Happened, Trend
from geleit.analytics.typical import Typical, TypicalStep
from geleit.analytics.unfit import UnfitError
from geleit.analytics.variants import Variant, Variants
from geleit.needs.designed import DesignedJourney

Q = TypeVar("Q", bound=Question)
QUESTIONS: dict[str, type[Question]] = {
    model.name: model
    for model in (
        Transitions, Flow, Funnel, Variants, Retention, Attribution, Occurrences, Positions, Stages, Loops, Frequencies,
        Comparison, Correlation, Typical, Trend, Conformance, Stickiness, Lifecycle, Rfm,
    )
}  # fmt: skip


def question(model: type[Q], **values: Any) -> Q:
    """A question of these values.

    Errors: UnfitError naming what cannot be asked, and why.
    """
    try:
        return model(**values)
    except ValidationError as error:
        asked = ", ".join(sorted(model.model_fields))
        raise UnfitError(error, values, hint=f"{model.name} understands {asked}") from None


class Analytics(Desk):
    """Every question as a method; what all of them share (unit, since, until, segment ...) is ``Question``'s."""

    def transitions(self, **more: Any) -> Result[Transition]:
        """What follows what: count, journeys, people, spans."""
        return self.ask(question(Transitions, **more))

    def flow(self, **more: Any) -> Result[Link]:
        """What follows, step by step, from the beginning or from an anchor."""
        return self.ask(question(Flow, **more))

    def funnel(self, steps: Sequence[str | Sequence[str]], **more: Any) -> Result[FunnelStep]:
        """How many journeys come how far on a way of steps, and where the others go."""
        return self.ask(question(Funnel, steps=steps, **more))

    def variants(self, **more: Any) -> Result[Variant]:
        """The whole ways that journeys take, the most frequent first."""
        return self.ask(question(Variants, **more))

    def trend(self, values: Sequence[str] = (), **more: Any) -> Result[Happened]:
        """How often something happens in each day, week or month."""
        return self.ask(question(Trend, values=values, **more))

    def typical(self, **more: Any) -> Result[TypicalStep]:
        """The way that all journeys are nearest to together, and how each lies beside it."""
        return self.ask(question(Typical, **more))

    def retention(self, **more: Any) -> Result[Returned]:
        """Who comes back, by the day, week or month of the first time."""
        return self.ask(question(Retention, **more))

    def stickiness(self, **more: Any) -> Result[Sticky]:
        """On how many days of a week or month the same people come."""
        return self.ask(question(Stickiness, **more))

    def lifecycle(self, **more: Any) -> Result[Lived]:
        """Who is new, comes again, is back after a pause, stays away, by day, week or month."""
        return self.ask(question(Lifecycle, **more))

    def rfm(self, **more: Any) -> Result[Scored]:
        """How recently, how often and for how much people bought, and the groups that follow."""
        return self.ask(question(Rfm, **more))

    def attribution(self, conversion: Sequence[str], **more: Any) -> Result[Credit]:
        """Which touches come before a success, by several models; an association, not a cause."""
        return self.ask(question(Attribution, conversion=conversion, **more))

    def occurrences(self, **more: Any) -> Result[Occurrence]:
        """What happens how often, in how many journeys, of how many people."""
        return self.ask(question(Occurrences, **more))

    def positions(self, **more: Any) -> Result[Placed]:
        """The step matrix: what journeys have at which place."""
        return self.ask(question(Positions, **more))

    def stages(self, **more: Any) -> Result[StageReached]:
        """How many journeys come to each stage, how soon, how long they stay, who goes further."""
        return self.ask(question(Stages, **more))

    def loops(self, **more: Any) -> Result[Loop]:
        """What happens again in the same journey."""
        return self.ask(question(Loops, **more))

    def frequency(self, **more: Any) -> Result[Frequency]:
        """On how many days people come through each channel."""
        return self.ask(question(Frequencies, **more))

    def compare(self, **more: Any) -> Result[Difference]:
        """Two groups: ``having=[kind]`` against the others, or ``segment`` against the customers ``against``."""
        return self.ask(question(Comparison, **more))

    def correlation(self, success: Sequence[str], **more: Any) -> Result[Correlated]:
        """What happens more or less often before success; an association, not a cause."""
        return self.ask(question(Correlation, success=success, **more))

    def conformance(self, journey: str | DesignedJourney, **more: Any) -> Result[Conformed]:
        """Actual journeys beside a designed one, by its name or as it is."""
        named = {"journey": journey} if isinstance(journey, str) else {"design": journey}
        return self.ask(question(Conformance, **named, **more))
