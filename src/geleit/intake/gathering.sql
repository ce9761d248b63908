-- name: name
-- purpose: identifiers as numbers that tell whom somebody met since
SELECT md5_number_lower(type || ':' || value) AS name
FROM given

-- name: there
-- purpose: the load's identifiers that the ledger has placed
SELECT DISTINCT given.no
FROM there
INNER JOIN given ON given.type = there.type AND given.value = there.value

-- name: origin
-- purpose: which load, by which rules, and the ledger's change that it was compared with
SELECT
  $load::BIGINT AS load, $started_at::BIGINT AS started_at, $parts::BIGINT AS parts, $identity AS identity,
  $change::BIGINT AS change
