-- name: FindPollCursor :one
SELECT chat_key, client_key, cid, session_key, sequence, used_at
FROM poll_cursors WHERE chat_key = $1 AND client_key = $2 AND cid = $3;

-- AdvancePollCursor leaves one alone that is further.
-- name: AdvancePollCursor :exec
INSERT INTO poll_cursors (chat_key, client_key, cid, session_key, sequence, used_at)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (chat_key, client_key, cid) DO UPDATE
SET session_key = excluded.session_key, sequence = excluded.sequence, used_at = excluded.used_at
WHERE (poll_cursors.session_key, poll_cursors.sequence) <= (excluded.session_key, excluded.sequence);

-- name: DeletePollCursors :execrows
DELETE FROM poll_cursors
WHERE (poll_cursors.chat_key, poll_cursors.client_key, poll_cursors.cid) IN (
    SELECT p.chat_key, p.client_key, p.cid FROM poll_cursors p WHERE p.used_at < sqlc.arg(before) LIMIT sqlc.arg(max_rows));

-- name: ListClientSessions :many
SELECT sqlc.embed(s), sqlc.embed(h)
FROM sessions s JOIN session_heads h ON h.session_key = s.key
WHERE s.chat_key = sqlc.arg(chat_key) AND s.client_key = sqlc.arg(client_key)
ORDER BY s.key DESC LIMIT sqlc.arg(max_rows);

-- name: FindEventOfClient :one
SELECT sqlc.embed(e), s.id AS session_id
FROM events e JOIN sessions s ON s.key = e.session_key
WHERE e.id = sqlc.arg(id) AND s.chat_key = sqlc.arg(chat_key) AND s.client_key = sqlc.arg(client_key);
