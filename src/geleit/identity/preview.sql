-- name: identifier
-- purpose: all identifiers, numbered densely
CREATE TABLE identifier AS
SELECT row_number() OVER (ORDER BY id) - 1 AS no, id, type, value, first_t
FROM known

-- name: evidence
-- purpose: pairs by those numbers, per source
CREATE TABLE evidence AS
SELECT low.no AS low, high.no AS high, pairs.source, sum(pairs.count)::BIGINT AS count, min(pairs.first_t) AS first_t
FROM pairs
INNER JOIN identifier AS low ON low.id = pairs.low_id
INNER JOIN identifier AS high ON high.id = pairs.high_id
GROUP BY low.no, high.no, pairs.source

-- name: bonded
-- purpose: the groups of identifiers that people decided about
SELECT decided.type, decided.value, grouped.wide
FROM decided
INNER JOIN identifier ON identifier.type = decided.type AND identifier.value = decided.value
INNER JOIN grouped ON grouped.no = identifier.no

-- name: knot
-- purpose: difficult groups, those that decisions tie together under one number
CREATE TABLE knot AS
SELECT groups.wide, coalesce(tied.root, groups.wide) AS root
FROM groups
LEFT JOIN tied ON tied.wide = groups.wide
WHERE NOT groups.simple

-- name: members
-- purpose: the identifiers of difficult groups, group by group
SELECT knot.root, identifier.no, identifier.type, identifier.value, identifier.first_t, reason.reason
FROM knot
INNER JOIN grouped ON grouped.wide = knot.wide
INNER JOIN identifier ON identifier.no = grouped.no
INNER JOIN reason ON reason.no = grouped.no
ORDER BY knot.root, identifier.no

-- name: links
-- purpose: what may join within difficult groups, group by group
SELECT knot.root, evidence.low, evidence.high, evidence.source, evidence.count, evidence.first_t
FROM evidence
INNER JOIN grouped ON grouped.no = evidence.low
INNER JOIN grouped AS beside ON beside.no = evidence.high AND beside.wide = grouped.wide
INNER JOIN knot ON knot.wide = grouped.wide
INNER JOIN reason AS one ON one.no = evidence.low AND one.reason = ''
INNER JOIN reason AS other ON other.no = evidence.high AND other.reason = ''
ORDER BY knot.root, evidence.low, evidence.high, evidence.source

-- name: moved
-- purpose: whose each identifier is, and whose it would be
CREATE TABLE moved AS
SELECT
  identifier.no,
  places.customer_id AS before,
  places.reason AS was,
  reason.reason AS becomes,
  coalesce(resolved.customer_id, groups.customer_id) AS after
FROM identifier
INNER JOIN places ON places.identifier_id = identifier.id
INNER JOIN reason ON reason.no = identifier.no
INNER JOIN grouped ON grouped.no = identifier.no
INNER JOIN groups ON groups.wide = grouped.wide
LEFT JOIN resolved ON resolved.no = identifier.no

-- name: parted
-- purpose: customers of whom some identifiers would belong to somebody else
CREATE TABLE parted AS
SELECT before AS customer_id, count(DISTINCT after) AS parts, count(*) AS identifiers
FROM moved
GROUP BY before
HAVING count(DISTINCT after) > 1

-- name: joined
-- purpose: customers who would have identifiers of several
CREATE TABLE joined AS
SELECT after AS customer_id, count(DISTINCT before) AS parts, count(*) AS identifiers
FROM moved
GROUP BY after
HAVING count(DISTINCT before) > 1

-- name: counts
-- purpose: how many of what
SELECT
  count(*) AS identifiers,
  count(DISTINCT before) AS customers_now,
  count(DISTINCT after) AS customers_then,
  (SELECT count(*) FROM parted) AS separated,
  (SELECT count(*) FROM joined) AS joined,
  (SELECT coalesce(max(identifiers), 0) FROM (SELECT count(*) AS identifiers FROM moved GROUP BY after)) AS largest
FROM moved

-- name: browsers
-- purpose: browsers and devices of several people now and then
SELECT
  count(*) FILTER (WHERE moved.was = 'ambiguous') AS browsers_now,
  count(*) FILTER (WHERE moved.becomes = 'ambiguous') AS browsers_then
