-- Times are Unix microseconds, truth values 0 and 1, secrets sealed or hashed.
-- Migrations are append-only: a released file never changes.

-- +goose Up
CREATE TABLE meta (
    id        INTEGER PRIMARY KEY CHECK (id = 1), -- one issuer per database
    origin    TEXT    NOT NULL,
    demo      INTEGER NOT NULL,
    actor_key BLOB    NOT NULL                    -- sealed
) STRICT;

CREATE TABLE data_keys (
    name    TEXT PRIMARY KEY,
    wrapped BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE signing_keys (
    kid        TEXT    PRIMARY KEY,
    state      TEXT    NOT NULL,
    created_at INTEGER NOT NULL,
    not_before INTEGER NOT NULL,
    retired_at INTEGER,
    revoked_at INTEGER,
    reason     TEXT    NOT NULL,
    public_jwk BLOB    NOT NULL,
    sealed     BLOB
) STRICT;

CREATE TABLE requests (
    id                      TEXT    PRIMARY KEY,
    badge_id                TEXT    NOT NULL,
    token_hash              BLOB    NOT NULL,
    state                   TEXT    NOT NULL,
    actor_id                TEXT    NOT NULL,
    actor_url               TEXT    NOT NULL,
    actor_host              TEXT    NOT NULL,
    handle                  TEXT    NOT NULL,
    mailbox                 BLOB    NOT NULL,
    mailbox_key             BLOB    NOT NULL,
    agency_domain           TEXT    NOT NULL,
    agency_name             TEXT    NOT NULL,
    agency_country          TEXT    NOT NULL,
    lang                    TEXT    NOT NULL,
    listed                  INTEGER NOT NULL,
    method                  TEXT    NOT NULL,
    created_at              INTEGER NOT NULL,
    expires_at              INTEGER NOT NULL,
    sign_ins                INTEGER NOT NULL,
    account_code            BLOB,
    account_code_expires_at INTEGER,
    account_code_tries      INTEGER NOT NULL,
    account_proof_at        INTEGER,
    mailbox_code            BLOB,
    mailbox_code_expires_at INTEGER,
    mailbox_code_tries      INTEGER NOT NULL,
    codes_sent              INTEGER NOT NULL,
    mailbox_proof_at        INTEGER,
    jti                     TEXT    NOT NULL,
    mail_error              TEXT    NOT NULL      -- why the code could not be mailed
) STRICT;

CREATE TABLE sign_ins (
    request_id TEXT    PRIMARY KEY REFERENCES requests (id) ON DELETE CASCADE,
    state_hash BLOB    NOT NULL UNIQUE,
    browser    BLOB    NOT NULL,
    verifier   BLOB    NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;

CREATE TABLE badges (
    id             TEXT    PRIMARY KEY,
    kind           TEXT    NOT NULL,
    actor_id       TEXT    NOT NULL,
    actor_url      TEXT    NOT NULL,
    actor_host     TEXT    NOT NULL,
    handle         TEXT    NOT NULL,
    handle_key     TEXT    NOT NULL,
    mailbox        BLOB    NOT NULL,
    mailbox_key    BLOB    NOT NULL,
    agency_domain  TEXT    NOT NULL,
    agency_name    TEXT    NOT NULL,
    agency_country TEXT    NOT NULL,
    listed         INTEGER NOT NULL,
    status         INTEGER NOT NULL,
    created_at     INTEGER NOT NULL,
    changed_at     INTEGER NOT NULL,
    account_vrf    BLOB,
    agency_vrf     BLOB,
    jti            TEXT    NOT NULL, -- of the latest attestation
    expires_at     INTEGER NOT NULL, -- of the latest attestation
    -- A badge holds its account and its mailbox until it is revoked, or found
    -- expired by one that wants to take its place.
    holds          INTEGER NOT NULL
) STRICT;

CREATE UNIQUE INDEX badges_account ON badges (actor_id) WHERE holds;
CREATE UNIQUE INDEX badges_mailbox ON badges (mailbox_key) WHERE holds;
CREATE INDEX badges_handle ON badges (handle_key);

CREATE TABLE attestations (
    jti        TEXT    PRIMARY KEY,
    badge_id   TEXT    NOT NULL REFERENCES badges (id),
    token      TEXT    NOT NULL,
    token_hash BLOB    NOT NULL,
    kid        TEXT    NOT NULL,
    list       INTEGER NOT NULL,
    idx        INTEGER NOT NULL,
    issued_at  INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;

CREATE INDEX attestations_badge ON attestations (badge_id);

CREATE TABLE status_lists (
    number INTEGER PRIMARY KEY,
    size   INTEGER NOT NULL,
    taken  INTEGER NOT NULL
) STRICT;

INSERT INTO status_lists (number, size, taken) VALUES (1, 1048576, 0);

-- An index once taken stays taken, whatever becomes of its attestation.
CREATE TABLE status_entries (
    list   INTEGER NOT NULL,
    idx    INTEGER NOT NULL,
    status INTEGER NOT NULL,
    PRIMARY KEY (list, idx)
) STRICT, WITHOUT ROWID;

CREATE INDEX status_entries_not_valid ON status_entries (list, idx, status) WHERE status <> 0;

CREATE TABLE events (
    id          INTEGER PRIMARY KEY, -- order of insertion
    seq         INTEGER,             -- order of the public ones, once committed
    public      INTEGER NOT NULL,
    kind        TEXT    NOT NULL,
    at          INTEGER NOT NULL,
    done_by     TEXT    NOT NULL,
    badge_id    TEXT    NOT NULL,
    jti         TEXT    NOT NULL,
    list        INTEGER NOT NULL,
    idx         INTEGER NOT NULL,
    token_hash  BLOB,
    account_vrf BLOB,
    agency_vrf  BLOB,
    kid         TEXT    NOT NULL,
    reason      TEXT    NOT NULL,
    note        BLOB
) STRICT;

CREATE UNIQUE INDEX events_seq ON events (seq) WHERE seq IS NOT NULL;
CREATE INDEX events_unnumbered ON events (id) WHERE seq IS NULL AND public;

-- AUTOINCREMENT: an id is never given twice, so that a sender that comes late
-- cannot delete another entry than the one that it sent.
CREATE TABLE outbox (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    kind       TEXT    NOT NULL,
    request_id TEXT    NOT NULL,                  -- whose code it carries, if it does
    body       BLOB    NOT NULL,
    not_before INTEGER NOT NULL,
    not_after  INTEGER,
    attempts   INTEGER NOT NULL,
    last_error TEXT    NOT NULL,
    gave_up    INTEGER NOT NULL
) STRICT;

CREATE INDEX outbox_due ON outbox (not_before) WHERE NOT gave_up;

CREATE TABLE limits (
    name         TEXT    NOT NULL,
    key          BLOB    NOT NULL,
    window_start INTEGER NOT NULL,
    ends_at      INTEGER NOT NULL,
    count        INTEGER NOT NULL,
    PRIMARY KEY (name, key, window_start)
) STRICT, WITHOUT ROWID;

CREATE TABLE mail_stops (
    mailbox_key BLOB    PRIMARY KEY,
    ends_at     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE leases (
    name    TEXT    PRIMARY KEY,
    holder  TEXT    NOT NULL,
    ends_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE apps (
    host          TEXT PRIMARY KEY,
    redirect_uri  TEXT NOT NULL,
    client_id     TEXT NOT NULL,
    client_secret BLOB NOT NULL,
    scope         TEXT NOT NULL,
    authorize_url TEXT NOT NULL,
    token_url     TEXT NOT NULL,
    revoke_url    TEXT NOT NULL,
    ends_at       INTEGER                         -- of one that serves a single sign-in
) STRICT, WITHOUT ROWID;

CREATE TABLE artefacts (
    path         TEXT    PRIMARY KEY,
    content_type TEXT    NOT NULL,
    body         BLOB    NOT NULL,
    signed_at    INTEGER NOT NULL,
    expires_at   INTEGER,
    seq          INTEGER NOT NULL
) STRICT;
