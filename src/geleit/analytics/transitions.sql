-- name: cells
-- purpose: each step with the one before it; '' is before the first and after the last
WITH valued AS (
  SELECT
    journey, customer_id, place, t, CASE WHEN $of = 'kind' THEN kind WHEN $of = 'channel' THEN channel ELSE stage END AS value
  FROM steps
),
neighbors AS (
  SELECT
    journey, customer_id, value, t - lag(t) OVER way AS gap, lag(value) OVER way AS earlier, lead(value) OVER way AS later
  FROM valued
  WHERE value <> ''
  WINDOW way AS (PARTITION BY journey ORDER BY place)
)
SELECT journey, customer_id, coalesce(earlier, '') AS source, value AS target, gap FROM neighbors
UNION ALL
SELECT journey, customer_id, value AS source, '' AS target, cast(NULL AS BIGINT) AS gap FROM neighbors WHERE later IS NULL

-- name: counts
-- purpose: how often, in how many journeys, of how many people; spans by nearest rank, in microseconds
WITH ranked AS (
  SELECT
    *,
    row_number() OVER (PARTITION BY source, target ORDER BY gap) AS rank,
    count(*) OVER (PARTITION BY source, target) AS size
  FROM cells
)
SELECT
  source,
  target,
  count(*) AS count,
  count(DISTINCT journey) AS journeys,
  count(DISTINCT customer_id) AS people,
  coalesce(cast(sum(gap // 1000000) AS BIGINT) + cast(sum(gap % 1000000) AS BIGINT) // 1000000, 0) AS total_s,
  coalesce(cast(sum(gap % 1000000) AS BIGINT) % 1000000, 0) AS rest_us,
  max(CASE WHEN rank * 2 >= size AND (rank - 1) * 2 < size THEN gap END) AS median_us,
  max(CASE WHEN rank * 100 >= size * 95 AND (rank - 1) * 100 < size * 95 THEN gap END) AS p95_us
FROM ranked
GROUP BY source, target
