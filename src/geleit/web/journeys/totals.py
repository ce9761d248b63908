"""Why populations differ: everybody known, those with steps, those with needs, and whom this page asks about, in sentences."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request

from geleit.web.journeys.asked import Asked
from geleit.web.screen import workspace_of


def reconciled(one: Asked) -> list[str]:
    """From all customers down to the people of this answer, each sentence with those who are left out."""
    words, (known, stepped, needing) = one.words, _totals(one.request)
    say, n = words.say, words.number
    found = [
        say(
            "geleit knows {known} customers. {stepped} of them have steps; of the other {rest} only what is no step is known (facts, "
            "consents, notes, what kinds.yaml takes for no step), and they have no journey.",
            known=n(known),
            stepped=n(stepped),
            rest=n(max(known - stepped, 0)),
        ),
        say(
            "{needing} of these have a need, and journeys of needs count them alone: what the other {rest} did belongs to no need.",
            needing=n(needing),
            rest=n(max(stepped - needing, 0)),
        ),
    ]
    by_need, people = one.question.unit == "need", one.result.population.people
    if people != (needing if by_need else stepped):
        return [
            *found,
            say("This page asks about {people}: the rest is left out by the filters above.", people=n(people)),
        ]
    whom = say("This page asks about all with a need.") if by_need else say("This page asks about all with steps.")
    return [*found, whom]


def _totals(request: Request) -> tuple[int, int, int]:
    """Customers known, with steps, with needs; counted once for each state of the history."""
    workspace, state = workspace_of(request), request.app.state
    as_of = workspace.as_of()
    key = (as_of.generation, as_of.change, as_of.last_seq)
    kept: tuple[Any, tuple[int, int, int]] | None = getattr(state, "totals", None)
    if kept is None or kept[0] != key:
        ask = workspace.analytics.occurrences
        stepped, needing = (ask(unit=unit).population.people for unit in ("customer", "need"))
        known = max(workspace.counts().customers, stepped)  # people of a load count before the ledger has them
        kept = (key, (known, stepped, needing))
        state.totals = kept
    return kept[1]
