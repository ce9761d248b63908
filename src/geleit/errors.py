"""One family of errors: what happened with the value, what stays safe, then a hint at the next command."""

from __future__ import annotations


class GeleitError(Exception):
    """An error made for a person to read; the CLI and the pages show its text and hint, never a traceback."""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}\nHint: {self.hint}" if self.hint else self.message


class Retryable(GeleitError):
    """The same call may succeed later (a lock, a full disk): nothing was changed."""


class DefinitionError(GeleitError):
    """A YAML definition says something it may not; carries file and line for editors."""

    def __init__(self, message: str, *, file: str, line: int = 0, hint: str = "") -> None:
        super().__init__(f"{file}:{line}: {message}" if line else f"{file}: {message}", hint=hint)
        self.file = file
        self.line = line


class NotFoundError(GeleitError):
    """What was asked for is not in this workspace."""


class StoreError(GeleitError):
    """Ledger, archive or journal is damaged or disagrees; the text says which store and what is still safe."""
