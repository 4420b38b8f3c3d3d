//! The version of sqlx that our stores use.

#[path = "bare_sqlx.rs"]
mod bare;

pub use bare::{MARIADB, POSTGRES, SQLITE};
pub use sqlx;

const NAME: &str = "bare SELECT / UPDATE (sqlx 0.9)";

const TABLE: &str = super::TABLE;
