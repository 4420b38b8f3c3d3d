-- `record` is the whole session, as JSON. The columns before it are written from it, to find it by.
-- Users and devices are bytes: compared by the letter, in whatever encoding the database is.
-- Instants are UTC milliseconds.
CREATE TABLE countersign_sessions (
    id BYTEA NOT NULL PRIMARY KEY CHECK (length(id) = 18),
    user_id BYTEA,
    device_id BYTEA,
    revision BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    last_seen_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    record BYTEA NOT NULL
);

CREATE INDEX countersign_sessions_by_user ON countersign_sessions (user_id, id) WHERE user_id IS NOT NULL;

CREATE INDEX countersign_sessions_by_expiry ON countersign_sessions (expires_at);

-- The lock under which a user's sessions begin and end together, and his epoch.
CREATE TABLE countersign_users (
    user_id BYTEA NOT NULL PRIMARY KEY,
    epoch BIGINT NOT NULL,
    touched_at BIGINT NOT NULL
);

CREATE INDEX countersign_users_by_touch ON countersign_users (touched_at);
