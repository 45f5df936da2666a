-- The latest attestation of a badge stands in the badge's row: whoever looks one up
-- reads one row. Of those before it nobody reads the token again.

-- +goose Up
ALTER TABLE badges ADD COLUMN token TEXT NOT NULL DEFAULT '';
ALTER TABLE badges ADD COLUMN kid TEXT NOT NULL DEFAULT '';
ALTER TABLE badges ADD COLUMN list INTEGER NOT NULL DEFAULT 0;
ALTER TABLE badges ADD COLUMN idx INTEGER NOT NULL DEFAULT 0;
ALTER TABLE badges ADD COLUMN issued_at INTEGER NOT NULL DEFAULT 0;
UPDATE badges SET token = a.token, kid = a.kid, list = a.list, idx = a.idx, issued_at = a.issued_at
    FROM attestations a WHERE a.jti = badges.jti;
ALTER TABLE attestations DROP COLUMN token;
