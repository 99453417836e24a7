-- Statuses of messages, and what widgets keep (Chat API, 2).

-- +goose Up

-- What differs from SENT. A row is of all that answers a question, or of a message that answers none.
CREATE TABLE message_statuses (
    session_key BIGINT NOT NULL REFERENCES sessions (key),
    sequence    BIGINT NOT NULL, -- of the question, or of the message that answers none
    status      TEXT NOT NULL,
    up_to       BIGINT NOT NULL, -- sequence up to which answers have the status; later ones are SENT
    PRIMARY KEY (session_key, sequence)
);

CREATE TABLE widget_states (
    chat_key   BIGINT NOT NULL REFERENCES chats (key),
    client_key BIGINT NOT NULL REFERENCES clients (key),
    data       TEXT NOT NULL, -- JSON
    PRIMARY KEY (chat_key, client_key)
);
