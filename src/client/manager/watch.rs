//! To be told when tokens change.

use std::{fmt, sync::Arc};

use tokio::sync::watch;

use crate::client::tokens::TokenSet;

/// Tells of changes to the tokens of a [`TokenManager`](crate::client::TokenManager). Whoever is slow misses
/// changes in between, and never the latest.
#[derive(Clone)]
pub struct TokenWatch {
    changes: watch::Receiver<TokenChange>,
}

/// The tokens after a change, and what it was.
#[derive(Clone, Debug)]
pub struct TokenChange {
    reason: ChangeReason,
    tokens: Option<Arc<TokenSet>>,
}

/// Why tokens are as they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ChangeReason {
    /// The program has set them: a log-in.
    Set,
    /// They were renewed by this manager.
    Refreshed,
    /// They are gone: a log-out, here or in another process.
    Cleared,
    /// They are the same, and the server has refused to renew them, or nothing can: somebody has to log in.
    Refused,
    /// They were read from the storage: as it was found, or as another process has left it.
    Reloaded,
}

impl TokenWatch {
    pub(super) const fn new(changes: watch::Receiver<TokenChange>) -> Self {
        Self { changes }
    }

    /// Waits for a change since the last one that was seen here; `None` once the manager is gone.
    ///
    /// Dropped before it is ready, it has seen nothing.
    pub async fn changed(&mut self) -> Option<TokenChange> {
        self.changes.changed().await.ok()?;
        Some(self.changes.borrow_and_update().clone())
    }

    /// The latest change. It counts as seen by no one.
    #[must_use]
    pub fn latest(&self) -> TokenChange {
        self.changes.borrow().clone()
    }
}

impl fmt::Debug for TokenWatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenWatch").finish_non_exhaustive()
    }
}

impl TokenChange {
    pub(super) const fn new(reason: ChangeReason, tokens: Option<Arc<TokenSet>>) -> Self {
        Self { reason, tokens }
    }

    /// Why.
    #[must_use]
    pub const fn reason(&self) -> ChangeReason {
        self.reason
    }

    /// The tokens since then.
    #[must_use]
    pub const fn tokens(&self) -> Option<&Arc<TokenSet>> {
        self.tokens.as_ref()
    }
}
