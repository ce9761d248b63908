"""How long tests take: how often they repeat themselves, and which files come first because they take longest."""

import os

# A few times in `make test`, so many times as often in `make long`.
TIMES = int(os.environ.get("GELEIT_EXAMPLES", "1"))


def examples(few: int) -> int:
    """So many random examples."""
    return few * TIMES


# The longest first, as a run with --durations told them: then no worker begins one when the others have nothing left.
LONGEST = [
    "analytics/test_engines",
    "intake/test_early",
    "intake/test_gathering",
    "stories/test_kill",
    "web/test_snippet_live",
    "web/test_journeys_browser",
    "stories/test_power_cut",
    "stories/test_postgres_backup",
    "stories/test_bulk_steps",
    "stories/test_live_kill",
    "stories/test_bulk_kill",
    "history/test_kills",
    "ledger/test_lease",
    "benchmarks/test_bulk_benchmark",
    "contract/test_client_kills",
    "web/test_server_log",
    "web/test_observing",
    "stories/test_postgres_equal",
    "segments/test_agreement",
    "identity/test_linkage_files",
    "intake/test_bulk_dirt",
    "intake/test_beside",
    "stories/test_segment_kill",
    "stories/test_bulk_disk",
    "stories/test_backup",
    "intake/test_live",
    "contract/test_clients",
    "intake/test_slices",
    "web/test_back",
    "intake/test_bulk",
    "stories/test_bulk_damage",
    "history/test_history",
    "stories/test_ready_sources",
    "sources/test_csv",
    "intake/test_bulk_again",
    "web/test_journeys",
    "stories/test_live_disk",
    "intake/test_bulk_likely",
    "identity/test_likely",
    "analytics/test_conformance",
    "intake/test_staging",
    "stories/test_postgres_segments",
    "web/test_snippet_delivery",
    "demo/test_company_imported",
    "demo/test_company_files",
    "web/test_said_pages",
    "web/test_hooks_payloads",
    "sources/test_incremental",
]


def longest_first(path: str) -> int:
    """The place of a test file in the order of a whole run."""
    name = path.removeprefix("tests/").removesuffix(".py")
    return LONGEST.index(name) if name in LONGEST else len(LONGEST)
