-- name: free
-- purpose: people whom no limit holds back, whom nobody else has met, into whom no shared browser will cut, and who stand in
-- nobody else's events
CREATE TABLE free AS
SELECT groups.wide, groups.customer_id
FROM groups
WHERE
  groups.simple
  AND groups.wide NOT IN (
    SELECT grouped.wide
    FROM there
    INNER JOIN identifier ON identifier.type = there.type AND identifier.value = there.value
    INNER JOIN grouped ON grouped.no = identifier.no
    UNION
    SELECT grouped.wide
    FROM reason
    INNER JOIN grouped ON grouped.no = reason.no
    WHERE reason.reason = 'ambiguous'
    UNION
    SELECT grouped.wide
    FROM place
    INNER JOIN grouped ON grouped.no = place.no
    INNER JOIN owner ON owner.set_key = place.set_key
    WHERE owner.wide <> grouped.wide
  )

-- name: owner
-- purpose: whose each set of the load is; '' where only the ledger can say it
SELECT owner.set_key, coalesce(free.customer_id, '') AS customer_id
FROM owner
LEFT JOIN free ON free.wide = owner.wide
ORDER BY owner.set_key

-- name: member
-- purpose: the identifiers of these people, as numbers that tell whom somebody met since
SELECT md5_number_lower(identifier.type || ':' || identifier.value) AS name, free.customer_id
FROM identifier
INNER JOIN grouped ON grouped.no = identifier.no
INNER JOIN free ON free.wide = grouped.wide
ORDER BY name

-- name: origin
-- purpose: which load, by which rules, and the ledger's change that it was compared with
SELECT
  $load::BIGINT AS load, $started_at::BIGINT AS started_at, $parts::BIGINT AS parts, $identity AS identity,
  $change::BIGINT AS change

-- name: type
-- purpose: what types of identifiers the load has
SELECT DISTINCT type
FROM identifier
ORDER BY type
