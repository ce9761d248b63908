"""The command line: one verb per job, every command with ``--json``, errors as sentences with a hint."""

from geleit.cli.app import main

__all__ = ["main"]
