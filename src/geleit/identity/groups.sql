-- name: link
-- purpose: pairs of identifiers, whoever showed them whose word counts for both
CREATE TABLE link AS
SELECT evidence.low, evidence.high
FROM evidence
LEFT JOIN unheeded AS one ON one.source = evidence.source AND one.no = evidence.low
LEFT JOIN unheeded AS other ON other.source = evidence.source AND other.no = evidence.high
WHERE one.no IS NULL AND other.no IS NULL
GROUP BY evidence.low, evidence.high

-- name: shown
-- purpose: what a source shows together with something else
SELECT no, type, value
FROM identifier
WHERE no IN (SELECT low FROM evidence WHERE source = $source UNION SELECT high FROM evidence WHERE source = $source)

-- name: excluded
-- purpose: the numbers of identifiers that identity.yaml excludes
SELECT identifier.no
FROM identifier
INNER JOIN excluded ON excluded.type = identifier.type AND excluded.value = identifier.value

-- name: reason
-- purpose: why an identifier joins nobody ('' = it may), by the same counts as graph.reason_of
CREATE TABLE reason AS
WITH neighbor AS (
  SELECT low AS no, high AS other FROM link
  UNION ALL
  SELECT high AS no, low AS other FROM link
),

users AS (
  SELECT neighbor.no, identifier.type, count(*) AS users
  FROM neighbor
  INNER JOIN identifier ON identifier.no = neighbor.other
  INNER JOIN rule ON rule.type = identifier.type
  WHERE rule.class = 'user_id'
  GROUP BY neighbor.no, identifier.type
),

degrees AS (
  SELECT neighbor.no, count(*) AS degree
  FROM neighbor
  INNER JOIN identifier ON identifier.no = neighbor.other
  INNER JOIN rule ON rule.type = identifier.type
  WHERE rule.counted
  GROUP BY neighbor.no
),

most AS (
  SELECT no, max(users) AS users FROM users GROUP BY no
),

judged AS (
  SELECT
    identifier.no,
    rule.shared_by,
    included.type IS NOT NULL AS free,
    coalesce(most.users, 0) AS users,
    NOT rule.personal AND (coalesce(most.users, 0) > $user_ids OR coalesce(degrees.degree, 0) > $degree) AS many
  FROM identifier
  INNER JOIN rule ON rule.type = identifier.type
  LEFT JOIN most ON most.no = identifier.no
  LEFT JOIN degrees ON degrees.no = identifier.no
  LEFT JOIN included ON included.type = identifier.type AND included.value = identifier.value
)

SELECT
  judged.no,
  CASE WHEN fixed.no IS NOT NULL THEN fixed.reason
    WHEN judged.free THEN ''
    WHEN shared_by IS NOT NULL THEN CASE WHEN many OR users >= shared_by THEN 'ambiguous' ELSE '' END
    WHEN many THEN 'hub'
    ELSE '' END AS reason
FROM judged
LEFT JOIN fixed ON fixed.no = judged.no

-- name: joining
-- purpose: links of which both ends may join, and whether both ends do (an order number never does)
SELECT link.low, link.high, low_rule.links AND high_rule.links AS joins
FROM link
INNER JOIN identifier AS low_end ON low_end.no = link.low
INNER JOIN identifier AS high_end ON high_end.no = link.high
INNER JOIN rule AS low_rule ON low_rule.type = low_end.type
INNER JOIN rule AS high_rule ON high_rule.type = high_end.type
INNER JOIN reason AS low_reason ON low_reason.no = link.low AND low_reason.reason = ''
INNER JOIN reason AS high_reason ON high_reason.no = link.high AND high_reason.reason = ''

-- name: oldest
-- purpose: after whom each group is named: the oldest identifier that joins
CREATE TABLE oldest AS
SELECT
  grouped.wide,
  min({
    'leaf': NOT rule.links,
    'first_t': identifier.first_t,
    'priority': rule.priority,
    'type': identifier.type,
    'value': identifier.value
  }) AS named,
  min(identifier.first_t) AS since_t,
  count(*) AS members,
  count(DISTINCT grouped.joined) FILTER (WHERE rule.links) AS cores
FROM grouped
INNER JOIN identifier ON identifier.no = grouped.no
INNER JOIN rule ON rule.type = identifier.type
GROUP BY grouped.wide

-- name: difficult
-- purpose: groups in which a limit holds a link back, whose order numbers lead to several people or to nobody, and those
-- of whom people decided something
CREATE TABLE difficult AS
WITH slot AS (
  SELECT
    grouped.wide,
    grouped.joined,
    identifier.type,
    rule.most,
    CASE rule.per
      WHEN 'year' THEN year(make_timestamp(identifier.first_t))
      WHEN 'month' THEN year(make_timestamp(identifier.first_t)) * 12 + month(make_timestamp(identifier.first_t))
      WHEN 'week' THEN floor((floor(identifier.first_t / 86400000000) + 3) / 7)
      ELSE 0
    END AS place
  FROM grouped
  INNER JOIN identifier ON identifier.no = grouped.no
  INNER JOIN rule ON rule.type = identifier.type
  WHERE rule.links
)

SELECT wide
FROM (
  SELECT wide, joined, type, place, count(*) AS members, any_value(most) AS most
  FROM slot
  GROUP BY wide, joined, type, place
)
WHERE members > most
UNION
SELECT grouped.wide
FROM decided
INNER JOIN identifier ON identifier.type = decided.type AND identifier.value = decided.value
INNER JOIN grouped ON grouped.no = identifier.no
UNION
SELECT wide FROM oldest WHERE cores > 1 OR (cores = 0 AND members > 1)

-- name: named
-- purpose: every group with the identifier that names it
SELECT
  oldest.wide,
  oldest.named.type AS type,
  oldest.named.value AS value,
  oldest.since_t,
  difficult.wide IS NULL AS simple
FROM oldest
LEFT JOIN difficult ON difficult.wide = oldest.wide
ORDER BY oldest.wide

-- name: owner
-- purpose: whose each set is: its strongest member's
CREATE TABLE owner AS
SELECT place.set_key, min({
  'hindered': reason.reason <> '',
  'leaf': NOT rule.links,
  'priority': rule.priority,
  'type': identifier.type,
  'value': identifier.value,
  'wide': grouped.wide
}).wide AS wide
FROM place
INNER JOIN identifier ON identifier.no = place.no
INNER JOIN rule ON rule.type = identifier.type
INNER JOIN reason ON reason.no = place.no
INNER JOIN grouped ON grouped.no = place.no
GROUP BY place.set_key
