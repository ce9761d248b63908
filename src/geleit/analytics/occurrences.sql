-- name: cells
-- purpose: what happens in the journeys of a group, up to a moment; '' stands once for each journey
WITH valued AS (
  SELECT
    journey, customer_id, place,
    CASE WHEN $of = 'kind' THEN kind WHEN $of = 'channel' THEN channel ELSE stage END AS value,
    max(CASE WHEN kind IN (SELECT kind FROM having_kinds) THEN 1 ELSE 0 END) OVER (PARTITION BY journey) AS has,
    max(CASE WHEN kind IN (SELECT kind FROM lacking_kinds) THEN 1 ELSE 0 END) OVER (PARTITION BY journey) AS lacks,
    min(CASE WHEN kind IN (SELECT kind FROM before_kinds) THEN place END) OVER (PARTITION BY journey) AS ends
  FROM steps
)
SELECT journey, customer_id, value
FROM valued
WHERE (has = 1 OR $all) AND lacks = 0 AND (ends IS NULL OR place < ends) AND value <> ''
UNION ALL
SELECT DISTINCT journey, customer_id, '' AS value FROM valued WHERE (has = 1 OR $all) AND lacks = 0

-- name: counts
-- purpose: how often, in how many journeys, of how many people
SELECT value, count(*) AS count, count(DISTINCT journey) AS journeys, count(DISTINCT customer_id) AS people
FROM cells
GROUP BY value
