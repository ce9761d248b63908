-- name: owners
-- purpose: whose events are walked through, by identifier set; customers are numbered in the order of their ids
CREATE TABLE owned AS
SELECT resolved.set_key, chosen.no
FROM resolved
INNER JOIN chosen USING (customer_id)

-- name: cut
-- purpose: the stretches of time in which events are somebody else's; -1 for those who are not walked through
CREATE TABLE cut AS
SELECT sliced.set_key, sliced.from_t, sliced.until_t, coalesce(chosen.no, -1) AS no
FROM sliced
LEFT JOIN chosen USING (customer_id)

-- name: uncut
-- purpose: nothing is cut where nobody said so
CREATE TABLE IF NOT EXISTS cut (set_key BIGINT, from_t BIGINT, until_t BIGINT, no BIGINT)

-- name: walked
-- purpose: every event of the owned sets, customer by customer in total order; the body only where it matters
SELECT
  coalesce(cut.no, owned.no) AS no,
  keyed.t,
  keyed.ord,
  keyed.event_id,
  keyed.source,
  keyed.record,
  touch.no AS touch,
  CASE WHEN regexp_matches(keyed.body, $telling) THEN keyed.body ELSE '' END AS body
FROM keyed
LEFT JOIN owned USING (set_key)
LEFT JOIN cut ON cut.set_key = keyed.set_key AND keyed.t >= cut.from_t AND keyed.t < cut.until_t
INNER JOIN touch USING (kind, place, told_kind, supposed, evidence)
WHERE coalesce(cut.no, owned.no) >= 0
ORDER BY no, keyed.t, keyed.ord, keyed.event_id
