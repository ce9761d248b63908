"""Events that come in bulk leave the same ledger, archive and journal as events that come one by one, in any mixture."""

import random
import tempfile
from dataclasses import replace
from pathlib import Path
from unittest.mock import Mock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import memory
from geleit.clock import DAY
from geleit.errors import Retryable
from geleit.events.event import Event, Identifier
from geleit.intake.adoption import adopt_all
from geleit.intake.loading import loading
from geleit.intake.staging import Stage
from geleit.workspace import open_workspace
from geleit.workspace.scaffold import init
from lengths import examples

WHO = st.lists(
    st.one_of(
        st.tuples(st.just("email"), st.sampled_from(["ada@example.org", "bert@example.org", "info@example.org", "x"])),
        st.tuples(st.just("shop.user_id"), st.sampled_from([f"u{n}" for n in range(8)])),
        st.tuples(st.just("crm.customer_no"), st.sampled_from(["1", "2"])),
        st.tuples(st.just("web.anonymous_id"), st.sampled_from(["x1", "y1"])),
        st.tuples(st.just("shop.order_id"), st.sampled_from(["o1", "o2", "o3"])),
        st.tuples(st.just("shop.tracking_no"), st.sampled_from(["t1", "t2"])),
        st.tuples(st.just("phone"), st.sampled_from(["+491715550123", "0171 5550124", "7"])),
    ),
    min_size=0,
    max_size=4,
    unique_by=lambda pair: pair[0],
)
TRAITS = st.fixed_dictionaries(
    {}, optional={"city": st.sampled_from(["Ulm", "Köln"]), "name": st.sampled_from(["Ada B", "Çem", 'O"N'])}
)
KINDS = [
    "page_viewed",
    "order_completed",
    "product_viewed",
    "consent_given",
    "consent_withdrawn",
    "account_joined",
    "need_opened",
    "question_asked",
    "note_written",
]


@st.composite
def events(draw):
    made = []
    for number, (day, kind, who, traits) in enumerate(
        draw(st.lists(st.tuples(st.integers(0, 800), st.sampled_from(KINDS), WHO, TRAITS), max_size=14))
    ):
        properties = {
            "order_completed": {
                "order_id": f"o{number % 3}",
                "total": 7.5,
                "currency": "EUR",
                "products": [{"name": "Fön", "price": 7.5}],
            },
            "product_viewed": {"product_id": "p", "name": "Waschmaschine"},
            "consent_given": {"purpose": "news", "channel": "email"},
            "consent_withdrawn": {"purpose": "news", "channel": "email"},
            "account_joined": {"account_id": "a1", "role": "buyer"},
            "need_opened": {"topic": "wash", "words": "leise, bitte"},
            "question_asked": {
                "text": {"de": "Wann denn?", "en": "When?"},
                "criterion": {"de": "leise"},
                "words": {"de": "so bald"},
            },
            "note_written": {"text": {"de": "rief an"}, "criterion": "laut", "words": "ja gern"},
        }.get(kind, {"page": "/a"})
        identifiers = tuple(Identifier(*pair) for pair in who)
        made.append(
            Event("shop", f"k{number}", kind, day * DAY, identifiers, traits, properties, raw="{}", record=f"r{number}")
        )
    return made


def bulk(workspace, events):
    stage = Stage(workspace.intake.rules, workspace.intake.country, workspace.intake.zone, workspace.clock())
    stage = replace(stage, listing=workspace.intake.listing)
    with loading(workspace.intake, workspace.archive) as load:
        return load.take(stage.from_events(events), [])


@pytest.fixture
def fresh():
    """A function that opens a new workspace, in memory where the machine has room there: it is durable nowhere."""
    with tempfile.TemporaryDirectory(dir=memory.folder()) as root:
        count = iter(range(10_000))

        def make(source=""):
            folder = Path(root) / f"w{next(count)}"
            init(folder, name="Acme")
            if source:
                (folder / "sources" / "crm.yaml").write_text(source)
            return open_workspace(folder)

        yield make


SOME = settings(max_examples=examples(3))


@SOME
@given(given_=events(), seed=st.integers(0, 2**16))
def test_bulk_and_live_in_any_mixture_leave_the_same(fresh, dump, given_, seed):
    leave_the_same(fresh, dump, given_, seed)


