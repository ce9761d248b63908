"""Identity side by side: people where some share things, components, and what new evidence costs.

``python benchmarks/identity.py`` for the sizes in docs/benchmarks.md; ``--edges 10_000_000`` for the whole.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path

import identity_components
import identity_quality
import identity_updates


def main(arguments: list[str]) -> None:
    """Run what is asked for and print Markdown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", nargs="*", default=["people", "components", "updates"])
    parser.add_argument("--people", type=int, default=50_000, help="of the contaminated graph")
    parser.add_argument("--edges", type=int, default=1_000_000, help="of which components are found")
    parser.add_argument("--known", type=int, default=252_000, help="people in the ledger, five identifiers each")
    parser.add_argument("--events", type=int, default=1_000, help="single events of each sort")
    asked = parser.parse_args(arguments)
    print(f"{os.cpu_count()} cores, Python {sys.version.split()[0]}.\n", flush=True)
    if "people" in asked.what:
        identity_quality.say(asked.people)
        print(flush=True)
    if "components" in asked.what:
        identity_components.say(asked.edges)
        print(flush=True)
    if "updates" in asked.what:
        with tempfile.TemporaryDirectory() as folder:
            identity_updates.say(Path(folder), asked.known, asked.events)


if __name__ == "__main__":
    main(sys.argv[1:])
