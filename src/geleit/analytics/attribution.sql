-- name: cells
-- purpose: the touches before each journey's first success (or all, without one); '' = a success without any
WITH valued AS (
  SELECT
    steps.journey, steps.customer_id, steps.place, steps.t,
    CASE WHEN $of = 'kind' THEN steps.kind ELSE steps.channel END AS value,
    CASE WHEN wanted.success_kind IS NOT NULL THEN 1 ELSE 0 END AS succeeds
  FROM steps
  LEFT JOIN (SELECT DISTINCT kind AS success_kind FROM conversion_kinds) AS wanted ON wanted.success_kind = steps.kind
),
successes AS (
  SELECT journey, customer_id, min(place) AS place, min(t) AS t FROM valued WHERE succeeds = 1 GROUP BY journey, customer_id
),
touches AS (
  SELECT valued.journey, valued.customer_id, valued.place, valued.value, successes.t - valued.t AS age
  FROM valued
  LEFT JOIN successes ON successes.journey = valued.journey
  WHERE valued.value <> '' AND valued.succeeds = 0
    AND (successes.place IS NULL OR valued.place < successes.place)
    AND (successes.place IS NULL OR successes.t - valued.t <= $lookback)
)
SELECT
  journey, customer_id, value AS touch, CASE WHEN age IS NULL THEN 0 ELSE 1 END AS success,
  row_number() OVER (PARTITION BY journey ORDER BY place) AS nth,
  count(*) OVER (PARTITION BY journey) AS size,
  coalesce(age, 0) AS age
FROM touches
UNION ALL
SELECT journey, customer_id, '' AS touch, 1 AS success, 1 AS nth, 1 AS size, 0 AS age
FROM successes
WHERE journey NOT IN (SELECT journey FROM touches)

-- name: counts
-- purpose: per touch whole millionths of successes, journeys and people; and how often touches follow each other
WITH weighed AS (
  SELECT
    cells.*,
    CASE WHEN size < 3 THEN 1 WHEN nth = 1 OR nth = size THEN 40 * (size - 2) ELSE 20 END AS position_weight,
    decay.weight AS decay_weight
  FROM cells
  INNER JOIN decay ON decay.age = least(cells.age // 86400000000, $oldest)
  WHERE cells.success = 1
),
shared AS (
  SELECT
    journey, touch, nth, size,
    1000000 // size AS linear,
    (position_weight * 1000000) // cast(sum(position_weight) OVER way AS BIGINT) AS position,
    (decay_weight * 1000000) // cast(sum(decay_weight) OVER way AS BIGINT) AS decay
  FROM weighed
  WINDOW way AS (PARTITION BY journey)
),
settled AS (
  SELECT
    touch,
    CASE WHEN nth = 1 THEN 1000000 ELSE 0 END AS first,
    CASE WHEN nth = size THEN 1000000 ELSE 0 END AS last,
    linear + CASE WHEN nth = size THEN 1000000 - cast(sum(linear) OVER way AS BIGINT) ELSE 0 END AS linear,
    position + CASE WHEN nth = size THEN 1000000 - cast(sum(position) OVER way AS BIGINT) ELSE 0 END AS position,
    decay + CASE WHEN nth = size THEN 1000000 - cast(sum(decay) OVER way AS BIGINT) ELSE 0 END AS decay
  FROM shared
  WINDOW way AS (PARTITION BY journey)
),
credits AS (
  SELECT
    touch, cast(sum(first) AS BIGINT) AS first, cast(sum(last) AS BIGINT) AS last, cast(sum(linear) AS BIGINT) AS linear,
    cast(sum(position) AS BIGINT) AS position, cast(sum(decay) AS BIGINT) AS decay
  FROM settled
  GROUP BY touch
),
reached AS (
  SELECT
    touch, count(DISTINCT journey) AS journeys, count(DISTINCT customer_id) AS people,
    count(DISTINCT CASE WHEN success = 1 THEN journey END) AS successes,
    count(DISTINCT CASE WHEN success = 1 THEN customer_id END) AS successful
  FROM cells
  GROUP BY touch
),
distinct_touches AS (
  SELECT journey, touch, count(*) OVER (PARTITION BY journey) AS parties
  FROM (SELECT DISTINCT journey, touch FROM cells WHERE success = 1) AS once
),
following AS (
  SELECT
    journey, touch, success, nth, size, lag(touch) OVER (PARTITION BY journey ORDER BY nth) AS earlier
  FROM cells
  WHERE touch <> ''
)
SELECT 'first' AS what, touch AS a, '' AS b, first AS value FROM credits
UNION ALL SELECT 'last', touch, '', last FROM credits
UNION ALL SELECT 'linear', touch, '', linear FROM credits
UNION ALL SELECT 'position', touch, '', position FROM credits
UNION ALL SELECT 'decay', touch, '', decay FROM credits
UNION ALL SELECT 'journeys', touch, '', journeys FROM reached
UNION ALL SELECT 'people', touch, '', people FROM reached
UNION ALL SELECT 'successes', touch, '', successes FROM reached
UNION ALL SELECT 'successful', touch, '', successful FROM reached
UNION ALL
SELECT 'shapley', touch, cast(parties AS VARCHAR), count(*) FROM distinct_touches GROUP BY touch, parties
UNION ALL
SELECT 'follows', coalesce(earlier, '(start)'), touch, count(*) FROM following GROUP BY coalesce(earlier, '(start)'), touch
UNION ALL
SELECT
  'follows', touch, CASE WHEN success = 1 THEN '(success)' ELSE '(nothing)' END, count(*)
FROM following
WHERE nth = size
GROUP BY touch, CASE WHEN success = 1 THEN '(success)' ELSE '(nothing)' END
