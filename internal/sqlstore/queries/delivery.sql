-- PutStream has a stream looked at unless there was something to do in it already.
-- name: PutStream :exec
INSERT INTO delivery_streams (client_key, digest, receiver, due_at, lease_node, claims)
VALUES ($1, $2, $3, $4, '', 0)
ON CONFLICT (client_key, digest) DO UPDATE
SET due_at = CASE WHEN delivery_streams.due_at = 0 THEN excluded.due_at ELSE delivery_streams.due_at END;

-- name: CreateDelivery :exec
INSERT INTO deliveries (stream_key, client_key, id, session_key, session_id, chat_id, kind, url, data, first_sequence,
                        last_sequence, state, attempts, log, reason, created_at, since, next_at, ended_at)
VALUES ((SELECT s.key FROM delivery_streams s WHERE s.client_key = $1 AND s.digest = $2),
        $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20);

-- ListDueReceivers goes from receiver to receiver, however many streams each has.
-- name: ListDueReceivers :many
WITH RECURSIVE r (receiver) AS (
    SELECT (SELECT MIN(a.receiver) FROM delivery_streams a WHERE a.due_at > 0 AND a.receiver > '')
    UNION ALL
    SELECT (SELECT MIN(b.receiver) FROM delivery_streams b WHERE b.due_at > 0 AND b.receiver > r.receiver)
    FROM r WHERE r.receiver IS NOT NULL
)
SELECT CAST(r.receiver AS TEXT) AS receiver FROM r
WHERE EXISTS (SELECT 1 FROM delivery_streams d WHERE d.receiver = r.receiver AND d.due_at > 0 AND d.due_at <= sqlc.arg(now));

-- ClaimStreams passes over what others claim at the moment.
-- name: ClaimStreams :many
WITH due AS MATERIALIZED (
    SELECT s.key FROM delivery_streams s
    WHERE s.receiver = sqlc.arg(receiver) AND s.due_at > 0 AND s.due_at <= sqlc.arg(now)
    ORDER BY s.due_at LIMIT sqlc.arg(max_rows) FOR UPDATE SKIP LOCKED
)
UPDATE delivery_streams SET lease_node = sqlc.arg(node), due_at = sqlc.arg(until), claims = claims + 1
WHERE delivery_streams.key IN (SELECT due.key FROM due)
RETURNING delivery_streams.key, delivery_streams.claims;

-- name: LockStream :one
SELECT lease_node, claims FROM delivery_streams WHERE key = $1 FOR UPDATE;

-- ReleaseStream follows LockStream, so it sees all that was written before.
-- name: ReleaseStream :one
UPDATE delivery_streams
SET lease_node = '',
    due_at = CASE WHEN EXISTS (SELECT 1 FROM deliveries d WHERE d.stream_key = delivery_streams.key AND d.state = 'pending')
             THEN CAST(sqlc.arg(due_at) AS BIGINT) ELSE 0 END
WHERE delivery_streams.key = sqlc.arg(key)
RETURNING due_at;

-- name: WakeStream :exec
UPDATE delivery_streams SET due_at = $1 WHERE key = $2 AND lease_node = '';

-- name: FreeStreams :exec
UPDATE delivery_streams SET lease_node = '', due_at = 1 WHERE lease_node > '';

-- name: FreeStreamsOf :execrows
UPDATE delivery_streams SET lease_node = '', due_at = 1
WHERE lease_node > '' AND lease_node = $1 AND NOT EXISTS (SELECT 1 FROM nodes n WHERE n.id = lease_node);

-- name: CountStreamLeases :many
SELECT lease_node, COUNT(*) AS leases FROM delivery_streams WHERE lease_node > '' GROUP BY lease_node;

-- name: ListPending :many
SELECT key, id, stream_key, client_key, session_key, session_id, chat_id, kind, url, data, first_sequence, last_sequence, state,
       attempts, log, reason, created_at, since, next_at, ended_at
FROM deliveries WHERE stream_key = $1 AND state = 'pending' ORDER BY key LIMIT $2;

-- name: FindPending :one
SELECT key, next_at FROM deliveries WHERE stream_key = $1 AND state = 'pending' ORDER BY key LIMIT 1;

