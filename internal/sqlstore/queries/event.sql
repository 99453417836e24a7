-- name: CreateEvent :exec
INSERT INTO events (key, session_key, sequence, widget_no, session_no, id, kind, at, payload)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9);

-- name: LastEventKey :one
SELECT CAST(COALESCE(MAX(key), 0) AS BIGINT) FROM events;

-- name: FindEventAt :one
SELECT sqlc.embed(e), s.id AS session_id
FROM events e JOIN sessions s ON s.key = e.session_key
WHERE e.session_key = sqlc.arg(session_key) AND e.sequence = sqlc.arg(sequence);

-- name: FindEvent :one
SELECT sqlc.embed(e), s.id AS session_id
FROM events e JOIN sessions s ON s.key = e.session_key
WHERE e.id = sqlc.arg(id) AND e.session_key = sqlc.arg(session_key);

-- name: ListEvents :many
SELECT key, session_key, sequence, widget_no, session_no, id, kind, at, payload
FROM events
WHERE session_key = sqlc.arg(session_key) AND sequence > sqlc.arg(after)
ORDER BY sequence LIMIT sqlc.arg(max_rows);

-- name: ListWidgetStream :many
SELECT key, session_key, sequence, widget_no, session_no, id, kind, at, payload
FROM events
WHERE session_key = sqlc.arg(session_key) AND widget_no > 0 AND widget_no > sqlc.arg(after)
ORDER BY widget_no LIMIT sqlc.arg(max_rows);

-- name: ListWidgetStreamReverse :many
SELECT key, session_key, sequence, widget_no, session_no, id, kind, at, payload
FROM events
WHERE session_key = sqlc.arg(session_key) AND widget_no > 0 AND widget_no < sqlc.arg(before)
ORDER BY widget_no DESC LIMIT sqlc.arg(max_rows);

-- session_no is never above sequence, so the index by sequence finds where to begin.
-- name: ListSessionStream :many
SELECT key, session_key, sequence, widget_no, session_no, id, kind, at, payload
FROM events
WHERE session_key = sqlc.arg(session_key) AND sequence > sqlc.arg(after) AND session_no > sqlc.arg(after)
ORDER BY sequence LIMIT sqlc.arg(max_rows);

-- name: ListSessionStreamReverse :many
SELECT key, session_key, sequence, widget_no, session_no, id, kind, at, payload
FROM events
WHERE session_key = sqlc.arg(session_key) AND session_no > 0 AND session_no < sqlc.arg(before)
ORDER BY sequence DESC LIMIT sqlc.arg(max_rows);

-- Messages that are in no stream are not for clients.
-- name: ListMessages :many
SELECT key, session_key, sequence, widget_no, session_no, id, kind, at, payload
FROM events
WHERE session_key = sqlc.arg(session_key) AND sequence > sqlc.arg(after) AND kind = 'message.created' AND session_no > 0
ORDER BY sequence LIMIT sqlc.arg(max_rows) OFFSET sqlc.arg(skip);

-- name: ListMessagesReverse :many
SELECT key, session_key, sequence, widget_no, session_no, id, kind, at, payload
FROM events
WHERE session_key = sqlc.arg(session_key) AND sequence > sqlc.arg(after) AND kind = 'message.created' AND session_no > 0
ORDER BY sequence DESC LIMIT sqlc.arg(max_rows) OFFSET sqlc.arg(skip);

-- name: CountMessages :one
SELECT COUNT(*) FROM events WHERE session_key = $1 AND kind = 'message.created' AND session_no > 0;

-- Materialized, so that the new rows are found by key and not along another index.
-- name: ListChanged :many
WITH fresh AS MATERIALIZED (SELECT v.session_key, v.sequence, v.key FROM events v WHERE v.key > sqlc.arg(after))
SELECT f.session_key, s.chat_key, s.client_key, CAST(MAX(f.sequence) AS BIGINT) AS sequence, CAST(MAX(f.key) AS BIGINT) AS last_key
FROM fresh f JOIN sessions s ON s.key = f.session_key GROUP BY f.session_key, s.chat_key, s.client_key;
