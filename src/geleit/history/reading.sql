-- name: keyed
-- purpose: stored rows with what their touchpoint depends on, as text that can be compared ('' for nothing)
CREATE OR REPLACE VIEW keyed AS
SELECT
  seq, event_id, source, key, record, kind, t, ord, local_day, set_key, evidence, received_at, body,
  coalesce(CASE WHEN contains(body, '"place":') THEN (body -> '$.place')::VARCHAR END, '') AS place,
  coalesce(CASE WHEN kind = 'step_told' THEN (body -> '$.properties.step')::VARCHAR END, '') AS told_kind,
  coalesce(CASE WHEN kind = 'step_told' THEN (body -> '$.properties.supposed')::VARCHAR END, '') AS supposed
FROM stored

-- name: combinations
-- purpose: every distinct combination that a touchpoint has to be found for
SELECT DISTINCT kind, place, told_kind, supposed, evidence
FROM keyed

-- name: read_events
-- purpose: stored rows as analysis reads them: whose they are, which need, how they are read; never drops a row
CREATE OR REPLACE VIEW read_events AS
SELECT
  coalesce(sliced.customer_id, resolved.customer_id, '') AS customer_id,
  keyed.set_key,
  keyed.t,
  keyed.ord,
  keyed.event_id,
  keyed.source,
  keyed.key,
  keyed.record,
  touch.read_kind AS kind,
  CASE WHEN keyed.kind = 'step_told' THEN touch.read_kind ELSE keyed.kind END AS own_kind,
  touch.stage,
  touch.channel,
  touch.medium,
  touch.ownership,
  touch.initiator,
  touch.contact,
  touch.step,
  touch.read_evidence AS evidence,
  coalesce(assigned.need_id, '') AS need_id,
  keyed.local_day,
  keyed.received_at,
  keyed.seq,
  keyed.body,
  keyed.kind AS source_kind,
  keyed.evidence AS source_evidence
FROM keyed
INNER JOIN touch USING (kind, place, told_kind, supposed, evidence)
LEFT JOIN resolved ON resolved.set_key = keyed.set_key
LEFT JOIN sliced
  ON sliced.set_key = keyed.set_key AND keyed.t >= sliced.from_t AND keyed.t < sliced.until_t
LEFT JOIN assigned ON assigned.event_id = keyed.event_id

-- name: unsettled
-- purpose: events that only customers who wait to be cut claim
INSERT INTO assigned
SELECT unsettled.event_id, min(unsettled.need_id)
FROM unsettled
ANTI JOIN assigned ON assigned.event_id = unsettled.event_id
GROUP BY unsettled.event_id
