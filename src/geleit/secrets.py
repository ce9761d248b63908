"""Secrets by name only: read from the environment or a file that nobody else may read; never written or logged."""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path

from pydantic import Field

from geleit.definitions import Definition
from geleit.errors import GeleitError


class Secret(Definition):
    """A secret's name; its value stands in the environment or in ``secrets/NAME`` beside geleit.yaml."""

    secret: str = Field(description="name of the environment variable or file", pattern=r"^[A-Za-z][A-Za-z0-9_]*$")

    def reveal(self, root: Path) -> str:
        """The value.

        Errors: GeleitError if it is nowhere, or if its file may be read by others.
        """
        if value := os.environ.get(self.secret):
            return value
        path = root / "secrets" / self.secret
        if not path.exists():
            raise GeleitError(
                f"the secret {self.secret} is not set",
                hint=f"set the environment variable {self.secret}, or write it to secrets/{self.secret} with mode 0600",
            )
        if stat.S_IMODE(path.stat().st_mode) & 0o077:
            raise GeleitError(f"secrets/{self.secret} may be read by others", hint=f"chmod 600 secrets/{self.secret}")
        return path.read_text(encoding="utf-8").strip()


def redact(url: str) -> str:
    """A URL without its password, for messages."""
    return re.sub(r"(://[^/\s:@]+):[^/\s@]+@", r"\1:***@", url)
