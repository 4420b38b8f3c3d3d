//! Tokens on their way into the storage.

use std::{
    sync::{Arc, Weak},
    time::Duration,
};

use tokio::{runtime::Handle, time::sleep};

use super::{
    decide::{Sight, sight},
    shared::Shared,
    state::Rest,
    watch::ChangeReason,
};
use crate::client::{
    error::Error,
    storage::{Document, Storage, StorageError, Update, blocking},
    tokens::TokenSet,
};

impl Shared {
    /// Puts tokens, or none, in the place of those that are here: in memory at once, then in the storage. With
    /// the first poll both are under way, and happen even if this is dropped.
    ///
    /// `with` changes the rest of the document in the same step, and `late` does so if it has to be made up for.
    pub(super) async fn put(
        self: &Arc<Self>,
        tokens: Option<TokenSet>,
        with: impl FnMut(&mut Document) + Send + 'static,
        late: Option<Rest>,
    ) -> Result<(), Error> {
        let reason = if tokens.is_some() { ChangeReason::Set } else { ChangeReason::Cleared };
        let tokens = tokens.map(Arc::new);
        let generation = self.memory.change(reason, |snapshot| snapshot.put(tokens, late));
        let under_way = UnderWay { shared: Arc::clone(self), generation };
        let kept = blocking(move || {
            let shared = &under_way.shared;
            Ok(shared.kept(generation, shared.overwrite(generation, with)))
        });
        kept.await?
    }

    /// Saves what has yet to be saved, if the storage still holds what it follows.
    pub(super) async fn save(self: &Arc<Self>, generation: u64) -> Result<(), Error> {
        let this = Arc::clone(self);
        let saved = blocking(move || {
            let Some(tokens) = this.unsaved(generation) else { return Ok(Ok(())) };
            let (seen, kept) = this.step(generation, tokens.as_deref());
            Ok(match (kept, seen) {
                // A log-out that could not be kept does not bring back what somebody has logged in with since.
                (Ok(()), Some(Sight::Other(_))) if tokens.is_none() => this.kept(generation, Ok(())),
                (Ok(()), Some(elsewhere @ (Sight::Gone | Sight::Other(_)))) => {
                    this.follow(generation, elsewhere);
                    Ok(())
                }
                (kept, _) => this.kept(generation, kept),
            })
        });
        saved.await?
    }

    /// Tries to save the tokens of this generation until it has succeeded, or there are others.
    pub(super) fn save_later(self: &Arc<Self>, generation: u64) {
        if let Ok(runtime) = Handle::try_current() {
            runtime.spawn(keep_trying(Arc::downgrade(self), generation));
        }
    }

    /// One step of the storage: these tokens in the place of those of this generation, if it holds those (or
    /// what they follow). `None` if the program has changed the tokens since.
    pub(super) fn step(&self, generation: u64, tokens: Option<&TokenSet>) -> (Option<Sight>, Result<(), StorageError>) {
        let mut seen = None;
        let kept = self.storage.update(&mut |document| {
            let snapshot = self.memory.load();
            seen = (snapshot.generation == generation).then(|| sight(document, &snapshot));
            if let (Some(Sight::Other(_)), None, Some(late)) = (&seen, tokens, &snapshot.rest) {
                // A log-out that could not be kept wins over a refresh of the same session elsewhere.
                let mut ended = document.clone();
                late(&mut ended);
                if ended.is_empty() {
                    *document = ended;
                    seen = Some(Sight::Ours);
                    return Update::Changed;
                }
            }
            if !matches!(seen, Some(Sight::Ours)) {
                return Update::Unchanged;
            }
            snapshot.bring_into(document, tokens);
            Update::Changed
        });
        (seen, kept)
    }

    /// Memory follows what the storage holds, unless the program has changed the tokens since.
    pub(super) fn follow(&self, generation: u64, seen: Sight) {
        match seen {
            Sight::Ours => {}
            Sight::Gone => {
                self.memory.change_if(generation, ChangeReason::Cleared, |snapshot| snapshot.follow(None, None));
            }
            Sight::Other(tokens) => {
                let now = Some(self.now());
                self.memory.change_if(generation, ChangeReason::Reloaded, |snapshot| {
                    snapshot.follow(Some(Arc::new(tokens)), now);
                });
            }
        }
    }

    /// Memory follows the storage, after what has yet to be saved.
    pub(super) async fn reload(self: &Arc<Self>) -> Result<(), Error> {
        let unsaved = self.memory.load_full();
        if unsaved.unsaved {
            self.save(unsaved.generation).await?;
        }
        // From before the storage is read: what is saved in between is newer than what was found.
        let before = self.memory.load_full();
        let storage = Arc::clone(&self.place);
        match blocking(move || storage.load()).await {
            Ok(document) => {
                self.follow(before.generation, sight(&document, &before));
                Ok(())
            }
            Err(error) => {
                let error = self.storage_failed(before.generation, error);
                self.save_later(before.generation);
                Err(error)
            }
        }
    }

    /// A document with what has yet to be saved.
    pub(super) fn patch(&self, document: &mut Document) {
        let snapshot = self.memory.load();
        if snapshot.unsaved && matches!(sight(document, &snapshot), Sight::Ours) {
            snapshot.bring_into(document, snapshot.tokens.as_deref());
        }
    }

    /// One step of the storage: the tokens of this generation, whatever it holds, unless the program has changed
    /// them since.
    fn overwrite(&self, generation: u64, mut with: impl FnMut(&mut Document)) -> Result<(), StorageError> {
        self.storage.update(&mut |document| {
            let before = document.clone();
            with(document);
            let snapshot = self.memory.load();
            let overtaken = snapshot.generation != generation;
            let tokens = if overtaken { before.tokens() } else { snapshot.tokens.as_deref() };
            document.set_tokens(tokens.cloned());
            if *document == before { Update::Unchanged } else { Update::Changed }
        })
    }

    fn unsaved(&self, generation: u64) -> Option<Option<Arc<TokenSet>>> {
        let snapshot = self.memory.load();
        (snapshot.generation == generation && snapshot.unsaved && !snapshot.under_way).then(|| snapshot.tokens.clone())
    }

    pub(super) fn kept(&self, generation: u64, kept: Result<(), StorageError>) -> Result<(), Error> {
        match kept {
            Ok(()) => {
                self.memory.note_if(generation, |snapshot| {
                    snapshot.kept.clone_from(&snapshot.tokens);
                    snapshot.unsaved = false;
                    snapshot.rest = None;
                    snapshot.storage_error = None;
                });
                Ok(())
            }
            Err(error) => Err(self.storage_failed(generation, error)),
        }
    }
}

/// A step that keeps what the program has said, until it is through: done, failed, panicked, or never begun because
/// the runtime has ended.
struct UnderWay {
    shared: Arc<Shared>,
    generation: u64,
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        let Self { shared, generation } = self;
        if shared.memory.note_if(*generation, |snapshot| snapshot.under_way = false)
            && shared.unsaved(*generation).is_some()
        {
            shared.save_later(*generation);
        }
    }
}

/// Holds the manager only while it tries.
async fn keep_trying(shared: Weak<Shared>, generation: u64) {
    let mut pause = FIRST_PAUSE;
    loop {
        sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
        let Some(shared) = shared.upgrade() else { return };
        if shared.unsaved(generation).is_none() || shared.save(generation).await.is_ok() {
            return;
        }
    }
}

const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
