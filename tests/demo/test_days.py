"""The company's calendar writes times as its systems do."""

import numpy as np
import pytest

from geleit.demo import days


@pytest.mark.parametrize("form", ["%Y-%m-%dT%H:%M:%SZ", "%d.%m.%Y %H:%M", "%d%m%y-%H%M%S", "%H:%M", "T-%m%d", "%Y"])
def test_many_times_are_written_as_few_are(form, monkeypatch):
    times = np.random.default_rng(4).integers(-3_000_000_000, 2_000_000_000, 500)
    few = days.written(times, form)
    monkeypatch.setattr(days, "MANY", 1)
    assert days.written(times, form) == few
    assert few[0] == np.datetime64(int(times[0]), "s").item().strftime(form)
