-- name: selected
-- purpose: the events that a selector means, of people, after one time until another
CREATE TABLE {made} AS
SELECT events.customer_id, events.set_key, events.t, events.ord, events.event_id, events.local_day
FROM events
WHERE
  (events.kind IN (SELECT value FROM {kinds}) OR events.own_kind IN (SELECT value FROM {kinds}))
  AND events.evidence <> 'gap' AND events.customer_id <> '' AND events.t > $after AND events.t <= $until {more}

-- name: told
-- purpose: the distinct values of a property among events of some kinds ('' for none)
SELECT DISTINCT coalesce(cast(events.body -> $path AS varchar), '') AS value
FROM events
WHERE
  (events.kind IN (SELECT value FROM {kinds}) OR events.own_kind IN (SELECT value FROM {kinds}))
  AND events.customer_id <> ''

-- name: counted
-- purpose: who has enough of the selected events within a time
CREATE TABLE {made} AS
SELECT customer_id
FROM {selected}
WHERE t >= $first AND t < $end
GROUP BY customer_id
HAVING count(*) >= $low

-- name: not_since
-- purpose: whose last selected event lies before a time
CREATE TABLE {made} AS
SELECT customer_id
FROM {selected}
GROUP BY customer_id
HAVING max(t) < $first

-- name: edge
-- purpose: whose first or last event of a kind is among the selected ones, within a time
CREATE TABLE {made} AS
SELECT edge.customer_id
FROM (
  SELECT customer_id, event_id, t, row_number() OVER (PARTITION BY customer_id ORDER BY {order}) AS place
  FROM {plain}
) AS edge
WHERE
  edge.place = 1 AND edge.t >= $first AND edge.t < $end
  AND edge.event_id IN (SELECT event_id FROM {selected})

-- name: sequence
-- purpose: who took the steps in their order: every last step with the latest first step that leads to it
CREATE TABLE {made} AS
SELECT DISTINCT customer_id
FROM {ways}
WHERE
  begun_t IS NOT NULL AND begun_t >= $first
  AND ($days < 0 OR local_day - begun_day < $days)
  AND ($exact < 0 OR t - begun_t < $exact)
  AND ($after < 0 OR next_t IS NULL)
  AND ($wait_exact < 0 OR (t + $wait_exact <= $now AND (next_t IS NULL OR next_t >= t + $wait_exact)))
  AND ($wait_days < 0 OR (local_day + $wait_days <= $today AND (next_day IS NULL OR next_day >= local_day + $wait_days)))

-- name: told_trait
-- purpose: the value of a trait that counts: the newest stated one, else (if wanted) the newest guess
CREATE TABLE {made} AS
SELECT customer_id, value
FROM (
  SELECT
    customer_id, value,
    row_number() OVER (PARTITION BY customer_id ORDER BY guess, t DESC, ord DESC, event_id DESC) AS place
  FROM (
    SELECT customer_id, value, t, ord, event_id, CASE WHEN name = $name THEN 0 ELSE 1 END AS guess
    FROM trait_told
    WHERE customer_id <> '' AND (name = $name OR (name = $guess AND $guessed))
  )
)
WHERE place = 1

-- name: trait
-- purpose: whose value passes; also those of whom nothing is told, if that passes
CREATE TABLE {made} AS
SELECT customer_id FROM {told} WHERE value IN (SELECT value FROM {passing})
UNION
SELECT customer_id FROM person WHERE $missing AND customer_id NOT IN (SELECT customer_id FROM {told})

-- name: need
-- purpose: who has such a need
CREATE TABLE {made} AS
SELECT DISTINCT customer_id
FROM need
WHERE
  ($any OR topic IN (SELECT value FROM {topics}))
  AND ($every OR stage IN (SELECT value FROM {stages}))
  AND opened_at <= $now
  AND (closed_at IS NULL AND (silent_at IS NULL OR silent_at >= $now)) = $open
  AND coalesce(stage_at, opened_at) < $stage_before AND opened_at < $opened_before AND last_at < $silent_before
  AND ($open OR coalesce(closed_at, last_at) >= $closed_after)

-- name: order_of
-- purpose: the orders of each person, folded from all that was said of them
CREATE TABLE order_of AS
WITH known AS (
  SELECT DISTINCT customer_id, system, order_id FROM order_told WHERE customer_id <> ''
),

placement AS (
  SELECT DISTINCT customer_id, system, order_id FROM order_told WHERE kind = 'order_completed'
),

owned AS (
  SELECT known.customer_id, known.system, known.order_id
  FROM known
  WHERE
    EXISTS (
      SELECT 1 FROM placement
      WHERE placement.customer_id = known.customer_id AND placement.system = known.system AND placement.order_id = known.order_id
    )
    OR NOT EXISTS (SELECT 1 FROM placement WHERE placement.system = known.system AND placement.order_id = known.order_id)
),

said AS (
  SELECT
    owned.customer_id, owned.system, owned.order_id, order_told.kind, order_told.total, order_told.currency,
    order_told.t, order_told.ord, order_told.event_id,
    CASE WHEN order_told.kind IN ('order_completed', 'order_updated') THEN 1 ELSE 0 END AS placed,
    CASE WHEN order_told.event_id IN (SELECT event_id FROM line_told) THEN 1 ELSE 0 END AS lined
  FROM owned
  INNER JOIN order_told ON order_told.system = owned.system AND order_told.order_id = owned.order_id
  WHERE order_told.kind <> 'order_completed' OR order_told.customer_id = owned.customer_id
),

