//! What the session needs of its tokens: steps over the whole document, in which they change together with its
//! other parts.

use std::sync::Arc;

use super::TokenManager;
use crate::client::{
    error::{Error, ErrorKind},
    storage::{Document, Update},
};

impl TokenManager {
    /// One atomic step over the whole document. Afterwards the tokens here are those that the storage holds then,
    /// whether the step has changed them or somebody else had.
    ///
    /// Once polled, the step is taken whether or not the caller waits for it.
    ///
    /// # Errors
    /// If the storage fails. Nothing has changed then, neither there nor here.
    pub(crate) async fn step(
        &self,
        mut step: impl FnMut(&mut Document) -> Update + Send + 'static,
    ) -> Result<(), Error> {
        let manager = self.clone();
        let task = tokio::task::spawn_blocking(move || {
            let mut left = None;
            manager.shared.storage.update(&mut |document| {
                let update = step(document);
                left = document.tokens().cloned();
                update
            })?;
            manager.shared.tokens.store(left.map(Arc::new));
            manager.shared.changes.send_replace(());
            Ok(())
        });
        task.await.unwrap_or_else(|error| Err(Error::because(ErrorKind::Storage, error)))
    }

    /// Whether the tokens that are here can be renewed, as far as is known.
    pub(crate) fn can_renew(&self) -> bool {
        self.shared.tokens.load().as_ref().is_some_and(|tokens| self.shared.refresher.can_refresh(tokens))
    }
}
