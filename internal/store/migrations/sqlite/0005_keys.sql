-- Signing keys live: there is at most one standby and one active key, and what a
-- key signed is found by it.

-- +goose Up
ALTER TABLE signing_keys ADD COLUMN activated_at INTEGER;
ALTER TABLE signing_keys ADD COLUMN taken_back INTEGER NOT NULL DEFAULT 0;
UPDATE signing_keys SET activated_at = not_before WHERE state = 'active';
CREATE UNIQUE INDEX signing_keys_one ON signing_keys (state) WHERE state IN ('announced', 'active');
CREATE INDEX attestations_key ON attestations (kid, expires_at, jti);
CREATE INDEX events_keys ON events (seq)
    WHERE kind IN ('key_announced', 'key_activated', 'key_retired', 'key_revoked', 'key_gone') AND seq IS NOT NULL;
