-- name: cells
-- purpose: in which span of days each person came first, and in which later ones again (0 = the first)
WITH dated AS (
  SELECT
    steps.journey, steps.customer_id, steps.place, calendar.span,
    CASE WHEN $any_start OR started.start_kind IS NOT NULL THEN 1 ELSE 0 END AS starts,
    CASE WHEN $any_return OR returned.return_kind IS NOT NULL THEN 1 ELSE 0 END AS returns
  FROM steps
  INNER JOIN calendar ON calendar.local_day = steps.local_day
  LEFT JOIN (SELECT DISTINCT kind AS start_kind FROM start_kinds) AS started ON started.start_kind = steps.kind
  LEFT JOIN (SELECT DISTINCT kind AS return_kind FROM return_kinds) AS returned ON returned.return_kind = steps.kind
),
firsts AS (
  SELECT journey, customer_id, span AS cohort
  FROM dated
  WHERE starts = 1
  QUALIFY row_number() OVER (PARTITION BY journey ORDER BY place) = 1
)
SELECT journey, customer_id, cohort, 0 AS later FROM firsts
UNION ALL
SELECT firsts.journey, firsts.customer_id, firsts.cohort, dated.span - firsts.cohort AS later
FROM firsts
INNER JOIN dated ON dated.journey = firsts.journey
WHERE dated.returns = 1 AND dated.span > firsts.cohort
GROUP BY firsts.journey, firsts.customer_id, firsts.cohort, dated.span - firsts.cohort

-- name: counts
-- purpose: how many people of each first span came again how much later
SELECT cohort, later, count(*) AS people FROM cells GROUP BY cohort, later
