"""The export that the bulk benchmark loads: an invented shop, the same on every run.

For ten events one customer. Each has a user id and a device; 70 % an e-mail address, 14 % a telephone number, 15 % a
second device: about three identifiers each. The file is in the order of arrival: 1 % of the events come up to thirty
days late, every 200th row repeats an earlier one. Who an event truly is of stands nowhere in it.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import duckdb

VERSION = 1  # of what is invented: files of another one are made anew
EVENTS_EACH = 10
REPEATED = 200  # every 200th row is there twice
PROBES = 10  # customers who are looked for
DAYS = 546  # eighteen months
WEIGHTS = {  # of a thousand events, besides the three that everybody has
    "page_viewed": 270,
    "product_viewed": 220,
    "product_list_viewed": 90,
    "products_searched": 60,
    "product_added": 60,
    "order_completed": 43,
    "product_clicked": 40,
    "checkout_started": 40,
    "product_list_filtered": 30,
    "cart_viewed": 30,
    "checkout_step_completed": 20,
    "payment_info_entered": 15,
    "promotion_viewed": 15,
    "product_removed": 10,
    "product_added_to_wishlist": 7,
    "message_opened": 6,
    "coupon_entered": 5,
    "promotion_clicked": 5,
    "order_refunded": 4,
    "product_reviewed": 4,
    "question_asked": 4,
    "order_updated": 3,
    "order_cancelled": 3,
    "coupon_applied": 3,
    "question_answered": 3,
    "message_sent": 3,
    "product_shared": 2,
    "complaint_opened": 2,
    "identified": 2,
    "complaint_closed": 1,
}

# Row i tells of event j; u and v are its dice. The first three of ten rows are given to everybody in turn:
# a page seen by an unknown device, a log-in, a message to a known address. The others fall to few more often.
DRAWN = """
CREATE MACRO dealt(j) AS j // 10 * 3 + j % 10;
CREATE MACRO shuffled(n) AS (n * 611953 + 7) % $people;
CREATE VIEW drawn AS
SELECT *, p * 48271 % 1000 AS traits_of
FROM (
  SELECT
    i, j, u, v,
    CASE WHEN j % 10 < 3 AND dealt(j) < 3 * $people THEN dealt(j) // $people ELSE 3 END AS turn,
    shuffled(CASE
      WHEN j % 10 < 3 AND dealt(j) < 3 * $people THEN dealt(j) % $people
      ELSE floor($people * pow((v // 1000000 % 1000000) / 1e6, 1.5))::BIGINT
    END) AS p
  FROM (
    SELECT
      i, j, (md5_number_lower(j::VARCHAR) >> 1)::BIGINT AS u, (md5_number_upper(j::VARCHAR) >> 1)::BIGINT AS v
    FROM (SELECT i, CASE WHEN i % $repeated = $repeated - 1 THEN i - 37 ELSE i END AS j FROM range($events) AS r(i))
  )
)
"""
TOLD = """
CREATE VIEW told AS
SELECT
  drawn.*,
  CASE turn WHEN 0 THEN 'page_viewed' WHEN 1 THEN 'identified' WHEN 2 THEN 'message_sent' ELSE $kinds[u % 1000 + 1] END
    AS kind,
  TIMESTAMP '2025-01-01' + to_microseconds((
    j::HUGEINT * $days * 86400000000 // $events + v % 60000000
    - CASE WHEN u // 1000 % 100 = 7 AND turn = 3 THEN v % 2592000000000 ELSE 0 END
  )::BIGINT) AS occurred_at,
  CASE
    WHEN turn = 1 AND traits_of < $shared THEN md5('device' || (p + 1) % $people)
    WHEN (turn = 1 OR u // 100000 % 3 = 0) AND turn <> 2 AND traits_of % 13 < 2 THEN md5('second' || p)
    ELSE md5('device' || p)
  END AS device,
  'customer.' || p || '@example.' || ['com', 'org', 'net'][p % 3 + 1] AS address
FROM drawn
"""
ROWS = """
SELECT
  md5(j::VARCHAR) AS event_id,
  occurred_at,
  kind,
  CASE WHEN turn IN (1, 2) OR kind LIKE 'order%' OR (turn = 3 AND u // 1000000 % 100 < 35) THEN 'u' || (10000000 + p) END
    AS user_id,
  CASE WHEN kind NOT LIKE 'order_%d' OR kind = 'order_completed' THEN device::UUID::VARCHAR END AS anonymous_id,
  CASE WHEN traits_of < 700 AND (turn = 2 OR kind IN ('order_completed', 'question_asked', 'message_opened'))
    THEN address END AS email,
  CASE WHEN traits_of % 7 = 0 AND (turn = 2 OR kind LIKE 'complaint%') THEN '+49151' || (10000000 + p) END AS phone,
  CASE WHEN kind IN ('identified', 'order_completed') AND traits_of % 2 = 0
    THEN ['Ada', 'Ben', 'Cem', 'Dora', 'Emil', 'Frieda', 'Gül', 'Hans'][p % 8 + 1] || ' ' ||
      ['Albers', 'Brandt', 'Çelik', 'Drews', 'Ebert', 'Falk', 'Große', 'Huber', 'Ilic'][p // 8 % 9 + 1] END AS name,
  CASE WHEN kind IN ('identified', 'order_completed') AND traits_of % 3 = 0 THEN 'City ' || p % 500 END AS city,
  CASE WHEN kind IN ('page_viewed', 'product_viewed', 'product_list_viewed') THEN '/c/' || v % 40 || '/p/' || v % 5000 END
    AS page,
  CASE WHEN kind LIKE 'product\\_%' ESCAPE '\\' THEN 'p' || v % 5000 END AS product_id,
  CASE WHEN kind IN ('products_searched', 'product_list_filtered') THEN 'washing machine ' || v % 300 END AS query,
  CASE WHEN kind LIKE 'order%' OR kind LIKE 'coupon%' OR kind LIKE 'checkout%' THEN 'o' || j END AS order_id,
  CASE WHEN kind = 'order_completed' THEN to_json(list_transform(range(1 + v % 3), lambda n: {
    'product_id': 'p' || (v + n * 17) % 5000, 'name': 'Product ' || (v + n * 17) % 5000, 'quantity': 1 + n,
    'price': ((v + n * 17) % 50000 / 100.0)::DECIMAL(18, 2)::VARCHAR}))::VARCHAR END AS products,
  CASE WHEN kind LIKE 'order%' THEN (v % 90000 / 100.0)::DECIMAL(18, 2) END AS total,
  CASE WHEN kind LIKE 'order%' THEN 'EUR' END AS currency,
  CASE WHEN kind LIKE 'product\\_%' ESCAPE '\\' THEN (v % 5)::INTEGER END AS position,
  CASE WHEN kind IN ('question_asked', 'complaint_opened', 'product_reviewed')
    THEN 'Does it fit beside the washing machine of my neighbor? No ' || v % 10000 END AS text
FROM told
ORDER BY i
"""
# Whoever ordered within thirty days of looking at a product: asked of customers later, of true persons here.
ANSWER = """
SELECT count(DISTINCT ordered.p)
FROM (SELECT p, occurred_at AS t FROM told WHERE kind = 'order_completed') AS ordered
ASOF INNER JOIN (SELECT p, occurred_at AS t FROM told WHERE kind = 'product_viewed') AS viewed
  ON ordered.p = viewed.p AND ordered.t > viewed.t
WHERE ordered.t - viewed.t <= INTERVAL 30 DAY
"""
COUNTS = """
SELECT
  count(*) AS rows, count(DISTINCT event_id) AS events, count(DISTINCT kind) AS kinds, count(DISTINCT user_id) AS user_ids,
  count(DISTINCT anonymous_id) AS anonymous_ids, count(DISTINCT email) AS emails, count(DISTINCT phone) AS phones
FROM read_parquet($file)
"""
PEOPLE = """
SELECT email, user_id FROM read_parquet($file)
WHERE email IS NOT NULL AND user_id IS NOT NULL GROUP BY email, user_id ORDER BY md5(email) LIMIT $probes
"""


def invent(folder: Path, events: int, shared: int) -> dict[str, object]:
    """Write ``events.parquet`` and ``events.csv`` of ``events`` rows; returns the truth about them, kept in truth.json.

    ``shared``: of a thousand customers so many log in at the device of another one. Files of the same sizes are kept.
    """
    wanted = {"version": VERSION, "asked": events, "shared": shared}
    note = folder / "truth.json"
    if note.exists() and wanted.items() <= json.loads(note.read_text()).items():
        return dict(json.loads(note.read_text()))
    folder.mkdir(parents=True, exist_ok=True)
    file, table = folder / "events.parquet", folder / "events.csv"
    people = events // EVENTS_EACH
    with duckdb.connect(config={"threads": "2", "memory_limit": "3GB"}) as duck:
        duck.execute(f"SET temp_directory = '{folder / 'spill'}'")
        kinds = [kind for kind, weight in WEIGHTS.items() for _ in range(weight)]
        values = {"people": people, "repeated": REPEATED, "events": events}
        duck.execute(_filled(DRAWN, values))
        duck.execute(
            _filled(TOLD, {"people": people, "events": events, "days": DAYS, "shared": shared, "kinds": kinds})
        )
        duck.execute(f"COPY ({ROWS}) TO '{file}' (FORMAT parquet, COMPRESSION zstd)")
        duck.execute(f"COPY (FROM read_parquet('{file}')) TO '{table}' (HEADER)")
        answer = duck.execute(ANSWER).fetchone()
        counted = duck.execute(COUNTS, {"file": str(file)})
        names = [column[0] for column in counted.description or ()]
        counts = dict(zip(names, counted.fetchone() or (), strict=True))
        probes = duck.execute(PEOPLE, {"file": str(file), "probes": PROBES}).fetchall()
    truth = wanted | counts | {"people": people, "answer": answer[0] if answer else 0, "probes": probes}
    truth["bytes"] = {"parquet": file.stat().st_size, "csv": table.stat().st_size}
    note.write_text(json.dumps(truth, indent=1))
    return truth


def _filled(text: str, values: dict[str, object]) -> str:
    """A view's text with its numbers: views take no parameters."""
    for name, value in values.items():
        text = text.replace(f"${name}", str(value))
    return text


if __name__ == "__main__":
    print(json.dumps(invent(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))))
