"""``geleit identity link``: who is probably one person, in files of one's own or among the customers of a workspace."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import pyarrow as pa
import typer

from geleit.cli.output import HERE, AsJson, Folder, counted, opened, say, show, table, working
from geleit.errors import GeleitError
from geleit.identity.linkage.linking import Linked, link
from geleit.identity.linkage.measure import Quality, measure
from geleit.identity.linkage.people_file import check_target, write_people
from geleit.identity.linkage.table import read_records
from geleit.workspace import linking

Files = Annotated[
    list[Path] | None,
    typer.Argument(
        metavar="FILE...",
        help="CSV, Parquet or JSON; several files are linked with each other. Without: the customers of the workspace.",
    ),
]
Out = Annotated[
    Path | None, typer.Option("--out", "-o", help="Write all rows and the person's number: .csv or .parquet.")
]
Truth = Annotated[str, typer.Option(help="Column with the true person: never looked at for linking, only to measure.")]
System = Annotated[str, typer.Option(help="Column that says of which system a row is; never compared.")]
Across = Annotated[bool, typer.Option("--across", help="Compare only rows of different systems or files.")]


def register(identity: typer.Typer) -> None:
    """Add this room's commands."""
    identity.command(name="link")(link_files)


def link_files(
    files: Files = None,
    out: Out = None,
    truth: Truth = "",
    system: System = "",
    across: Across = False,
    folder: Folder = HERE,
    as_json: AsJson = False,
) -> None:
    """Find who is probably one person: rows of files (needs no workspace), or customers (who wait at /identity/review)."""
    if not files:
        _search(folder, as_json)
        return
    if out is not None:
        check_target(out)
    with working(as_json) as (_, now):
        now("reading")
        records, counts = read_records(files)
        _check_columns(records, [name for name in (truth, system) if name])
        systems = _systems(records, counts, system)
        if across and len(set(systems)) <= 1:
            raise GeleitError(
                "there is only one system", hint="give two files, or the column with the system: --system NAME"
            )
        kept_out = [name for name in (truth, system) if name]
        found = link(records, kept_out=kept_out, across=systems if across else (), now=now)
        if out is not None:
            now("writing")
            write_people(records, found.people, out)
    quality = measure(found.people.tolist(), records[truth].to_pylist()) if truth else None
    show(_data(found, quality), as_json, lambda: _print(found, quality, out))


def _search(folder: Path, as_json: bool) -> None:
    """Propose who may be one among the customers of a workspace."""
    with opened(folder) as space, working(as_json) as (_, now):
        done = linking.search(space, now)

    def text() -> None:
        say(f"{counted(done.customers, 'customer', 'customers')} with a name, {done.pairs:,} pairs compared")
        say(
            f"{counted(done.open, 'probable link waits', 'probable links wait')} for an answer at /identity/review (geleit serve)"
        )

    show(done, as_json, text)


def _check_columns(records: pa.Table, wanted: Sequence[str]) -> None:
    for name in wanted:
        if name not in records.column_names:
            raise GeleitError(f"there is no column '{name}'", hint=f"there are: {', '.join(records.column_names)}")


def _systems(records: pa.Table, counts: Sequence[int], system: str) -> list[str]:
    if system:
        return [value or "" for value in records[system].to_pylist()]
    return [str(place) for place, count in enumerate(counts) for _ in range(count)]


def _data(found: Linked, quality: Quality | None) -> dict[str, Any]:
    sizes = np.unique(found.people, return_counts=True)[1]
    likely = found.pairs.weight >= found.expected.threshold
    return {
        **(asdict(quality) if quality else {}),
        "records": found.records.count,
        "clusters": len(sizes),
        "largest_cluster": int(sizes.max()) if len(sizes) else 0,
        "linked_records": int(sizes[sizes > 1].sum()),
        "threshold": round(found.expected.threshold, 2) + 0.0,  # no minus before a zero
        "expected_precision": round(found.expected.precision, 4),
        "expected_recall": round(found.expected.recall, 4),
        "columns": [asdict(column) for column in found.columns],
        "blocking": {
            **{name: value for name, value in asdict(found.coverage).items() if name != "rules"},
            "rules": [asdict(rule) for rule in found.coverage.rules],
        },
        "likely_pairs": int(likely.sum()),
        "held_back_as_household": int((found.pairs.household[~likely] + found.pairs.weight[~likely] > 0).sum()),
        "comparisons": _weights(found),
    }


def _weights(found: Linked) -> list[dict[str, Any]]:
    """What each likeness says, in bits; none where there was nothing to learn from."""
    if found.model is None:
        return []
    told = []
    for place, one in enumerate(found.compared):
        m, u = found.model.m[place], found.model.u[place]
        names = [*(level.name for level in one.levels), "different"]
        levels = {name: round(float(np.log2(m[at] / u[at])), 2) for at, name in enumerate(names)}
        told.append({"name": one.name, "bits": levels})
    return told


def _print(found: Linked, quality: Quality | None, out: Path | None) -> None:
    data = _data(found, quality)
    table(
        ["column", "is", "because of", "filled"],
        [[one.name, one.role or "left out", one.why, f"{one.filled:.0%}"] for one in found.columns],
    )
    say()
    coverage = found.coverage
    say(
        f"{counted(coverage.pairs, 'pair', 'pairs')} of {coverage.possible:,} compared; "
        f"{coverage.reached:.1%} of the records met another one"
    )
    rules = [[rule.name, rule.pairs, rule.left_out] for rule in coverage.rules]
    table(["alike in", "pairs", "records in groups too wide"], rules, empty="nothing to compare")
    say()
    say(
        f"{counted(data['records'], 'record', 'records')}: {counted(data['clusters'], 'person', 'people')}, the widest with {data['largest_cluster']:,}"
    )
    say(
        f"threshold {data['threshold']:+.2f} bits, chosen without labels; expected precision {found.expected.precision:.3f}, recall {found.expected.recall:.3f}"
    )
    say(f"{counted(data['held_back_as_household'], 'pair', 'pairs')} held back as people of one household")
    if quality:
        say()
        table(["measured", "share"], [[name, f"{value:.4f}"] for name, value in asdict(quality).items()])
    if out:
        say(f"written to {out}")
