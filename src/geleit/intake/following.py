"""Brings the segments up to date with definitions, time and bulk loads, and takes what they tell; a step of upkeep and sync."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from geleit.history.history import History
from geleit.intake.inbox import take_inbox
from geleit.intake.live import Intake
from geleit.segments import applying
from geleit.segments.definition import Segment
from geleit.segments.keeping import look_again

ROUNDS = 20  # of looking and taking: what one segment tells may move people in another


def keep_segments(
    intake: Intake, history: History, segments: Mapping[str, Segment], stopping: Callable[[], bool] = lambda: False
) -> int:
    """Apply changed definitions, look at whoever waits or is due, and take the events that follow.

    Returns how many looks and events that were; cut short once ``stopping`` says so. Errors: Retryable, StoreError.
    """
    if applying.changed(intake.ledger, segments, intake.setting):
        applying.apply(intake.ledger, history, segments, intake.setting)
    done = 0
    for _ in range(ROUNDS):
        before = done
        for looked in look_again(intake.ledger, intake.segments):
            done += looked
            if stopping():
                return done
        done += take_inbox(intake)
        if done == before:
            break
    return done
