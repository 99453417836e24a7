-- name: CreateFile :one
INSERT INTO files (id, session_key, client_key, name, content_type, size, blob, private, state, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
RETURNING key;

-- name: FindFile :one
SELECT key, id, session_key, client_key, name, content_type, size, blob, private, state, created_at
FROM files WHERE id = $1;

-- name: ChangeFile :execrows
UPDATE files SET state = sqlc.arg(next) WHERE key = sqlc.arg(key) AND state = sqlc.arg(state);

-- name: SumFiles :one
SELECT COUNT(*) AS files, CAST(COALESCE(SUM(size), 0) AS BIGINT) AS bytes FROM files WHERE session_key = $1;

-- The state is looked at again when the row is locked: a message may have been first.
-- name: DoomFiles :execrows
UPDATE files SET state = 'doomed'
WHERE files.state IN ('pending', 'ready')
  AND files.key IN (SELECT f.key FROM files f
                    WHERE f.state IN ('pending', 'ready') AND f.created_at < sqlc.arg(before)
                    ORDER BY f.created_at LIMIT sqlc.arg(max_rows));

-- name: ListDoomedFiles :many
SELECT key, id, session_key, client_key, name, content_type, size, blob, private, state, created_at
FROM files WHERE state = 'doomed' AND key > sqlc.arg(after)
ORDER BY key LIMIT sqlc.arg(max_rows);

-- name: DeleteFile :execrows
DELETE FROM files WHERE key = $1 AND state = 'doomed';
