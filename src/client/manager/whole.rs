//! What the session needs of its tokens: steps over the whole document, in which they change together with its
//! other parts.

use std::sync::Arc;

use super::{TokenManager, state::Standing, watch::ChangeReason};
use crate::client::{
    error::Error,
    storage::{Document, Update, blocking},
    tokens::TokenSet,
};

impl TokenManager {
    /// As [`set`](Self::set) or [`clear`](Self::clear), together with `step` in one step of the storage. That may
    /// change all but the tokens: whatever it leaves of them, they become these, or those that were set since.
    ///
    /// # Errors
    /// As for those.
    pub(crate) async fn put_with(
        &self,
        tokens: Option<TokenSet>,
        mut step: impl FnMut(&mut Document) + Send + 'static,
    ) -> Result<(), Error> {
        let shared = Arc::clone(&self.shared);
        let reason = if tokens.is_some() { ChangeReason::Set } else { ChangeReason::Cleared };
        let tokens = tokens.map(Arc::new);
        let generation = shared.memory.change(reason, |snapshot| snapshot.replace_unsaved(tokens, None));
        let kept = blocking(move || {
            let kept = shared.storage.update(&mut |document| {
                let before = document.clone();
                step(document);
                let snapshot = shared.memory.load();
                let overtaken = snapshot.generation != generation;
                let tokens = if overtaken { before.tokens() } else { snapshot.tokens.as_deref() };
                document.set_tokens(tokens.cloned());
                if *document == before { Update::Unchanged } else { Update::Changed }
            });
            let kept = shared.kept(generation, kept);
            if kept.is_err() {
                shared.save_later(generation);
            }
            Ok(kept)
        });
        kept.await?
    }

    /// Forgets the tokens, if `step` says that it has left nothing of the document; not if they have been set
    /// since. Whether it did.
    ///
    /// # Errors
    /// If the storage fails. Nothing has changed then.
    pub(crate) async fn clear_if(
        &self,
        mut step: impl FnMut(&mut Document) -> bool + Send + 'static,
    ) -> Result<bool, Error> {
        let shared = Arc::clone(&self.shared);
        let generation = shared.memory.load().generation;
        let cleared = blocking(move || {
            let mut cleared = false;
            shared.storage.update(&mut |document| {
                cleared = shared.memory.load().generation == generation && step(document);
                if cleared { Update::Changed } else { Update::Unchanged }
            })?;
            if cleared {
                shared.memory.change_if(generation, ChangeReason::Cleared, |snapshot| snapshot.follow(None, None));
            }
            Ok(cleared)
        });
        Ok(cleared.await?)
    }

    /// Whether the tokens that are here can be renewed, as far as is known.
    pub(crate) fn can_renew(&self) -> bool {
        let snapshot = self.shared.memory.load();
        let can = |tokens: &TokenSet| self.shared.settings.refresher.can_refresh(tokens);
        snapshot.tokens.as_deref().is_some_and(can) && !matches!(snapshot.standing, Standing::Ended { .. })
    }
}
