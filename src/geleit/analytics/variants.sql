-- name: cells
-- purpose: the way of each journey as a text of kind codes, and how long it took
SELECT
  journey, customer_id, string_agg(code, ',' ORDER BY place) AS way, max(t) - min(t) AS span
FROM (
  SELECT steps.journey, steps.customer_id, steps.place, steps.t, variant_codes.code
  FROM (
    SELECT
      journey, customer_id, place, t, value,
      CASE WHEN $collapse AND value = lag(value) OVER (PARTITION BY journey ORDER BY place) THEN 0 ELSE 1 END AS stays
    FROM (
      SELECT
        journey, customer_id, place, t,
        CASE WHEN $of = 'kind' THEN kind WHEN $of = 'channel' THEN channel ELSE stage END AS value
      FROM steps
      WHERE $all OR journey IN (
        SELECT having_it.journey FROM steps AS having_it WHERE having_it.kind IN (SELECT kind FROM variant_having)
      )
    ) AS valued
    WHERE value <> ''
  ) AS steps
  INNER JOIN variant_codes ON variant_codes.value = steps.value
  WHERE steps.stays = 1
) AS coded
GROUP BY journey, customer_id

-- name: counts
-- purpose: the most frequent ways, and all others as one row
WITH counted AS (
  SELECT way, count(*) AS journeys, count(DISTINCT customer_id) AS people
  FROM cells
  GROUP BY way
),
ordered AS (
  SELECT *, row_number() OVER (ORDER BY journeys DESC, length(way), way) AS rank FROM counted
),
shown AS (
  SELECT * FROM ordered WHERE rank <= $limit
),
spans AS (
  SELECT
    cells.way, cells.span,
    row_number() OVER (PARTITION BY cells.way ORDER BY cells.span) AS nth,
    count(*) OVER (PARTITION BY cells.way) AS size
  FROM cells
  WHERE cells.way IN (SELECT way FROM shown)
),
medians AS (
  SELECT way, max(CASE WHEN nth * 2 >= size AND (nth - 1) * 2 < size THEN span END) AS median_us
  FROM spans
  GROUP BY way
)
SELECT shown.rank, shown.way, 1 AS variants, shown.journeys, shown.people, medians.median_us
FROM shown
INNER JOIN medians ON medians.way = shown.way
UNION ALL
SELECT
  $limit + 1 AS rank, '' AS way, count(DISTINCT way) AS variants, count(*) AS journeys,
  count(DISTINCT customer_id) AS people, cast(NULL AS BIGINT) AS median_us
FROM cells
WHERE way NOT IN (SELECT way FROM shown)
HAVING count(*) > 0
