-- name: steps
-- purpose: the events that count, each in the journey it belongs to and at its place there (from 1)
WITH chosen AS (
  SELECT
    customer_id, CASE WHEN $in_need THEN need_id ELSE '' END AS need_id, t, ord, event_id, kind, channel, stage, local_day,
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
placed AS (
  SELECT
    *,
    row_number() OVER journey AS place,
    first_value(local_day) OVER journey AS began,
    dense_rank() OVER (ORDER BY customer_id, need_id) AS journey
  FROM chosen
  WINDOW journey AS (PARTITION BY customer_id, need_id ORDER BY t, ord, event_id)
)
SELECT journey, customer_id, need_id, place, t, kind, channel, stage, local_day, by_person
FROM placed
WHERE (began >= $since AND began < $until) OR NOT $whole

-- name: population
-- purpose: who and what is counted
SELECT count(DISTINCT journey) AS journeys, count(DISTINCT customer_id) AS people, count(*) AS events FROM steps

-- name: left_out
-- purpose: what is not counted, each event under the first reason that holds
SELECT
  count(*) FILTER (WHERE evidence = 'gap') AS supposed,
  count(*) FILTER (WHERE evidence <> 'gap' AND NOT (step OR $notes)) AS notes,
  count(*) FILTER (WHERE evidence <> 'gap' AND (step OR $notes) AND $in_need AND need_id = '') AS outside,
  count(*) FILTER (
    WHERE evidence <> 'gap' AND (step OR $notes) AND (need_id <> '' OR NOT $in_need)
      AND $of_topic AND need_id NOT IN (SELECT need_id FROM topic_needs)
  ) AS another_topic,
  count(*) FILTER (
    WHERE evidence <> 'gap' AND (step OR $notes) AND (need_id <> '' OR NOT $in_need)
      AND (NOT $of_topic OR need_id IN (SELECT need_id FROM topic_needs))
      AND NOT $whole AND NOT (local_day >= $since AND local_day < $until)
  ) AS another_time
FROM events
WHERE customer_id <> '' AND (NOT $only_some OR customer_id IN (SELECT customer_id FROM segment))
