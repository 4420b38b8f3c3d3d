//! Attributes of our own. Their names begin with a control character, which no name of an application's has.
//! Records of our own beside the sessions: their holders' names begin with one as well, which no user's id has.

use super::{Record, SessionId};

/// The session counts as nobody's until its user has proved again who he is.
pub(crate) const STEP_UP: &str = "\u{1}step-up";

/// From where the session was last seen, if that is not where it was begun.
pub(crate) const SEEN: &str = "\u{1}seen";

/// In whose name a store keeps the services that are registered. It is no user's.
pub(crate) const SERVICES: &str = "\u{1}services";

/// Whether an attribute is one of ours: it is shown to nobody, and never outlives a log-in.
pub(crate) fn is_reserved(name: &str) -> bool {
    name.starts_with('\u{1}')
}

impl Record {
    /// Whether it is a session's, and not a count of attempts, a service, or the end of everybody's sessions.
    pub(crate) fn is_a_session(&self) -> bool {
        self.id() != SessionId::EVERYBODY && !self.user().is_some_and(|user| user.starts_with('\u{1}'))
    }
}
