//! What the session needs of its tokens: steps over the whole document, in which they change together with its
//! other parts.

use std::sync::Arc;

use super::{
    TokenManager,
    state::{Rest, Snapshot, Standing},
    watch::ChangeReason,
};
use crate::client::{
    error::Error,
    storage::{Document, Update, blocking},
    tokens::TokenSet,
};

impl TokenManager {
    /// As [`set`](Self::set) or [`clear`](Self::clear), together with `step` in one step of the storage. That may
    /// change all but the tokens: whatever it leaves of them, they become these, or those that were set since. If that
    /// fails, it is `late` that changes the rest when they are saved after all: without one, that of the change before it,
    /// if that has not been saved either. A `late` that leaves nothing says that the session which is there has ended,
    /// whatever its tokens are by then.
    ///
    /// # Errors
    /// As for those.
    pub(crate) async fn put_with(
        &self,
        tokens: Option<TokenSet>,
        step: impl FnMut(&mut Document) + Send + 'static,
        late: Option<Rest>,
    ) -> Result<(), Error> {
        self.shared.put(tokens, step, late).await
    }

    /// Has no tokens any more from now on, ahead of the [`put_with`](Self::put_with) that is to follow: which ones
    /// there were.
    pub(crate) fn forget(&self) -> Option<Arc<TokenSet>> {
        let forgotten = self.tokens();
        if forgotten.is_some() {
            self.shared.memory.change(ChangeReason::Cleared, |snapshot| snapshot.put(None, None));
        }
        forgotten
    }

    /// Saves what has yet to be saved. If that fails, it has been noted, and is tried again.
    pub(crate) async fn save_unsaved(&self) {
        let snapshot = self.shared.memory.load_full();
        if snapshot.unsaved {
            let _ = self.shared.save(snapshot.generation).await;
        }
    }

    /// The session has found what the storage held to be unreadable, and it holds nothing now: the tokens are to be
    /// saved again.
    pub(crate) fn have_been_set_aside(&self) {
        let generation = self.generation();
        if self.shared.memory.note_if(generation, Snapshot::set_aside) {
            self.shared.save_later(generation);
        }
    }

    /// Which tokens there are by now: to be asked before it is decided to clear them.
    pub(crate) fn generation(&self) -> u64 {
        self.shared.memory.load().generation
    }

    /// Forgets the tokens of this generation, if `step` says that it has left nothing of the document; not if others
    /// have been set since. Whether it did.
    ///
    /// # Errors
    /// If the storage fails. Nothing has changed then.
    pub(crate) async fn clear_if(
        &self,
        generation: u64,
        mut step: impl FnMut(&mut Document) -> bool + Send + 'static,
    ) -> Result<bool, Error> {
        let shared = Arc::clone(&self.shared);
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
