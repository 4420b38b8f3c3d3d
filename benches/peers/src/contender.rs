//! What somebody has to provide in order to be measured.

use axum::Router;
pub use countersign_peers::app::ANONYMOUS;

/// One way to keep a session: a constant of a module in `contenders/`, listed in `main.rs`.
///
/// # The router
///
/// `router` builds the application anew, with an empty store, inside a Tokio runtime (current
/// thread, timers on) that ends when the store is filled: a task spawned here does not see the
/// measurement. It has three routes, all behind the contender's layer, and all answer 200:
///
/// | route | what it does | body of the answer |
/// |---|---|---|
/// | `POST /login` | starts a session for the user whose id is the request's body, with a numeric attribute of 0 | anything |
/// | `GET /read` | reads the user's id from the session | the id, or [`ANONYMOUS`] |
/// | `POST /write` | reads the user's id, adds one to the attribute | the new number |
///
/// The answer to the log-in carries the credential: in `Set-Cookie`, or ready for use in
/// `Authorization` (`Bearer …`).
///
/// Nothing else is needed. Everything measured, the filling included, goes through these routes, and
/// every contender is checked before it is measured: each credential reads its own user, writes
/// count up, a forged credential is anonymous.
pub struct Contender {
    /// The name of its row, with the version.
    pub name: &'static str,
    /// Where its sessions are kept.
    pub kept: Kept,
    /// Builds the application.
    pub router: fn() -> Router,
}

/// Where sessions are kept.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    /// There are none: everybody is welcome, nothing is checked.
    Nowhere,
    /// In the token itself, so that it means nothing how many there are.
    ByTheClient,
    /// In the server's memory: the store is filled before it is measured.
    ByTheServer,
}
