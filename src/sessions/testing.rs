//! For the tests of applications (feature `testing`).

use std::{
    future::IntoFuture,
    task::{Context, Poll, Waker},
    time::{Duration, UNIX_EPOCH},
};

use http::{Request, header::AUTHORIZATION};

use super::Sessions;
use crate::{clock::Clock, config::Config, key::KeyRing, store::memory::MemoryStore};

impl Sessions {
    /// Sessions in memory, with the settings of [`Config::production`], a key that everybody knows,
    /// and a clock that stands still until it is [advanced](Clock::advance).
    ///
    /// ```
    /// use countersign::Sessions;
    /// use http::Request;
    /// use std::time::Duration;
    ///
    /// let sessions = Sessions::for_tests();
    /// let request: Request<()> = sessions.logged_in_request("ada", Request::get("/me"));
    /// assert!(request.headers().contains_key("authorization"));
    /// assert!(sessions.clock().advance(Duration::from_secs(31 * 60)));   // now it is a 401
    /// ```
    ///
    /// # Panics
    /// Never: key and settings are constants that this crate's own tests check.
    #[must_use]
    pub fn for_tests() -> Self {
        let keys = KeyRing::new(b"known to everybody: for tests only").expect("34 different bytes make a key");
        let start = UNIX_EPOCH + Duration::from_secs(1_800_000_000);
        Self::builder(keys, MemoryStore::new()).config(Config::production()).clock(Clock::manual(start)).assemble()
    }

    /// A request of a user who has just logged in, by Bearer token.
    ///
    /// # Panics
    /// If the store does not answer at once, as [`MemoryStore`] does, or the request's parts are
    /// invalid: this is for tests.
    pub fn logged_in_request<B: Default>(&self, user: &str, request: http::request::Builder) -> Request<B> {
        let mut log_in = self.log_in(user).into_future();
        let Poll::Ready(issued) = log_in.as_mut().poll(&mut Context::from_waker(Waker::noop())) else {
            panic!(
                "logged_in_request needs a store that answers at once: use a MemoryStore, or `log_in` and the token"
            );
        };
        let issued = issued.unwrap_or_else(|error| panic!("cannot log {user} in: {error}"));
        let bearer = format!("Bearer {}", *issued.token().reveal());
        let request = request.header(AUTHORIZATION, bearer).body(B::default());
        request.unwrap_or_else(|error| panic!("not a request: {error}"))
    }
}
