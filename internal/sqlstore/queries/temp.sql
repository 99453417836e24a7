-- name: FindChatByToken :one
SELECT key, id, name, bot_id, token, identity, secret, origins, language, demo, settings, kind, created_at, deleted_at
FROM chats WHERE token = $1 AND token <> '';
