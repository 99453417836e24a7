-- name: ListDialogue :many
SELECT sqlc.embed(e), s.id AS session_id, h.client_read
FROM sessions s JOIN session_heads h ON h.session_key = s.key JOIN events e ON e.session_key = s.key
WHERE s.chat_key = sqlc.arg(chat_key) AND s.client_key = sqlc.arg(client_key)
  AND e.kind IN ('message.created', 'action.pressed') AND e.at >= sqlc.arg(since) AND e.at < sqlc.arg(before)
ORDER BY s.key, e.sequence LIMIT sqlc.arg(max_rows) OFFSET sqlc.arg(skip);

-- name: CountDialogue :one
SELECT COUNT(*)
FROM sessions s JOIN events e ON e.session_key = s.key
WHERE s.chat_key = sqlc.arg(chat_key) AND s.client_key = sqlc.arg(client_key)
  AND e.kind IN ('message.created', 'action.pressed') AND e.at >= sqlc.arg(since) AND e.at < sqlc.arg(before);

-- What others have said is in the widget's stream, unless it is silent.
-- name: ListUnreadOfClient :many
SELECT sqlc.embed(e), s.id AS session_id, h.client_read
FROM sessions s JOIN session_heads h ON h.session_key = s.key JOIN events e ON e.session_key = s.key
WHERE s.chat_key = sqlc.arg(chat_key) AND s.client_key = sqlc.arg(client_key)
  AND e.sequence > h.client_read AND e.kind = 'message.created' AND e.widget_no > 0
ORDER BY s.key DESC, e.sequence DESC LIMIT sqlc.arg(max_rows);

-- name: ListUnread :many
SELECT key, session_key, sequence, widget_no, session_no, id, kind, at, payload
FROM events
WHERE session_key = sqlc.arg(session_key) AND sequence > sqlc.arg(after) AND kind = 'message.created' AND widget_no > 0
ORDER BY sequence LIMIT sqlc.arg(max_rows);

-- name: FindLatestSession :one
SELECT key FROM sessions WHERE chat_key = $1 AND client_key = $2 ORDER BY key DESC LIMIT 1;

-- name: FindMessageStatus :one
SELECT session_key, sequence, status, up_to FROM message_statuses WHERE session_key = $1 AND sequence = $2;

-- name: ListMessageStatuses :many
SELECT session_key, sequence, status, up_to FROM message_statuses
WHERE session_key = sqlc.arg(session_key) AND sequence >= sqlc.arg(first) AND sequence <= sqlc.arg(last)
ORDER BY sequence;

-- name: PutMessageStatus :exec
INSERT INTO message_statuses (session_key, sequence, status, up_to) VALUES ($1, $2, $3, $4)
ON CONFLICT (session_key, sequence) DO UPDATE SET status = excluded.status, up_to = excluded.up_to;

-- name: FindWidgetState :one
SELECT data FROM widget_states WHERE chat_key = $1 AND client_key = $2;

-- name: PutWidgetState :exec
INSERT INTO widget_states (chat_key, client_key, data) VALUES ($1, $2, $3)
ON CONFLICT (chat_key, client_key) DO UPDATE SET data = excluded.data;
