-- name: ordered_first
-- purpose: the events with what comes next; an event of the first step starts an attempt
SELECT
  journey, customer_id, place, t, kind,
  lead(kind) OVER (PARTITION BY journey ORDER BY place) AS later,
  CASE WHEN step_kind IS NOT NULL THEN t END AS start_1
FROM steps
LEFT JOIN (SELECT DISTINCT kind AS step_kind FROM funnel_kinds WHERE step = 1) AS wanted ON wanted.step_kind = steps.kind

-- name: ordered_next
-- purpose: an event of step {step} carries on the latest attempt that reached step {before}, if it is within the windows
SELECT
  journey, customer_id, place, t, kind, later, {carried},
  CASE
    WHEN step_kind IS NOT NULL AND t - start <= $window AND t - reached <= $step_window
      THEN start
  END AS start_{step}
FROM (
  SELECT
    *, max(start_{before}) OVER earlier AS start,
    max(CASE WHEN start_{before} IS NOT NULL THEN t END) OVER earlier AS reached
  FROM step_{before}
  WINDOW earlier AS (PARTITION BY journey ORDER BY place ROWS BETWEEN {frame} PRECEDING AND 1 PRECEDING)
) AS attempts
LEFT JOIN (SELECT DISTINCT kind AS step_kind FROM funnel_kinds WHERE step = {step}) AS wanted ON wanted.step_kind = attempts.kind

-- name: ordered_reached
-- purpose: where each journey first reached step {step}
SELECT journey, customer_id, {step} AS step, place, t - start_{step} AS span, coalesce(later, '') AS next
FROM step_{last}
WHERE start_{step} IS NOT NULL
QUALIFY row_number() OVER (PARTITION BY journey ORDER BY place) = 1

-- name: any_first
-- purpose: how many of the steps were taken within the window up to each event's moment
SELECT
  journey, customer_id, place, t, kind, lead(kind) OVER (PARTITION BY journey ORDER BY place) AS later, {seen} AS taken
FROM steps
{marks}
WINDOW within AS (PARTITION BY journey ORDER BY t RANGE BETWEEN {frame} PRECEDING AND CURRENT ROW)

-- name: any_seen
-- purpose: 1 if step {step} was taken within the window
max(CASE WHEN kind_{step} IS NOT NULL THEN 1 ELSE 0 END) OVER within

-- name: any_mark
-- purpose: which events are step {step}
LEFT JOIN (SELECT DISTINCT kind AS kind_{step} FROM funnel_kinds WHERE step = {step}) AS wanted_{step}
  ON wanted_{step}.kind_{step} = steps.kind

-- name: any_reached
-- purpose: where each journey first had {step} of the steps
SELECT journey, customer_id, {step} AS step, place, cast(NULL AS BIGINT) AS span, coalesce(later, '') AS next
FROM step_{last}
WHERE taken >= {step}
QUALIFY row_number() OVER (PARTITION BY journey ORDER BY place) = 1

-- name: cells
-- purpose: who reached each step, and who went where from the last step reached
SELECT journey, customer_id, 'reached' AS part, step, '' AS next, span FROM reached
UNION ALL
SELECT journey, customer_id, 'lost' AS part, step, next, cast(NULL AS BIGINT) AS span
FROM (SELECT *, max(step) OVER (PARTITION BY journey) AS deepest FROM reached) AS deep
WHERE step = deepest AND step < {steps}

-- name: counts
-- purpose: how many reached each step, how long after the first one, and where the others went
WITH ranked AS (
  SELECT
    *,
    row_number() OVER (PARTITION BY part, step, next ORDER BY span) AS rank,
    count(*) OVER (PARTITION BY part, step, next) AS size
  FROM cells
)
SELECT
  part,
  step,
  next,
  count(*) AS journeys,
  count(DISTINCT customer_id) AS people,
  max(CASE WHEN rank * 2 >= size AND (rank - 1) * 2 < size THEN span END) AS median_us,
  max(CASE WHEN rank * 100 >= size * 95 AND (rank - 1) * 100 < size * 95 THEN span END) AS p95_us
FROM ranked
GROUP BY part, step, next
