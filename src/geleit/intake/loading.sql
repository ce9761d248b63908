-- name: keys
-- purpose: ids and contents of staged rows as numbers, in the rows' order
SELECT
  ('0x' || left(event_id, 16))::UBIGINT AS high,
  ('0x' || right(event_id, 16))::UBIGINT AS low,
  ('0x' || content)::UBIGINT AS content
FROM staged

-- name: fate
-- purpose: what becomes of each staged row: new, again, or contradicting what stands under its key (the first one stands)
WITH numbered AS (
  SELECT row_number() OVER () - 1 AS place, event_id, content, ('0x' || content)::UBIGINT AS says
  FROM staged
),

first AS (
  SELECT
    numbered.place,
    numbered.says,
    known.known,
    known.said,
    first_value(numbered.place) OVER turn AS leader,
    first_value(numbered.says) OVER turn AS led
  FROM numbered
  INNER JOIN known USING (place)
  WINDOW turn AS (PARTITION BY numbered.event_id ORDER BY numbered.place)
)

SELECT
  CASE
    WHEN known THEN CASE WHEN says = said THEN 'again' ELSE 'contradicting' END
    WHEN place = leader THEN 'new'
    WHEN says = led THEN 'again'
    ELSE 'contradicting'
  END AS fate
FROM first
ORDER BY place

-- name: sets
-- purpose: the identifier sets of staged rows, each with one body that names its members
SELECT set_key, any_value(rest) AS rest, any_value(body -> '$.identifiers')::VARCHAR AS members
FROM staged
GROUP BY set_key

-- name: seen
-- purpose: how often each set was seen per source and year, when first and last, and one event for it
SELECT
  set_key,
  source,
  datediff('day', DATE '1970-01-01', date_trunc('year', make_timestamp(t))::DATE)::INTEGER AS bucket,
  count(*) AS count,
  min(t) AS first_t,
  max(t) AS last_t,
  min(event_id) AS sample_event
FROM staged
GROUP BY ALL
