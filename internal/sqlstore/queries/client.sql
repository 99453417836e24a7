-- name: FindClient :one
SELECT key, id, external_id, name, first_name, middle_name, last_name, name_for_operator,
       phone, email, device_id, timezone, metadata, created_at
FROM clients WHERE id = $1;

-- name: FindClientByKey :one
SELECT key, id, external_id, name, first_name, middle_name, last_name, name_for_operator,
       phone, email, device_id, timezone, metadata, created_at
FROM clients WHERE key = $1;

-- name: LockClient :one
SELECT key, id, external_id, name, first_name, middle_name, last_name, name_for_operator,
       phone, email, device_id, timezone, metadata, created_at
FROM clients WHERE key = $1 FOR UPDATE;

-- name: FindClientByAlias :one
SELECT c.key, c.id, c.external_id, c.name, c.first_name, c.middle_name, c.last_name, c.name_for_operator,
       c.phone, c.email, c.device_id, c.timezone, c.metadata, c.created_at
FROM client_aliases a JOIN clients c ON c.key = a.client_key
WHERE a.chat_key = $1 AND a.kind = $2 AND a.value = $3;

-- name: CreateClient :one
INSERT INTO clients (id, external_id, name, first_name, middle_name, last_name, name_for_operator,
                     phone, email, device_id, timezone, metadata, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
RETURNING key;

-- name: UpdateClient :execrows
UPDATE clients SET external_id = $1, name = $2, first_name = $3, middle_name = $4, last_name = $5,
                   name_for_operator = $6, phone = $7, email = $8, device_id = $9, timezone = $10, metadata = $11
WHERE key = $12;

-- name: CreateAlias :exec
INSERT INTO client_aliases (chat_key, kind, value, client_key) VALUES ($1, $2, $3, $4);

-- name: AddAlias :exec
INSERT INTO client_aliases (chat_key, kind, value, client_key) VALUES ($1, $2, $3, $4)
ON CONFLICT (chat_key, kind, value) DO NOTHING;
