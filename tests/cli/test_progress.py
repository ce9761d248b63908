"""Long work says how far it is: words with pace and remaining time, lines only when it takes long, nothing for programs."""

import io

import pytest
from rich.console import Console

from geleit.cli.progress import EVERY, QUIET, Lines, Pace, watching
from geleit.sources.meter import Reached


class Hand:
    """A clock that is moved by hand."""

    def __init__(self):
        self.at = 100.0

    def __call__(self):
        return self.at


@pytest.fixture
def hand():
    return Hand()


def test_pace_and_remaining_time_are_those_of_this_source(hand):
    pace = Pace(hand)
    hand.at += 1
    assert pace.words(Reached("shop", 500, 0.1)) == "shop: 500 records, 10 %"
    hand.at += 3
    assert pace.words(Reached("shop", 2_000, 0.25)) == "shop: 2,000 records, 25 %, 500 a second, 0:12 left to read"
    hand.at += 5
    assert pace.words(Reached("till", 5_000)) == "till: 5,000 records, 1,000 a second"
    hand.at += 3595
    words = pace.words(Reached("till", 36_000, 0.5, taking=7))
    assert words == "till: 36,000 records, 50 %, 7 events are taken in, 10 a second, 1:00:00 left to read"


def test_sources_that_are_read_side_by_side_have_their_own_pace(hand):
    pace = Pace(hand)
    for second in range(1, 9):
        hand.at += 1
        said = [pace.words(Reached("clicks", 1_000 * second, second / 100)), pace.words(Reached("till", 10 * second))]
    assert said == ["clicks: 8,000 records, 8 %, 1,000 a second, 1:32 left to read", "till: 80 records, 11 a second"]


def test_without_a_terminal_lines_come_late_and_seldom(hand):
    shown = io.StringIO()
    lines = Lines(Console(file=shown), hand)
    lines.now("customers")
    hand.at += QUIET
    lines.reached(Reached("shop", 100))
    lines.now("needs")
    hand.at += EVERY
    lines.now("journal")
    assert shown.getvalue().splitlines() == ["shop: 100 records, 10 a second", "journal"]


@pytest.mark.parametrize(
    ("terminal", "silent", "says"), [(True, False, True), (True, True, False), (False, False, False)]
)
def test_a_bar_stands_on_terminals_only_and_never_beside_json(terminal, silent, says):
    shown = io.StringIO()
    with watching(Console(file=shown, force_terminal=terminal), silent=silent) as (reached, now):
        reached(Reached("shop", 100, 1.0))
        now("needs")
    assert ("needs" in shown.getvalue()) == says
