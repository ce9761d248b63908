-- name: paired
-- purpose: sets that show somebody with somebody
CREATE TABLE paired AS
SELECT set_key FROM place GROUP BY set_key HAVING count(*) > 1

-- name: seen
-- purpose: how often each of them was seen per source and year, when first and last, and one event for it
CREATE TABLE seen AS
SELECT
  archived.set_key,
  archived.source,
  datediff('day', DATE '1970-01-01', date_trunc('year', make_timestamp(archived.t))::DATE)::INTEGER AS bucket,
  count(*) AS count,
  min(archived.t) AS first_t,
  max(archived.t) AS last_t,
  min(archived.event_id) AS sample_event
FROM archived
INNER JOIN paired ON paired.set_key = archived.set_key
GROUP BY ALL

-- name: evidence
-- purpose: pairs seen together per source and year
CREATE TABLE evidence AS
SELECT
  low.no AS low,
  high.no AS high,
  seen.source,
  seen.bucket,
  sum(seen.count)::BIGINT AS count,
  min(seen.first_t) AS first_t,
  max(seen.last_t) AS last_t,
  min(seen.sample_event) AS sample_event
FROM place AS low
INNER JOIN place AS high ON high.set_key = low.set_key AND high.no > low.no
INNER JOIN seen ON seen.set_key = low.set_key
GROUP BY low.no, high.no, seen.source, seen.bucket
