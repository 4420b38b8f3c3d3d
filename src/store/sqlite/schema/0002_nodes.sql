-- What lets many processes share the file better. Nothing here rewrites a row, however many there are.

-- The record's revision, so that one statement can tell whether it is still what somebody has seen.
-- -1 is not known: then the record is read.
ALTER TABLE countersign_sessions ADD COLUMN revision INTEGER NOT NULL DEFAULT -1;

-- A process of the version before, which may still run beside this one, writes records but no revisions.
CREATE TRIGGER countersign_sessions_revised AFTER UPDATE OF record ON countersign_sessions
WHEN NEW.revision = OLD.revision BEGIN
    UPDATE countersign_sessions SET revision = -1 WHERE id = NEW.id;
END;

-- Epochs of users who are not in the first.
CREATE TABLE countersign_users (
    user_id TEXT NOT NULL PRIMARY KEY,
    epoch INTEGER NOT NULL,
    touched_at INTEGER NOT NULL
) STRICT;

CREATE INDEX countersign_users_by_touch ON countersign_users (touched_at);

-- The ids of sessions that have ended, for whoever listens. It is never empty.
CREATE TABLE countersign_ended (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id BLOB NOT NULL,
    at INTEGER NOT NULL
) STRICT;

CREATE INDEX countersign_ended_by_time ON countersign_ended (at);

INSERT INTO countersign_ended (id, at) VALUES (zeroblob(18), 0);
