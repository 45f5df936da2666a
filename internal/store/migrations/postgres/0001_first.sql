-- Times are Unix microseconds, secrets sealed or hashed.
-- Migrations are append-only: a released file never changes.

-- +goose Up
CREATE TABLE meta (
    id        BIGINT  PRIMARY KEY CHECK (id = 1), -- one issuer per database
    origin    TEXT    NOT NULL,
    demo      BOOLEAN NOT NULL,
    actor_key BYTEA   NOT NULL                    -- sealed
);

-- What tells this program's databases from others'.
COMMENT ON TABLE meta IS 'cocarde';

CREATE TABLE data_keys (
    name    TEXT PRIMARY KEY,
    wrapped BYTEA NOT NULL
);

CREATE TABLE signing_keys (
    kid        TEXT    PRIMARY KEY,
    state      TEXT    NOT NULL,
    created_at BIGINT  NOT NULL,
    not_before BIGINT  NOT NULL,
    retired_at BIGINT,
    revoked_at BIGINT,
    reason     TEXT    NOT NULL,
    public_jwk BYTEA   NOT NULL,
    sealed     BYTEA
);

CREATE TABLE requests (
    id                      TEXT    PRIMARY KEY,
    badge_id                TEXT    NOT NULL,
    token_hash              BYTEA   NOT NULL,
    state                   TEXT    NOT NULL,
    actor_id                TEXT    NOT NULL,
    actor_url               TEXT    NOT NULL,
    actor_host              TEXT    NOT NULL,
    handle                  TEXT    NOT NULL,
    mailbox                 BYTEA   NOT NULL,
    mailbox_key             BYTEA   NOT NULL,
    agency_domain           TEXT    NOT NULL,
    agency_name             TEXT    NOT NULL,
    agency_country          TEXT    NOT NULL,
    lang                    TEXT    NOT NULL,
    listed                  BOOLEAN NOT NULL,
    method                  TEXT    NOT NULL,
    created_at              BIGINT  NOT NULL,
    expires_at              BIGINT  NOT NULL,
    sign_ins                BIGINT  NOT NULL,
    account_code            BYTEA,
    account_code_expires_at BIGINT,
    account_code_tries      BIGINT  NOT NULL,
    account_proof_at        BIGINT,
    mailbox_code            BYTEA,
    mailbox_code_expires_at BIGINT,
    mailbox_code_tries      BIGINT  NOT NULL,
    codes_sent              BIGINT  NOT NULL,
    mailbox_proof_at        BIGINT,
    jti                     TEXT    NOT NULL,
    mail_error              TEXT    NOT NULL      -- why the code could not be mailed
);

CREATE TABLE sign_ins (
    request_id TEXT    PRIMARY KEY REFERENCES requests (id) ON DELETE CASCADE,
    state_hash BYTEA   NOT NULL UNIQUE,
    browser    BYTEA   NOT NULL,
    verifier   BYTEA   NOT NULL,
    expires_at BIGINT  NOT NULL
);

CREATE TABLE badges (
    id             TEXT    COLLATE "C" PRIMARY KEY, -- lists page by it
    kind           TEXT    NOT NULL,
    actor_id       TEXT    NOT NULL,
    actor_url      TEXT    NOT NULL,
    actor_host     TEXT    NOT NULL,
    handle         TEXT    NOT NULL,
    handle_key     TEXT    NOT NULL,
    mailbox        BYTEA   NOT NULL,
    mailbox_key    BYTEA   NOT NULL,
    agency_domain  TEXT    NOT NULL,
    agency_name    TEXT    NOT NULL,
    agency_country TEXT    NOT NULL,
    listed         BOOLEAN NOT NULL,
    status         BIGINT  NOT NULL,
    created_at     BIGINT  NOT NULL,
    changed_at     BIGINT  NOT NULL,
    account_vrf    BYTEA,
    agency_vrf     BYTEA,
    jti            TEXT    NOT NULL, -- of the latest attestation
    expires_at     BIGINT  NOT NULL, -- of the latest attestation
    -- A badge holds its account and its mailbox until it is revoked, or found
    -- expired by one that wants to take its place.
    holds          BOOLEAN NOT NULL
);

