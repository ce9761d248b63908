"""While a large load is adopted, whoever is found in its events already is whoever the ledger will say, and nobody twice."""

import random

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st
from test_bulk import SOME, WHO, bulk, events, fresh  # noqa: F401 (fresh is a fixture)

from geleit.clock import DAY
from geleit.events.event import Event, Identifier
from geleit.history import gathered
from geleit.intake import adoption, gathering
from geleit.intake.adoption import adopt_all
from geleit.ledger import tables

FEW = settings(SOME, max_examples=4)
SMALL = {"SLICE": 4, "PEOPLE": 1, "DIFFICULT": 1}


class Killed(BaseException):
    """The process ends here."""


@pytest.fixture(autouse=True)
def early(monkeypatch):
    """Every load is large enough, every slice small."""
    monkeypatch.setattr(gathering, "EARLY", 0)
    for name, value in SMALL.items():
        monkeypatch.setattr(adoption, name, value)


def seen(workspace):
    """Whose each event is in the view, and its set; every event once."""
    with workspace.history.open_view() as duck:
        rows = duck.execute("SELECT event_id, set_key, customer_id FROM events").fetchall()
    found = {event_id: (set_key, customer) for event_id, set_key, customer in rows}
    assert len(rows) == len(found)
    return found


def people(workspace):
    return {customer for _, customer in seen(workspace).values()}


def resolved(workspace):
    with workspace.ledger.read() as connection:
        query = sa.select(tables.identifier_set.c.key, tables.resolution.c.customer_id)
        joined = query.join(tables.resolution, tables.resolution.c.set_id == tables.identifier_set.c.id)
        return dict(connection.execute(joined.where(tables.resolution.c.slice == 0)).all())


@pytest.fixture
def agrees(fresh):  # noqa: F811
    """Events of sets that the ledger has are whose it says; the others are whose all events make them, or nobody's.

    Returns whose events are somebody's before the ledger says it.
    """
    truths = {}

    def compare(workspace, expected):
        ids = frozenset(event.id for event in expected)
        told = frozenset(map(repr, expected))  # not the ids: other examples have events of the same
        if told not in truths:
            with fresh() as anew:
                anew.intake.accept(list(expected))
                truths[told] = resolved(anew)
        placed, found = resolved(workspace), seen(workspace)
        assert set(found) == ids
        for event_id, (key, customer) in found.items():
            right = (placed[key],) if key in placed else ("", truths[told].get(key, ""))
            assert customer in right, event_id
        return {event_id for event_id, (key, customer) in found.items() if customer and key not in placed}

    return compare


@st.composite
def live(draw):
    return [
        Event("web", f"w{number}", "page_viewed", day * DAY, tuple(Identifier(*one) for one in who), raw="{}")
        for number, (day, who) in enumerate(draw(st.lists(st.tuples(st.integers(0, 800), WHO), max_size=4)))
    ]


@FEW
@given(told=st.tuples(events(), live(), st.integers(0, 2**16)))
def test_people_who_are_known_early_are_those_of_the_ledger(fresh, dump, agrees, told):  # noqa: F811
    given_, beside, seed = told
    chance = random.Random(seed)
    before = chance.randint(0, len(given_)) if chance.random() < 0.4 else 0
    accepted = given_[:before]
    with fresh() as workspace:
        workspace.intake.accept(accepted)
        if chance.random() < 0.5:
            workspace.build_generation()
        bulk(workspace, given_[before:])
        accepted, waiting = list(given_), list(beside)

        def moment(*_):
            if waiting and chance.random() < 0.2:
                accepted.append(waiting.pop())
                workspace.intake.accept(accepted[-1:])
            if chance.random() < 0.15:
                workspace.build_generation()
            if chance.random() < 0.2:
                agrees(workspace, accepted)
            if chance.random() < 0.05:
                assert workspace.check().ok, workspace.check().text()
            if chance.random() < 0.05:
                raise Killed

        for _ in range(20):
            try:
                built = workspace.build_generation if chance.random() < 0.7 else moment
                adopt_all(workspace.intake, workspace.archive, progress=moment, known=built)
                break
            except Killed:
                agrees(workspace, accepted)
        adopt_all(workspace.intake, workspace.archive)
        workspace.intake.accept(waiting)
        workspace.sync()
        assert workspace.check().ok, workspace.check().text()
        found = dump(workspace)
    with fresh() as one_by_one:
        one_by_one.intake.accept([*given_, *beside])
        one_by_one.sync()
        assert found == dump(one_by_one)


