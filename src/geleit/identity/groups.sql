-- name: known
-- purpose: all identifiers by their numbers
SELECT type, value, first_t
FROM identifier
ORDER BY no

-- name: link
-- purpose: pairs of identifiers, whoever showed them whose word counts for both
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
