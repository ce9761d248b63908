"""Who is in a segment that an address names: asked once for each state of the history and minute."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from starlette.requests import Request

from geleit.errors import NotFoundError
from geleit.segments.definition import the_segment
from geleit.web.screen import workspace_of
from geleit.workspace.segments import Segments

MINUTE = 60_000_000
HELD = 16  # segments whose members are kept


def members_of(request: Request, named: str) -> tuple[str, ...]:
    """The customers of a segment by its name; a customer's id stands for one.

    Errors: NotFoundError for what is neither.
    """
    workspace, state = workspace_of(request), request.app.state
    if named not in workspace.segment_files.now:
        try:
            return (workspace.customer(named),)
        except NotFoundError:
            if ":" not in named:  # no identifier: a segment was meant
                the_segment(workspace.segment_files.now, named)
            raise
    as_of = workspace.as_of()
    key = (
        as_of.generation,
        as_of.change,
        as_of.last_seq,
        workspace.clock() // MINUTE,
        workspace.segment_files.now[named],
    )
    kept: dict[str, Any] = getattr(state, "segment_members", {})
    if kept.get(named, (None,))[0] != key:
        others = dict(list(kept.items())[-HELD + 1 :])
        kept = {**others, named: (key, Segments(workspace).members(named))}
        state.segment_members = kept
    found: tuple[str, ...] = kept[named][1]
    return found


def called(request: Request, field: str, named: Sequence[str]) -> dict[str, str]:
    """How a question says whom ``segment`` or ``against`` means: the segments' names; nothing for single customers."""
    there = workspace_of(request).segment_files.now
    return {f"of_{field}": ", ".join(named)} if all(one in there for one in named) else {}
