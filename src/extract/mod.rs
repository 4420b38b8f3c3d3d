//! Extractors and rejections for Axum.

mod error;
mod logged_in;
mod pending;
mod return_to;
#[cfg(feature = "service")]
mod service;
mod session;

pub use logged_in::{LoggedIn, LoginRequired};
pub use pending::NotPending;
#[cfg(feature = "service")]
pub use service::MissingServiceLayer;
pub use session::MissingLayer;
