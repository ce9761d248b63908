-- name: dirty_codes
-- purpose: the base's customers that the delta holds anew
SELECT customer_code.code
FROM base.customer_code AS customer_code
WHERE customer_code.customer_id IN (SELECT customer_id FROM dirty)

-- name: nobody_code
-- purpose: the base's code of events that name no person
SELECT code FROM base.customer_code WHERE customer_id = ''

-- name: customers
-- purpose: how many customers the base has codes for
SELECT count(*) FROM base.customer_code

-- name: kinds
-- purpose: the kinds of the delta, sorted
SELECT DISTINCT kind FROM delta ORDER BY kind

-- name: own_kinds
-- purpose: the kinds of the delta as sources call them, sorted
SELECT DISTINCT own_kind FROM delta ORDER BY own_kind

-- name: channels
-- purpose: the channels of the delta, sorted
SELECT DISTINCT channel FROM delta ORDER BY channel

-- name: coded
-- purpose: the delta's columns as a generation codes them, in stored order; needs and customers are numbered anew
WITH numbered AS (
  SELECT customer_id, (row_number() OVER (ORDER BY customer_id) - 1)::INTEGER AS code
  FROM (SELECT DISTINCT customer_id FROM delta)
),

needs AS (
  SELECT need_id, (row_number() OVER (ORDER BY need_id) - 1)::INTEGER AS code
  FROM (SELECT DISTINCT need_id FROM delta)
)

SELECT
  numbered.code AS customer,
  delta.t,
  delta.ord,
  (list_position($kinds, delta.kind) - 1)::USMALLINT AS kind,
  (list_position($own_kinds, delta.own_kind) - 1)::USMALLINT AS own_kind,
  (list_position($channels, delta.channel) - 1)::USMALLINT AS channel,
  (list_position($stages, delta.stage) - 1)::UTINYINT AS stage,
  delta.local_day,
  CASE WHEN delta.need_id = '' THEN -1 ELSE needs.code END AS need,
  (
    delta.step::UTINYINT + 2 * (delta.evidence = 'gap')::UTINYINT + 4 * (delta.initiator = 'person')::UTINYINT
    + 8 * delta.contact::UTINYINT
  )::UTINYINT AS flags
FROM delta
INNER JOIN numbered ON numbered.customer_id = delta.customer_id
INNER JOIN needs ON needs.need_id = delta.need_id
ORDER BY numbered.code, delta.t, delta.ord, delta.event_id

-- name: delta_customers
-- purpose: the delta's customers in the order of their numbers
SELECT DISTINCT customer_id FROM delta ORDER BY customer_id

-- name: base_chosen
-- purpose: the base's codes of some customers
SELECT code FROM base.customer_code WHERE customer_id IN (SELECT customer_id FROM wanted)

-- name: delta_chosen
-- purpose: the delta's numbers of some customers
SELECT code
FROM (SELECT customer_id, row_number() OVER (ORDER BY customer_id) - 1 AS code FROM (SELECT DISTINCT customer_id FROM delta))
WHERE customer_id IN (SELECT customer_id FROM wanted)

-- name: base_needs
-- purpose: the base's codes of some needs
SELECT code FROM base.need_code WHERE need_id IN (SELECT need_id FROM wanted)

-- name: delta_needs
-- purpose: the delta's numbers of some needs
SELECT code
FROM (SELECT need_id, dense_rank() OVER (ORDER BY need_id) - 1 AS code FROM (SELECT DISTINCT need_id FROM delta))
WHERE need_id <> '' AND need_id IN (SELECT need_id FROM wanted)

-- name: base_lots
-- purpose: the lot (0 to 31) of each of the base's customers, in the order of their numbers; the same as in attribution.sql
SELECT ((instr('0123456789abcdef', substr(drawn, 1, 1)) - 1) * 2 + (substr(drawn, 2, 1) >= '8')::INTEGER)::UTINYINT AS lot
FROM (SELECT code, md5(customer_id) AS drawn FROM base.customer_code)
ORDER BY code

-- name: delta_lots
-- purpose: the same of the delta's
SELECT ((instr('0123456789abcdef', substr(drawn, 1, 1)) - 1) * 2 + (substr(drawn, 2, 1) >= '8')::INTEGER)::UTINYINT AS lot
FROM (SELECT DISTINCT customer_id, md5(customer_id) AS drawn FROM delta)
ORDER BY customer_id
