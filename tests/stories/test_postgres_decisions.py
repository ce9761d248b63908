"""Decisions on a ledger in PostgreSQL do what they do in SQLite."""

import sys
from pathlib import Path

import pytest

from geleit.events.event import Identifier
from geleit.identity.decisions import Note
from geleit.workspace import deciding, open_workspace
from postgres_ledgers import move

sys.path.append(str(Path(__file__).parent.parent / "web"))
from sisters import ADA, BEN, PHONE, ada, ben, folder_of, whole

NOTE = Note("Anja Kern", "she said so")


@pytest.fixture
def space(tmp_path, new_ledger, monkeypatch):
    with open_workspace(move(folder_of(tmp_path / "w"), new_ledger(), monkeypatch)) as opened:
        opened.intake.accept([*ada(), *ben()])
        opened.sync()
        yield opened


def test_they_join_separate_and_are_taken_back_there_too(space):
    before = whole(space.ledger)
    merged = deciding.decide(space, "merge", [[ADA, BEN]], NOTE)
    assert len(merged.outcome.after) == 1
    seen = deciding.preview_undo(space, merged.decision.number)
    assert deciding.undo(space, merged.decision.number, NOTE).outcome == seen
    assert whole(space.ledger) == before
    deciding.decide(space, "separate", [[BEN], [PHONE]], NOTE)
    assert space.customer(str(PHONE)) != space.customer(str(BEN))
    deciding.decide(space, "shared", [[Identifier("website.user_id", "5")]], NOTE)
    assert space.customer("website.user_id:5") != space.customer(str(ADA))
    assert space.explain(str(BEN), str(PHONE)).chain[0].rule == "decision: 2"
