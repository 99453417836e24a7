-- What bots in the scenario language are made of, as administrators deploy them.

-- +goose Up

ALTER TABLE bots ADD COLUMN version BIGINT NOT NULL DEFAULT 0; -- the one that runs; 0: none

CREATE TABLE bot_versions (
    bot_id     TEXT NOT NULL,
    number     BIGINT NOT NULL, -- 1, 2, 3 … of a bot
    digest     TEXT NOT NULL, -- of names and contents of its files
    files      BIGINT NOT NULL, -- how many
    size       BIGINT NOT NULL, -- of their contents, in bytes
    note       TEXT NOT NULL,
    author_id  TEXT NOT NULL, -- of the API key that deployed it
    author     TEXT NOT NULL, -- its name then
    created_at BIGINT NOT NULL,
    archive    TEXT NOT NULL, -- base64, the last column: who lists versions does not read it
    PRIMARY KEY (bot_id, number)
);
