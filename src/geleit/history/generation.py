"""A generation of the journal: an immutable DuckDB file, memory-mapped columns, and a manifest that vouches for both."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb
import msgspec
import numpy as np
import numpy.typing as npt

from geleit.errors import StoreError
from geleit.files import checksum
from geleit.history.reading import connect

FORMAT = 3
DATABASE = "journal.duckdb"
MANIFEST = "manifest.json"


class File(msgspec.Struct, frozen=True):
    """Size and checksum of one file of a generation."""

    bytes: int
    sha256: str


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a generation holds and what it was built from.

    ``change`` and ``last_seq`` = the ledger's change and the last acknowledged event that are in it; ``at`` = when.
    ``definitions`` = hash of the definitions it was read with. ``codes`` = per coded column the values by code
    (customers and needs are too many: tables ``customer_code`` and ``need_code``). ``gathered`` = the load some of whose
    people the ledger did not have yet (they stand in the tables ``gathered``), 0 for none.
    """

    format: int
    number: int
    change: int
    last_seq: int
    at: int
    definitions: str
    counts: dict[str, int]
    codes: dict[str, list[str]]
    files: dict[str, File]
    gathered: int = 0


class Generation:
    """One generation in its folder; opening it checks that manifest and files belong together (not their content).

    Errors: StoreError if the manifest is unreadable or a file is missing or of the wrong size.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        try:
            self.manifest = msgspec.json.decode((folder / MANIFEST).read_bytes(), type=Manifest)
        except (OSError, msgspec.DecodeError) as error:
            raise _damaged(folder, f"has no readable manifest ({error})") from None
        if self.manifest.format != FORMAT:
            raise _damaged(folder, f"is of format {self.manifest.format}, this geleit reads {FORMAT}")
        for name, file in self.manifest.files.items():
            path = folder / name
            if not path.is_file() or path.stat().st_size != file.bytes:
                raise _damaged(folder, f"lacks {name}, or it has another size")

    @property
    def number(self) -> int:
        """Counts the generations of a journal from 1."""
        return self.manifest.number

    @property
    def change(self) -> int:
        """The ledger's change that every table in it agrees on."""
        return self.manifest.change

    @property
    def last_seq(self) -> int:
        """The last acknowledged event in it."""
        return self.manifest.last_seq

    @property
    def gathered(self) -> int:
        """The load some of whose people were in it before the ledger had them; 0 for none."""
        return self.manifest.gathered

    @property
    def at(self) -> int:
        """When its data were taken, microseconds UTC."""
        return self.manifest.at

    @property
    def definitions_hash(self) -> str:
        """Of the definitions that its events were read with."""
        return self.manifest.definitions

    @property
    def counts(self) -> Mapping[str, int]:
        """Rows by table."""
        return self.manifest.counts

    @property
    def codes(self) -> Mapping[str, list[str]]:
        """Values by code, per coded column (kind, own_kind, channel, stage)."""
        return self.manifest.codes

    @property
    def database(self) -> Path:
        """The DuckDB file."""
        return self.folder / DATABASE

    def connect(self, **settings: str) -> duckdb.DuckDBPyConnection:
        """A connection whose schema ``base`` is this generation, read-only; any number of processes may have one.

        Errors: StoreError if DuckDB refuses the file.
        """
        duck = connect(**settings)
        try:
            duck.execute("ATTACH $path AS base (READ_ONLY)", {"path": str(self.database)})
        except duckdb.Error as error:
            duck.close()
            raise _damaged(self.folder, f"cannot be opened ({str(error).splitlines()[0]})") from None
        return duck

    def column(self, name: str) -> npt.NDArray[Any]:
        """One column of all events in stored order, mapped from disk.

        customer, t, ord, kind, own_kind, channel, stage, local_day, need (-1 for none), and flags (``columns.STEP`` and others).
        """
        # Copy on write: whatever a reader does to it never reaches the file.
        mapped: npt.NDArray[Any] = np.load(self.folder / f"{name}.npy", mmap_mode="c")
        return mapped

    def verify(self) -> None:
        """Read every file and compare its checksum.

        Errors: StoreError naming the first file that differs.
        """
        for name, file in self.manifest.files.items():
            try:
                sound = checksum(self.folder / name) == file.sha256
            except OSError as error:
                raise _damaged(self.folder, f"is damaged: {name} cannot be read ({error.strerror})") from None
            if not sound:
                raise _damaged(self.folder, f"is damaged: {name} differs from its checksum")


def _damaged(folder: Path, what: str) -> StoreError:
    return StoreError(
        f"the journal's generation {folder.name} {what}. No event is lost: ledger and archive are safe, "
        "and questions are answered from them until then, only slower",
        hint="run 'geleit journal rebuild'",
    )
