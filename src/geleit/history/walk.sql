-- name: owners
-- purpose: whose events are walked through, by identifier set; customers are numbered in the order of their ids
CREATE TABLE owned AS
SELECT resolved.set_key, chosen.no
FROM resolved
INNER JOIN chosen USING (customer_id)

-- name: walked
-- purpose: every event of the owned sets, customer by customer in total order; the body only where it matters
SELECT
  owned.no,
  keyed.t,
  keyed.ord,
  keyed.event_id,
  keyed.source,
  keyed.record,
  touch.no AS touch,
  CASE WHEN regexp_matches(keyed.body, $telling) THEN keyed.body ELSE '' END AS body
FROM keyed
INNER JOIN owned USING (set_key)
INNER JOIN touch USING (kind, place, told_kind, supposed, evidence)
ORDER BY owned.no, keyed.t, keyed.ord, keyed.event_id
