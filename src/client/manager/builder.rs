use std::{fmt, sync::Arc};

use super::{
    Shared, TokenManager,
    refresher::{ErasedRefresher, Refresher},
};
use crate::{
    client::{
        error::Error,
        storage::{MemoryStorage, Storage},
        tokens::Margins,
    },
    clock::Clock,
};

/// Settings of a [`TokenManager`].
pub struct TokenManagerBuilder {
    refresher: Arc<dyn ErasedRefresher>,
    storage: Arc<dyn Storage>,
    margins: Margins,
    clock: Clock,
}

impl TokenManagerBuilder {
    pub(super) fn new(refresher: impl Refresher) -> Self {
        Self {
            refresher: Arc::new(refresher),
            storage: Arc::new(MemoryStorage::new()),
            margins: Margins::default(),
            clock: Clock::system(),
        }
    }

    /// Keeps tokens there. In memory, if nothing is said.
    #[must_use]
    pub fn storage(mut self, storage: impl Storage) -> Self {
        self.storage = Arc::new(storage);
        self
    }

    /// When tokens are renewed, and from when they count as expired.
    #[must_use]
    pub fn margins(mut self, margins: Margins) -> Self {
        self.margins = margins;
        self
    }

    /// Where the time is read: for tests.
    #[must_use]
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// Reads what the storage keeps. This blocks for as long as a small file takes.
    ///
    /// # Errors
    /// If the storage cannot be read.
    pub fn build(self) -> Result<TokenManager, Error> {
        let document = self.storage.load()?;
        let tokens = document.tokens().cloned();
        Ok(TokenManager::of(Shared::new(self.refresher, self.storage, self.margins, self.clock, tokens)))
    }
}

impl fmt::Debug for TokenManagerBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenManagerBuilder").field("storage", &self.storage).finish_non_exhaustive()
    }
}
