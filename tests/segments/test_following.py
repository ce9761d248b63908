"""Who comes and goes is known with the event that moves them, and told exactly once."""

import pytest
import sqlalchemy as sa

from geleit.clock import DAY, MINUTE
from geleit.events.event import Event, Identifier
from geleit.intake.following import keep_segments
from geleit.ledger import inbox
from geleit.ledger.segment_tables import segment_event, segment_move, segment_standing
from geleit.segments.definition import Segment
from geleit.workspace import open_workspace
from geleit.workspace.scaffold import init

NOW = 20_000 * DAY


class Setup:
    def __init__(self, folder):
        init(folder, name="Acme")
        self.now = NOW
        self.space = open_workspace(folder, clock=lambda: self.now)
        self.space.sync()
        self.count = 0

    def apply(self, **whos):
        self.segments = {
            name: Segment.model_validate({"label": name.title(), "who": who}) for name, who in whos.items()
        }
        self.keep()

    def keep(self):
        return keep_segments(self.space.intake, self.space.history, self.segments)

    def happens(self, kind, who="7", ago=0, **properties):
        self.count += 1
        ids = tuple(
            Identifier(*one.split("=")) if "=" in one else Identifier("shop.user_id", one) for one in who.split()
        )
        self.space.intake.accept([Event("shop", f"k{self.count}", kind, self.now - ago, ids, properties=properties)])

    def inside(self, name):
        with self.space.ledger.read() as connection:
            standing = segment_standing.c
            query = sa.select(standing.customer_id).where(standing.segment == name, standing.member)
            return set(connection.execute(query).scalars())

    def moves(self):
        with self.space.ledger.read() as connection:
            query = sa.select(segment_move.c.segment, segment_move.c.entered).order_by(segment_move.c.id)
            return [tuple(row) for row in connection.execute(query)]

    def told(self, who="shop.user_id:7"):
        events = self.space.read_events(self.space.customer(who))
        return [(read.event.kind, read.event.properties["segment"]) for read in events if read.event.source == "geleit"]


@pytest.fixture
def setup(tmp_path):
    made = Setup(tmp_path / "acme")
    yield made
    made.space.close()


def test_an_event_moves_a_person_in_its_own_transaction_and_is_told_once(setup):
    setup.apply(visitors={"did": "page_viewed", "at_least": 2})
    setup.happens("page_viewed")
    assert not setup.inside("visitors")
    setup.happens("page_viewed")
    assert setup.inside("visitors") == {setup.space.customer("shop.user_id:7")}
    assert setup.told() == []
    setup.keep()
    setup.keep()
    assert setup.told() == [("segment_entered", "visitors")]


def test_time_alone_moves_people_and_the_keeper_notices(setup):
    setup.apply(
        fresh={"did": "page_viewed", "within": "2 hours"},
        waiting={
            "sequence": [{"did": "question_asked"}],
            "not_followed_by": {"did": "question_answered", "within": "3 hours"},
        },
    )
    setup.happens("page_viewed")
    setup.happens("question_asked", text="when?")
    setup.now += 120 * MINUTE - 1
    setup.keep()
    assert (len(setup.inside("fresh")), len(setup.inside("waiting"))) == (1, 0)
    setup.now += 1
    setup.keep()
    assert (len(setup.inside("fresh")), len(setup.inside("waiting"))) == (0, 0)
    setup.now += 60 * MINUTE
    setup.keep()
    assert setup.told() == [("segment_entered", "fresh"), ("segment_left", "fresh"), ("segment_entered", "waiting")]


def test_people_of_the_past_are_in_without_an_event(setup):
    setup.happens("page_viewed", ago=5 * DAY)
    setup.apply(visitors={"did": "page_viewed"}, lately={"did": "page_viewed", "within": "6 days"})
    assert len(setup.inside("visitors")) == len(setup.inside("lately")) == 1
    assert setup.moves() == []
    setup.now += DAY
    setup.keep()
    assert setup.moves() == [("lately", False)]


def test_a_merge_takes_the_place_over_and_a_separation_looks_anew(setup):
    setup.apply(buyers={"did": "order_completed"}, silent={"did": "question_asked", "never": True})
    setup.happens("question_asked", "7", text="when?")
    setup.happens("order_completed", "email=ada@example.org", order_id="1")
    assert len(setup.inside("buyers")) == len(setup.inside("silent")) == 1
    setup.keep()
    setup.happens("page_viewed", "7 email=ada@example.org")
    setup.keep()
    assert setup.inside("buyers") == {setup.space.customer("shop.user_id:7")}
    assert setup.inside("silent") == set()
    assert setup.moves()[-1] == ("silent", False)
    assert [name for name, entered in setup.moves() if entered].count("buyers") == 1  # who came is still there


def test_what_geleit_notes_is_no_step_belongs_to_no_need_and_has_words(setup):
    setup.apply(visitors={"did": "page_viewed"})
    setup.happens("page_viewed")
    setup.keep()
    customer = setup.space.customer("shop.user_id:7")
    (need,) = setup.space.needs(customer)
    (note,) = [read for read in setup.space.read_events(customer) if read.event.source == "geleit"]
    assert note.event.id not in need.event_ids
    assert not note.touchpoint.step
    assert note.touchpoint.initiator == "company"
    assert setup.space.catalogue.text(note.event, "de") == "wird unserem Segment zugeordnet: Visitors"
    setup.space.sync()
    assert need.quote == ""
    assert {row.value for row in setup.space.analytics.occurrences().rows} == {"page_viewed"}


def test_a_circle_of_events_ends(setup):
    setup.apply(
        ping={"any": [{"did": "page_viewed", "at_least": 2}, {"did": "segment_entered", "where": {"segment": "pong"}}]},
        pong={"did": "segment_entered", "where": {"segment": "ping"}},
        odd={
            "all": [{"did": "page_viewed"}, {"not": {"did": ["segment_entered", "segment_left"], "within": "1 minute"}}]
        },
    )
    setup.happens("page_viewed")
    for _ in range(5):
        setup.keep()
    with setup.space.ledger.read() as connection:
        deepest = connection.execute(sa.select(sa.func.max(segment_move.c.id))).scalar()
        assert not inbox.waiting(connection, 1)[2]
    assert deepest <= 2 * inbox.DEEPEST


def test_a_segment_that_is_gone_leaves_nothing_behind(setup):
    setup.apply(visitors={"did": "page_viewed", "within": "1 hour"})
    setup.happens("page_viewed")
    setup.apply()
    with setup.space.ledger.read() as connection:
        assert not connection.execute(sa.select(segment_standing)).all()
        assert not connection.execute(sa.select(segment_event)).all()
    setup.now += DAY
    assert setup.keep() == 0


def test_what_is_asked_of_properties_is_judged_as_the_stores_will_read_it(setup):
    setup.apply(big={"did": "order_completed", "where": {"products.category": "big", "total": {"at_least": 10}}})
    setup.happens("order_completed", order_id="1", total="12.50", products=({"category": "small"}, {"category": "Big"}))
    assert len(setup.inside("big")) == 1
