"""Two groups and what goes with success: intervals against published ones, counts against plain counting."""

from math import sqrt
from typing import get_args

import pytest
from pydantic import ValidationError
from random_logs import KINDS, LOGS, compare

from geleit.analytics.analytics import QUESTIONS
from geleit.analytics.comparison import Comparison, Correlation, newcombe, wilson

CELLS = {
    "kind", "channel", "stage", "source", "target", "touch", "value", "name", "way", "next", "begins", "part", "group",
    "step", "state", "success", "verdict", "cohort", "later", "span", "often", "days", "visits", "further",
    "recency", "frequency", "money",
}  # fmt: skip


def share(ways, value, of):
    return sum(any(getattr(event, of) == value for event in way) for way in ways)


def comparison(question, ways, result, seed):
    having = [way for way in ways.values() if {event.kind for event in way} & set(question.having)]
    lacking = [way for way in ways.values() if not {event.kind for event in way} & set(question.having)]
    for row in result.rows:
        assert (row.of_a, row.of_b) == (len(having), len(lacking)), seed
        assert (row.journeys_a, row.journeys_b) == tuple(share(g, row.value, question.of) for g in (having, lacking)), (
            seed
        )
        assert row.low <= row.difference <= row.high, seed
        assert row.clear == (min(len(having), len(lacking)) >= question.support and not row.low <= 0 <= row.high), seed
        assert len(result.actors(group="b", value=row.value)) == row.journeys_b, seed


def correlation(question, ways, result, seed):
    won, lost = [], []
    for way in ways.values():
        places = [place for place, event in enumerate(way) if event.kind in question.success]
        (won if places else lost).append(way[: places[0]] if places else way)
    for row in result.rows:
        a, b = share(won, row.value, question.of), share(lost, row.value, question.of)
        c, d = len(won) - a, len(lost) - b
        assert (row.journeys, row.successes) == (a + b, a), seed
        assert row.with_it == a / (a + b), seed
        assert row.without_it == c / (c + d), seed
        assert row.phi == pytest.approx((a * d - b * c) / sqrt((a + b) * (c + d) * (a + c) * (b + d))), seed
        assert min(a + b, c + d) >= question.support, seed


@pytest.mark.parametrize("seed", range(LOGS))
def test_groups_are_counted_as_they_are_told(seed):
    of = {"of": ("kind", "channel")[seed % 2]}
    compare(seed, Comparison, comparison, choose=lambda _: of | {"having": (KINDS[seed % 4],), "support": 2})
    compare(seed, Correlation, correlation, choose=lambda _: of | {"success": (KINDS[seed % 4],), "support": 2})


def test_intervals_are_the_published_ones():
    # Newcombe 1998, table II: contrast a (56/70 - 48/80) and the extreme d (10/10 - 0/10)
    assert [round(bound, 4) for bound in newcombe((56, 70), (48, 80))] == [0.0524, 0.3339]
    assert [round(bound, 4) for bound in newcombe((10, 10), (0, 10))] == [0.6075, 1.0]
    assert wilson(0, 10)[0] == pytest.approx(0)


def test_groups_must_be_told():
    with pytest.raises(ValidationError, match="name kinds that part the journeys"):
        Comparison()
    with pytest.raises(ValidationError, match="customers of group a"):
        Comparison(against=("c1",))


def test_no_question_takes_employees_apart():
    """Journeys are counted by kind, channel and stage: whoever works for the company is no dimension."""
    asked = {name: model.model_fields["of"] for name, model in QUESTIONS.items() if "of" in model.model_fields}
    assert len(asked) > 5
    for name, field in asked.items():
        assert set(get_args(field.annotation)) <= {"kind", "channel", "stage"}, name
    assert {key for model in QUESTIONS.values() for key in model.keys} <= CELLS  # a new one must be thought about
