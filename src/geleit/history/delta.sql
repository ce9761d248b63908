-- name: fresh
-- purpose: what was acknowledged after the base
CREATE TABLE fresh AS
SELECT * FROM archived
UNION ALL
SELECT * FROM pending

-- name: fresh_sets
-- purpose: the identifier sets of the fresh events
SELECT DISTINCT set_key FROM fresh

-- name: dirty
-- purpose: customers whose whole history is read anew: touched ones, and the old and new owners of sets that moved
CREATE TABLE dirty AS
SELECT customer_id FROM stirred
UNION
SELECT customer_id FROM released
UNION
SELECT customer_id FROM changed
UNION
SELECT coalesce(resolution.customer_id, '')
FROM changed
LEFT JOIN base.resolution AS resolution ON resolution.set_key = changed.set_key
UNION
SELECT coalesce(owners.customer_id, '')
FROM fresh
LEFT JOIN owners ON owners.set_key = fresh.set_key
UNION
SELECT holders.customer_id
FROM fresh
INNER JOIN holders ON holders.set_key = fresh.set_key

-- name: dirty_stored
-- purpose: the dirty customers' rows of the base in their stored form, and the fresh ones
CREATE TABLE stored AS
SELECT
  seq, event_id, source, key, record, source_kind AS kind, t, ord, local_day, set_key,
  source_evidence AS evidence, received_at, body
FROM base.events
WHERE customer_id IN (SELECT customer_id FROM dirty)
UNION ALL
SELECT * FROM fresh

-- name: all_stored
-- purpose: without a base, everything is read from where it lies: a copy would hold all of it in memory once more
CREATE VIEW stored AS
SELECT * FROM archived
UNION ALL
SELECT * FROM pending

-- name: stored_sets
-- purpose: the identifier sets of all rows to be read
SELECT DISTINCT set_key FROM stored

-- name: touched
-- purpose: the customers of all rows to be read
SELECT customer_id FROM dirty

-- name: claimed
-- purpose: the needs of these rows in the base; whoever gave such rows away and waits to be cut still claims them
SELECT DISTINCT need_id
FROM base.events
WHERE customer_id IN (SELECT customer_id FROM dirty) AND need_id <> ''

-- name: delta
-- purpose: the rows that take the place of the masked ones, clustered like the base
CREATE TABLE delta AS
SELECT *
FROM read_events
ORDER BY customer_id, t, ord, event_id

-- name: settle
-- purpose: let go of what only the making of the delta needed
DROP VIEW read_events;
DROP VIEW needed;
DROP VIEW owned;
DROP VIEW keyed;
DROP TABLE IF EXISTS fresh;
DROP TABLE IF EXISTS stored;
DROP TABLE IF EXISTS changed;
DROP TABLE IF EXISTS stirred;
DROP TABLE IF EXISTS owners;
DROP TABLE IF EXISTS holders;
DROP TABLE pending;
DROP TABLE resolved;
DROP TABLE sliced;
DROP TABLE assigned;
DROP TABLE touch

-- name: masked_events
-- purpose: base and delta as one; a customer's events stand wholly in one of them
CREATE VIEW events AS
SELECT * FROM base.events
WHERE customer_id NOT IN (SELECT customer_id FROM dirty)
UNION ALL
SELECT * FROM delta

-- name: all_events
-- purpose: without a base, every question reads what it needs from where it lies
CREATE VIEW events AS
SELECT * FROM read_events

-- name: all_coded
-- purpose: the same as a table of what is coded
CREATE TABLE delta AS
SELECT
  customer_id, t, ord, event_id, kind, own_kind, stage, channel, initiator, contact, step, evidence, need_id, local_day
FROM read_events

-- name: as_of
-- purpose: what every answer from this view says of its state
CREATE TABLE as_of AS
SELECT
  $generation::BIGINT AS generation, $change::BIGINT AS change, $last_seq::BIGINT AS last_seq, $at::BIGINT AS at,
  $adopting::BIGINT AS adopting

-- name: base_owners
-- purpose: under which customers the base holds a few identifier sets
SELECT DISTINCT coalesce(resolution.customer_id, '')
FROM (SELECT unnest($sets::BIGINT[]) AS set_key) AS wanted
LEFT JOIN base.resolution AS resolution ON resolution.set_key = wanted.set_key

-- name: base_rows_of_one
-- purpose: one customer's rows of the base, found by their clustering
SELECT
  seq, event_id, source, key, record, source_kind, t, ord, local_day, set_key,
  source_evidence, received_at, body, '' AS raw
FROM base.events
WHERE customer_id = $customer

-- name: base_rows
-- purpose: the base's rows of many identifier sets, found by their customers' clustering
SELECT
  seq, event_id, source, key, record, source_kind, t, ord, local_day, set_key,
  source_evidence, received_at, body, '' AS raw
FROM base.events
WHERE customer_id IN (SELECT unnest($customers::VARCHAR[])) AND set_key IN (SELECT unnest($sets::BIGINT[]))

-- name: segment_rows
-- purpose: the rows of a few identifier sets in segments, after a sequence number
SELECT
  seq, event_id, source, key, record, kind, t, ord, local_day, set_key, evidence, received_at, body, '' AS raw
FROM read_parquet($paths)
WHERE seq > $after AND set_key IN (SELECT unnest($sets::BIGINT[]))

-- name: moments
-- purpose: when something happened under some identifier sets
SELECT set_key, t, ord, event_id, kind
FROM stored
WHERE set_key IN (SELECT unnest($sets::BIGINT[]))

-- name: raw
-- purpose: the records that some events came from; the bounds let whole row groups be passed over
SELECT seq, raw FROM read_parquet($paths)
WHERE seq BETWEEN $first AND $last AND list_contains($seqs, seq)

-- name: originals
-- purpose: the records that some events came from, by their ids
SELECT event_id, raw, received_at FROM read_parquet($paths)
WHERE event_id IN (SELECT unnest($ids::VARCHAR[]))
