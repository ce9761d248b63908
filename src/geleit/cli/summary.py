"""What an import did, told to people: per source, why records wait, and what to do next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from geleit.cli.output import counted, say, table
from geleit.intake.imports import ImportSummary
from geleit.sources.records import REASONS
from geleit.workspace.status import Counts

NAMED = 5  # files without a record that are named
COMMONEST = 3  # reasons told one by one
MANY = 1_000  # records from which their pace says something
HEADS = (
    "read",
    "new",
    "changed",
    "already known",
    "left out",
    "gave nothing",
    "quarantined",
    "unchanged files",
)
ALWAYS = ("read", "new", "already known", "quarantined")  # other columns only where they say something


def tell(summaries: Sequence[ImportSummary], counts: Counts, seconds: float) -> None:
    """Print the summary of one run; ``seconds`` it took altogether."""
    unchanged = [summary for summary in summaries if _is_unchanged(summary)]
    rows = {summary.source: _numbers(summary) for summary in summaries if summary not in unchanged}
    if rows:
        heads = [name for name in HEADS if name in ALWAYS or any(row[name] for row in rows.values())]
        table(["source", *heads], [[source, *(row[name] for name in heads)] for source, row in rows.items()])
    if unchanged:
        say(f"As at their last import, and not read: {', '.join(summary.source for summary in unchanged)}.")
    for summary in summaries:
        _explain(summary)
    read = sum(summary.read for summary in summaries)
    pace = f" ({read / seconds:,.0f} a second)" if read >= MANY else ""
    say(f"\n{counted(read, 'record', 'records')} in {seconds:,.1f} s{pace}.")
    say(f"{counted(counts.customers, 'customer', 'customers')}, {counted(counts.events, 'event', 'events')} in all.")
    for line in _next(summaries):
        say(line)


def _numbers(summary: ImportSummary) -> dict[str, int]:
    numbers = (summary.read, summary.new, summary.changed, summary.duplicate, summary.skipped, summary.nothing)
    return dict(zip(HEADS, (*numbers, summary.quarantined, len(summary.unchanged)), strict=True))


def _is_unchanged(summary: ImportSummary) -> bool:
    return bool(summary.unchanged) and not summary.files and not summary.error


def _explain(summary: ImportSummary) -> None:
    if summary.error:
        say(f"\n{summary.source} was not read to its end: {summary.error}")
    if summary.unseen:
        say(f"\n{summary.source}: no record has {', '.join(summary.unseen)}; is it written as in the file?")
    if summary.empty:
        files = ", ".join(summary.empty[:NAMED])
        more = f" and {len(summary.empty) - NAMED:,} more" if len(summary.empty) > NAMED else ""
        say(f"\n{summary.source}: {counted(len(summary.empty), 'file', 'files')} held no record: {files}{more}.")
    for file, count in summary.loose.items():
        left = f"{counted(count, 'row', 'rows')} of {file} left out, for no record takes them along"
        say(f"\n{summary.source}: {left}{named(summary.loose_rows[file], count)}.")
    if summary.nothing:
        gave = counted(summary.nothing, "record", "records")
        say(
            f"\n{summary.source}: {gave} gave nothing, for the 'when' of no event holds; 'skip' leaves them out on purpose."
        )
    if not summary.reasons:
        return
    waiting = sum(count for _, count in summary.reasons)
    wait = counted(waiting, "record waits", "records wait")
    say(f"\n{summary.source}: {wait} in quarantine")
    tell_reasons(summary.reasons, summary.examples)


def tell_reasons(reasons: Sequence[tuple[str, int]], examples: Mapping[str, str]) -> None:
    """Print why records wait, the commonest reasons with an example."""
    for reason, count in reasons[:COMMONEST]:
        say(f"  {count:,} x {reason}: {REASONS[reason]}")
        if example := examples.get(reason):
            say(f"      {example}")
    if rest := reasons[COMMONEST:]:
        say(f"  {sum(count for _, count in rest):,} for other reasons: {', '.join(reason for reason, _ in rest)}")


def named(rows: Sequence[tuple[int, str]], count: int) -> str:
    """The first of some rows, with their keys: ``: line 3 (K1 7), line 9 and others``."""
    told = ", ".join(f"line {line} ({key})" if key else f"line {line}" for line, key in rows)
    return f": {told}{' and others' if count > len(rows) else ''}" if told else ""


def _next(summaries: Sequence[ImportSummary]) -> list[str]:
    """The commands that follow, the most pressing first."""
    found = []
    if any(summary.error for summary in summaries):
        found.append("Correct what could not be read, and import again: what is in is not taken twice.")
    waiting = [summary for summary in summaries if summary.reasons]
    if waiting:
        only = f" -s {waiting[0].source}" if len(waiting) == 1 else ""
        found.append(f"geleit quarantine list{only} shows what waits, geleit quarantine repair mends it.")
    if any(reason == "changed_content" for summary in waiting for reason, _ in summary.reasons):
        found.append(
            "Records that say something else than before: geleit import --anew, if you corrected the source's definition; "
            "'changed: add' in it, if it lists states."
        )
    if any(summary.new for summary in summaries):
        found.append("geleit serve shows the customers, geleit find finds one.")
    elif all(map(_is_unchanged, summaries)):
        found.append("geleit import --again reads files, too, that are as they were.")
    return [f"Next: {line}" if place == 0 else f"      {line}" for place, line in enumerate(found)]
