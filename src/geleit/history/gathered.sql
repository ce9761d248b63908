-- name: kept
-- purpose: what the base keeps of a load
CREATE VIEW known_owner AS
SELECT * FROM base.gathered;
CREATE VIEW known_member AS
SELECT * FROM base.gathered_member;
CREATE VIEW known_origin AS
SELECT * FROM base.gathered_origin

-- name: taken
-- purpose: what stands in the file of a load
CREATE TABLE taken_owner AS
SELECT * FROM people.owner;
CREATE TABLE taken_member AS
SELECT * FROM people.member;
CREATE TABLE taken_origin AS
SELECT * FROM people.origin;
CREATE VIEW known_owner AS
SELECT * FROM taken_owner;
CREATE VIEW known_member AS
SELECT * FROM taken_member;
CREATE VIEW known_origin AS
SELECT * FROM taken_origin

-- name: released
-- purpose: people whom the ledger has, or whom somebody met, since it was found out who they are: the ledger says all of them
CREATE TABLE released AS
SELECT DISTINCT known_owner.customer_id
FROM known_owner
SEMI JOIN settled ON settled.set_key = known_owner.set_key
UNION
SELECT DISTINCT known_member.customer_id
FROM known_member
SEMI JOIN met ON known_member.name = md5_number_lower(met.type || ':' || met.value)

-- name: elsewhere
-- purpose: sets that came to the ledger since, and not from the load
SELECT set_key
FROM settled
ANTI JOIN known_owner ON known_owner.set_key = settled.set_key

-- name: held
-- purpose: whose the load's sets are, as far as the ledger does not say it yet
CREATE VIEW held AS
SELECT known_owner.set_key, known_owner.customer_id
FROM known_owner
ANTI JOIN released ON released.customer_id = known_owner.customer_id
WHERE known_owner.customer_id <> ''

-- name: nobody_held
-- purpose: the same where no load is being adopted
CREATE VIEW held AS
SELECT 0::BIGINT AS set_key, '' AS customer_id
WHERE false

-- name: nobody_released
-- purpose: the same where no load is being adopted
CREATE TABLE released (customer_id VARCHAR)

-- name: all_released
-- purpose: other rules of identity hold now than when it was found out who they are
CREATE TABLE released AS
SELECT DISTINCT customer_id
FROM known_owner
UNION
SELECT ''

-- name: release_nobody
-- purpose: what named nobody in the base may be somebody's now
INSERT INTO released VALUES ('')

-- name: kept_owner
-- purpose: whose sets are by what was gathered alone; '' for those of the load that the ledger has to say
CREATE TABLE built.gathered AS
SELECT known_owner.set_key, coalesce(held.customer_id, '') AS customer_id
FROM known_owner
LEFT JOIN held ON held.set_key = known_owner.set_key
ORDER BY known_owner.set_key

-- name: kept_member
-- purpose: the names by which it is seen that somebody met one of them
CREATE TABLE built.gathered_member AS
SELECT known_member.name, known_member.customer_id
FROM known_member
ANTI JOIN released ON released.customer_id = known_member.customer_id
ORDER BY known_member.name

-- name: kept_origin
-- purpose: which load, and by which rules
CREATE TABLE built.gathered_origin AS
SELECT * FROM known_origin

-- name: add_published
-- purpose: the sets that the ledger does not have yet
INSERT INTO published_resolution
SELECT held.set_key, $whole, held.customer_id
FROM held
ANTI JOIN published_resolution ON published_resolution.set_key = held.set_key

-- name: add_resolved
-- purpose: the same for all sets that are read
INSERT INTO resolved
SELECT held.set_key, held.customer_id
FROM held
ANTI JOIN resolved ON resolved.set_key = held.set_key

-- name: add_stored
-- purpose: the same for the sets of the rows that are read
INSERT INTO resolved
SELECT held.set_key, held.customer_id
FROM held
SEMI JOIN stored ON stored.set_key = held.set_key
ANTI JOIN resolved ON resolved.set_key = held.set_key

-- name: add_owners
-- purpose: the same for the sets of fresh events
INSERT INTO owners
SELECT held.set_key, held.customer_id
FROM held
SEMI JOIN fresh ON fresh.set_key = held.set_key
ANTI JOIN owners ON owners.set_key = held.set_key

-- name: add_expected
-- purpose: the same for what a check expects
INSERT INTO owner
SELECT held.set_key, held.customer_id
FROM held
ANTI JOIN owner ON owner.set_key = held.set_key

-- name: sets_of
-- purpose: the sets of a person in the file of a load
SELECT set_key
FROM people.owner
WHERE customer_id = $customer

-- name: named
-- purpose: whose identifiers are, by their type and value
SELECT wanted.name, member.customer_id
FROM (SELECT unnest($names::VARCHAR[]) AS name) AS wanted
INNER JOIN people.member AS member ON member.name = md5_number_lower(wanted.name)
