//! The version of sqlx that tower-sessions' stores use.

#[path = "bare_sqlx.rs"]
mod bare;

pub use bare::{MARIADB, POSTGRES, SQLITE, file};
pub use tower_sessions_sqlx_store::sqlx;

const NAME: &str = "bare SELECT / UPDATE (sqlx 0.8)";

/// In each database of a server, one table is all versions'.
const TABLE: &str = super::TABLE;
