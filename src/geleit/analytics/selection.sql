-- name: steps
-- purpose: the events that count, each in the journey it belongs to and at its place there (from 1)
WITH counted AS (
  SELECT
    customer_id, CASE WHEN $in_need THEN need_id ELSE '' END AS need_id, t, ord, event_id,
    CASE WHEN $own_kinds THEN own_kind ELSE kind END AS kind, channel, stage, local_day,
    CASE WHEN initiator = 'person' THEN 1 ELSE 0 END AS by_person
  FROM events
  WHERE customer_id <> ''
    AND evidence <> 'gap'
    AND (step OR $notes)
    AND (need_id <> '' OR NOT $in_need)
    AND (local_day >= $since AND local_day < $until OR $whole)
    AND (NOT $only_some OR customer_id IN (SELECT customer_id FROM segment))
    AND (NOT $of_topic OR need_id IN (SELECT need_id FROM topic_needs))
),
chosen AS (
  SELECT customer_id || '/' || need_id AS journey, * FROM counted
),
placed AS (
  SELECT *, row_number() OVER way AS place, first_value(local_day) OVER way AS began
  FROM chosen
  WINDOW way AS (PARTITION BY journey ORDER BY t, ord, event_id)
)
SELECT journey, customer_id, need_id, event_id, place, t, kind, channel, stage, local_day, by_person
FROM placed
WHERE (began >= $since AND began < $until) OR NOT $whole

-- name: population
-- purpose: who and what is counted
SELECT count(DISTINCT journey) AS journeys, count(DISTINCT customer_id) AS people, count(*) AS events FROM steps

-- name: left_out
-- purpose: what is not counted, each event under the first reason that holds
WITH asked AS (
  SELECT
    events.evidence, events.need_id, events.local_day, events.step OR $notes AS counts,
    CASE WHEN topic_needs.need_id IS NULL AND $of_topic THEN 0 ELSE 1 END AS on_topic
  FROM events
  LEFT JOIN topic_needs ON topic_needs.need_id = events.need_id
  WHERE events.customer_id <> '' AND (NOT $only_some OR events.customer_id IN (SELECT customer_id FROM segment))
)
SELECT
  count(*) FILTER (WHERE evidence = 'gap') AS supposed,
  count(*) FILTER (WHERE evidence <> 'gap' AND NOT counts) AS notes,
  count(*) FILTER (WHERE evidence <> 'gap' AND counts AND $in_need AND need_id = '') AS outside,
  count(*) FILTER (
    WHERE evidence <> 'gap' AND counts AND (need_id <> '' OR NOT $in_need) AND on_topic = 0
  ) AS another_topic,
  count(*) FILTER (
    WHERE evidence <> 'gap' AND counts AND (need_id <> '' OR NOT $in_need) AND on_topic = 1
      AND NOT $whole AND NOT (local_day >= $since AND local_day < $until)
  ) AS another_time
FROM asked
