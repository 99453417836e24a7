-- name: CreateTimer :one
INSERT INTO timers (id, session_key, chat_key, client_key, bot_id, kind, at, due_at, held, event, data, target, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
RETURNING key;

-- name: FindTimer :one
SELECT key, id, session_key, chat_key, client_key, bot_id, kind, at, due_at, held, event, data, target, created_at
FROM timers WHERE id = $1;

-- name: FindNextTimer :one
SELECT due_at FROM timers WHERE due_at > 0 ORDER BY due_at LIMIT 1;

-- name: CountTimers :one
SELECT COUNT(*) FROM timers WHERE due_at > 0;

-- name: CountTimersOf :one
SELECT COUNT(*) FROM timers WHERE session_key = $1;

-- ClaimTimers passes over what others claim at the moment.
-- name: ClaimTimers :many
WITH due AS MATERIALIZED (
    SELECT w.key FROM timers w
    WHERE w.due_at <= sqlc.arg(now)
    ORDER BY w.due_at LIMIT sqlc.arg(max_rows) FOR UPDATE SKIP LOCKED
)
UPDATE timers SET due_at = sqlc.arg(until)
WHERE timers.key IN (SELECT due.key FROM due)
RETURNING key, id, session_key, chat_key, client_key, bot_id, kind, at, due_at, held, event, data, target, created_at;

-- name: HoldTimer :execrows
UPDATE timers SET held = TRUE, due_at = $1 WHERE key = $2;

-- name: WakeTimers :exec
UPDATE timers SET held = FALSE, due_at = $1 WHERE chat_key = $2 AND client_key = $3 AND held;

-- name: DeleteTimer :execrows
DELETE FROM timers WHERE key = $1;

-- name: DeleteTimeout :exec
DELETE FROM timers WHERE session_key = $1 AND kind = 'timeout';
