-- name: cells
-- purpose: on how many days each person came through each channel, and from which count on that is often alike; what the company began is no visit
SELECT
  journey, customer_id, channel, visits,
  CASE
    WHEN visits >= 32 THEN 32 WHEN visits >= 16 THEN 16 WHEN visits >= 8 THEN 8
    WHEN visits >= 4 THEN 4 WHEN visits >= 2 THEN 2 ELSE 1
  END AS often
FROM (
  SELECT journey, customer_id, channel, count(DISTINCT local_day) AS visits
  FROM steps
  WHERE by_person = 1 AND channel <> ''
  GROUP BY journey, customer_id, channel
) AS visited

-- name: counts
-- purpose: how many people came how often through each channel
SELECT channel, visits, count(*) AS people FROM cells GROUP BY channel, visits
