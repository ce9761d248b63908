"""What a full, read-only or failing disk says while stores are written, as an error that a person understands."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import duckdb

from geleit.errors import Retryable

# DuckDB tells trouble with writing from damage in what it reads only by its words.
WRITING = ("space", "write", "too large", "read-only", "permission", "create", "sync", "truncate")


@contextmanager
def writing(what: str, safe: str) -> Iterator[None]:
    """Translate trouble with the disk; ``what`` is written, ``safe`` says what stays as it was.

    Errors: Retryable. Any other error of DuckDB passes: it tells of damage, not of the disk.
    """
    try:
        yield
    except OSError as error:  # Arrow's and NumPy's, too
        raise _retryable(what, error.strerror or str(error), safe) from None
    except (duckdb.IOException, duckdb.OutOfMemoryException) as error:
        text = str(error).splitlines()[0]
        if isinstance(error, duckdb.IOException) and not any(word in text.lower() for word in WRITING):
            raise
        raise _retryable(what, text, safe) from None


def _retryable(what: str, why: str, safe: str) -> Retryable:
    return Retryable(
        f"{what} cannot be written ({why.rstrip('.')}); {safe}",
        hint="free disk space or check the folder's rights, then run the same command again",
    )
