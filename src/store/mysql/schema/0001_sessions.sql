-- `record` is the whole session, as JSON. The columns before it are written from it, to find it by.
-- Users and devices are bytes: compared by the letter, trailing spaces included, whatever the collation.
-- Instants are UTC milliseconds.
CREATE TABLE IF NOT EXISTS countersign_sessions (
    id BINARY(18) NOT NULL PRIMARY KEY,
    user_id VARBINARY(2000),
    device_id BLOB,
    revision BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    last_seen_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    record MEDIUMBLOB NOT NULL,
    KEY countersign_sessions_by_user (user_id, id),
    KEY countersign_sessions_by_expiry (expires_at)
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC;

-- The lock under which a user's sessions begin and end together, and his epoch.
CREATE TABLE IF NOT EXISTS countersign_users (
    user_id VARBINARY(2000) NOT NULL PRIMARY KEY,
    epoch BIGINT NOT NULL,
    touched_at BIGINT NOT NULL,
    KEY countersign_users_by_touch (touched_at)
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC;

-- The ids of sessions that have ended, for whoever listens. It is never empty.
CREATE TABLE IF NOT EXISTS countersign_ended (
    seq BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
    id BINARY(18) NOT NULL,
    at BIGINT NOT NULL,
    KEY countersign_ended_by_time (at)
) ENGINE = InnoDB;

INSERT INTO countersign_ended (id, at)
    SELECT REPEAT(CHAR(0), 18), 0 FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM countersign_ended AS known);
