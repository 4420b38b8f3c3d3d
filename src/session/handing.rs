//! How a token gets to the client of an API.

use super::Session;
use crate::carrier::Way;

impl Session {
    /// Whether the request carried a Bearer token: then its client takes a new one from the body, and has no cookie.
    pub(crate) fn takes_bearer(&self) -> bool {
        self.shared.arrival.way == Some(Way::Bearer)
    }

    /// The client has asked for the new token in the body: no cookie carries it as well.
    pub(crate) fn takes_it_from_the_body(&self) {
        self.lock().issued = None;
    }
}
