-- The latest attestation of a badge stands in the badge's row: whoever looks one up
-- reads one row. Of those before it nobody reads the token again.

-- +goose Up
SET LOCAL statement_timeout = 0; -- every badge is written anew

ALTER TABLE badges ADD COLUMN token TEXT NOT NULL DEFAULT '';
ALTER TABLE badges ADD COLUMN kid TEXT NOT NULL DEFAULT '';
ALTER TABLE badges ADD COLUMN list BIGINT NOT NULL DEFAULT 0;
ALTER TABLE badges ADD COLUMN idx BIGINT NOT NULL DEFAULT 0;
ALTER TABLE badges ADD COLUMN issued_at BIGINT NOT NULL DEFAULT 0;
-- A row with a token has some 2 kB, from which on its parts would be kept elsewhere.
ALTER TABLE badges SET (toast_tuple_target = 4080);
UPDATE badges SET token = a.token, kid = a.kid, list = a.list, idx = a.idx, issued_at = a.issued_at
    FROM attestations a WHERE a.jti = badges.jti;
ALTER TABLE attestations DROP COLUMN token;
