-- name: cells
-- purpose: each stage a journey came to: how long after its beginning, how long it stayed in all, whether it went further
WITH named AS (
  SELECT
    steps.journey, steps.customer_id, steps.place, steps.t, steps.stage, stage_order.number,
    coalesce((lead(steps.t) OVER way) - steps.t, 0) AS gap,
    max(stage_order.number) OVER (
      PARTITION BY steps.journey ORDER BY steps.place ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING
    ) AS furthest,
    row_number() OVER (PARTITION BY steps.journey, steps.stage ORDER BY steps.place) AS nth
  FROM steps
  INNER JOIN stage_order ON stage_order.stage = steps.stage
  WINDOW way AS (PARTITION BY steps.journey ORDER BY steps.place)
),
begun AS (
  SELECT journey, min(t) AS t FROM named GROUP BY journey
)
SELECT
  named.journey, named.customer_id, named.stage,
  min(named.t) - min(begun.t) AS lead_time,
  cast(sum(named.gap) AS BIGINT) AS dwell,
  max(CASE WHEN named.nth = 1 AND named.furthest > named.number THEN 1 ELSE 0 END) AS further
FROM named
INNER JOIN begun ON begun.journey = named.journey
GROUP BY named.journey, named.customer_id, named.stage

-- name: counts
-- purpose: how many came to each stage and went further; spans by nearest rank
WITH ranked AS (
  SELECT
    *,
    row_number() OVER (PARTITION BY stage ORDER BY lead_time) AS lead_rank,
    row_number() OVER (PARTITION BY stage ORDER BY dwell) AS dwell_rank,
    count(*) OVER (PARTITION BY stage) AS size
  FROM cells
)
SELECT
  stage,
  count(*) AS journeys,
  count(DISTINCT customer_id) AS people,
  cast(sum(further) AS BIGINT) AS further,
  max(CASE WHEN lead_rank * 2 >= size AND (lead_rank - 1) * 2 < size THEN lead_time END) AS lead_median_us,
  max(CASE WHEN lead_rank * 100 >= size * 95 AND (lead_rank - 1) * 100 < size * 95 THEN lead_time END) AS lead_p95_us,
  max(CASE WHEN dwell_rank * 2 >= size AND (dwell_rank - 1) * 2 < size THEN dwell END) AS dwell_median_us,
  max(CASE WHEN dwell_rank * 100 >= size * 95 AND (dwell_rank - 1) * 100 < size * 95 THEN dwell END) AS dwell_p95_us
FROM ranked
GROUP BY stage
