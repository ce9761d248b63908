-- name: cells
-- purpose: what happens in the journeys of a group, up to a moment; '' stands once for each journey
WITH valued AS (
  SELECT
    steps.journey, steps.customer_id, steps.place,
    CASE WHEN $of = 'kind' THEN steps.kind WHEN $of = 'channel' THEN steps.channel ELSE steps.stage END AS value,
    max(CASE WHEN had.having_kind IS NOT NULL THEN 1 ELSE 0 END) OVER way AS has,
    max(CASE WHEN lacked.lacking_kind IS NOT NULL THEN 1 ELSE 0 END) OVER way AS lacks,
    min(CASE WHEN until.before_kind IS NOT NULL THEN steps.place END) OVER way AS ends
  FROM steps
  LEFT JOIN (SELECT DISTINCT kind AS having_kind FROM having_kinds) AS had ON had.having_kind = steps.kind
  LEFT JOIN (SELECT DISTINCT kind AS lacking_kind FROM lacking_kinds) AS lacked ON lacked.lacking_kind = steps.kind
  LEFT JOIN (SELECT DISTINCT kind AS before_kind FROM before_kinds) AS until ON until.before_kind = steps.kind
  WINDOW way AS (PARTITION BY steps.journey)
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
