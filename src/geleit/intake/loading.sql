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
