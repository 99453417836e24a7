-- name: FindChat :one
SELECT key, id, name, bot_id, token, identity, secret, origins, language, demo, settings
FROM chats WHERE id = $1;

-- name: CreateChat :one
INSERT INTO chats (id, name, bot_id, token, identity, secret, origins, language, demo, settings)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
RETURNING key;
