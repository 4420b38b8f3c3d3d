//! What guards ask of a request's session.

use http::uri::PathAndQuery;

use super::Session;
use crate::sessions::{Authenticated, Sessions};

impl Session {
    /// One look at the session as it is held, without a copy of it: from now on the response depends on it.
    pub(crate) fn examine<T>(&self, look: impl FnOnce(Option<&Authenticated>) -> T) -> T {
        look(self.look().live())
    }

    /// All sessions; `None` where the layer is missing.
    pub(crate) fn home(&self) -> Option<&Sessions> {
        self.shared.sessions.as_ref()
    }

    /// What the request asked for, as it came to the layer: a nested router shows its routes less than that. Known only where
    /// the settings send browsers to a page.
    pub(crate) fn asked_for(&self) -> Option<&PathAndQuery> {
        self.shared.client.asked_for()
    }
}
