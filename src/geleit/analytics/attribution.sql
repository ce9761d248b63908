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
-- purpose: per touch whole millionths of successes, journeys and people; and how often touches follow each other; by the lot of
-- the people, a part of 32 that their ids draw
WITH lots AS (
  SELECT customer_id, substr(hashed, 1, 1) || CASE WHEN substr(hashed, 2, 1) < '8' THEN '0' ELSE '8' END AS lot
  FROM (SELECT DISTINCT customer_id, md5(customer_id) AS hashed FROM cells) AS people
),
weighed AS (
  SELECT
    cells.*, lots.lot,
    CASE WHEN size < 3 THEN 1 WHEN nth = 1 OR nth = size THEN 40 * (size - 2) ELSE 20 END AS position_weight,
    decay.weight AS decay_weight
  FROM cells
  INNER JOIN lots ON lots.customer_id = cells.customer_id
  INNER JOIN decay ON decay.age = least(cells.age // 86400000000, $oldest)
  WHERE cells.success = 1
),
shared AS (
  SELECT
    journey, lot, touch, nth, size,
    1000000 // size AS linear,
    (position_weight * 1000000) // cast(sum(position_weight) OVER way AS BIGINT) AS position,
    (decay_weight * 1000000) // cast(sum(decay_weight) OVER way AS BIGINT) AS decay
  FROM weighed
  WINDOW way AS (PARTITION BY journey)
),
settled AS (
  SELECT
    touch, lot,
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
    touch, lot, cast(sum(first) AS BIGINT) AS first, cast(sum(last) AS BIGINT) AS last, cast(sum(linear) AS BIGINT) AS linear,
    cast(sum(position) AS BIGINT) AS position, cast(sum(decay) AS BIGINT) AS decay
  FROM settled
  GROUP BY touch, lot
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
  SELECT journey, customer_id, touch, count(*) OVER (PARTITION BY journey) AS parties
  FROM (SELECT DISTINCT journey, customer_id, touch FROM cells WHERE success = 1) AS once
),
following AS (
  SELECT
    customer_id, touch, success, nth, size, lag(touch) OVER (PARTITION BY journey ORDER BY nth) AS earlier
  FROM cells
  WHERE touch <> ''
),
followed AS (
  SELECT customer_id, coalesce(earlier, '(start)') AS a, touch AS b FROM following
  UNION ALL
  SELECT customer_id, touch, CASE WHEN success = 1 THEN '(success)' ELSE '(nothing)' END FROM following WHERE nth = size
)
SELECT 'first' AS what, touch AS a, '' AS b, lot, first AS value FROM credits
UNION ALL SELECT 'last', touch, '', lot, last FROM credits
UNION ALL SELECT 'linear', touch, '', lot, linear FROM credits
UNION ALL SELECT 'position', touch, '', lot, position FROM credits
UNION ALL SELECT 'decay', touch, '', lot, decay FROM credits
UNION ALL SELECT 'journeys', touch, '', '', journeys FROM reached
UNION ALL SELECT 'people', touch, '', '', people FROM reached
UNION ALL SELECT 'successes', touch, '', '', successes FROM reached
UNION ALL SELECT 'successful', touch, '', '', successful FROM reached
UNION ALL SELECT 'drawn', '', '', lot, count(*) FROM lots GROUP BY lot
UNION ALL
SELECT 'shapley', touch, cast(parties AS VARCHAR), lot, count(*)
FROM distinct_touches
INNER JOIN lots ON lots.customer_id = distinct_touches.customer_id
GROUP BY touch, parties, lot
UNION ALL
SELECT 'follows', a, b, lot, count(*)
FROM followed
INNER JOIN lots ON lots.customer_id = followed.customer_id
GROUP BY a, b, lot
