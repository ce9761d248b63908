"""What the samples of ready definitions give, as text; run with names of definitions it writes their expectations anew."""

import json
import sys
import tempfile
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from geleit.clock import iso, micros
from geleit.events.kinds import Catalogue
from geleit.sources import ready_made
from geleit.sources.definition import SourceDefinition
from geleit.sources.mapping import map_source

NOW = micros(datetime(2026, 11, 22, 12, tzinfo=UTC))
SAMPLES = Path(__file__).parent / "ready"
# Columns that only some exports of a system have and the sample does not show (JSON): they count as null.
NOT_MODELED: dict[str, tuple[str, ...]] = {}


@dataclass
class Result:
    """What a definition makes of its files; ``unseen`` are columns that no record has."""

    events: list = field(default_factory=list)
    rejected: list = field(default_factory=list)
    skipped: int = 0
    unseen: set = field(default_factory=set)


def sample(name: str, stage: str = "") -> Path | None:
    """The sample of a definition, or its later export (stage ".later"); what is to be Parquet is kept as JSON Lines."""
    found = [p for p in SAMPLES.glob(f"{name}{stage}.*") if p.suffix != ".expected" and p.stem == f"{name}{stage}"]
    return found[0] if found else None


def placed(name: str, root: Path, stage: str = "") -> Path:
    """The sample laid where the definition looks for it, and beside it the files whose rows it takes along."""
    source = sample(name, stage)
    assert source, f"tests/sources/ready/{name}{stage}.* is missing"
    target = root / ready_made.definition_of(name).file[0].replace("*", "1")
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.suffix == ".parquet":
        records = [json.loads(line) for line in source.read_text(encoding="utf-8").splitlines()]
        pq.write_table(pa.Table.from_pylist(records), target)
    else:
        target.write_bytes(source.read_bytes())
    for attached in (SAMPLES / f"{name}{stage.replace('.', '-')}").glob("*"):
        (target.parent / attached.name).write_bytes(attached.read_bytes())
    return target


def mapped(definition: SourceDefinition, root: Path) -> Result:
    """Everything that a definition makes of the files in a folder."""
    result = Result()
    seen = []
    for part in map_source(definition, root=root, catalogue=Catalogue(), zone="Europe/Berlin", now=NOW):
        result.events += part.events
        result.rejected += part.rejected
        result.skipped += part.skipped
        seen.append(set(part.unseen))
    result.unseen = set.intersection(*seen) if seen else set()
    return result


def written(name: str, root: Path) -> str:
    """Events, quarantined records and the count of skipped ones of the sample, and what its later export adds."""
    definition = ready_made.definition_of(name)
    placed(name, root)
    first = mapped(definition, root)
    lines = shown(first)
    if sample(name, ".later"):
        placed(name, root, ".later")
        later = mapped(definition, root)
        known = {event.id for event in first.events}
        later.events = [event for event in later.events if event.id not in known]
        lines += ["--- later", *shown(later)]
    return "\n".join(lines) + "\n"


def shown(result: Result) -> list[str]:
    """One result as lines."""
    lines = []
    for event in result.events:
        lines.append(f"{iso(event.t)} {event.kind} {'*' if event.record in event.key else event.key}")
        lines.append("  " + " ".join(map(str, event.identifiers)))
        said = {group: getattr(event, group) for group in ("traits", "properties", "place")}
        lines += [f"  {group} {json.dumps(values, ensure_ascii=False)}" for group, values in said.items() if values]
        if event.evidence != "log":
            lines.append(f"  evidence {event.evidence}")
    lines += [f"quarantine {rejected.line} {rejected.reason}" for rejected in result.rejected]
    return lines + ([f"skipped {result.skipped}"] if result.skipped else [])


if __name__ == "__main__":
    for one in sys.argv[1:]:
        with tempfile.TemporaryDirectory() as folder:
            (SAMPLES / f"{one}.expected").write_text(written(one, Path(folder)), encoding="utf-8")
