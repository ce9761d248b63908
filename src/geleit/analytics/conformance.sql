-- name: flagged
-- purpose: every event, whether it is compared with the design (it is, from where the way begins), and when that began
SELECT *, min(CASE WHEN compared = 1 THEN t END) OVER (PARTITION BY journey) AS began_t
FROM (
  SELECT *, CASE WHEN place >= begins THEN 1 ELSE 0 END AS compared
  FROM (
    SELECT
      journey, customer_id, place, t, kind, channel, stage, by_person,
      min(CASE WHEN $anywhere OR begin_kind IS NOT NULL THEN place END) OVER (PARTITION BY journey) AS begins
    FROM steps
    LEFT JOIN (SELECT DISTINCT kind AS begin_kind FROM designed_begins) AS begun ON begun.begin_kind = steps.kind
  ) AS placed
) AS inside

-- name: matched
-- purpose: which of the designed steps each event can be
SELECT journey, customer_id, place, t, kind, by_person, compared, began_t, {flags},
  cast(0 AS BIGINT) AS rest_{after}, cast(0 AS BIGINT) AS top_{after}
FROM flagged
LEFT JOIN (SELECT kind AS step_kind, {kinds} FROM designed_kinds GROUP BY kind) AS kinds ON step_kind = kind
LEFT JOIN (SELECT channel AS step_channel, {channels} FROM designed_channels GROUP BY channel) AS channels
  ON step_channel = channel
LEFT JOIN (SELECT stage AS step_stage, {stages} FROM designed_stages GROUP BY stage) AS stages ON step_stage = stage

-- name: of_step
-- purpose: 1 if a value is one of step {step}
max(CASE WHEN step = {step} THEN 1 ELSE 0 END) AS {of}_{step}

-- name: can_be
-- purpose: 1 if an event can be step {step}
CASE WHEN compared = 1 AND kind_{step} = 1 AND channel_{step} = 1 AND stage_{step} = 1 THEN 1 ELSE 0 END AS is_{step}

-- name: once
-- purpose: the best that an alignment can make from step {step} on, begun at an event
SELECT *, CASE WHEN is_{step} = 1 THEN {worth} + 1 + rest_{after} END AS first_{step} FROM {before}

-- name: repeating
-- purpose: the same for a step that repeats: ends where it is best, and takes all that can be it until there
SELECT
  *,
  CASE
    WHEN is_{step} = 1 THEN {worth} + left_{step} + max(tail_{step}) OVER (
      PARTITION BY journey ORDER BY place ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING
    )
  END AS first_{step}
FROM (
  SELECT *, CASE WHEN is_{step} = 1 THEN 1 - left_{step} + rest_{after} END AS tail_{step}
  FROM (
    SELECT
      *,
      cast(
        sum(is_{step}) OVER (PARTITION BY journey ORDER BY place ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING)
        AS BIGINT
      ) AS left_{step}
    FROM {before}
  ) AS counted
) AS ended

-- name: resting
-- purpose: the best that steps from {step} on can make of what comes after an event, and of the whole journey
SELECT
  *,
  CASE WHEN later_{step} > rest_{after} THEN later_{step} ELSE rest_{after} END AS rest_{step},
  CASE WHEN whole_{step} > top_{after} THEN whole_{step} ELSE top_{after} END AS top_{step}
FROM (
  SELECT
    *,
    max(first_{step}) OVER (
      PARTITION BY journey ORDER BY place ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING
    ) AS later_{step},
    max(first_{step}) OVER (PARTITION BY journey) AS whole_{step}
  FROM ({begun}) AS begun
) AS rested

-- name: start
-- purpose: what the best alignment of each journey is worth; nothing is taken yet
SELECT *, top_1 AS value_0, cast(0 AS BIGINT) AS reached_0, cast(NULL AS BIGINT) AS until_0
FROM rest_of_1

-- name: took_once
-- purpose: step {step} at the earliest event that the best alignment allows
SELECT *, begin_{step} AS end_{step}
FROM (
  SELECT
    *,
    min(CASE WHEN place > reached_{last} AND first_{step} = value_{last} THEN place END)
      OVER (PARTITION BY journey) AS begin_{step}
  FROM {before}
) AS begun

-- name: took_repeating
-- purpose: the same, and the earliest end that the best alignment allows
SELECT
  *,
  min(CASE WHEN place >= begin_{step} AND tail_{step} = value_{last} - {worth} - taken_{step} THEN place END)
    OVER (PARTITION BY journey) AS end_{step}
FROM (
  SELECT *, max(CASE WHEN place = begin_{step} THEN left_{step} END) OVER (PARTITION BY journey) AS taken_{step}
  FROM (
    SELECT
      *,
      min(CASE WHEN place > reached_{last} AND first_{step} = value_{last} THEN place END)
        OVER (PARTITION BY journey) AS begin_{step}
    FROM {before}
  ) AS begun
) AS taken

