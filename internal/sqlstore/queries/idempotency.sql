-- name: FindIdempotency :one
SELECT body_hash, session_id, event_id, sequence, created_at
FROM idempotency WHERE digest = $1;

-- name: CreateIdempotency :exec
INSERT INTO idempotency (digest, body_hash, session_id, event_id, sequence, created_at)
VALUES ($1, $2, $3, $4, $5, $6);

-- DeleteIdempotency looks at the oldest rows only: they are the first.
-- name: DeleteIdempotency :execrows
DELETE FROM idempotency
WHERE idempotency.created_at < sqlc.arg(before)
  AND idempotency.key IN (SELECT i.key FROM idempotency i ORDER BY i.key LIMIT sqlc.arg(max_rows));
