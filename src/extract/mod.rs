//! Extractors and rejections for Axum.

mod error;
mod logged_in;
mod session;

pub use logged_in::{LoggedIn, LoginRequired};
pub use session::MissingLayer;
