-- Until when a key must be published for what it signed and whose rows are lost: the last
-- end of these, as the record of what was published tells it.

-- +goose Up
CREATE TABLE lost_ends (
    kid        TEXT PRIMARY KEY,
    expires_at BIGINT NOT NULL
);
