//! What a route demands of a session, as a layer; and what whoever does not meet it is told.

mod answer;
mod demand;
mod future;
mod require;
mod return_to;
mod service;

pub(crate) use answer::Answer;
#[cfg(feature = "axum")]
pub(crate) use demand::logged_in;
pub use future::GuardFuture;
pub use require::Require;
pub use return_to::ReturnTo;
pub use service::Guarded;
