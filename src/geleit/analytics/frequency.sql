-- name: cells
-- purpose: on how many days each person came through each channel; what the company began is no visit
SELECT journey, customer_id, channel, count(DISTINCT local_day) AS visits
FROM steps
WHERE by_person = 1 AND channel <> ''
GROUP BY journey, customer_id, channel

-- name: counts
-- purpose: how many people came how often through each channel
SELECT channel, visits, count(*) AS people FROM cells GROUP BY channel, visits
