-- name: FindChat :one
SELECT key, id, name, bot_id, token, identity, secret, origins, language, demo, settings, kind, created_at, deleted_at
FROM chats WHERE id = $1;

-- name: FindChatID :one
SELECT id FROM chats WHERE token = $1 AND token <> '';

-- name: LockChat :one
SELECT key, id, name, bot_id, token, identity, secret, origins, language, demo, settings, kind, created_at, deleted_at
FROM chats WHERE id = $1 FOR UPDATE;

-- name: ListChats :many
SELECT key, id, name, bot_id, token, identity, secret, origins, language, demo, settings, kind, created_at, deleted_at
FROM chats WHERE kind = '' AND deleted_at = 0
ORDER BY key LIMIT sqlc.arg(max_rows) OFFSET sqlc.arg(skip);

-- name: CountChats :one
SELECT COUNT(*) FROM chats WHERE kind = '' AND deleted_at = 0;

-- name: CountChatsOfBot :one
SELECT COUNT(*) FROM chats
WHERE (bot_id = sqlc.arg(bot_id) OR settings LIKE '%' || sqlc.arg(bot_id) || '%') AND kind = '' AND deleted_at = 0;

-- name: CreateChat :one
INSERT INTO chats (id, name, bot_id, token, identity, secret, origins, language, demo, settings, kind, created_at, deleted_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
RETURNING key;

-- name: UpdateChat :execrows
UPDATE chats SET name = $1, bot_id = $2, token = $3, identity = $4, secret = $5, origins = $6, language = $7,
                 settings = $8, deleted_at = $9
WHERE key = $10;
