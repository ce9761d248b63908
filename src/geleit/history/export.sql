-- name: placed
-- purpose: every customer's part, the same on every run and every machine
CREATE TEMP TABLE placed AS
SELECT customer_id, (md5_number_lower(customer_id) % $parts)::INTEGER AS part
FROM (
  SELECT customer_id FROM events
  UNION
  SELECT customer_id FROM needs
  UNION
  SELECT customer_id FROM orders
)
WHERE customer_id <> ''

-- name: size
-- purpose: what an export holds; events that name nobody are not in it, for no question counts them
SELECT
  count(*) AS events, count(DISTINCT customer_id) AS customers, coalesce(min(local_day), 0) AS first_day,
  coalesce(max(local_day), -1) AS last_day
FROM events
WHERE customer_id <> ''

-- name: counts
-- purpose: how many needs and orders an export holds
SELECT
  (SELECT count(*) FROM needs WHERE customer_id <> '') AS needs,
  (SELECT count(*) FROM orders WHERE customer_id <> '') AS orders

-- name: events
-- purpose: what questions read of the events of some parts: no names, no texts, no records
SELECT
  placed.part, events.customer_id, events.need_id, events.event_id, events.t, events.ord, events.local_day, events.kind,
  events.own_kind, events.channel, events.stage, events.initiator, events.evidence, events.step, events.contact
FROM events
INNER JOIN placed ON placed.customer_id = events.customer_id
WHERE placed.part IN (SELECT unnest($chosen::INTEGER[]))

-- name: needs
-- purpose: the needs of the customers of some parts, without their words
SELECT placed.part, needs.need_id, needs.customer_id, needs.topic, needs.stage, needs.opened_at, needs.closed_at
FROM needs
INNER JOIN placed ON placed.customer_id = needs.customer_id
WHERE placed.part IN (SELECT unnest($chosen::INTEGER[]))

-- name: orders
-- purpose: what the customers of some parts bought, as the profile tells it
SELECT placed.part, orders.*
FROM orders
INNER JOIN placed ON placed.customer_id = orders.customer_id
WHERE placed.part IN (SELECT unnest($chosen::INTEGER[]))
