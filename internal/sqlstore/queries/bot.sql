-- name: FindBot :one
SELECT id, name, kind, settings, created_at, version FROM bots WHERE id = $1;

-- name: LockBot :one
SELECT id, name, kind, settings, created_at, version FROM bots WHERE id = $1 FOR UPDATE;

-- name: ListBots :many
SELECT id, name, kind, settings, created_at, version FROM bots ORDER BY created_at, id;

-- name: PutBot :exec
INSERT INTO bots (id, name, kind, settings, created_at, version) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (id) DO UPDATE SET name = excluded.name, kind = excluded.kind, settings = excluded.settings, version = excluded.version;

-- name: CreateBot :exec
INSERT INTO bots (id, name, kind, settings, created_at, version) VALUES ($1, $2, $3, $4, $5, $6);

-- name: DeleteBot :execrows
DELETE FROM bots WHERE id = $1;

-- name: FindSessionState :one
SELECT data FROM session_states WHERE session_key = $1;

-- name: PutSessionState :exec
INSERT INTO session_states (session_key, data) VALUES ($1, $2)
ON CONFLICT (session_key) DO UPDATE SET data = excluded.data;

-- name: FindClientState :one
SELECT data, version FROM client_states WHERE client_key = $1 AND bot_id = $2;

-- What a turn needs, in one look. A state that is not there is ''.
-- name: FindBriefing :one
SELECT sqlc.embed(d), sqlc.embed(c), CAST(COALESCE(s.data, '') AS TEXT) AS session_state,
       CAST(COALESCE(k.data, '') AS TEXT) AS client_state, CAST(COALESCE(k.version, 0) AS BIGINT) AS client_version
FROM session_details d JOIN clients c ON c.key = sqlc.arg(client_key)
LEFT JOIN session_states s ON s.session_key = d.session_key
LEFT JOIN client_states k ON k.client_key = c.key AND k.bot_id = sqlc.arg(bot_id)
WHERE d.session_key = sqlc.arg(session_key);

-- name: CreateClientState :execrows
INSERT INTO client_states (client_key, bot_id, data, version) VALUES ($1, $2, $3, 1)
ON CONFLICT (client_key, bot_id) DO NOTHING;

-- name: UpdateClientState :execrows
UPDATE client_states SET data = $1, version = version + 1
WHERE client_key = $2 AND bot_id = $3 AND version = $4;