ranked AS (
  SELECT
    said.*,
    row_number() OVER (PARTITION BY customer_id, system, order_id ORDER BY placed DESC, t, ord, event_id) AS first_place,
    row_number() OVER (
      PARTITION BY customer_id, system, order_id
      ORDER BY placed DESC, CASE WHEN placed = 1 THEN t END DESC, CASE WHEN placed = 1 THEN ord END DESC,
        CASE WHEN placed = 1 THEN event_id END DESC, t, ord, event_id
    ) AS told_place,
    row_number() OVER (
      PARTITION BY customer_id, system, order_id
      ORDER BY CASE WHEN placed = 1 AND total IS NOT NULL THEN 0 ELSE 1 END, t DESC, ord DESC, event_id DESC
    ) AS total_place,
    row_number() OVER (
      PARTITION BY customer_id, system, order_id
      ORDER BY CASE WHEN placed = 1 AND lined = 1 THEN 0 ELSE 1 END, t DESC, ord DESC, event_id DESC
    ) AS line_place
  FROM said
),

summed AS (
  SELECT
    customer_id, system, order_id,
    max(CASE WHEN first_place = 1 THEN t END) AS ordered_at,
    max(CASE WHEN told_place = 1 THEN currency END) AS currency,
    max(CASE WHEN total_place = 1 AND placed = 1 THEN total END) AS total,
    max(CASE WHEN line_place = 1 AND placed = 1 AND lined = 1 THEN event_id END) AS line_event,
    max(CASE WHEN kind = 'order_cancelled' THEN 1 ELSE 0 END) AS cancelled,
    max(CASE WHEN kind = 'order_refunded' THEN 1 ELSE 0 END) AS refunds,
    max(CASE WHEN kind = 'order_refunded' AND total IS NULL THEN 1 ELSE 0 END) AS whole,
    cast(coalesce(sum(CASE WHEN kind = 'order_refunded' AND total IS NULL THEN 1 ELSE 0 END), 0) AS bigint) AS wholes,
    cast(coalesce(sum(CASE WHEN kind = 'order_refunded' THEN total END), 0) AS bigint) AS parts
  FROM ranked
  GROUP BY customer_id, system, order_id
),

settled AS (
  SELECT
    customer_id, ordered_at, currency, total, line_event, cancelled, refunds,
    parts + wholes * coalesce(total, 0) AS refunded
  FROM summed
)

SELECT customer_id, ordered_at, currency, coalesce(total, 0) - refunded AS kept, line_event
FROM settled
WHERE
  NOT (refunds = 1 AND (total IS NULL OR refunded >= total))
  AND NOT (refunds = 0 AND cancelled = 1)

-- name: orders
-- purpose: who bought so often and so much within a time
CREATE TABLE {made} AS
WITH counted AS (
  SELECT
    customer_id,
    count(*) AS orders,
    max(ordered_at) AS last_at,
    cast(coalesce(sum(CASE WHEN currency = $currency THEN kept END), 0) AS bigint) AS spent
  FROM order_of
  WHERE ordered_at >= $first AND ordered_at < $end {more}
  GROUP BY customer_id
)

SELECT person.customer_id
FROM person
LEFT JOIN counted ON counted.customer_id = person.customer_id
WHERE
  coalesce(counted.orders, 0) >= $low AND ($high < 0 OR coalesce(counted.orders, 0) <= $high)
  AND ($least < 0 OR coalesce(counted.spent, 0) >= $least) AND ($most < 0 OR coalesce(counted.spent, 0) <= $most)
  AND ($before < 0 OR counted.last_at < $before)

-- name: answer_of
-- purpose: the standing answer to a purpose: a withdrawal stands until somebody of the same identifiers answers again
CREATE TABLE {made} AS
WITH answers AS (
  SELECT
    customer_id, set_id, channel, given,
    row_number() OVER (
      PARTITION BY customer_id, channel ORDER BY t, CASE WHEN given THEN 0 ELSE 1 END, ord, event_id, reported
    ) AS place
  FROM answer_told
  WHERE purpose = $purpose AND (channel = '' OR channel = $channel)
),

lifted AS (
  SELECT DISTINCT earlier.customer_id, earlier.channel, earlier.place
  FROM answers AS earlier
  INNER JOIN answers AS later
    ON later.customer_id = earlier.customer_id AND later.channel = earlier.channel AND later.place > earlier.place
  INNER JOIN member AS of_earlier ON of_earlier.set_id = earlier.set_id
  INNER JOIN member AS of_later
    ON of_later.set_id = later.set_id AND of_later.identifier_id = of_earlier.identifier_id
  WHERE NOT earlier.given
)

SELECT
  answers.customer_id,
  max(CASE WHEN NOT answers.given AND lifted.place IS NULL THEN 1 ELSE 0 END) AS withdrawn
FROM answers
LEFT JOIN lifted
  ON lifted.customer_id = answers.customer_id AND lifted.channel = answers.channel AND lifted.place = answers.place
GROUP BY answers.customer_id

-- name: consent
-- purpose: whose answer it is
CREATE TABLE {made} AS
SELECT person.customer_id
FROM person
LEFT JOIN {answers} AS answers ON answers.customer_id = person.customer_id
WHERE
  ($wanted = 'unknown' AND answers.customer_id IS NULL)
  OR ($wanted = 'given' AND answers.withdrawn = 0)
  OR ($wanted = 'withdrawn' AND answers.withdrawn = 1)

-- name: opposite
-- purpose: everybody else
CREATE TABLE {made} AS
SELECT customer_id FROM person WHERE customer_id NOT IN (SELECT customer_id FROM {other})
