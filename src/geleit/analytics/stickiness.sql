-- name: cells
-- purpose: on how many days of each span each person came; what the company began is no coming
SELECT steps.journey, steps.customer_id, calendar.span, count(DISTINCT steps.local_day) AS days
FROM steps
INNER JOIN calendar ON calendar.local_day = steps.local_day
LEFT JOIN (SELECT DISTINCT kind AS active_kind FROM active_kinds) AS active ON active.active_kind = steps.kind
WHERE steps.by_person = 1 AND ($any_kind OR active.active_kind IS NOT NULL)
GROUP BY steps.journey, steps.customer_id, calendar.span

-- name: counts
-- purpose: how many people came on how many days of each span
SELECT span, days, count(*) AS people FROM cells GROUP BY span, days