def who(*pairs):
    return tuple(Identifier(*pair) for pair in pairs)


ADA, USER, COOKIE = ("email", "ada@example.org"), ("shop.user_id", "u1"), ("web.anonymous_id", "v1")
BERT = ("email", "bert@example.org")
FILE = [
    Event("shop", "a", "page_viewed", 19_000 * DAY, who(COOKIE), raw="{}"),
    Event("shop", "b", "page_viewed", 19_001 * DAY, who(COOKIE, USER), raw="{}"),
    Event("shop", "c", "page_viewed", 19_002 * DAY, who(USER, ADA), raw="{}"),
    Event("shop", "d", "page_viewed", 19_003 * DAY, who(BERT), raw="{}"),
]


def stopped(workspace, *, build):
    """Adopt until people are known, and no further."""

    def stop():
        if build:
            workspace.build_generation()
        raise Killed

    with pytest.raises(Killed):
        adopt_all(workspace.intake, workspace.archive, known=stop)


@pytest.mark.parametrize("build", [True, False])
def test_people_count_before_the_ledger_has_them(fresh, agrees, build):  # noqa: F811
    with fresh() as workspace:
        bulk(workspace, FILE)
        assert people(workspace) == {""}
        stopped(workspace, build=build)
        assert workspace.counts().customers == 0
        assert agrees(workspace, FILE) == {event.id for event in FILE}
        assert len(people(workspace)) == 2


@pytest.mark.parametrize("build", [True, False])
def test_whoever_is_met_meanwhile_is_the_ledgers(fresh, agrees, build):  # noqa: F811
    met = Event("web", "e", "page_viewed", 19_004 * DAY, who(USER, ("phone", "+491715550123")), raw="{}")
    with fresh() as workspace:
        bulk(workspace, FILE)
        stopped(workspace, build=build)
        workspace.intake.accept([met])
        assert agrees(workspace, [*FILE, met]) == {FILE[3].id}
        workspace.build_generation()
        assert agrees(workspace, [*FILE, met]) == {FILE[3].id}
        assert workspace.check().ok
        workspace.sync()
        assert agrees(workspace, [*FILE, met]) == set()
        assert len(people(workspace)) == 2


def test_other_rules_of_identity_make_it_void(fresh, agrees):  # noqa: F811
    with fresh() as workspace:
        workspace.apply_definitions()
        bulk(workspace, FILE)
        stopped(workspace, build=True)
        assert agrees(workspace, FILE)
        (workspace.root / "identity.yaml").write_text("exclude: ['email:ada@example.org']\n")
        with workspace.ledger.write() as connection:
            change = workspace.ledger.next_change(connection)
            values = {"hash": f"changed at {change}"}
            applied = tables.applied_definition
            connection.execute(sa.update(applied).where(applied.c.name == "identity").values(values))
        assert people(workspace) == {""}


@pytest.mark.parametrize("content", [b"", b"half", None])
def test_a_file_that_is_not_whole_is_as_good_as_none(fresh, agrees, content):  # noqa: F811
    with fresh() as workspace:
        bulk(workspace, FILE)
        stopped(workspace, build=False)
        path = gathered.place(workspace.archive, 1)
        assert path.exists()
        path.write_bytes(path.read_bytes()[: -(2**13)] if content is None else content)
        found = people(workspace)
        assert found == {""} or (content is None and len(found) == 2)
        workspace.sync()
        assert not path.exists()
        assert agrees(workspace, FILE) == set()


def test_small_loads_go_as_before(fresh, agrees, monkeypatch):  # noqa: F811
    monkeypatch.setattr(gathering, "EARLY", len(FILE) + 1)
    with fresh() as workspace:
        bulk(workspace, FILE)
        adopt_all(workspace.intake, workspace.archive, known=lambda: pytest.fail("not worth it"))
        assert agrees(workspace, FILE) == set()


def test_a_full_disk_costs_time_and_nothing_else(fresh, monkeypatch):  # noqa: F811
    def full(*_):
        raise OSError(28, "no space")

    monkeypatch.setattr(gathering, "sync_file", full)
    with fresh() as workspace:
        bulk(workspace, FILE)

        def look(*_):
            assert not list((workspace.data / "loads").rglob("people.*"))

        known = lambda: pytest.fail("nothing is told")  # noqa: E731
        adopt_all(workspace.intake, workspace.archive, progress=look, known=known)
        assert len(people(workspace)) == 2
