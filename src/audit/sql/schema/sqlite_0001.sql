-- `entry` is the whole entry, as JSON. The columns before it are written from it, to find it by.
-- Instants are UTC milliseconds. The primary key is the order in time, and makes an entry that comes again the same one.
CREATE TABLE countersign_audit (
    at INTEGER NOT NULL,
    id BLOB NOT NULL CHECK (length(id) = 16),
    kind TEXT NOT NULL,
    session_id BLOB,
    replaced_id BLOB,
    user_id TEXT,
    service TEXT,
    entry TEXT NOT NULL,
    PRIMARY KEY (at, id)
) STRICT, WITHOUT ROWID;

CREATE INDEX countersign_audit_by_kind ON countersign_audit (kind, at, id);

CREATE INDEX countersign_audit_by_session ON countersign_audit (session_id, at, id) WHERE session_id IS NOT NULL;

CREATE INDEX countersign_audit_by_replaced ON countersign_audit (replaced_id, at, id) WHERE replaced_id IS NOT NULL;

CREATE INDEX countersign_audit_by_user ON countersign_audit (user_id, at, id) WHERE user_id IS NOT NULL;

CREATE INDEX countersign_audit_by_service ON countersign_audit (service, at, id) WHERE service IS NOT NULL;
