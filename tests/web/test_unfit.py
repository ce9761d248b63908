"""Every way in which a value can fail a question is said in German."""

import pytest

from geleit.analytics.analytics import QUESTIONS, question
from geleit.analytics.unfit import UnfitError
from geleit.charts.words import Words
from geleit.web.journeys.unfit import told

GERMAN = Words("de")


@pytest.mark.parametrize(
    ("name", "values", "said"),
    [
        ("flow", {"depth": 99}, "Schritte: „99“ ist zu viel, höchstens 20."),
        ("flow", {"of": "colour"}, "of: „colour“ gibt es nicht; möglich sind kind, channel, stage."),
        ("flow", {"notes": "vielleicht"}, "notes: „vielleicht“ ist weder wahr (true) noch falsch (false)."),
        ("flow", {"since": "morgen"}, "„morgen“ ist kein Tag. Schreiben Sie ihn wie 22.11.2026."),
        ("flow", {"anchor": ("",)}, "Nennen Sie, womit es beginnt"),
        ("flow", {"goal": ("",)}, "Nennen Sie, wo es endet"),
        ("attribution", {}, "conversion: Wählen Sie mindestens 1."),
        ("attribution", {"conversion": ()}, "conversion: Wählen Sie mindestens 1."),
        ("attribution", {"conversion": ("a",), "lookback": "bald"}, "lookback: „bald“ ist keine Zeitspanne."),
        ("attribution", {"conversion": ("a",), "half_life": "3 hours"}, "half_life: „3 hours“ ist zu wenig"),
        ("funnel", {"steps": ("a",)}, "steps: Wählen Sie mindestens 2."),
        ("frequency", {"unit": "need"}, "Das wird nach Menschen gezählt"),
    ],
)
def test_a_value_that_does_not_fit_is_told_in_german(name, values, said):
    with pytest.raises(UnfitError) as failed:
        question(QUESTIONS[name], **values)
    assert told(failed.value, GERMAN, {"depth": "Schritte"}).startswith(said)
