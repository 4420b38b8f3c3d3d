//! How a token gets to the client of an API.

use super::Session;

impl Session {
    /// The client has asked for the new token in the body: no cookie carries it as well.
    pub(crate) fn takes_it_from_the_body(&self) {
        self.lock().issued = None;
    }

    /// The answer says nothing of the cookie, whatever has become of the session: the client may have a newer one by now.
    pub(crate) fn leaves_the_cookie(&self) {
        self.lock().leaves_cookie = true;
    }
}
