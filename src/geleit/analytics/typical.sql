-- name: cells
-- purpose: each journey laid beside the typical way: its steps, how it goes between them, what else it does, where it leaves
WITH runs AS (
  SELECT journey, customer_id, kind, channel, t, row_number() OVER (PARTITION BY journey ORDER BY place) AS nth
  FROM (
    SELECT
      journey, customer_id, kind, channel, t, place,
      CASE WHEN kind = lag(kind) OVER (PARTITION BY journey ORDER BY place) THEN 0 ELSE 1 END AS stays
    FROM steps
    WHERE $all OR journey IN (
      SELECT having_it.journey FROM steps AS having_it WHERE having_it.kind IN (SELECT kind FROM typical_having)
    )
  ) AS seen
  WHERE stays = 1
),
ways AS (
  SELECT runs.journey, string_agg(typical_codes.code, ',' ORDER BY runs.nth) AS way
  FROM runs
  INNER JOIN typical_codes ON typical_codes.value = runs.kind
  GROUP BY runs.journey
),
laid AS (
  SELECT runs.journey, runs.customer_id, runs.kind, runs.channel, runs.t, runs.nth, coalesce(typical_places.step, 0) AS step
  FROM runs
  INNER JOIN ways ON ways.journey = runs.journey
  LEFT JOIN typical_places ON typical_places.way = ways.way AND typical_places.place = runs.nth
),
placed AS (
  SELECT
    journey, customer_id, kind, channel, t, nth, step,
    coalesce(max(CASE WHEN step > 0 THEN step END) OVER earlier, 0) AS reached,
    max(CASE WHEN step > 0 THEN t END) OVER earlier AS since,
    coalesce(max(CASE WHEN step > 0 THEN nth END) OVER (PARTITION BY journey), 0) AS last_nth,
    coalesce(max(CASE WHEN step > 0 THEN step END) OVER (PARTITION BY journey), 0) AS last_step,
    max(nth) OVER (PARTITION BY journey) AS size
  FROM laid
  WINDOW earlier AS (PARTITION BY journey ORDER BY nth ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
)
SELECT journey, customer_id, 'all' AS part, 0 AS source, 0 AS target, '' AS value, cast(NULL AS BIGINT) AS span
FROM placed
WHERE nth = 1
UNION ALL
SELECT journey, customer_id, 'step' AS part, step AS source, step AS target, kind AS value, t - since AS span
FROM placed
WHERE step > 0
UNION ALL
SELECT journey, customer_id, 'path' AS part, reached AS source, step AS target, '' AS value, cast(NULL AS BIGINT) AS span
FROM placed
WHERE step > 0
UNION ALL
SELECT journey, customer_id, 'path' AS part, last_step AS source, $columns + 1 AS target, '' AS value, cast(NULL AS BIGINT) AS span
FROM placed
WHERE nth = 1
UNION ALL
SELECT journey, customer_id, 'channel' AS part, step AS source, step AS target, channel AS value, cast(NULL AS BIGINT) AS span
FROM placed
WHERE step > 0
UNION ALL
SELECT DISTINCT journey, customer_id, 'other' AS part, reached AS source, reached AS target, kind AS value, cast(NULL AS BIGINT) AS span
FROM placed
WHERE step = 0 AND nth < last_nth
UNION ALL
SELECT
  journey, customer_id, 'left' AS part, last_step AS source, last_step AS target,
  CASE WHEN nth > last_nth THEN kind ELSE '' END AS value, cast(NULL AS BIGINT) AS span
FROM placed
WHERE nth = last_nth + 1 OR (nth = size AND last_nth = size)
UNION ALL
SELECT journey, customer_id, part, step AS source, step AS target, value, cast(NULL AS BIGINT) AS span
FROM typical_said

-- name: counts
-- purpose: journeys and people of each cell, and the quartiles of the spans to a step
WITH ranked AS (
  SELECT
    part, source, target, value, customer_id, span,
    row_number() OVER (PARTITION BY part, source, target, value ORDER BY CASE WHEN span IS NULL THEN 1 ELSE 0 END, span) AS nth,
    count(span) OVER (PARTITION BY part, source, target, value) AS size
  FROM cells
)
SELECT
  part, source, target, value, count(*) AS journeys, count(DISTINCT customer_id) AS people,
  max(CASE WHEN span IS NOT NULL AND nth * 4 >= size AND (nth - 1) * 4 < size THEN span END) AS lower_us,
  max(CASE WHEN span IS NOT NULL AND nth * 2 >= size AND (nth - 1) * 2 < size THEN span END) AS median_us,
  max(CASE WHEN span IS NOT NULL AND nth * 4 >= size * 3 AND (nth - 1) * 4 < size * 3 THEN span END) AS upper_us
FROM ranked
GROUP BY part, source, target, value