-- name: took
-- purpose: how far the journey is when step {step} has ended, what is left to win, and how long after what the step came
SELECT
  *,
  coalesce(end_{step}, reached_{last}) AS reached_{step},
  CASE
    WHEN begin_{step} IS NULL THEN value_{last}
    ELSE max(CASE WHEN place = end_{step} THEN rest_{after} END) OVER (PARTITION BY journey)
  END AS value_{step},
  coalesce(max(CASE WHEN place = end_{step} THEN t END) OVER (PARTITION BY journey), until_{last}) AS until_{step},
  max(CASE WHEN place = begin_{step} THEN t END) OVER (PARTITION BY journey) - {since} AS delay_{step}
FROM ({taken}) AS taken_in_order

-- name: given
-- purpose: the step that each event is, in order; 0 for none
SELECT *, CASE {cases} ELSE 0 END AS in_order FROM {before}

-- name: is_step
-- purpose: step {step} is its event, or all between its first and its last
WHEN is_{step} = 1 AND place BETWEEN begin_{step} AND end_{step} THEN {step}

-- name: is_step_once
-- purpose: the same for a step that does not repeat
WHEN place = begin_{step} THEN {step}

-- name: apart
-- purpose: the earliest event left over that is step {step} in another order
SELECT
  *,
  min(CASE WHEN begin_{step} IS NULL AND is_{step} = 1 AND in_order = 0 AND {unused} THEN place END)
    OVER (PARTITION BY journey) AS other_{step}
FROM {before}

-- name: judged
-- purpose: each event's step, the step before it, and on each journey's first event what is said of the journey
SELECT
  *,
  row_number() OVER (PARTITION BY journey ORDER BY place) AS line,
  CASE WHEN value_0 = 0 THEN 4 WHEN {wrong} THEN 3 WHEN {missing} THEN 2 ELSE 1 END AS whole,
  CASE {others} ELSE in_order END AS step_of,
  CASE {befores} ELSE 0 END AS step_before{events}
FROM {before}

-- name: verdict
-- purpose: the verdict on step {step}
WHEN {step} THEN
  CASE
    WHEN begin_{step} IS NOT NULL AND delay_{step} > {within} THEN 'late'
    WHEN begin_{step} IS NOT NULL THEN 'as_designed'
    WHEN other_{step} IS NOT NULL THEN 'other_order'
    WHEN {further} THEN 'skipped'
    ELSE 'not_reached'
  END

-- name: events
-- purpose: how many events a repeating step {step} took
, cast(sum(CASE WHEN in_order = {step} THEN 1 ELSE 0 END) OVER (PARTITION BY journey) AS BIGINT) AS events_{step}

-- name: cells
-- purpose: the verdict of each journey, of each of its designed steps, and every event that is no step
SELECT
  judged.journey,
  judged.customer_id,
  designed_parts.part,
  CASE WHEN designed_parts.part = 'extra' THEN judged.step_before ELSE designed_parts.step END AS step,
  CASE designed_parts.part
    WHEN 'journey'
      THEN CASE judged.whole WHEN 1 THEN 'as_designed' WHEN 2 THEN 'so_far' WHEN 3 THEN 'deviating' ELSE 'elsewhere' END
    WHEN 'extra' THEN CASE WHEN judged.by_person = 1 THEN 'by_person' ELSE 'by_company' END
    ELSE CASE designed_parts.step {verdicts} END
  END AS verdict,
  CASE WHEN designed_parts.part = 'extra' THEN judged.kind ELSE '' END AS kind,
  CASE WHEN designed_parts.part = 'step' THEN CASE designed_parts.step {events} END ELSE 1 END AS events,
  CASE WHEN designed_parts.part = 'step' THEN CASE designed_parts.step {delays} END END AS delay
FROM ({judged}) AS judged
CROSS JOIN designed_parts
WHERE
  (designed_parts.part = 'journey' AND judged.line = 1)
  OR (designed_parts.part = 'step' AND judged.line = 1 AND judged.whole < 4)
  OR (designed_parts.part = 'extra' AND judged.whole < 4 AND judged.compared = 1 AND judged.step_of = 0)

-- name: counts
-- purpose: how many journeys and people got each verdict, how many events it is of, and how long after what they came
WITH ranked AS (
  SELECT
    *,
    row_number() OVER (PARTITION BY part, step, verdict, kind ORDER BY delay NULLS LAST) AS rank,
    count(delay) OVER (PARTITION BY part, step, verdict, kind) AS size
  FROM cells
)
SELECT
  part,
  step,
  verdict,
  kind,
  cast(sum(events) AS BIGINT) AS events,
  count(DISTINCT journey) AS journeys,
  count(DISTINCT customer_id) AS people,
  max(CASE WHEN rank * 2 >= size AND (rank - 1) * 2 < size THEN delay END) AS median_us,
  max(CASE WHEN rank * 100 >= size * 95 AND (rank - 1) * 100 < size * 95 THEN delay END) AS p95_us
FROM ranked
GROUP BY part, step, verdict, kind
