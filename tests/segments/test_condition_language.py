from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from geleit.clock import EPOCH_DAY, local_day, micros
from geleit.errors import DefinitionError
from geleit.events.kinds import Catalogue, Kinds
from geleit.needs.rules import EVERYTHING
from geleit.segments.comparison import Comparison
from geleit.segments.conditions import Selector
from geleit.segments.definition import Segment, check_all, load_segment
from geleit.segments.spans import as_day, as_span, day_start
from geleit.segments.words import Speaker

ZONE = "Europe/Berlin"
NOW = micros(datetime(2026, 11, 22, 15, tzinfo=ZoneInfo(ZONE)))


def written(tmp_path, text, name="a.yaml"):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return load_segment(path, tmp_path)


@pytest.mark.parametrize(
    ("text", "line", "said", "hint"),
    [
        (
            "who:\n  all:\n    - did: visit\n      wihtin: 3 days\n",
            4,
            "'wihtin' is not known here; did you mean 'within'?",
            "",
        ),
        ("who:\n  did: visit\n  within: 3 lightyears\n", 3, "14 days, 2 weeks", ""),
        ("who:\n  did: visit\n  where:\n    text: {contain: x}\n", 4, "did you mean 'contains'?", ""),
        ("who:\n  tait: city\n", 1, "no condition begins so; did you mean 'trait'?", ""),
        ("who:\n  did: visit\n  trait: city\n", 1, "'trait' and 'did' are two conditions", ""),
        ("who: visit\n", 1, "a condition is a mapping that begins with one of", ""),
        ("who:\n  all: 3\n", 2, "", ""),
        ("who:\n  trait: city\n", 1, "say what it is compared with", ""),
        ("who:\n  did: visit\n  never: true\n  at_least: 2\n", 1, "never: goes with no number", ""),
        ("who:\n  did: visit\n  at_least: 3\n  at_most: 2\n", 1, "at_least: 3 is more than at_most: 2", ""),
        ("who:\n  orders: any\n  spent_at_least: much\n", 3, "write an amount as 500 EUR", ""),
        ("who:\n  did: visit\n  where: {on: {before: today}}\n", 3, "fixed days only", ""),
        ("whom:\n  did: visit\n", 1, "'whom' is not known here", "did you mean 'who'?"),
    ],
)
def test_mistakes_are_named_with_their_line_and_what_was_meant(tmp_path, text, line, said, hint):
    with pytest.raises(DefinitionError) as caught:
        written(tmp_path, text)
    assert caught.value.line == line
    assert said in caught.value.message
    assert hint in caught.value.hint


def test_segments_that_ask_for_each_other_in_a_circle_are_refused_with_the_way():
    asking = {"a": "b", "b": "c", "c": "b", "d": "a"}
    segments = {name: Segment.model_validate({"who": {"not": {"segment": other}}}) for name, other in asking.items()}
    problems = [str(one) for one in check_all(segments, Kinds(), EVERYTHING)]
    assert len(problems) == 1
    assert "a segment asks for itself: b → c → b" in problems[0]


def test_names_that_lead_nowhere_are_named_with_the_nearest():
    segment = Segment.model_validate({"who": {"any": [{"segment": "byers"}, {"need": "contakt", "stage": "informed"}]}})
    known = Segment.model_validate({"who": {"did": "visit"}})
    problems = [str(one) for one in check_all({"a": segment, "buyers": known}, Kinds(), EVERYTHING)]
    assert [one.rpartition("\n")[2] for one in problems] == [
        "Hint: did you mean 'buyers'?",
        "Hint: did you mean 'contact'?",
        "Hint: did you mean 'inform'?",
    ]


def test_days_begin_at_local_midnight_and_are_23_or_25_hours_long():
    for zone in (ZONE, "America/New_York", "Africa/Cairo", "Asia/Beirut", "Australia/Lord_Howe", "America/Asuncion"):
        first = local_day(NOW, zone) - 800
        for day in range(first, first + 800):
            start = day_start(day, zone)
            assert local_day(start, zone) == day, (zone, day)
            assert local_day(start - 1, zone) == day - 1, (zone, day)


def test_a_window_of_days_holds_today_and_ends_at_midnight():
    span, day = as_span("2 weeks"), as_span("24 hours")
    begin = span.begin(NOW, ZONE)
    assert local_day(NOW, ZONE) - local_day(begin, ZONE) == 13
    for t in (begin, begin + 1, NOW):
        assert span.begin(span.over(t, ZONE) - 1, ZONE) <= t < span.begin(span.over(t, ZONE), ZONE)
    assert (day.begin(NOW, ZONE), day.over(NOW, ZONE)) == (NOW - 86_400_000_000 + 1, NOW + 86_400_000_000)


