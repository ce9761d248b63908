"""Browsers that change hands: whose events are whose, live and in bulk, in any order, with decisions and rules beside."""

import random
from collections import defaultdict
from contextlib import contextmanager
from itertools import pairwise

import networkx as nx
import pytest
import sqlalchemy as sa

from geleit.clock import DAY, MINUTE
from geleit.events.event import Event, Identifier
from geleit.identity.turns import SILENCE
from geleit.intake import imports, slicing
from geleit.ledger.slice_tables import slice_
from geleit.ledger.slice_tables import slicing as waiting
from geleit.workspace import deciding, open_workspace
from geleit.workspace.deciding import Note
from geleit.workspace.proof import prove, remake_customers
from geleit.workspace.scaffold import init

SOURCE = """
label: web
file: exports/web.csv
events:
  - {kind: row.kind, key: no, time: at, identifiers: {web.anonymous_id: browser, web.user_id: user, email: mail}}
"""
NEEDS = """
needs:
  - topic: look
    label: {en: look}
    opens: [{kind: page_viewed}]
    closes: [{kind: order_completed}]
"""
NOTE = Note("Anja Kern", "knows them")
NOW = 400 * DAY


@contextmanager
def company(folder):
    init(folder, name="Acme")
    (folder / "needs.yaml").write_text(NEEDS)
    with open_workspace(folder, clock=lambda: NOW) as opened:
        opened.sync()
        yield opened


def random_events(seed, count=80):
    """Two families with a browser and a tablet each, somebody alone, and a browser nobody ever signs in at."""
    chance = random.Random(seed)
    homes = [(("b1", "t1"), ("1", "2", "3")), (("b2",), ("4", "5")), (("b3",), ("6",)), (("b4",), ())]
    events, minute = [], 0
    for number in range(count):
        minute += chance.choice((1, 3, 8, 8, 29, 31, 600))
        browsers, users = chance.choice(homes)
        who = {("web.anonymous_id", chance.choice(browsers))}
        if chance.random() < 0.2:
            who |= {("web.anonymous_id", browser) for browser in browsers}
        if users and chance.random() < 0.4:
            user = chance.choice(users)
            who |= chance.choice(
                ({("web.user_id", user)}, {("email", f"u{user}@example.org")}, {("web.user_id", user)})
            )
            if chance.random() < 0.2:
                who |= {("web.user_id", user), ("email", f"u{user}@example.org")}
        elif chance.random() < 0.1:
            who.add(("session_id", f"s{number % 3}"))
        kind = chance.choice(("page_viewed",) * 6 + ("order_completed", "signed_out"))
        events.append(event(number, minute, kind, *sorted(who)))
    return events


def event(number, minute, kind="page_viewed", *who):
    identifiers = tuple(Identifier(*pair) for pair in who)
    return Event("web", f"e{number}", kind, 300 * DAY + minute * MINUTE, identifiers, raw=f'{{"n": {number}}}')


def told(workspace):
    """Key -> customer of all events, by the view that analysis reads."""
    with workspace.history.open_view() as view:
        return dict(view.execute("SELECT key, customer_id FROM events").fetchall())


def needs(workspace):
    with workspace.ledger.read() as connection:
        rows = connection.execute(
            sa.text(
                "SELECT need.customer_id, need.topic, need_event.event_id FROM need JOIN need_event ON need_id = id"
            )
        )
        return sorted(map(tuple, rows))


def expected(workspace, events):
    """Key -> customer by brute force: visits are components of a graph; who is seen there on both sides has the event."""
    with workspace.ledger.read() as connection:
        rows = connection.execute(
            sa.text(
                "SELECT type, value, customer_id, reason FROM identifier JOIN identifier_resolution ON identifier_id = id"
            )
        ).all()
    place = {(row.type, row.value): (row.customer_id, row.reason) for row in rows}
    priority = {"web.user_id": 0, "email": 1, "web.anonymous_id": 2, "session_id": 3}
    known = {home for (type_, _), (home, reason) in place.items() if type_ in ("web.user_id", "email") and not reason}

    def base(one):
        best = min(one.identifiers, key=lambda i: (bool(place[i.type, i.value][1]), priority[i.type], i.type, i.value))
        return place[best.type, best.value][0]

    at = defaultdict(list)
    for one in sorted(events, key=lambda e: (e.t, e.order, e.id)):
        for identifier in one.identifiers:
            at[identifier].append(one)

    def turn(browser, asked):
        visits = nx.Graph()
        visits.add_nodes_from(one.key for one in at[browser])
        near = ((a, b) for a, b in pairwise(at[browser]) if b.t - a.t <= SILENCE and a.kind != "signed_out")
        visits.add_edges_from((a.key, b.key) for a, b in near)
        visit = [one for one in at[browser] if one.key in nx.node_connected_component(visits, asked.key)]
        seen = [(one.t, base(one)) for one in visit if base(one) in known]
        sides = {*[who for t, who in seen if t <= asked.t][-1:], *[who for t, who in seen if t >= asked.t][:1]}
        return sides.pop() if len(sides) == 1 else ""

    found = {}
    for one in events:
        shared = [i for i in one.identifiers if place[i.type, i.value][1] == "ambiguous"]
        hands = {turn(browser, one) for browser in shared} if base(one) not in known else set()
        hindered = any(place[i.type, i.value][1] not in ("", "ambiguous") for i in one.identifiers)
        agreed = hands.pop() if len(hands) == 1 and not hindered else ""
        found[one.key] = agreed or base(one)
    return found


