-- `record` is the whole session, as JSON. The columns before it are written from it, to find it by.
-- Instants are UTC milliseconds.
CREATE TABLE countersign_sessions (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 18),
    user_id TEXT,
    device_id TEXT,
    created_at INTEGER NOT NULL,
    last_seen_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    record TEXT NOT NULL
) STRICT;

CREATE INDEX countersign_sessions_by_user ON countersign_sessions (user_id, id) WHERE user_id IS NOT NULL;

CREATE INDEX countersign_sessions_by_expiry ON countersign_sessions (expires_at);
