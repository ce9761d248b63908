"""Write whose the events of the washing-machine example are: the part of the example company's truth that is not invented by chance.

python scripts/make_example_truth.py src/geleit/demo/company/example_truth.csv
"""

from __future__ import annotations

import csv
import shutil
import sys
import tempfile
from pathlib import Path

from geleit.clock import SECOND
from geleit.demo.example import build_demo
from geleit.workspace import open_workspace

PEOPLE = (4711, 5023, 5107, 6001, 6002)
STRANGER = -1


def main(target: Path) -> None:
    """Build the small example and ask whose each event is; its people have negative numbers, the stranger -1."""
    folder = Path(tempfile.mkdtemp())
    build_demo(folder / "example")
    rows = []
    with open_workspace(folder / "example") as workspace:
        numbers = {workspace.customer(f"crm.customer_no:{number}"): -number for number in PEOPLE}
        for found in workspace.people(limit=100):
            person = numbers.get(found.customer_id, STRANGER)
            rows += [
                (read.event.source, read.event.key, person, read.event.t // SECOND)
                for read in workspace.read_events(found.customer_id)
            ]
    shutil.rmtree(folder)
    with target.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("source", "key", "person", "at"))
        writer.writerows(sorted(rows))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
