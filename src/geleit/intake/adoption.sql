-- name: seen
-- purpose: how often each set was seen, over all parts
CREATE TABLE seen AS
SELECT
  set_key,
  source,
  bucket,
  sum(count)::BIGINT AS count,
  min(first_t) AS first_t,
  max(last_t) AS last_t,
  min(sample_event) AS sample_event
FROM seen_parts
GROUP BY set_key, source, bucket

-- name: named
-- purpose: every set once
CREATE TABLE named AS
SELECT set_key, any_value(rest) AS rest, any_value(members) AS members
FROM sets_parts
GROUP BY set_key

-- name: member
-- purpose: who is in which set
CREATE TABLE member AS
SELECT set_key, pair[1] AS type, pair[2] AS value
FROM (SELECT set_key, unnest(from_json(members, '[["VARCHAR"]]')) AS pair FROM named)

-- name: identifier
-- purpose: all identifiers, numbered, and when each was seen first
CREATE TABLE identifier AS
SELECT row_number() OVER () - 1 AS no, type, value, first_t
FROM (
  SELECT member.type, member.value, min(seen.first_t) AS first_t
  FROM member
  INNER JOIN seen ON seen.set_key = member.set_key
  GROUP BY member.type, member.value
)

-- name: place
-- purpose: sets and the numbers of their members
CREATE TABLE place AS
SELECT member.set_key, identifier.no
FROM member
INNER JOIN identifier ON identifier.type = member.type AND identifier.value = member.value

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

-- name: identifiers
-- purpose: all identifiers, those of one person side by side
SELECT identifier.no, identifier.type, identifier.value, identifier.first_t
FROM identifier
INNER JOIN grouped ON grouped.no = identifier.no
INNER JOIN groups ON groups.wide = grouped.wide
ORDER BY groups.rank, identifier.no

-- name: sets
-- purpose: all sets with the ledger ids of their members, those of one person side by side
SELECT
  named.set_key,
  named.rest,
  list(known.id ORDER BY known.id) FILTER (WHERE known.id IS NOT NULL) AS ids
FROM named
LEFT JOIN owner ON owner.set_key = named.set_key
LEFT JOIN groups ON groups.wide = owner.wide
LEFT JOIN place ON place.set_key = named.set_key
LEFT JOIN known ON known.no = place.no
GROUP BY named.set_key, named.rest, groups.rank
ORDER BY groups.rank, named.set_key

-- name: pairs
-- purpose: evidence by ledger ids
SELECT
  least(low.id, high.id) AS low_id,
  greatest(low.id, high.id) AS high_id,
  evidence.source,
  evidence.bucket,
  evidence.count,
  evidence.first_t,
  evidence.last_t,
  evidence.sample_event
FROM evidence
INNER JOIN known AS low ON low.no = evidence.low
INNER JOIN known AS high ON high.no = evidence.high
ORDER BY low_id, high_id, source, bucket

-- name: people
-- purpose: identifiers of groups that no limit holds back, by group: ledger id, why it joins nobody
SELECT groups.rank, known.id, reason.reason
FROM groups
INNER JOIN grouped ON grouped.wide = groups.wide
INNER JOIN known ON known.no = grouped.no
INNER JOIN reason ON reason.no = grouped.no
ORDER BY groups.rank, known.id

-- name: belongings
-- purpose: the ledger ids of the sets of each group
SELECT groups.rank, known_set.id
FROM owner
INNER JOIN groups ON groups.wide = owner.wide
INNER JOIN known_set ON known_set.set_key = owner.set_key
ORDER BY groups.rank, known_set.id

-- name: groups
-- purpose: the groups in the order of their customers
SELECT rank, customer_id, since_t, simple FROM groups ORDER BY rank

-- name: stored
-- purpose: the load's events
CREATE VIEW stored AS
SELECT * FROM archived

-- name: owned
-- purpose: the sets of groups that no limit holds back, by the place of their customer
CREATE TABLE owned AS
SELECT owner.set_key, groups.rank AS no
FROM owner
INNER JOIN groups ON groups.wide = owner.wide
WHERE groups.simple
