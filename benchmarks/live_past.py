"""The past of the load benchmark: an export of the same shop's visitors, and the source that reads it."""

from __future__ import annotations

import sys
from pathlib import Path

import duckdb

SOURCE = """\
file: exports/past.parquet
system: website
events:
  - kind_from: kind
    key: key
    time: t
    identifiers:
      website.anonymous_id: anonymous_id
      website.user_id: user_id
    properties:
      product_id: product_id
"""
PAST = """
COPY (
  SELECT 'past-' || i AS key, 'a' || person AS anonymous_id, CASE WHEN person % 3 = 0 THEN 'u' || person END AS user_id,
    CASE WHEN i % 20 = 0 THEN 'page_viewed' ELSE 'product_viewed' END AS kind, CAST(i % 500 AS VARCHAR) AS product_id,
    TIMESTAMP '2025-11-01' + to_microseconds(CAST(i AS BIGINT) * (31000000000000 // $events)) AS t
  FROM (SELECT i, hash(i) % $people AS person FROM range($events) past(i)) ORDER BY i
) TO '$file' (FORMAT parquet)
"""


def main() -> None:
    """Write the export of so many events, ten for each visitor, and its source into a workspace."""
    root, events = Path(sys.argv[1]), int(sys.argv[2])
    (root / "exports").mkdir(exist_ok=True)
    text = PAST.replace("$events", str(events)).replace("$people", str(events // 10))
    duckdb.sql(text.replace("$file", str(root / "exports" / "past.parquet")))
    (root / "sources" / "past.yaml").write_text(SOURCE)


if __name__ == "__main__":
    main()