def settle(workspace):
    """What the upkeep does, without archive and generation."""
    sum(slicing.cut_waiting(workspace.intake, workspace.history))
    rules = workspace.definitions.needs
    sum(slicing.recut.slices(workspace.ledger, workspace.history, workspace.catalogue, rules))


def shuffled(events, seed):
    chance = random.Random(seed)
    some = list(events)
    chance.shuffle(some)
    while some:
        size = chance.randint(1, 12)
        yield some[:size]
        some = some[size:]


@pytest.mark.parametrize("seed", range(4))
def test_any_order_and_any_batches_give_each_event_to_the_same_person(tmp_path, seed):
    events = random_events(seed)
    found = []
    for run in range(2):
        with company(tmp_path / str(run)) as workspace:
            for place, batch in enumerate(shuffled(events, seed * 10 + run)):
                workspace.intake.accept(batch)
                if place % 3 == run:
                    settle(workspace)
                if place == 4:
                    workspace.sync()
            settle(workspace)
            assert told(workspace) == expected(workspace, events)
            assert workspace.check().ok
            found.append((told(workspace), needs(workspace)))
            workspace.sync()
            assert told(workspace) == found[-1][0]
            with workspace.ledger.read() as connection:
                assert connection.execute(sa.select(slice_)).first()
                assert not connection.execute(sa.select(waiting)).first()
    assert found[0] == found[1]


def test_bulk_live_and_rebuild_agree(tmp_path, monkeypatch):
    events = random_events(11, 150)
    found = []
    for bulk in (10, 10**9):
        monkeypatch.setattr(imports, "BULK", bulk)
        with company(tmp_path / str(bulk)) as workspace:
            write(workspace.root, events)
        with open_workspace(tmp_path / str(bulk), clock=lambda: NOW) as workspace:
            workspace.import_sources()
            found.append((told(workspace), needs(workspace)))
            assert len(found[-1][0]) == len(events)
            (workspace.root / "identity.yaml").write_text("hub: {degree: 49}\n")
        with open_workspace(tmp_path / str(bulk), clock=lambda: NOW) as workspace:
            workspace.sync()
            found.append((told(workspace), needs(workspace)))
            assert workspace.check().ok
            with workspace.ledger.read() as connection:
                assert connection.execute(sa.select(slice_)).first()
    assert all(one == found[0] for one in found)


def write(root, events):
    (root / "sources" / "web.yaml").write_text(SOURCE)
    (root / "exports").mkdir(exist_ok=True)
    lines = ["no,at,kind,browser,user,mail"]
    for one in events:
        said = {i.type: i.value for i in one.identifiers}
        at = (one.t - 300 * DAY) // MINUTE
        day = f"1970-10-{28 + at // 1440:02d}" if at // 1440 < 4 else f"1970-11-{at // 1440 - 3:02d}"
        cells = (one.key, f"{day} {at % 1440 // 60:02d}:{at % 60:02d}", one.kind)
        lines.append(",".join((*cells, *(said.get(t, "") for t in ("web.anonymous_id", "web.user_id", "email")))))
    (root / "exports" / "web.csv").write_text("\n".join(lines) + "\n")


@pytest.fixture
def family(tmp_path):
    """Anna looks and signs in, then Ben does; later somebody looks and does not sign in."""
    browser, anna, ben = ("web.anonymous_id", "b"), ("web.user_id", "1"), ("web.user_id", "2")
    events = [
        event(0, 0, "page_viewed", browser),
        event(1, 5, "page_viewed", browser, anna),
        event(2, 9, "page_viewed", browser),
        event(3, 600, "page_viewed", browser),
        event(4, 605, "page_viewed", browser, ben),
        event(5, 2000, "page_viewed", browser),
    ]
    with company(tmp_path / "acme") as workspace:
        workspace.intake.accept(events)
        settle(workspace)
        yield workspace


def whose(workspace):
    names = {workspace.customer(key): name for key, name in (("web.user_id:1", "Anna"), ("web.user_id:2", "Ben"))}
    found = told(workspace)
    return [names.get(found[f"e{number}"], "") for number in range(6)]


