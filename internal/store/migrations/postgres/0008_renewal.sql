-- Badges are renewed, reminded of their end, withdrawn by their agents, and erased.

-- +goose Up
SET LOCAL statement_timeout = 0; -- an index of a large table takes its time

-- What a request is for: issue, renewal, or access to what is kept.
ALTER TABLE requests ADD COLUMN purpose TEXT NOT NULL DEFAULT 'issue';

-- A badge's mailbox and notes are sealed under its own key, which is sealed too, and
-- destroyed when the badge is erased. It is empty where a badge is older than this and
-- was not written to since: its mailbox is sealed under the sealing key then.
ALTER TABLE badges ADD COLUMN own_key BYTEA NOT NULL DEFAULT '';
ALTER TABLE badges ADD COLUMN lang TEXT NOT NULL DEFAULT '';
ALTER TABLE badges ADD COLUMN reminded BIGINT NOT NULL DEFAULT 0; -- how often of this end
ALTER TABLE badges ADD COLUMN erased_at BIGINT;
CREATE INDEX badges_to_remind ON badges (reminded, expires_at) WHERE status = 0 AND length(mailbox) > 0;

-- Whom a mail is about, to be dropped with it.
ALTER TABLE outbox ADD COLUMN badge_id TEXT NOT NULL DEFAULT '';
CREATE INDEX outbox_badge ON outbox (badge_id) WHERE badge_id <> '';

-- What was done with a badge, issuing apart: that stands in attestations.
CREATE INDEX events_badge ON events (badge_id, id) WHERE kind IN ('suspended', 'resumed', 'revoked', 'erased');
