"""People who were known before a bulk load: it finds them, sees them earlier, in new company, and leaves what live events leave."""

import random

import pytest

from geleit.clock import DAY
from geleit.events.event import Event, Identifier
from geleit.intake.loading import loading
from geleit.intake.staging import Stage
from geleit.workspace import open_workspace
from geleit.workspace.scaffold import init


def seen(key, day, *who):
    return Event("shop", key, "page_viewed", day * DAY, tuple(Identifier(*one) for one in who), raw="{}")


ADA, USER, COOKIE, PHONE = (
    ("email", "ada@example.org"),
    ("shop.user_id", "u1"),
    ("web.anonymous_id", "v1"),
    ("phone", "+491715550123"),
)
CASES = {
    "earlier": ([seen("a", 20_000, ADA)], [seen("b", 19_000, ADA)]),
    "new company": (
        [seen("a", 19_000, ADA, USER), seen("b", 19_001, USER, COOKIE)],
        [seen("c", 19_002, ADA, COOKIE)],
    ),
    "a phone of two": (
        [seen("a", 19_000, ADA, USER, PHONE)],
        [seen("b", 19_001, USER, PHONE), seen("c", 19_002, ("shop.user_id", "u2"), PHONE)],
    ),
    "a phone that was of two": (
        [seen("a", 19_000, USER, PHONE), seen("b", 19_001, ("shop.user_id", "u2"), PHONE)],
        [seen("c", 19_002, ("email", "x"), PHONE)],  # no address: it joins nobody, and stands before such a phone
    ),
    "another oldest": ([seen("a", 19_500, ADA, USER)], [seen("b", 19_000, USER), seen("c", 19_600, ADA, USER)]),
}


def left(folder, dump, groups, *, in_bulk):
    init(folder, name="Acme")
    with open_workspace(folder) as workspace:
        for events in groups:
            if in_bulk:
                intake = workspace.intake
                stage = Stage(intake.rules, intake.country, intake.zone, workspace.clock())
                with loading(intake, workspace.archive) as load:
                    load.take(stage.from_events(events), [])
            else:
                workspace.intake.accept(events)
            workspace.sync()
        assert workspace.check().ok, workspace.check().text()
        return dump(workspace)


@pytest.mark.parametrize("name", CASES)
def test_a_second_load_changes_what_live_events_would_change(tmp_path, dump, name):
    expected = left(tmp_path / "live", dump, CASES[name], in_bulk=False)
    assert left(tmp_path / "bulk", dump, CASES[name], in_bulk=True) == expected


@pytest.mark.parametrize("seed", range(1))
def test_load_after_load_of_the_same_people(tmp_path, dump, seed):
    chance = random.Random(seed)
    types = [
        ("email", "p{}@example.org"),
        ("shop.user_id", "u{}"),
        ("web.anonymous_id", "v{}"),
        ("phone", "+49171555{:04d}"),
    ]

    def who(person):
        chosen = chance.sample(types, chance.randint(1, 3))
        return [(type_, form.format(person + (chance.random() < 0.1))) for type_, form in chosen]

    groups = [
        [seen(f"{turn}-{n}", chance.randint(19_000, 20_000), *who(chance.randrange(12))) for n in range(30)]
        for turn in range(4)
    ]
    expected = left(tmp_path / "live", dump, groups, in_bulk=False)
    assert left(tmp_path / "bulk", dump, groups, in_bulk=True) == expected