def test_what_is_seen_before_and_after_signing_in_is_theirs(family):
    assert whose(family) == ["Anna", "Anna", "Anna", "Ben", "Ben", ""]
    read = family.read_events(family.customer("web.user_id:1"))
    assert [one.event.key for one in read] == ["e0", "e1", "e2"]
    assert [one.event.key for one in family.read_events(family.customer("web.anonymous_id:b"))] == ["e5"]


def test_a_shared_browser_is_nobodys_turn_until_that_is_taken_back(family):
    before = whose(family), needs(family)
    done = deciding.decide(family, "shared", [[Identifier("web.anonymous_id", "b")]], NOTE)
    assert whose(family) == ["", "Anna", "", "", "Ben", ""]
    deciding.undo(family, done.decision.number, NOTE)
    assert (whose(family), needs(family)) == before


def test_who_becomes_one_person_takes_the_turns_along(family):
    before = whose(family), needs(family)
    ends = [Identifier("web.user_id", "1"), Identifier("web.user_id", "2")]
    done = deciding.decide(family, "merge", [ends], NOTE)
    assert len({told(family)[f"e{number}"] for number in range(5)}) == 1
    assert whose(family)[5] == ""
    deciding.undo(family, done.decision.number, NOTE)
    assert (whose(family), needs(family)) == before


def test_facts_go_with_the_turn(family):
    browser = Identifier("web.anonymous_id", "b")
    at = 300 * DAY + 7 * MINUTE
    said = Event("web", "form", "identified", at, (browser,), traits={"city": "Kassel"})
    family.intake.accept([said])
    settle(family)
    traits = {name: family.profile(family.customer(key)).traits for name, key in
              (("Anna", "web.user_id:1"), ("Ben", "web.user_id:2"), ("browser", "web.anonymous_id:b"))}  # fmt: skip
    assert [(name, [t.value for t in some]) for name, some in traits.items()] == [
        ("Anna", ["Kassel"]), ("Ben", []), ("browser", [])]  # fmt: skip


def test_a_late_event_of_somebody_else_takes_a_turn_away(family):
    family.intake.accept([event(9, 7, "page_viewed", ("web.anonymous_id", "b"), ("web.user_id", "2"))])
    settle(family)
    assert whose(family) == ["Anna", "Anna", "Ben", "Ben", "Ben", ""]


def test_a_kiosk_has_no_turns(family):
    users = range(11, 15)
    family.intake.accept(
        [event(n, 3000 + n * 100, "page_viewed", ("web.anonymous_id", "b"), ("web.user_id", str(n))) for n in users]
    )
    settle(family)
    assert whose(family) == ["", "Anna", "", "", "Ben", ""]


def test_visits_are_explained_to_the_person_and_at_the_browser(family):
    anna = family.customer("web.user_id:1")
    (mine,) = family.explain("web.user_id:1").visits
    assert (str(mine.browser), mine.customer, mine.until_t - mine.from_t) == (
        "web.anonymous_id:b",
        anna,
        9 * MINUTE + 1,
    )
    text = family.explain("web.anonymous_id:b").text()
    assert "Visits at a browser that several people use:" in text
    assert f", {anna}" in text


def proven(workspace):
    return [(one.what, one.count) for one in prove(workspace.ledger, workspace.archive, workspace.rules)]


WRONG = "events of a browser that changes hands count as another person's than visits say"


@pytest.mark.parametrize(
    "harm",
    [
        "DELETE FROM slice WHERE from_t = (SELECT min(from_t) FROM slice)",
        "UPDATE slice SET until_t = until_t + 1",
        "UPDATE slice SET as_set = (SELECT max(as_set) FROM slice)",
    ],
)
def test_the_thorough_check_finds_a_turn_that_visits_do_not_say(family, harm):
    assert proven(family) == []
    family.sync()  # the same from the archive
    assert proven(family) == []
    before = whose(family)
    with family.ledger.write() as connection:
        connection.execute(sa.text(harm))
    assert [what for what, _ in proven(family)] == [WRONG]
    remake_customers(family)
    assert proven(family) == []
    assert whose(family) == before


def test_the_thorough_check_leaves_alone_what_waits_for_a_cut(family):
    family.intake.accept([event(9, 7, "page_viewed", ("web.anonymous_id", "b"), ("web.user_id", "2"))])
    assert proven(family) == []
    settle(family)
    assert proven(family) == []


def test_what_is_no_browser_any_more_by_its_rule_has_no_turns(family):
    (family.root / "identity.yaml").write_text("identifiers: {web.anonymous_id: {class: other_id, shared_by: 2}}\n")
    with open_workspace(family.root, clock=lambda: NOW) as workspace:
        workspace.sync()
        assert whose(workspace) == ["", "Anna", "", "", "Ben", ""]
        assert proven(workspace) == []
