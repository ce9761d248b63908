-- name: cells
-- purpose: each time something happens again in a journey, and how long after the time before
WITH valued AS (
  SELECT
    journey, customer_id, place, t, CASE WHEN $of = 'kind' THEN kind WHEN $of = 'channel' THEN channel ELSE stage END AS value
  FROM steps
),
walked AS (
  SELECT journey, customer_id, t, value, row_number() OVER (PARTITION BY journey ORDER BY place) AS nth
  FROM valued
  WHERE value <> ''
),
again AS (
  SELECT
    journey, customer_id, value, t - lag(t) OVER same AS gap, nth - lag(nth) OVER same AS steps_between
  FROM walked
  WINDOW same AS (PARTITION BY journey, value ORDER BY nth)
)
SELECT journey, customer_id, value, gap, CASE WHEN steps_between = 1 THEN 1 ELSE 0 END AS direct
FROM again
WHERE gap IS NOT NULL

-- name: counts
-- purpose: how often it happens again, how often directly, in how many journeys, after how long
WITH ranked AS (
  SELECT
    *,
    row_number() OVER (PARTITION BY value ORDER BY gap) AS rank,
    count(*) OVER (PARTITION BY value) AS size
  FROM cells
)
SELECT
  value,
  count(*) AS returns,
  cast(sum(direct) AS BIGINT) AS direct,
  count(DISTINCT journey) AS journeys,
  count(DISTINCT customer_id) AS people,
  max(CASE WHEN rank * 2 >= size AND (rank - 1) * 2 < size THEN gap END) AS median_us,
  max(CASE WHEN rank * 100 >= size * 95 AND (rank - 1) * 100 < size * 95 THEN gap END) AS p95_us
FROM ranked
GROUP BY value
