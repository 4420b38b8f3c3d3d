//! What a session says about itself.

use std::sync::Arc;

use super::{
    ClientSession,
    metadata::SessionMetadata,
    parts::SessionParts,
    state::State,
    validity::{Facts, Validity, judge},
};
use crate::client::{error::Error, tokens::TokenState};

impl ClientSession {
    /// How good it is, level by level. Prints as one line.
    #[must_use]
    pub fn validity(&self) -> Validity {
        let state = self.shared.state.load();
        let required = self.shared.required.load();
        let now = self.shared.tokens.now();
        let nothing = (SessionParts::default(), SessionMetadata::default());
        let told = state.metadata(self.shared.tokens.tokens().as_deref());
        let over = self.is_over(&state);
        let (parts, metadata) = if over { (&nothing.0, &nothing.1) } else { (&state.ours, &told) };
        let can_renew = self.shared.tokens.can_renew();
        judge(&Facts { tokens: self.shared.tokens.state(), can_renew, parts, metadata, required: &required, now })
    }

    /// Whether calls can be made with it as it is.
    #[must_use]
    pub fn is_valid(&self) -> bool {
        self.validity().is_valid()
    }

    /// Whether it is time to renew its tokens, if that is possible, or to log in again.
    #[must_use]
    pub fn needs_refresh(&self) -> bool {
        self.validity().needs_refresh()
    }

    /// What the storage said when its parts were last read or kept, if that has failed.
    #[must_use]
    pub fn storage_error(&self) -> Option<Error> {
        self.shared.storage_error.load().as_deref().cloned()
    }

    /// Whether it has ended for good: its tokens are past their end, and nothing renews them; or, without tokens, its
    /// cookies are.
    pub(super) fn is_dead(&self) -> bool {
        let validity = self.validity();
        match validity.tokens {
            Some(state) => state == TokenState::Dead && !self.shared.tokens.can_renew(),
            None => validity.session == super::SessionState::Expired,
        }
    }

    /// Whether somebody has logged out whom nobody has told this session about.
    pub(super) fn is_over(&self, state: &State) -> bool {
        state.is_over(self.shared.tokens.state().is_some())
    }

    pub(super) fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.shared, &other.shared)
    }
}
