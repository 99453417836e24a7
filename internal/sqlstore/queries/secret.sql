-- name: FindSecret :one
SELECT value FROM secrets WHERE name = $1;

-- name: CreateSecret :exec
INSERT INTO secrets (name, value) VALUES ($1, $2)
ON CONFLICT (name) DO NOTHING;

-- name: DeleteSecret :execrows
DELETE FROM secrets WHERE name = $1;
