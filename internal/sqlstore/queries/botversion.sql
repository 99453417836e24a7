-- name: CreateBotVersion :exec
INSERT INTO bot_versions (bot_id, number, digest, files, size, note, author_id, author, created_at, archive)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10);

-- name: FindBotVersion :one
SELECT bot_id, number, digest, files, size, note, author_id, author, created_at FROM bot_versions
WHERE bot_id = $1 AND number = $2;

-- name: FindBotArchive :one
SELECT archive FROM bot_versions WHERE bot_id = $1 AND number = $2;

-- name: LastBotVersion :one
SELECT number FROM bot_versions WHERE bot_id = $1 ORDER BY number DESC LIMIT 1;

-- name: ListBotVersions :many
SELECT bot_id, number, digest, files, size, note, author_id, author, created_at FROM bot_versions
WHERE bot_id = $1 ORDER BY number DESC;

-- name: DeleteBotVersions :execrows
DELETE FROM bot_versions WHERE bot_id = $1 AND number <= sqlc.arg(up_to) AND number <> sqlc.arg(kept);
