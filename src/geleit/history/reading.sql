-- name: keyed
-- purpose: stored rows with what their touchpoint depends on, as text that can be compared ('' for nothing)
CREATE OR REPLACE VIEW keyed AS
SELECT
  seq, event_id, source, key, record, kind, t, ord, local_day, set_key, evidence, received_at, body,
  coalesce(CASE WHEN contains(body, '"place":') THEN (body -> '$.place')::VARCHAR END, '') AS place,
  coalesce(CASE WHEN kind = 'step_told' THEN (body -> '$.properties.step')::VARCHAR END, '') AS told_kind,
  coalesce(CASE WHEN kind = 'step_told' THEN (body -> '$.properties.supposed')::VARCHAR END, '') AS supposed
FROM stored

-- name: plainly_keyed
-- purpose: the same where no body says more of a touchpoint than its kind does: it is not read then
CREATE OR REPLACE VIEW keyed AS
SELECT
  seq, event_id, source, key, record, kind, t, ord, local_day, set_key, evidence, received_at, body,
  '' AS place, '' AS told_kind, '' AS supposed
FROM stored

-- name: combinations
-- purpose: every distinct combination that a touchpoint has to be found for
SELECT DISTINCT kind, place, told_kind, supposed, evidence
FROM keyed

-- name: owned_sliced
-- purpose: with whose they are where that is another's for a time
CREATE OR REPLACE VIEW owned AS
SELECT keyed.*, sliced.customer_id AS slice_customer_id
FROM keyed
LEFT JOIN sliced
  ON sliced.set_key = keyed.set_key AND keyed.t >= sliced.from_t AND keyed.t < sliced.until_t

-- name: owned_whole
-- purpose: the same where nothing is cut out
CREATE OR REPLACE VIEW owned AS
SELECT *, NULL::VARCHAR AS slice_customer_id
FROM keyed

-- name: needed_by_some
-- purpose: with the need that claims them
CREATE OR REPLACE VIEW needed AS
SELECT owned.*, assigned.need_id
FROM owned
LEFT JOIN assigned ON assigned.event_id = owned.event_id

-- name: needed_by_none
-- purpose: the same where there is no need
CREATE OR REPLACE VIEW needed AS
SELECT *, NULL::VARCHAR AS need_id
FROM owned

-- name: read_events
-- purpose: stored rows as analysis reads them: whose they are, which need, how they are read; never drops a row
CREATE OR REPLACE VIEW read_events AS
SELECT
  coalesce(needed.slice_customer_id, resolved.customer_id, '') AS customer_id,
  needed.set_key,
  needed.t,
  needed.ord,
  needed.event_id,
  needed.source,
  needed.key,
  needed.record,
  touch.read_kind AS kind,
  CASE WHEN needed.kind = 'step_told' THEN touch.read_kind ELSE needed.kind END AS own_kind,
  touch.stage,
  touch.channel,
  touch.medium,
  touch.ownership,
  touch.initiator,
  touch.contact,
  touch.step,
  touch.read_evidence AS evidence,
  coalesce(needed.need_id, '') AS need_id,
  needed.local_day,
  needed.received_at,
  needed.seq,
  needed.body,
  needed.kind AS source_kind,
  needed.evidence AS source_evidence
FROM needed
INNER JOIN touch USING (kind, place, told_kind, supposed, evidence)
LEFT JOIN resolved ON resolved.set_key = needed.set_key

-- name: unsettled
-- purpose: events that only customers who wait to be cut claim
INSERT INTO assigned
SELECT unsettled.event_id, min(unsettled.need_id)
FROM unsettled
ANTI JOIN assigned ON assigned.event_id = unsettled.event_id
GROUP BY unsettled.event_id