@pytest.mark.parametrize(
    ("comparison", "value", "holds"),
    [
        ({"is": "Kassel"}, "kassel ", True),
        ({"is": 3}, "3.0", True),
        ({"is": True}, True, True),
        ({"is": True}, 1, False),
        ({"is_not": "Kassel"}, None, False),
        ({"is_not": "Kassel"}, ["Kassel", "Fulda"], False),
        ({"one_of": ["a", 2]}, ["x", 2.0], True),
        ({"none_of": ["a"]}, {"en": "b", "de": "c"}, True),
        ({"above": 3}, "3", False),
        ({"at_least": 3}, 3, True),
        ({"at_most": 2.5}, "1e3", False),
        ({"below": 3}, True, False),
        ({"contains": "STRASSE"}, "Goethestraße", True),
        ({"starts_with": "+49"}, "+49 561", True),
        ({"exists": False}, "", True),
        ({"exists": False}, [], True),
        ({"exists": True}, 0, True),
        ({"before": "today"}, "21.11.2026", True),
        ({"before": "today"}, "2026-11-22", False),
        ({"after": "2026-01-01"}, NOW, True),
        ({"within_last": "2 days"}, "2026-11-21T23:59:59", True),
        ({"within_last": "2 days"}, "2026-11-20", False),
        ({"within_next": "7 days"}, "2026-11-28", True),
        ({"within_next": "7 days"}, "2026-11-29", False),
        ({"within_last": "7 days"}, "soon", False),
        ({"within_last": "7 days"}, "²" * 11, False),
        ({"within_last": "7 days"}, "1" * 5_000, False),
    ],
)
def test_values_are_compared_as_people_mean_it(comparison, value, holds):
    assert Comparison.model_validate(comparison).holds(value, NOW, ZONE) is holds


@pytest.mark.parametrize("text", ["before", "after", "within_last", "within_next"])
@pytest.mark.parametrize("span", ["3 days", "36 hours"])
def test_no_turn_of_a_comparison_is_missed(text, span):
    told = as_day(span.replace("36 hours", "2 days") + " ago") if text in ("before", "after") else span
    comparison = Comparison.model_validate({text: told})
    for value in ("2026-11-24", "2026-11-22T18:30:00+01:00"):
        now = NOW - 8 * 86_400_000_000
        while now < NOW + 8 * 86_400_000_000:
            turns = comparison.turns(value, now, ZONE)
            until = min([*turns, NOW + 9 * 86_400_000_000])
            assert comparison.holds(value, now, ZONE) == comparison.holds(value, until - 1, ZONE)
            now = until


def test_selectors_of_the_same_events_have_one_key():
    one = Selector.model_validate({"did": ["b", "a"], "where": {"x": 1, "y": ["u", "v"]}})
    other = Selector.model_validate({"did": ["a", "b", "a"], "where": {"y": {"one_of": ["u", "v"]}, "x": {"is": 1}}})
    assert one.key == other.key != Selector.model_validate({"did": ["a"]}).key


def test_conditions_read_well_in_both_languages(tmp_path):
    segment = written(
        tmp_path,
        """
who:
  all:
    - {did: [question_asked, complaint_opened], at_least: 2, within: 30 days, where: {text: {contains: repair}}}
    - not: {orders: any, spent_at_least: 500 EUR, not_since: 1 year}
""".replace("spent_at_least: 500 EUR, ", ""),
    )
    said = {}
    for language in ("en", "de"):
        speaker = Speaker(language, Catalogue(), str, str)
        said[language] = [f"{line.depth} {line.text}" for line in speaker.lines(segment.who)]
    assert said["en"] == [
        "0 All of these hold:",
        "1 “asks or complains” (text contains “repair”): at least 2 times, in the last 30 days",
        "1 This does not hold:",
        "2 bought: at least once, but not in the last 365 days",
    ]
    assert said["de"] == [
        "0 Alles davon trifft zu:",
        "1 „fragt oder beschwert sich“ (text enthält „repair“): mindestens 2-mal, in den letzten 30 Tagen",
        "1 Das trifft nicht zu:",
        "2 gekauft: mindestens einmal, aber nicht in den letzten 365 Tagen",
    ]


def test_the_first_day_of_all_is_known():
    assert EPOCH_DAY + timedelta(days=local_day(day_start(0, ZONE), ZONE)) == EPOCH_DAY
