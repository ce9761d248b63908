"""What it takes to read and map the lines of a till, several of which are one receipt (``group``): CPU seconds and memory.

Writes a till's export with three lines for each receipt, in the form of the example company's till, and maps it as an import
would, without taking it in. Example:

    python benchmarks/receipts.py --receipts 1_000_000
"""

from __future__ import annotations

import argparse
import random
import resource
import shutil
import tempfile
import time
from contextlib import closing
from datetime import datetime, timedelta
from importlib.resources import files
from pathlib import Path

from geleit.sources import reading
from geleit.sources.columnar import ColumnarMapper
from geleit.sources.mapping import Setting
from geleit.workspace import open_workspace

COMPANY = Path(str(files("geleit.demo") / "company"))
LINES = 3
HEAD = (
    "Bon-Nr.;Datum;Zeit;Vorgang;zu Bon;Bediener;Kundenkarte;Mail für Beleg;PLZ;Art.-Nr.;Bezeichnung;Menge;E-Preis;Betrag;"
    "Serien-Nr.;Garantie bis"
)
BEGIN = datetime(2025, 1, 2, 9)  # noqa: DTZ001 (the till's own time)


def write(path: Path, receipts: int) -> None:
    """So many receipts, ten seconds apart; every second one names a customer's card."""
    chance = random.Random(1)
    with path.open("w", encoding="cp1252", newline="\r\n") as file:
        file.write(f"{HEAD}\n")
        for number in range(receipts):
            at = BEGIN + timedelta(seconds=10 * number)
            card = f"2{chance.randrange(200_000):08d}" if number % 2 else ""
            for _ in range(LINES):
                price = f"{chance.randrange(5, 900)},{chance.randrange(100):02d}"
                article = f"WM-{chance.randrange(4_000)};Waschmaschine Müller Modell {chance.randrange(900)}"
                file.write(
                    f"{1_000_000 + number};{at:%d.%m.%Y};{at:%H:%M};Verkauf;;M{chance.randrange(20)};{card};;"
                    f"{chance.randrange(10_000, 99_999)};{article};1;{price};{price};;\n"
                )


def main() -> None:
    """Write, map, and say what it took."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--receipts", type=int, default=100_000, metavar="N", help="default 100_000")
    receipts = parser.parse_args().receipts
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "till"
        shutil.copytree(COMPANY, root, ignore=shutil.ignore_patterns("journeys"))
        (root / "exports").mkdir()
        write(root / "exports" / "kasse.csv", receipts)
        with open_workspace(root) as workspace:
            setting = Setting(workspace.intake.catalogue, workspace.intake.zone, workspace.clock())
            began, events, pieces = time.process_time(), 0, 0
            with closing(ColumnarMapper(workspace.definitions.sources["kasse"], setting)) as mapper:
                chunks = reading.everything(mapper.definition, root, mapper.plan.reads)
                for piece in mapper.map_group_columns(chunks):
                    events += sum(len(some.key) for some in piece.events) + len(piece.mapped.events)
                    pieces += 1
            took = time.process_time() - began
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(f"{events:,} events of {LINES * receipts:,} lines in {pieces} pieces: {took:.1f} CPU s, {memory:,} MB")


if __name__ == "__main__":
    main()
