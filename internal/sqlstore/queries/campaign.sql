-- name: CreateCampaign :one
INSERT INTO campaigns (id, chat_key, chat_id, name, bot_id, event, event_data, messages, callback_url, priority, rate, sending_at, state,
                       due_at, position, last_position, total, sent, failed, created_at, started_at, ended_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22)
RETURNING key;

-- name: FindCampaign :one
SELECT key, id, chat_key, chat_id, name, bot_id, event, event_data, messages, callback_url, priority, rate, sending_at, state,
       due_at, position, last_position, total, sent, failed, created_at, started_at, ended_at
FROM campaigns WHERE id = $1;

-- name: LockCampaign :one
SELECT key, id, chat_key, chat_id, name, bot_id, event, event_data, messages, callback_url, priority, rate, sending_at, state,
       due_at, position, last_position, total, sent, failed, created_at, started_at, ended_at
FROM campaigns WHERE id = $1 FOR UPDATE;

-- LockDueCampaign passes over what others are sending at the moment. Its condition is that of the index in its order.
-- name: LockDueCampaign :one
SELECT key, id, chat_key, chat_id, name, bot_id, event, event_data, messages, callback_url, priority, rate, sending_at, state,
       due_at, position, last_position, total, sent, failed, created_at, started_at, ended_at
FROM campaigns WHERE due_at <> 0 AND due_at <= sqlc.arg(now)
ORDER BY priority DESC, due_at LIMIT 1 FOR UPDATE SKIP LOCKED;

-- LockIdleCampaign passes over what others lock. Its expression is that of the index.
-- name: LockIdleCampaign :one
SELECT key, id, chat_key, chat_id, name, bot_id, event, event_data, messages, callback_url, priority, rate, sending_at, state,
       due_at, position, last_position, total, sent, failed, created_at, started_at, ended_at
FROM campaigns WHERE due_at = 0 AND (CASE WHEN ended_at > 0 THEN ended_at ELSE created_at END) < sqlc.arg(before)
ORDER BY (CASE WHEN ended_at > 0 THEN ended_at ELSE created_at END) LIMIT 1 FOR UPDATE SKIP LOCKED;

-- name: DeleteCampaign :exec
DELETE FROM campaigns WHERE key = $1;

-- name: DeleteRecipients :execrows
DELETE FROM campaign_recipients
WHERE campaign_recipients.campaign_key = sqlc.arg(campaign_key)
  AND campaign_recipients.position IN (SELECT r.position FROM campaign_recipients r WHERE r.campaign_key = sqlc.arg(campaign_key)
                   ORDER BY r.position LIMIT sqlc.arg(max_rows));

-- name: FindNextCampaign :one
SELECT due_at FROM campaigns WHERE due_at > 0 ORDER BY due_at LIMIT 1;

-- name: ListCampaigns :many
SELECT key, id, chat_key, chat_id, name, bot_id, event, event_data, messages, callback_url, priority, rate, sending_at, state,
       due_at, position, last_position, total, sent, failed, created_at, started_at, ended_at
FROM campaigns ORDER BY key DESC LIMIT sqlc.arg(max_rows) OFFSET sqlc.arg(first_row);

-- name: CountCampaigns :one
SELECT COUNT(*) FROM campaigns;

-- name: UpdateCampaign :execrows
UPDATE campaigns SET state = $1, due_at = $2, position = $3, last_position = $4, total = $5, sent = $6, failed = $7, started_at = $8, ended_at = $9
WHERE key = $10;

-- name: AddRecipient :exec
INSERT INTO campaign_recipients (campaign_key, position, client_id, data, state, reason, question_id, session_id, sent_at)
VALUES ($1, $2, $3, $4, 'PENDING', '', '', '', 0)
ON CONFLICT (campaign_key, client_id) DO NOTHING;

-- name: CountRecipientsAfter :one
SELECT COUNT(*) FROM campaign_recipients WHERE campaign_key = $1 AND position > $2;

-- name: ListRecipientsAfter :many
SELECT campaign_key, position, client_id, data, state, reason, question_id, session_id, sent_at
FROM campaign_recipients WHERE campaign_key = $1 AND position > $2 ORDER BY position LIMIT sqlc.arg(max_rows);

-- name: UpdateRecipient :exec
UPDATE campaign_recipients SET state = $1, reason = $2, question_id = $3, session_id = $4, sent_at = $5
WHERE campaign_key = $6 AND position = $7;

-- name: ListRecipients :many
SELECT campaign_key, position, client_id, data, state, reason, question_id, session_id, sent_at
FROM campaign_recipients WHERE campaign_key = $1 ORDER BY position LIMIT sqlc.arg(max_rows) OFFSET sqlc.arg(first_row);

-- name: ListRecipientsIn :many
SELECT campaign_key, position, client_id, data, state, reason, question_id, session_id, sent_at
FROM campaign_recipients WHERE campaign_key = $1 AND state = $2 ORDER BY position LIMIT sqlc.arg(max_rows) OFFSET sqlc.arg(first_row);
