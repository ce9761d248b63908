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
