-- `entry` is the whole entry, as JSON: `entry::json ->> 'reason'`. The columns before it are written from it, to find it by.
-- Users and services are bytes: compared by the letter. Instants are UTC milliseconds.
-- The primary key is the order in time, and makes an entry that comes again the same one.
CREATE TABLE countersign_audit (
    at BIGINT NOT NULL,
    id BYTEA NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,
    session_id BYTEA,
    replaced_id BYTEA,
    user_id BYTEA,
    service BYTEA,
    entry TEXT NOT NULL,
    PRIMARY KEY (at, id)
);

CREATE INDEX countersign_audit_by_kind ON countersign_audit (kind, at, id);

CREATE INDEX countersign_audit_by_session ON countersign_audit (session_id, at, id) WHERE session_id IS NOT NULL;

CREATE INDEX countersign_audit_by_replaced ON countersign_audit (replaced_id, at, id) WHERE replaced_id IS NOT NULL;

CREATE INDEX countersign_audit_by_user ON countersign_audit (user_id, at, id) WHERE user_id IS NOT NULL;

CREATE INDEX countersign_audit_by_service ON countersign_audit (service, at, id) WHERE service IS NOT NULL;
