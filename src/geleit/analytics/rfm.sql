-- name: cells
-- purpose: each person's scores for recency, frequency and money (0 without an order), and the group that follows
WITH people AS (SELECT DISTINCT journey, customer_id FROM steps),
summed AS (
  SELECT
    people.journey,
    people.customer_id,
    max(rfm_orders.local_day) AS last_day,
    count(rfm_orders.local_day) AS orders,
    cast(coalesce(sum(rfm_orders.kept), 0) AS BIGINT) AS kept
  FROM people
  LEFT JOIN rfm_orders ON rfm_orders.customer_id = people.customer_id
  GROUP BY people.journey, people.customer_id
),
placed AS (
  SELECT
    *,
    count(*) OVER () AS size,
    row_number() OVER (ORDER BY last_day, customer_id) AS by_day,
    row_number() OVER (ORDER BY orders, customer_id) AS by_orders,
    row_number() OVER (ORDER BY kept, customer_id) AS by_kept
  FROM summed
  WHERE orders > 0
),
below AS (
  SELECT
    *,
    5 * (min(by_day) OVER (PARTITION BY last_day) - 1) AS older,
    5 * (min(by_orders) OVER (PARTITION BY orders) - 1) AS rarer,
    5 * (min(by_kept) OVER (PARTITION BY kept) - 1) AS cheaper
  FROM placed
),
scored AS (
  SELECT
    journey, customer_id, last_day, orders, kept,
    CASE
      WHEN older >= 4 * size THEN 5 WHEN older >= 3 * size THEN 4 WHEN older >= 2 * size THEN 3 WHEN older >= size THEN 2 ELSE 1
    END AS recency,
    CASE
      WHEN rarer >= 4 * size THEN 5 WHEN rarer >= 3 * size THEN 4 WHEN rarer >= 2 * size THEN 3 WHEN rarer >= size THEN 2 ELSE 1
    END AS frequency,
    CASE
      WHEN cheaper >= 4 * size THEN 5 WHEN cheaper >= 3 * size THEN 4 WHEN cheaper >= 2 * size THEN 3
      WHEN cheaper >= size THEN 2
      ELSE 1
    END AS money
  FROM below
  UNION ALL
  SELECT journey, customer_id, last_day, orders, kept, 0 AS recency, 0 AS frequency, 0 AS money FROM summed WHERE orders = 0
)
SELECT scored.*, rfm_groups.name, coalesce(rfm_today.today - scored.last_day, 0) AS days
FROM scored
INNER JOIN rfm_groups
  ON rfm_groups.recency = scored.recency
  AND rfm_groups.frequency = scored.frequency
  AND rfm_groups.at_most = CASE WHEN scored.orders > 3 THEN 3 ELSE scored.orders END
CROSS JOIN rfm_today

-- name: counts
-- purpose: how many people have each combination of scores, and what they bought
SELECT
  name, recency, frequency, money, count(*) AS people, cast(sum(orders) AS BIGINT) AS orders,
  cast(sum(kept) AS BIGINT) AS kept, cast(sum(days) AS BIGINT) AS days
FROM cells
GROUP BY name, recency, frequency, money
