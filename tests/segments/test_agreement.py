"""The live evaluator and the bulk evaluator always agree."""

import tempfile
from pathlib import Path

from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from random_worlds import BEGIN, HOUR, World, segments

from geleit.clock import DAY
from geleit.events.event import Event, Identifier
from geleit.segments.definition import Segment
from lengths import examples


def agree(world, seed):
    bulk, live = world.bulk(), world.live()
    for name, segment in world.segments.items():
        assert live[name] == bulk[name], (seed, name, segment.who, "live without bulk", live[name] - bulk[name])


@settings(
    max_examples=examples(3),
    derandomize=True,
    phases=[Phase.generate],
)
@given(st.integers(0, 2**32))
def test_live_and_bulk_agree_whatever_happens(seed):
    with tempfile.TemporaryDirectory() as folder:
        world = World(Path(folder) / "acme", seed)
        try:
            walk(world, seed)
        finally:
            world.space.close()


def walk(world, seed):
    early = world.chance.random() < 0.5
    for _ in range(0 if early else 12):
        world.happen()
    world.apply(segments(world.chance))
    for step in range(24):
        world.happen()
        if step % 4 == 3:
            world.settle()
            agree(world, seed)
        if step == 15:  # some definitions change
            world.settle()
            world.apply(world.segments | segments(world.chance, 2))
    world.settle()
    agree(world, seed)
    moves, events = world.told()
    assert moves == events, seed


def test_what_is_told_ahead_of_its_time_counts_when_it_happens(tmp_path):
    world = World(tmp_path / "acme", 1)
    try:
        who = (Identifier("shop.user_id", "u1"),)
        world.space.intake.accept([Event("crm", "k", "page_viewed", world.now + HOUR, who)])
        asked = {"looked": {"did": "page_viewed"}, "gone": {"did": "page_viewed", "not_since": "2 days"}}
        world.apply({name: Segment.model_validate({"who": one}) for name, one in asked.items()})
        seen = []
        for wait in (0, 2 * HOUR, 3 * DAY):
            world.now += wait
            world.settle()
            agree(world, 1)
            seen.append({name for name, some in world.live().items() if some})
        assert seen == [set(), {"looked"}, {"looked", "gone"}]
    finally:
        world.space.close()


def test_a_name_of_the_companys_own_means_just_itself(tmp_path):
    world = World(tmp_path / "acme", 1)
    try:
        for number, kind in enumerate(("repair_asked", "question_asked", "page_viewed")):
            who = (Identifier("shop.user_id", f"u{number}"),)
            world.space.intake.accept([Event("crm", kind, kind, BEGIN, who, {"text": "?"})])
        asked = {kind: Segment.model_validate({"who": {"did": kind}}) for kind in ("repair_asked", "question_asked")}
        world.apply(asked)
        world.settle()
        agree(world, 1)
        assert {name: len(some) for name, some in world.bulk().items()} == {"repair_asked": 1, "question_asked": 2}
    finally:
        world.space.close()
