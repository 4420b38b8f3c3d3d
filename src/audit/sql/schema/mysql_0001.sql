-- `entry` is the whole entry, as JSON. The columns before it are written from it, to find it by.
-- Users and services are bytes: compared by the letter, trailing spaces included. Instants are UTC milliseconds.
-- The primary key is the order in time, and makes an entry that comes again the same one; every index ends with it.
CREATE TABLE IF NOT EXISTS countersign_audit (
    at BIGINT NOT NULL,
    id BINARY(16) NOT NULL,
    kind VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    session_id BINARY(18),
    replaced_id BINARY(18),
    user_id VARBINARY(255),
    service VARBINARY(255),
    entry MEDIUMTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    PRIMARY KEY (at, id),
    KEY countersign_audit_by_kind (kind, at, id),
    KEY countersign_audit_by_session (session_id, at, id),
    KEY countersign_audit_by_replaced (replaced_id, at, id),
    KEY countersign_audit_by_user (user_id, at, id),
    KEY countersign_audit_by_service (service, at, id)
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC;
