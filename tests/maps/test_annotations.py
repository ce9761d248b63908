import pytest
from map_events import ZONE, at

from geleit.clock import deadline
from geleit.events.properties import affirmed, amount, wording


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2026-02-27", at("2026-02-28T00:00") - 1),
        ("2026-02-27T10:00", at("2026-02-27T10:00")),
        ("2026-02-27T10:00+00:00", at("2026-02-27T11:00")),
        (1_770_000_000_000_000, 1_770_000_000_000_000),
        ("1770000000000000", 1_770_000_000_000_000),
        ("soon", None),
        ("2026-02-31", None),
        (None, None),
    ],
)
def test_deadlines(value, expected):
    assert deadline(value, ZONE) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [("+2", 2), ("-1,5", -1.5), ("\u22121", -1), (0, 0), ("good", None), (None, None), ("nan", None)],
)
def test_amounts(value, expected):
    assert amount(value) == expected


def test_words_and_truth():
    assert wording({"en": " yes ", "de": "ja"}, "de") == "ja"
    assert wording(None, "de") == ""
    assert affirmed("Ja")
    assert not affirmed("false")
    assert not affirmed(None)