-- name: FindDelivery :one
SELECT key, id, stream_key, client_key, session_key, session_id, chat_id, kind, url, data, first_sequence, last_sequence, state,
       attempts, log, reason, created_at, since, next_at, ended_at
FROM deliveries WHERE id = $1;

-- name: LockDelivery :one
SELECT key, id, stream_key, client_key, session_key, session_id, chat_id, kind, url, data, first_sequence, last_sequence, state,
       attempts, log, reason, created_at, since, next_at, ended_at
FROM deliveries WHERE id = $1 FOR UPDATE;

-- name: UpdateDelivery :exec
UPDATE deliveries SET state = $1, attempts = $2, log = $3, reason = $4, since = $5, next_at = $6, ended_at = $7
WHERE key = $8;

-- name: DeleteDelivery :exec
DELETE FROM deliveries WHERE key = $1;

-- name: DeleteDeliveriesBefore :execrows
DELETE FROM deliveries
WHERE deliveries.key IN (SELECT d.key FROM deliveries d WHERE d.state = sqlc.arg(state) AND d.ended_at < sqlc.arg(before)
                         ORDER BY d.ended_at LIMIT sqlc.arg(max_rows));

-- name: CountDeliveries :many
SELECT state, COUNT(*) AS deliveries FROM deliveries WHERE state IN ('pending', 'dead') GROUP BY state;

-- ListDeliveries and its kin are for people: what they filter by beyond the index is looked at row by row.
-- name: ListDeliveries :many
SELECT key, id, stream_key, client_key, session_key, session_id, chat_id, kind, url, data, first_sequence, last_sequence, state,
       attempts, log, reason, created_at, since, next_at, ended_at
FROM deliveries
WHERE (CAST(sqlc.arg(chat_id) AS TEXT) = '' OR chat_id = sqlc.arg(chat_id)) AND (CAST(sqlc.arg(url) AS TEXT) = '' OR url = sqlc.arg(url))
ORDER BY key DESC LIMIT sqlc.arg(max_rows) OFFSET sqlc.arg(skip);

-- name: CountListedDeliveries :one
SELECT COUNT(*) FROM deliveries
WHERE (CAST(sqlc.arg(chat_id) AS TEXT) = '' OR chat_id = sqlc.arg(chat_id)) AND (CAST(sqlc.arg(url) AS TEXT) = '' OR url = sqlc.arg(url));

-- name: ListDeliveriesIn :many
SELECT key, id, stream_key, client_key, session_key, session_id, chat_id, kind, url, data, first_sequence, last_sequence, state,
       attempts, log, reason, created_at, since, next_at, ended_at
FROM deliveries
WHERE state = sqlc.arg(state)
  AND (CAST(sqlc.arg(chat_id) AS TEXT) = '' OR chat_id = sqlc.arg(chat_id)) AND (CAST(sqlc.arg(url) AS TEXT) = '' OR url = sqlc.arg(url))
ORDER BY ended_at DESC, key DESC LIMIT sqlc.arg(max_rows) OFFSET sqlc.arg(skip);

-- name: CountDeliveriesIn :one
SELECT COUNT(*) FROM deliveries
WHERE state = sqlc.arg(state)
  AND (CAST(sqlc.arg(chat_id) AS TEXT) = '' OR chat_id = sqlc.arg(chat_id)) AND (CAST(sqlc.arg(url) AS TEXT) = '' OR url = sqlc.arg(url));

-- name: ListDeliveriesOf :many
SELECT key, id, stream_key, client_key, session_key, session_id, chat_id, kind, url, data, first_sequence, last_sequence, state,
       attempts, log, reason, created_at, since, next_at, ended_at
FROM deliveries
WHERE session_key = sqlc.arg(session_key)
  AND (CAST(sqlc.arg(state) AS TEXT) = '' OR state = sqlc.arg(state)) AND (CAST(sqlc.arg(url) AS TEXT) = '' OR url = sqlc.arg(url))
ORDER BY key DESC LIMIT sqlc.arg(max_rows) OFFSET sqlc.arg(skip);

-- name: CountDeliveriesOf :one
SELECT COUNT(*) FROM deliveries
WHERE session_key = sqlc.arg(session_key)
  AND (CAST(sqlc.arg(state) AS TEXT) = '' OR state = sqlc.arg(state)) AND (CAST(sqlc.arg(url) AS TEXT) = '' OR url = sqlc.arg(url));
