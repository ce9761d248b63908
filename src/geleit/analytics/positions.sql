-- name: cells
-- purpose: what is at which place of each journey (from 1); '' once, directly after the last
WITH valued AS (
  SELECT
    journey, customer_id, place, CASE WHEN $of = 'kind' THEN kind WHEN $of = 'channel' THEN channel ELSE stage END AS value
  FROM steps
),
walked AS (
  SELECT
    journey, customer_id, value, row_number() OVER way AS step, lead(value) OVER way AS further
  FROM valued
  WHERE value <> ''
  WINDOW way AS (PARTITION BY journey ORDER BY place)
)
SELECT journey, customer_id, step, value FROM walked WHERE step <= $depth
UNION ALL
SELECT journey, customer_id, step + 1 AS step, '' AS value FROM walked WHERE further IS NULL AND step < $depth

-- name: counts
-- purpose: how many journeys have what at which place
SELECT step, value, count(*) AS journeys, count(DISTINCT customer_id) AS people FROM cells GROUP BY step, value
