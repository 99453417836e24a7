-- Long polling of the Chat API: how far each connection of a client has been given events.

-- +goose Up

CREATE TABLE poll_cursors (
    chat_key    BIGINT NOT NULL REFERENCES chats (key),
    client_key  BIGINT NOT NULL REFERENCES clients (key),
    cid         TEXT NOT NULL, -- the connection id that the caller chose; '' for none
    session_key BIGINT NOT NULL, -- up to where events were given: session and
    sequence    BIGINT NOT NULL, -- number in it
    used_at     BIGINT NOT NULL, -- to the day, so that its index seldom changes
    PRIMARY KEY (chat_key, client_key, cid)
);
CREATE INDEX poll_cursors_used_at ON poll_cursors (used_at);
-- postgres: ALTER TABLE poll_cursors SET (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02);

-- The sessions of a client, the newest first.
CREATE INDEX sessions_client ON sessions (chat_key, client_key, key);
