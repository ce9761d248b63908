"""geleit accompanies customers through their journeys."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from geleit.workspace import Workspace

__version__ = "0.1.0"


def open(path: Path | str = ".") -> Workspace:  # noqa: A001 (geleit.open reads as it is meant)
    """Open the workspace at ``path`` or above it, for notebooks and scripts.

    Errors: NotFoundError without geleit.yaml; DefinitionError with file, line, value and remedy; StoreError.
    """
    from geleit.workspace import open_workspace  # noqa: PLC0415 (importing geleit alone shall be quick)

    return open_workspace(path)
