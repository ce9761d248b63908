-- name: cells
-- purpose: each journey's steps from the anchor on to the goal, unrolled: step 1 leaves the anchor; '' is before the first, after the last
WITH valued AS (
  SELECT
    journey, customer_id, place, CASE WHEN $of = 'kind' THEN kind WHEN $of = 'channel' THEN channel ELSE stage END AS value
  FROM steps
),
walked AS (
  SELECT
    journey, customer_id, value,
    CASE
      WHEN $backward THEN row_number() OVER (PARTITION BY journey ORDER BY place DESC)
      ELSE row_number() OVER (PARTITION BY journey ORDER BY place)
    END AS nth
  FROM valued
  WHERE value <> ''
),
anchored AS (
  SELECT journey, min(nth) AS nth
  FROM walked
  WHERE $anywhere OR value IN (SELECT value FROM flow_anchor)
  GROUP BY journey
),
arrived AS (
  SELECT walked.journey, min(walked.nth) AS nth
  FROM walked
  INNER JOIN anchored ON anchored.journey = walked.journey
  WHERE walked.nth > anchored.nth AND walked.value IN (SELECT value FROM flow_goal)
  GROUP BY walked.journey
),
unrolled AS (
  SELECT
    walked.journey, walked.customer_id, walked.value, walked.nth - anchored.nth + 1 AS step,
    coalesce(walked.nth = arrived.nth, false) AS done,
    lead(walked.value) OVER (PARTITION BY walked.journey ORDER BY walked.nth) AS further
  FROM walked
  INNER JOIN anchored ON anchored.journey = walked.journey
  LEFT JOIN arrived ON arrived.journey = walked.journey
  WHERE
    walked.nth >= anchored.nth AND walked.nth - anchored.nth < $depth + 1
    AND (arrived.nth IS NULL OR walked.nth <= arrived.nth)
)
SELECT
  journey, customer_id, step,
  CASE WHEN $backward THEN coalesce(further, '') ELSE value END AS source,
  CASE WHEN $backward THEN value ELSE coalesce(further, '') END AS target
FROM unrolled
WHERE step <= $depth AND NOT done

-- name: counts
-- purpose: how many journeys take each link at each step
SELECT step, source, target, count(*) AS journeys, count(DISTINCT customer_id) AS people
FROM cells
GROUP BY step, source, target
