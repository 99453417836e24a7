-- The Chat API: what its callers have asked, and times that are a place in a client's history.

-- +goose Up

-- Of the last event, so that the next is later. A node that does not know the column leaves it: then
-- two events may be of one time while two versions run side by side.
ALTER TABLE session_heads ADD COLUMN last_at BIGINT NOT NULL DEFAULT 0;

-- A caller may name its question, and asks for it by that name later. No foreign keys, as in events.
CREATE TABLE questions (
    chat_key    BIGINT NOT NULL,
    client_key  BIGINT NOT NULL,
    id          TEXT NOT NULL,
    session_key BIGINT NOT NULL,
    sequence    BIGINT NOT NULL, -- of the event
    cid         TEXT NOT NULL, -- '' for none
    at          BIGINT NOT NULL,
    PRIMARY KEY (chat_key, client_key, id)
);
CREATE INDEX questions_cid ON questions (chat_key, client_key, cid, at) WHERE cid > '';
