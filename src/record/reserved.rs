//! Attributes of our own. Their names begin with a control character, which no name of an application's has.

/// The session counts as nobody's until its user has proved again who he is.
pub(crate) const STEP_UP: &str = "\u{1}step-up";

/// From where the session was last seen, if that is not where it was begun.
pub(crate) const SEEN: &str = "\u{1}seen";

/// Whether an attribute is one of ours: it is shown to nobody, and never outlives a log-in.
pub(crate) fn is_reserved(name: &str) -> bool {
    name.starts_with('\u{1}')
}
