-- name: CreateQuestion :exec
INSERT INTO questions (chat_key, client_key, id, session_key, sequence, cid, at)
VALUES ($1, $2, $3, $4, $5, $6, $7);

-- name: FindQuestion :one
SELECT chat_key, client_key, id, session_key, sequence, cid, at FROM questions
WHERE chat_key = $1 AND client_key = $2 AND id = $3;

-- name: FindFirstOfConnection :one
SELECT chat_key, client_key, id, session_key, sequence, cid, at FROM questions
WHERE chat_key = $1 AND client_key = $2 AND cid = $3 AND cid > ''
ORDER BY at LIMIT 1;
