-- name: FindSession :one
SELECT sqlc.embed(s), sqlc.embed(h)
FROM sessions s JOIN session_heads h ON h.session_key = s.key
WHERE s.id = $1;

-- name: FindSessionByKey :one
SELECT sqlc.embed(s), sqlc.embed(h)
FROM sessions s JOIN session_heads h ON h.session_key = s.key
WHERE s.key = $1;

-- name: LockSession :one
SELECT sqlc.embed(s), sqlc.embed(h)
FROM sessions s JOIN session_heads h ON h.session_key = s.key
WHERE s.id = $1 FOR UPDATE;

-- name: LockSessionByKey :one
SELECT sqlc.embed(s), sqlc.embed(h)
FROM sessions s JOIN session_heads h ON h.session_key = s.key
WHERE s.key = $1 FOR UPDATE;

-- name: LockOpenSession :one
SELECT sqlc.embed(s), sqlc.embed(h)
FROM sessions s JOIN session_heads h ON h.session_key = s.key
WHERE s.chat_key = $1 AND s.client_key = $2 AND s.status = 'open' FOR UPDATE;

-- name: FindOpenSession :one
SELECT s.key
FROM sessions s JOIN session_heads h ON h.session_key = s.key
WHERE s.chat_key = $1 AND s.client_key = $2 AND s.status = 'open';

-- name: CreateSession :one
INSERT INTO sessions (id, chat_key, chat_id, demo, client_key, client_id, bot_id, status, owner_kind,
                      owner_id, owner_name, term, ttl, started_at, check_at, closed_at, hooks)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)
RETURNING key;

-- name: CreateSessionHead :exec
INSERT INTO session_heads (session_key, sequence, widget_no, session_no, widget_given, client_read, cursor,
                           pending, active_at, lease_node, lease_until, lease_attempts, due_at, timeout_at, last_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15);

-- name: UpdateSession :exec
UPDATE sessions SET bot_id = $1, status = $2, owner_kind = $3, owner_id = $4, owner_name = $5, term = $6,
                    ttl = $7, check_at = $8, closed_at = $9, hooks = $10
WHERE key = $11;

-- UpdateSessionHead leaves due_at, and so its index, alone.
-- name: UpdateSessionHead :exec
UPDATE session_heads SET sequence = $1, widget_no = $2, session_no = $3, widget_given = $4, client_read = $5,
                         cursor = $6, pending = $7, active_at = $8, lease_node = $9, lease_until = $10,
                         lease_attempts = $11, timeout_at = $12, last_at = $13
WHERE session_key = $14;

-- name: UpdateSessionTurn :exec
UPDATE session_heads SET sequence = $1, widget_no = $2, session_no = $3, widget_given = $4, client_read = $5,
                         cursor = $6, pending = $7, active_at = $8, lease_node = $9, lease_until = $10,
                         lease_attempts = $11, timeout_at = $12, last_at = $13, due_at = $14
WHERE session_key = $15;

-- name: FindSessionDetails :one
SELECT session_key, name, channel, messenger_type, messenger_user_id, referer, variables, bot_node_id,
       callback_url, callback_data, event_callback_url, event_callback_data, notify_on_events, client_ip
FROM session_details WHERE session_key = $1;

-- name: CreateSessionDetails :exec
INSERT INTO session_details (session_key, name, channel, messenger_type, messenger_user_id, referer, variables,
                             bot_node_id, callback_url, callback_data, event_callback_url, event_callback_data,
                             notify_on_events, client_ip)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14);

-- name: ListDueTurns :many
SELECT s.key, s.id
FROM session_heads h JOIN sessions s ON s.key = h.session_key
WHERE h.due_at > 0 AND h.session_key > sqlc.arg(after)
  AND (h.lease_node = '' OR h.lease_node = sqlc.arg(node) OR h.lease_until <= sqlc.arg(now))
ORDER BY h.session_key LIMIT sqlc.arg(max_rows);

-- FreeLeases keeps how often a turn was begun.
-- name: FreeLeases :exec
UPDATE session_heads SET lease_node = '', lease_until = 0 WHERE due_at > 0 AND lease_node <> '';

-- name: ListExpiring :many
SELECT key, id FROM sessions
WHERE status = 'open' AND check_at <= sqlc.arg(now)
ORDER BY check_at LIMIT sqlc.arg(max_rows);
