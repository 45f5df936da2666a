-- What has come to its end is found by an index, to be deleted or erased.

-- +goose Up
CREATE INDEX requests_ended ON requests (expires_at);
CREATE INDEX limits_ended ON limits (ends_at);
CREATE INDEX mail_stops_ended ON mail_stops (ends_at);
CREATE INDEX apps_ended ON apps (ends_at) WHERE ends_at IS NOT NULL;
CREATE INDEX outbox_given_up ON outbox (COALESCE(not_after, not_before)) WHERE gave_up;

-- A badge ends when it is revoked (1), or else when its attestation does. Its
-- mailbox is erased by leaving it empty.
CREATE INDEX badges_ended ON badges ((CASE WHEN status = 1 THEN changed_at ELSE expires_at END))
    WHERE length(mailbox) > 0;
