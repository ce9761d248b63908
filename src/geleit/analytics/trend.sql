-- name: cells
-- purpose: what happens in which span of days; '' stands for anything at all
WITH dated AS (
  SELECT
    steps.journey, steps.customer_id, calendar.span,
    CASE WHEN $of = 'kind' THEN steps.kind WHEN $of = 'channel' THEN steps.channel ELSE steps.stage END AS value
  FROM steps
  INNER JOIN calendar ON calendar.local_day = steps.local_day
)
SELECT journey, customer_id, span, value FROM dated WHERE value <> ''
UNION ALL
SELECT journey, customer_id, span, '' AS value FROM dated

-- name: counts
-- purpose: how often, in how many journeys, of how many people, in each span
SELECT span, value, count(*) AS count, count(DISTINCT journey) AS journeys, count(DISTINCT customer_id) AS people
FROM cells
GROUP BY span, value
