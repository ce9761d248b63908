"""Which way an event moves people, and that whom it cannot move nobody looks at."""

import pytest

from geleit.clock import DAY
from geleit.events.event import Event, Identifier
from geleit.intake.following import keep_segments
from geleit.segments.bearing import EITHER, IN, OUT, STEP, bearings
from geleit.segments.conditions import Selector
from geleit.segments.definition import Segment
from geleit.segments.person import Question
from geleit.workspace import open_workspace
from geleit.workspace.scaffold import init

VIEWED, BOUGHT = Selector(did="page_viewed").key, Selector(did="order_completed").key
LEFT = {"sequence": [{"did": "page_viewed"}], "not_followed_by": {"did": "order_completed"}}


@pytest.mark.parametrize(
    ("who", "ways"),
    [
        ({"did": "page_viewed", "at_least": 3, "within": "9 days"}, {VIEWED: IN}),
        ({"not": {"did": "page_viewed"}}, {VIEWED: OUT}),
        ({"did": "page_viewed", "at_most": 3}, {VIEWED: OUT}),
        ({"did": "page_viewed", "never": True}, {VIEWED: OUT}),
        ({"did": "page_viewed", "at_least": 1, "at_most": 3}, {VIEWED: EITHER}),
        ({"did": "page_viewed", "only": "last"}, {VIEWED: EITHER}),
        ({"did": "page_viewed", "not_since": "9 days"}, {VIEWED: EITHER}),
        ({"sequence": [{"did": "page_viewed"}, {"did": "order_completed"}]}, {VIEWED: STEP, BOUGHT: IN}),
        ({"sequence": [{"did": "page_viewed"}, {"did": "page_viewed"}]}, {VIEWED: EITHER}),
        (LEFT, {VIEWED: IN, BOUGHT: OUT}),
        ({"not": LEFT}, {VIEWED: OUT, BOUGHT: IN}),
        ({"all": [LEFT, {"did": "order_completed"}]}, {VIEWED: IN, BOUGHT: EITHER}),
        ({"not": {"segment": "viewers"}}, {VIEWED: OUT}),
    ],
)
def test_ways(who, ways):
    viewers = Segment.model_validate({"who": {"did": "page_viewed"}})
    assert bearings(Segment.model_validate({"who": who}), {"viewers": viewers}) == ways


class Shop:
    def __init__(self, folder, looks):
        init(folder, name="Acme")
        self.space = open_workspace(folder, clock=lambda: 20_000 * DAY)
        self.space.sync()
        self.count, self.looks = 0, looks

    def looked(self, kind, ago=0, who="7", **more):
        """How many times somebody is asked for because of an event."""
        before, self.count = len(self.looks), self.count + 1
        event = Event("shop", str(self.count), kind, 20_000 * DAY - ago, (Identifier("shop.user_id", who),), **more)
        self.space.intake.accept([event])
        return len(self.looks) - before


@pytest.fixture
def shop(tmp_path, monkeypatch):
    looks, answer = [], Question.answer
    monkeypatch.setattr(Question, "answer", lambda self, one: looks.append(one) or answer(self, one))
    made = Shop(tmp_path / "acme", looks)
    yield made
    made.space.close()


def apply(shop, **whos):
    segments = {name: Segment.model_validate({"who": who}) for name, who in whos.items()}
    keep_segments(shop.space.intake, shop.space.history, segments)


def test_whoever_is_in_is_not_asked_again_by_what_leads_in(shop):
    apply(shop, viewers={"did": "page_viewed", "at_least": 2}, silent={"did": "question_asked", "never": True})
    assert [shop.looked("page_viewed") for _ in range(4)] == [2, 1, 0, 0]  # first of all: nobody ever asked a question
    assert [shop.looked("question_asked") for _ in range(2)] == [1, 0]


def test_a_step_alone_completes_nothing_unless_it_comes_late(shop):
    apply(shop, quick={"sequence": [{"did": "product_viewed"}, {"did": "order_completed"}]})
    assert shop.looked("product_viewed", ago=9) == 1  # somebody new
    assert shop.looked("product_viewed", ago=8) == 0
    assert shop.looked("order_completed", ago=7, who="8") == 1
    assert shop.looked("product_viewed", ago=8, who="8") == 1
    assert shop.looked("order_completed", ago=6) == 1
