//! Extractors and rejections for Axum.

mod error;
mod logged_in;
mod pending;
mod return_to;
mod session;

pub use logged_in::{LoggedIn, LoginRequired};
pub use pending::NotPending;
pub use session::MissingLayer;
