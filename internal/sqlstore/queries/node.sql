-- name: ListNodes :many
SELECT key, id, name, version, address, started_at, beat, connections, turns
FROM nodes ORDER BY key;

-- name: CountLeases :many
SELECT lease_node, COUNT(*) AS leases
FROM session_heads WHERE due_at > 0 AND lease_node <> ''
GROUP BY lease_node;

-- UpdateNode first: an INSERT that finds the row there would take a key all the same.
-- name: UpdateNode :execrows
UPDATE nodes SET name = $1, version = $2, address = $3, started_at = $4, beat = $5, connections = $6, turns = $7
WHERE id = $8;

-- name: CreateNode :exec
INSERT INTO nodes (id, name, version, address, started_at, beat, connections, turns)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8);

-- name: DeleteNode :execrows
DELETE FROM nodes WHERE id = $1 AND beat = $2;

-- FreeLeasesOf keeps how often a turn was begun.
-- name: FreeLeasesOf :many
UPDATE session_heads SET lease_node = '', lease_until = 0
WHERE due_at > 0 AND lease_node = $1 AND NOT EXISTS (SELECT 1 FROM nodes n WHERE n.id = lease_node)
RETURNING session_key;
