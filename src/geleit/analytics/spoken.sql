-- name: notes
-- purpose: what people said of their steps and what was promised to them, in total order; what staff only suppose is not among it
SELECT event_id, customer_id, need_id, kind, source, record, t, ord, body
FROM events
WHERE customer_id <> '' AND evidence <> 'gap'
  AND kind IN ('judgement_given', 'criterion_stated', 'promise_made', 'promise_kept')
ORDER BY customer_id, t, ord, event_id

-- name: runs
-- purpose: the journeys that somebody spoke in, the same step in a row once
SELECT journey, place, kind
FROM (
  SELECT
    journey, place, kind, CASE WHEN kind = lag(kind) OVER (PARTITION BY journey ORDER BY place) THEN 0 ELSE 1 END AS stays
  FROM spoken_steps
) AS seen
WHERE stays = 1
ORDER BY journey, place

-- name: placed
-- purpose: the step of its journey that each note belongs to: the one it names, else of its record, else the latest before it
WITH walked AS (
  SELECT spoken_steps.journey, spoken_steps.place, events.event_id, events.source, events.record, events.t, events.ord
  FROM spoken_steps
  INNER JOIN events ON events.event_id = spoken_steps.event_id AND events.customer_id = spoken_steps.customer_id
  WHERE events.step
),
near AS (
  SELECT
    spoken_notes.note, walked.place,
    walked.event_id = spoken_notes.named AS is_named,
    walked.event_id = spoken_notes.named_elsewhere AS is_named_elsewhere,
    spoken_notes.record <> '' AND walked.record = spoken_notes.record AND walked.source = spoken_notes.source AS is_recorded,
    walked.t < spoken_notes.t OR (
      walked.t = spoken_notes.t
      AND (walked.ord < spoken_notes.ord OR (walked.ord = spoken_notes.ord AND walked.event_id < spoken_notes.event_id))
    ) AS is_before
  FROM spoken_notes
  INNER JOIN walked ON walked.journey = spoken_notes.journey
),
ranked AS (
  SELECT
    note, place,
    row_number() OVER (
      PARTITION BY note
      ORDER BY
        CASE
          WHEN is_named THEN 0 WHEN is_named_elsewhere THEN 1 WHEN is_recorded AND is_before THEN 2 WHEN is_recorded THEN 3
          WHEN is_before THEN 4 ELSE 5
        END,
        CASE WHEN is_before THEN -place ELSE place END
    ) AS nth
  FROM near
)
SELECT note, place FROM ranked WHERE nth = 1
