-- name: acknowledged
-- purpose: every event that ledger and archive hold, as often as they hold it
CREATE TABLE acknowledged AS
SELECT event_id, seq, set_key, t FROM segment_events
UNION ALL
SELECT event_id, seq, set_key, t FROM outbox_events

-- name: lost
-- purpose: keys of acknowledged events that stand nowhere
SELECT known.id AS key FROM known
ANTI JOIN acknowledged ON acknowledged.event_id = known.id

-- name: unknown
-- purpose: events without a key: a repetition would be taken for new
SELECT acknowledged.event_id AS key FROM acknowledged
ANTI JOIN known ON known.id = acknowledged.event_id

-- name: doubled
-- purpose: events that stand more than once in outbox and archive
SELECT event_id AS key FROM acknowledged
GROUP BY event_id
HAVING count(*) > 1

-- name: homeless
-- purpose: identifier sets of events that lead to no customer (the empty set, of events that name nobody, need not)
SELECT DISTINCT acknowledged.set_key::VARCHAR AS key
FROM acknowledged
SEMI JOIN member ON member.set_key = acknowledged.set_key
LEFT JOIN owner ON owner.set_key = acknowledged.set_key
LEFT JOIN person ON person.id = owner.customer_id
WHERE person.id IS NULL

-- name: needless
-- purpose: needs that claim an event nobody acknowledged
SELECT claim.event_id AS key FROM claim
ANTI JOIN known ON known.id = claim.event_id

-- name: base_missing
-- purpose: events that the generation should hold and does not
SELECT acknowledged.event_id AS key FROM acknowledged
ANTI JOIN base.events AS events ON events.event_id = acknowledged.event_id AND events.seq = acknowledged.seq
WHERE acknowledged.seq <= $last_seq

-- name: base_alien
-- purpose: events of the generation that ledger and archive do not have under that number
SELECT events.event_id AS key FROM base.events AS events
ANTI JOIN acknowledged ON acknowledged.event_id = events.event_id AND acknowledged.seq = events.seq

-- name: base_doubled
-- purpose: events that the generation holds more than once
SELECT event_id AS key FROM base.events
GROUP BY event_id
HAVING count(*) > 1

-- name: view_differs
-- purpose: events that base and delta together miss, double, or give to another customer or need than the ledger
WITH expected AS (
  SELECT
    acknowledged.event_id,
    coalesce(sliced.customer_id, owner.customer_id, '') AS customer_id,
    coalesce(assigned.need_id, '') AS need_id
  FROM acknowledged
  LEFT JOIN owner ON owner.set_key = acknowledged.set_key
  LEFT JOIN sliced
    ON
      sliced.set_key = acknowledged.set_key
      AND acknowledged.t >= sliced.from_t
      AND acknowledged.t < sliced.until_t
  LEFT JOIN assigned ON assigned.event_id = acknowledged.event_id
),

shown AS (
  SELECT event_id, customer_id, need_id FROM events
)

SELECT DISTINCT event_id AS key
FROM (
  (SELECT * FROM expected EXCEPT ALL SELECT * FROM shown)
  UNION ALL
  (SELECT * FROM shown EXCEPT ALL SELECT * FROM expected)
)
