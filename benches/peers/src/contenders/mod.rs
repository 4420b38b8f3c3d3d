//! The contenders, a module each, all of the shape that [`Contender`](crate::Contender) asks for.

pub mod axum_login;
pub mod axum_session;
pub mod bare;
pub mod countersign;
pub mod floor;
pub mod jwt;
pub mod tower_sessions;
