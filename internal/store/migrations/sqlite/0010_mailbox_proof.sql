-- When the mailbox was last proven for an attestation, to the microsecond: by the mailbox
-- alone nothing older is shown. Where the request is gone, the attestation's time is known to
-- the hour only, and the end of that hour counts.

-- +goose Up
ALTER TABLE badges ADD COLUMN mailbox_proof_at INTEGER NOT NULL DEFAULT 0;
UPDATE badges SET mailbox_proof_at = issued_at + 3600000000;
UPDATE badges SET mailbox_proof_at = r.mailbox_proof_at FROM requests r
    WHERE r.badge_id = badges.id AND r.jti = badges.jti AND r.mailbox_proof_at IS NOT NULL;
