import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geleit.clock import DAY
from geleit.events.event import Event, Identifier
from geleit.workspace import open_workspace
from geleit.workspace.scaffold import init
from lengths import examples

EMAILS = ["ada@example.org", "bert@example.org", "info@example.org"]


@pytest.fixture
def workspace(tmp_path):
    init(tmp_path / "acme", name="Acme")
    with open_workspace(tmp_path / "acme") as opened:
        yield opened


def event(key, day=1, kind="page_viewed", who=(("shop.user_id", "7"),), **properties):
    identifiers = tuple(Identifier(*pair) for pair in who)
    return Event("shop", key, kind, day * DAY, identifiers, properties=properties, raw=f'{{"key": "{key}"}}')


def test_the_same_event_twice_is_one(workspace):
    first = workspace.intake.accept([event("a"), event("a"), event("b")])
    again = workspace.intake.accept([event("b"), event("a")])
    assert (first.new, first.duplicate) == (2, 1)
    assert (again.new, again.duplicate) == (0, 2)


def test_the_same_key_with_other_content_waits_in_quarantine_and_the_first_stands(workspace):
    workspace.intake.accept([event("a", day=1)])
    receipt = workspace.intake.accept([event("a", day=2)])
    assert (receipt.new, receipt.rejected) == (0, 1)
    (entry,) = workspace.quarantine()
    assert entry.reason == "changed_content"
    (read,) = workspace.read_events(workspace.customer("shop.user_id:7"))
    assert read.event.t == DAY


def test_an_event_is_usable_at_the_moment_it_is_acknowledged(workspace):
    workspace.intake.accept([event("a", kind="identified", who=(("email", "ADA@example.org"),))])
    assert workspace.customer("email:ada@example.org")
    workspace.intake.accept([event("b", kind="page_viewed", day=2, who=(("email", "ada@example.org"),))])
    customer = workspace.customer("ada@example.org")
    assert not workspace.profile(customer).pending
    assert len(workspace.needs(customer)) == 1


def test_nothing_of_a_failing_batch_is_kept(workspace, dump):
    workspace.intake.accept([event("a")])
    before = dump(workspace)
    with pytest.raises(Exception, match="Unicode"):
        workspace.intake.accept([event("b"), event("c", text="\ud800")])
    assert dump(workspace) == before


EVENTS = st.lists(
    st.builds(
        lambda number, day, who, kind: event(
            f"k{number}", day, kind, who, order_id=str(number % 3), total=number, currency="EUR"
        ),
        st.integers(0, 30),
        st.integers(0, 40),
        st.lists(
            st.one_of(
                st.tuples(st.just("email"), st.sampled_from(EMAILS)),
                st.tuples(st.just("shop.user_id"), st.sampled_from(["1", "2", "3"])),
                st.tuples(st.just("crm.customer_no"), st.sampled_from(["1", "2"])),
                st.tuples(st.just("web.anonymous_id"), st.sampled_from(["x", "y"])),
            ),
            min_size=1,
            max_size=3,
            unique_by=lambda pair: pair[0],
        ),
        st.sampled_from(["page_viewed", "order_completed", "identified"]),
    ),
    min_size=1,
    max_size=20,
    unique_by=lambda e: e.key,
)


@settings(max_examples=examples(5))
@given(events=EVENTS, data=st.data())
def test_order_and_batches_of_arrival_change_nothing(tmp_path_factory, dump, events, data):
    shuffled = data.draw(st.permutations(events))
    cuts = sorted(data.draw(st.sets(st.integers(1, len(events)), max_size=4)))
    dumps = []
    for arrival, borders in ((events, []), (shuffled, cuts)):
        root = tmp_path_factory.mktemp("w")
        init(root / "acme", name="Acme")
        with open_workspace(root / "acme", clock=lambda: 50 * DAY) as workspace:
            for start, end in zip([0, *borders], [*borders, len(arrival)], strict=True):
                workspace.intake.accept(arrival[start:end])
            workspace.sync()
            dumps.append(dump(workspace))
    assert dumps[0] == dumps[1]
