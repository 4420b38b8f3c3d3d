//! The rows: for each client library its bare command, then the stores that use it.

mod bare_fred;
mod bare_redis;
mod ours;
mod sqlx_0_8;
mod sqlx_0_9;
mod tower_sessions;

use super::entrant::Entrant;

/// All of them, in the order of the rows. **To add one, add it here**; a floor stands before those
/// that are divided by it.
pub const ENTRANTS: &[Entrant] = &[
    bare_redis::GET,
    ours::REDIS,
    ours::CACHED_REDIS,
    bare_fred::GET,
    tower_sessions::REDIS,
    sqlx_0_9::POSTGRES,
    ours::POSTGRES,
    ours::CACHED_POSTGRES,
    sqlx_0_8::POSTGRES,
    tower_sessions::POSTGRES,
    sqlx_0_9::MARIADB,
    ours::MARIADB,
    ours::CACHED_MARIADB,
    sqlx_0_8::MARIADB,
    tower_sessions::MARIADB,
    sqlx_0_9::SQLITE,
    ours::SQLITE,
    sqlx_0_8::SQLITE,
    tower_sessions::SQLITE,
];

/// The table of the bare rows. All versions of a client share it.
const TABLE: &str = "CREATE TABLE IF NOT EXISTS bare (id VARCHAR(24) NOT NULL PRIMARY KEY, payload TEXT NOT NULL)";
