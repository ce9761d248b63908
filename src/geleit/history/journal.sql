-- name: resolved
-- purpose: whose each identifier set is where nothing is cut out of it
CREATE TABLE resolved AS
SELECT set_key, customer_id
FROM published_resolution
WHERE slice = $whole

-- name: events
-- purpose: all events, clustered as analysis walks through them
CREATE TABLE built.events AS
SELECT *
FROM read_events
ORDER BY customer_id, t, ord, event_id

-- name: resolution
-- purpose: whose each identifier set is, wholly (slice 0) and in stretches of time; sorted, so that a few sets are found without reading all
CREATE TABLE built.resolution AS
SELECT set_key, slice, customer_id
FROM published_resolution
ORDER BY set_key, slice

-- name: customer_code
-- purpose: the number of each customer with events, and where its events stand in stored order
CREATE TABLE built.customer_code AS
SELECT
  (row_number() OVER (ORDER BY customer_id) - 1)::INTEGER AS code,
  customer_id,
  min(rowid) AS first_row,
  count(*) AS events
FROM built.events
GROUP BY customer_id
ORDER BY customer_id

-- name: need_code
-- purpose: the number of each need that has events
CREATE TABLE built.need_code AS
SELECT (row_number() OVER (ORDER BY need_id) - 1)::INTEGER AS code, need_id
FROM (SELECT DISTINCT need_id FROM built.events WHERE need_id <> '')
ORDER BY need_id

-- name: kinds
-- purpose: the kinds that occur, in the order of their codes
SELECT DISTINCT kind FROM built.events ORDER BY kind

-- name: own_kinds
-- purpose: the kinds as sources call them, in the order of their codes
SELECT DISTINCT own_kind FROM built.events ORDER BY own_kind

-- name: channels
-- purpose: the channels that occur, in the order of their codes
SELECT DISTINCT channel FROM built.events ORDER BY channel

-- name: coded
-- purpose: the coded columns; place = the row's number in stored order, so that the order of this answer does not matter
SELECT
  events.rowid AS place,
  customer_code.code AS customer,
  events.t,
  events.ord,
  (list_position($kinds, events.kind) - 1)::USMALLINT AS kind,
  (list_position($own_kinds, events.own_kind) - 1)::USMALLINT AS own_kind,
  (list_position($channels, events.channel) - 1)::USMALLINT AS channel,
  (list_position($stages, events.stage) - 1)::UTINYINT AS stage,
  events.local_day,
  coalesce(need_code.code, -1)::INTEGER AS need,
  (
    events.step::UTINYINT + 2 * (events.evidence = 'gap')::UTINYINT + 4 * (events.initiator = 'person')::UTINYINT
    + 8 * events.contact::UTINYINT
  )::UTINYINT AS flags
FROM built.events AS events
INNER JOIN built.customer_code AS customer_code ON customer_code.customer_id = events.customer_id
LEFT JOIN built.need_code AS need_code ON need_code.need_id = events.need_id

-- name: stored
-- purpose: every acknowledged event, from the segments and from the outbox
CREATE VIEW stored AS
SELECT * FROM archived
UNION ALL
SELECT * FROM pending
