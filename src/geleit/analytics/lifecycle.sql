-- name: cells
-- purpose: what each person is in each span: new, returning, resurrected, or dormant in the first span without them
WITH came AS (
  SELECT DISTINCT steps.journey, steps.customer_id, calendar.span
  FROM steps
  INNER JOIN calendar ON calendar.local_day = steps.local_day
  LEFT JOIN (SELECT DISTINCT kind AS active_kind FROM active_kinds) AS active ON active.active_kind = steps.kind
  WHERE steps.by_person = 1 AND ($any_kind OR active.active_kind IS NOT NULL)
),
beside AS (
  SELECT
    journey, customer_id, span,
    lag(span) OVER (PARTITION BY journey ORDER BY span) AS earlier,
    lead(span) OVER (PARTITION BY journey ORDER BY span) AS later
  FROM came
)
SELECT
  journey, customer_id, span,
  CASE WHEN earlier IS NULL THEN 'new' WHEN earlier = span - 1 THEN 'returning' ELSE 'resurrected' END AS state
FROM beside
UNION ALL
SELECT beside.journey, beside.customer_id, beside.span + 1 AS span, 'dormant' AS state
FROM beside
INNER JOIN span_now ON span_now.span >= beside.span + 1
WHERE beside.later IS NULL OR beside.later > beside.span + 1

-- name: counts
-- purpose: how many people are what in each span
SELECT span, state, count(*) AS people FROM cells GROUP BY span, state
