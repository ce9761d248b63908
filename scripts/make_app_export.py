"""Write the appliance app's export of the washing-machine example: Parquet, as a telemetry store hands it out.

python scripts/make_app_export.py examples/washing-machine/exports/geraete-app.parquet
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

SCHEMA = pa.schema(
    [
        ("event_id", pa.string()),
        ("event", pa.string()),
        ("ts", pa.timestamp("us", tz="UTC")),
        ("installation", pa.string()),
        ("account_email", pa.string()),
        ("device_serial", pa.string()),
        ("model", pa.string()),
        ("fw_from", pa.string()),
        ("fw_to", pa.string()),
        ("duration_s", pa.int32()),
    ]
)
HELGA = ("5b22-e7c1", "helga.sommer@example.org", "WM7014-238816", "WM 7014")
AYSE = ("90af-113d", "ayse.demir@example.net", "GS4510-110274", "GS 4510")
LANG = ("c0d4-77aa", "kueche@gasthaus-krone.example", "WM8214-301177", "WM 8214")
Row = tuple[str, str, datetime, tuple[str, str, str, str], str | None, str | None, int | None]
ROWS: tuple[Row, ...] = (
    ("a-100233", "heartbeat", datetime(2026, 2, 27, 15, 2, 10, tzinfo=UTC), HELGA, None, None, None),
    ("a-104871", "firmware_updated", datetime(2026, 5, 2, 6, 40, 0, tzinfo=UTC), LANG, "3.0.1", "3.1.0", 410),
    ("a-108115", "heartbeat", datetime(2026, 6, 1, 19, 20, 44, tzinfo=UTC), AYSE, None, None, None),
    ("a-131960", "firmware_updated", datetime(2026, 10, 21, 16, 31, 5, tzinfo=UTC), HELGA, "2.3.0", "2.4.1", 362),
)


def main(target: Path) -> None:
    """Write the rows to ``target``."""
    columns = [
        [*row[:3], *row[3], *row[4:]]  # the person's part lies between time and versions
        for row in ROWS
    ]
    arrays = [pa.array(values, field.type) for values, field in zip(zip(*columns, strict=True), SCHEMA, strict=True)]
    pq.write_table(pa.table(arrays, schema=SCHEMA), target, compression="zstd")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
