-- name: CreateAPIKey :exec
INSERT INTO api_keys (id, name, digest, hint, permissions, created_at, expires_at, last_used_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, 0);

-- name: FindAPIKey :one
SELECT id, name, digest, hint, permissions, created_at, expires_at, last_used_at
FROM api_keys WHERE digest = $1;

-- name: LockAPIKey :one
SELECT id, name, digest, hint, permissions, created_at, expires_at, last_used_at
FROM api_keys WHERE id = $1 FOR UPDATE;

-- name: ListAPIKeys :many
SELECT id, name, digest, hint, permissions, created_at, expires_at, last_used_at
FROM api_keys ORDER BY key;

-- name: TouchAPIKey :exec
UPDATE api_keys SET last_used_at = $1 WHERE id = $2 AND last_used_at < $1;

-- name: DeleteAPIKey :execrows
DELETE FROM api_keys WHERE id = $1;
