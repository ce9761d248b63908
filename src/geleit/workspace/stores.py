"""Where a workspace keeps its data, and what must be there before anything new is begun."""

from __future__ import annotations

from pathlib import Path

from geleit.config import Company
from geleit.errors import StoreError
from geleit.files import sync_folder
from geleit.ledger.ledger import store_of
from geleit.ledger.sqlite import Sqlite
from geleit.secrets import Secret


def make_data(root: Path) -> Path:
    """The folder ``data``, made on the first opening."""
    data = root / "data"
    data.mkdir(mode=0o700, exist_ok=True)
    if not (data / "ledger.sqlite").exists():
        sync_folder(root)  # else a power cut takes the folder, and what is acknowledged in it
    return data


def ledger_url(company: Company, root: Path, data: Path | None = None) -> str:
    """The URL of the ledger; of a small one in ``data``, if that is elsewhere.

    Errors: StoreError if the archive holds events and the ledger's file is gone: an empty one in its place would know none.
    """
    if data:
        return f"sqlite:///{data / 'ledger.sqlite'}"
    url = said_url(company, root)
    store = store_of(url)
    archive = root / "data" / "archive"
    if isinstance(store, Sqlite) and not Path(store.name).exists() and any(archive.rglob("*.parquet")):
        raise StoreError(
            f"the ledger {store.name} is gone; the archive holds events that an empty ledger would not know",
            hint="geleit restore BACKUP DIR puts a backup into a new folder; geleit salvage takes over from this one what "
            "came later; to begin anew with the sources' files, geleit import --anew sets all data aside",
        )
    return url


def said_url(company: Company, root: Path) -> str:
    """The URL that geleit.yaml says, or the one of SQLite's file."""
    said = company.ledger
    return said.reveal(root) if isinstance(said, Secret) else said or f"sqlite:///{root / 'data' / 'ledger.sqlite'}"