def leave_the_same(fresh, dump, given_, seed):
    """Take events in one by one, and in any order, batching and mixture of live and bulk: the dumps are equal."""
    chance = random.Random(seed)
    with fresh() as one_by_one:
        one_by_one.intake.accept(given_)
        one_by_one.sync()
        expected = dump(one_by_one)
    shuffled = chance.sample(given_, len(given_))
    with fresh() as mixed:
        while shuffled:
            count = chance.randint(1, len(shuffled))
            some, shuffled = shuffled[:count], shuffled[count:]
            if chance.random() < 0.6:
                bulk(mixed, some)
            else:
                mixed.intake.accept(some)
            step = chance.random()
            if step < 0.3:
                adopt_all(mixed.intake, mixed.archive)
            elif step < 0.5:
                mixed.sync()
        mixed.sync()
        assert dump(mixed) == expected
        assert mixed.check().ok, mixed.check().text()


STATES = """
file: exports/crm.csv
changed: add
events: [{kind: page_viewed, key: no, time: day, identifiers: {email: mail}}]
"""


@st.composite
def states(draw):
    """States of two things; some are told several times."""
    told = draw(st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 3), TRAITS, WHO), min_size=1, max_size=10))
    return [
        Event(
            "crm", key, "page_viewed", day * DAY, tuple(Identifier(*one) for one in who), traits, raw="{}", record=key
        )
        for key, day, traits, who in told
    ]


@SOME
@given(given_=states(), seed=st.integers(0, 2**16))
def test_states_are_the_same_events_in_any_order_and_mixture(fresh, dump, given_, seed):
    leave_the_same(lambda: fresh(STATES), dump, given_, seed)


@pytest.mark.parametrize("way", ["live", "bulk", "live then bulk", "bulk then live"])
def test_a_state_that_comes_back_counts_once(fresh, way):
    one, other = (Event("crm", "7", "page_viewed", DAY, traits={"city": city}) for city in ("Ulm", "Köln"))
    with fresh(STATES) as workspace:
        ways = {"live": workspace.intake.accept, "bulk": lambda events: bulk(workspace, events)}
        first, second = ways[way.split()[0]], ways[way.split()[-1]]
        receipt = first([one, other, one])
        assert (receipt.new, receipt.duplicate, receipt.changed) == (2, 1, 0)
        receipt = second([other, one, Event("crm", "7", "page_viewed", 2 * DAY)])
        assert (receipt.new, receipt.duplicate, receipt.changed, receipt.rejected) == (1, 2, 0, 0)


def test_a_chunk_that_fails_leaves_no_file_when_the_load_goes_on(fresh, monkeypatch):
    """As when the ledger is busy at the end of one source's chunk, and another source goes on."""
    some = [
        Event("shop", name, "page_viewed", DAY, identifiers=(Identifier("email", f"{name}@x.org"),)) for name in "ab"
    ]
    with fresh() as workspace:
        stage = Stage(workspace.intake.rules, workspace.intake.country, workspace.intake.zone, workspace.clock())
        with loading(workspace.intake, workspace.archive) as load:
            with monkeypatch.context() as patch:
                patch.setattr(load, "_enter", Mock(side_effect=Retryable("the ledger is busy")))
                with pytest.raises(Retryable):
                    load.take(stage.from_events(some[:1]), [])
            assert load.take(stage.from_events(some[1:]), []).new == 1
            assert load.take(stage.from_events(some), []).new == 1
        workspace.sync()
        assert workspace.check().ok, workspace.check().text()
        assert workspace.counts().customers == 2


def test_keys_are_known_for_ever_on_both_ways(fresh):
    first, second = Event("shop", "a", "page_viewed", DAY), Event("shop", "b", "page_viewed", DAY)
    with fresh() as workspace:
        workspace.intake.accept([first])
        receipt = bulk(workspace, [first, second, second])
        assert (receipt.new, receipt.duplicate) == (1, 2)
        receipt = workspace.intake.accept([second, Event("shop", "b", "page_viewed", 2 * DAY)])
        assert (receipt.new, receipt.duplicate, receipt.changed) == (0, 1, 1)
        receipt = bulk(
            workspace,
            [Event("shop", "a", "page_viewed", 2 * DAY), Event("shop", "c", "x", 1), Event("shop", "c", "y", 1)],
        )
        assert (receipt.new, receipt.changed, receipt.rejected) == (1, 2, 2)
        assert [entry.reason for entry in workspace.quarantine()] == ["changed_content"] * 3