CREATE UNIQUE INDEX badges_account ON badges (actor_id) WHERE holds;
CREATE UNIQUE INDEX badges_mailbox ON badges (mailbox_key) WHERE holds;
CREATE INDEX badges_handle ON badges (handle_key);

CREATE TABLE attestations (
    jti        TEXT    PRIMARY KEY,
    badge_id   TEXT    COLLATE "C" NOT NULL REFERENCES badges (id),
    token      TEXT    NOT NULL,
    token_hash BYTEA   NOT NULL,
    kid        TEXT    NOT NULL,
    list       BIGINT  NOT NULL,
    idx        BIGINT  NOT NULL,
    issued_at  BIGINT  NOT NULL,
    expires_at BIGINT  NOT NULL
);

CREATE INDEX attestations_badge ON attestations (badge_id);

CREATE TABLE status_lists (
    number BIGINT  PRIMARY KEY,
    size   BIGINT  NOT NULL,
    taken  BIGINT  NOT NULL
);

INSERT INTO status_lists (number, size, taken) VALUES (1, 1048576, 0);

-- An index once taken stays taken, whatever becomes of its attestation.
CREATE TABLE status_entries (
    list   BIGINT  NOT NULL,
    idx    BIGINT  NOT NULL,
    status BIGINT  NOT NULL,
    PRIMARY KEY (list, idx)
);

CREATE INDEX status_entries_not_valid ON status_entries (list, idx, status) WHERE status <> 0;

CREATE TABLE events (
    id          BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, -- order of insertion
    seq         BIGINT,              -- order of the public ones, once committed
    public      BOOLEAN NOT NULL,
    kind        TEXT    NOT NULL,
    at          BIGINT  NOT NULL,
    done_by     TEXT    NOT NULL,
    badge_id    TEXT    NOT NULL,
    jti         TEXT    NOT NULL,
    list        BIGINT  NOT NULL,
    idx         BIGINT  NOT NULL,
    token_hash  BYTEA,
    account_vrf BYTEA,
    agency_vrf  BYTEA,
    kid         TEXT    NOT NULL,
    reason      TEXT    NOT NULL,
    note        BYTEA
);

CREATE UNIQUE INDEX events_seq ON events (seq) WHERE seq IS NOT NULL;
CREATE INDEX events_unnumbered ON events (id) WHERE seq IS NULL AND public;

CREATE TABLE outbox (
    id         BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind       TEXT    NOT NULL,
    request_id TEXT    NOT NULL,                  -- whose code it carries, if it does
    body       BYTEA   NOT NULL,
    not_before BIGINT  NOT NULL,
    not_after  BIGINT,
    attempts   BIGINT  NOT NULL,
    last_error TEXT    NOT NULL,
    gave_up    BOOLEAN NOT NULL
);

CREATE INDEX outbox_due ON outbox (kind, not_before) WHERE NOT gave_up;

CREATE INDEX outbox_request ON outbox (request_id) WHERE request_id <> '';

CREATE TABLE limits (
    name         TEXT    NOT NULL,
    key          BYTEA   NOT NULL,
    window_start BIGINT  NOT NULL,
    ends_at      BIGINT  NOT NULL,
    count        BIGINT  NOT NULL,
    PRIMARY KEY (name, key, window_start)
);

CREATE TABLE mail_stops (
    mailbox_key BYTEA   PRIMARY KEY,
    ends_at     BIGINT  NOT NULL
);

CREATE TABLE leases (
    name    TEXT    PRIMARY KEY,
    holder  TEXT    NOT NULL,
    ends_at BIGINT  NOT NULL
);

CREATE TABLE apps (
    host          TEXT PRIMARY KEY,
    redirect_uri  TEXT NOT NULL,
    client_id     TEXT NOT NULL,
    client_secret BYTEA NOT NULL,
    scope         TEXT NOT NULL,
    authorize_url TEXT NOT NULL,
    token_url     TEXT NOT NULL,
    revoke_url    TEXT NOT NULL,
    ends_at       BIGINT                          -- of one that serves a single sign-in
);

CREATE TABLE artefacts (
    path         TEXT    PRIMARY KEY,
    content_type TEXT    NOT NULL,
    body         BYTEA   NOT NULL,
    signed_at    BIGINT  NOT NULL,
    expires_at   BIGINT,
    seq          BIGINT  NOT NULL
);