FROM moved
INNER JOIN identifier ON identifier.no = moved.no
INNER JOIN rule ON rule.type = identifier.type
WHERE list_contains($handed, rule.class)

-- name: unheeded_by
-- purpose: what the rules of a source keep from joining where it shows it
SELECT
  unheeded.source,
  count(*) AS identifiers,
  list([identifier.type, identifier.value] ORDER BY identifier.type, identifier.value)[:$samples] AS samples
FROM unheeded
INNER JOIN identifier ON identifier.no = unheeded.no
GROUP BY unheeded.source
ORDER BY unheeded.source

-- name: separated_people
-- purpose: those who would be separated into most parts
SELECT customer_id FROM parted ORDER BY parts DESC, customer_id LIMIT $samples

-- name: joined_people
-- purpose: those who would be joined of most parts
SELECT customer_id FROM joined ORDER BY parts DESC, customer_id LIMIT $samples

-- name: parts_of
-- purpose: a separated customer's identifiers and whose they would be
SELECT moved.after, identifier.type, identifier.value
FROM moved
INNER JOIN identifier ON identifier.no = moved.no
WHERE moved.before = $customer
ORDER BY moved.after, identifier.type, identifier.value

-- name: parts_for
-- purpose: a joined customer's identifiers and whose they are
SELECT moved.before, identifier.type, identifier.value
FROM moved
INNER JOIN identifier ON identifier.no = moved.no
WHERE moved.after = $customer
ORDER BY moved.before, identifier.type, identifier.value

-- name: why_separated
-- purpose: links of a customer that would hold no more, and the rule
SELECT DISTINCT
  low.type AS low_type,
  low.value AS low_value,
  high.type AS high_type,
  high.value AS high_value,
  CASE
    WHEN one.becomes <> '' THEN concat(one.becomes, ': ', low.type, ':', low.value)
    WHEN other.becomes <> '' THEN concat(other.becomes, ': ', high.type, ':', high.value)
    ELSE coalesce(held.rule, concat('source: ', evidence.source))
  END AS rule
FROM evidence
INNER JOIN moved AS one ON one.no = evidence.low AND one.before = $customer
INNER JOIN moved AS other ON other.no = evidence.high AND other.before = $customer
INNER JOIN identifier AS low ON low.no = evidence.low
INNER JOIN identifier AS high ON high.no = evidence.high
LEFT JOIN held ON held.low = evidence.low AND held.high = evidence.high
WHERE one.after <> other.after
ORDER BY rule, low_type, low_value, high_type, high_value
LIMIT 3

-- name: in_both
-- purpose: of each type that two customers have now, some values of the one and of the other
SELECT
  identifier.type,
  list(identifier.value ORDER BY identifier.value) FILTER (WHERE moved.before = $one) AS mine,
  list(identifier.value ORDER BY identifier.value) FILTER (WHERE moved.before = $other) AS theirs
FROM moved
INNER JOIN identifier ON identifier.no = moved.no
WHERE moved.before IN ($one, $other) AND moved.was = ''
GROUP BY identifier.type
HAVING mine IS NOT NULL AND theirs IS NOT NULL
ORDER BY identifier.type

-- name: why_joined
-- purpose: links that would join customers, and what holds them apart now
SELECT DISTINCT
  low.type AS low_type,
  low.value AS low_value,
  high.type AS high_type,
  high.value AS high_value,
  CASE
    WHEN one.was <> '' THEN concat(one.was, ': ', low.type, ':', low.value)
    WHEN other.was <> '' THEN concat(other.was, ': ', high.type, ':', high.value)
    ELSE 'limit'
  END AS rule,
  one.before AS low_before,
  other.before AS high_before
FROM evidence
INNER JOIN moved AS one ON one.no = evidence.low AND one.after = $customer
INNER JOIN moved AS other ON other.no = evidence.high AND other.after = $customer
INNER JOIN identifier AS low ON low.no = evidence.low
INNER JOIN identifier AS high ON high.no = evidence.high
WHERE one.before <> other.before
ORDER BY rule, low_type, low_value, high_type, high_value
LIMIT 3
