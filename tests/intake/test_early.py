"""People of a large load are found and shown before the ledger has them, just as it will show them."""

from dataclasses import replace

import pytest
from hypothesis import given
from test_bulk import bulk, events, fresh  # noqa: F401 (fresh is a fixture)
from test_gathering import ADA, FEW, FILE, early, people, stopped, who  # noqa: F401 (early is a fixture)

from geleit.clock import DAY
from geleit.errors import NotFoundError
from geleit.events.event import Event
from geleit.workspace import open_workspace

NEEDS = (
    "needs: [{topic: wash, label: {en: w, de: w}, opens: [{kind: page_viewed}], closes: [{kind: order_completed}]}]\n"
)


def shown(workspace, customer):
    """What pages show of a person."""
    read = [(one.event.id, one.event.kind, one.event.t, one.need_id) for one in workspace.read_events(customer)]
    return replace(workspace.profile(customer), change=0), read, workspace.needs(customer)


def find(workspace, words):
    return [one.customer_id for one in workspace.find(words)]


@pytest.mark.parametrize("build", [True, False])
def test_whoever_is_known_is_found_and_shown_as_the_ledger_will(fresh, build):  # noqa: F811
    with fresh() as workspace:
        bulk(workspace, FILE)
        assert find(workspace, "ada@example.org") == []
        stopped(workspace, build=build)
        with open_workspace(workspace.root) as beside:
            (ada,) = find(beside, "Ada@Example.org")
            assert find(beside, "u1") == [ada]
            assert beside.customer("email:ada@example.org") == beside.customer("u1") == beside.customer(ada) == ada
            found = shown(beside, ada)
            assert {f"{one.type}:{one.value}" for one in found[0].identifiers} == {
                "email:ada@example.org",
                "shop.user_id:u1",
                "web.anonymous_id:v1",
            }
            assert len(found[1]) == 3
            assert set(beside.raw_records(ada, [one[0] for one in found[1]])) == {one[0] for one in found[1]}
            assert beside.counts().customers == 0  # the ledger has nobody yet
            workspace.sync()
            assert find(beside, "ada@example.org") == [ada]
            assert shown(beside, ada) == found
            assert not list((workspace.data / "loads").rglob("*.sqlite"))


def test_whoever_is_met_meanwhile_waits_for_the_ledger(fresh):  # noqa: F811
    with fresh() as workspace:
        bulk(workspace, FILE)
        stopped(workspace, build=True)
        (ada,), (bert,) = find(workspace, "ada@example.org"), find(workspace, "bert@example.org")
        workspace.early.close()
        met = Event("web", "e", "page_viewed", 19_004 * DAY, who(ADA, ("phone", "+491715550123")), raw="{}")
        workspace.intake.accept([met])
        assert find(workspace, "u1") == []
        assert find(workspace, "bert@example.org") == [bert]
        with pytest.raises(NotFoundError):
            workspace.profile(ada)
        workspace.sync()
        assert find(workspace, "u1") == find(workspace, "ada@example.org")


def test_a_copy_that_cannot_be_made_is_no_trouble(fresh):  # noqa: F811
    with fresh() as workspace:
        bulk(workspace, FILE)
        stopped(workspace, build=True)
        parts = workspace.data / "loads" / "000001"
        (parts / "people.duckdb").write_bytes(b"not a database")
        assert find(workspace, "ada@example.org") == []
        with pytest.raises(NotFoundError):
            workspace.customer("email:ada@example.org")


def test_whose_events_name_what_joins_nobody_waits_for_the_ledger(fresh):  # noqa: F811
    with fresh() as workspace:
        seen = Event("shop", "k0", "page_viewed", 0, who(("email", "x"), ("shop.user_id", "u0")), record="r0", raw="{}")
        bulk(workspace, [*FILE, seen])
        stopped(workspace, build=True)
        assert find(workspace, "u0") == []
        assert find(workspace, "ada@example.org")
        workspace.sync()
        assert find(workspace, "u0")


@FEW
@given(given_=events().filter(bool))
def test_everybody_is_shown_as_the_ledger_will(fresh, given_):  # noqa: F811
    with fresh() as workspace:
        (workspace.root / "needs.yaml").write_text(NEEDS)
    with open_workspace(workspace.root) as workspace:
        workspace.apply_definitions()
        bulk(workspace, given_)
        stopped(workspace, build=True)
        known = [customer for customer in people(workspace) if customer and workspace.early.of(customer)]
        before = {customer: shown(workspace, customer) for customer in known}
        workspace.sync()
        assert {customer: shown(workspace, customer) for customer in before} == before
