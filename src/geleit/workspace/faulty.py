"""Opens a workspace beside faulty definitions of sources, for work on its other sources: previews and imports."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import sqlalchemy as sa

from geleit.clock import Clock, system_clock
from geleit.errors import DefinitionError
from geleit.ledger import tables
from geleit.workspace.definitions import find_workspace, load_sound
from geleit.workspace.workspace import Workspace


def open_sound(path: Path | str, *, clock: Clock = system_clock) -> Workspace:
    """Open the workspace at ``path`` or above it without the sources that are faulty (``definitions.faulty``).

    Only for work that touches no event of those sources: no projection is made with them, but they say what their own
    events mean.

    Errors: as ``open_workspace``, but for sources.
    """
    return Workspace(load_sound(find_workspace(Path(path))), clock=clock)


def to_import(workspace: Workspace, names: Sequence[str]) -> tuple[list[str], dict[str, DefinitionError]]:
    """Of the sources that are asked for (none: all) the sound ones that an import reads, and what is wrong with the others.

    Errors: DefinitionError if none is left, or if a bulk load waits, which may hold events of the faulty ones.
    """
    sound, faulty = workspace.definitions.sources, workspace.definitions.faulty
    if not faulty:
        return list(names), {}
    left_out = {name: error for name, error in faulty.items() if not names or name in names}
    chosen = [name for name in names if name not in faulty] or [
        name for name, one in sound.items() if one.pulled and not names
    ]
    if not chosen or _load_waits(workspace):
        raise next(iter((left_out or faulty).values()))
    return chosen, left_out


def _load_waits(workspace: Workspace) -> bool:
    load = tables.load.c
    with workspace.ledger.read() as connection:
        return connection.execute(sa.select(load.id).where(load.state != "done").limit(1)).first() is not None
