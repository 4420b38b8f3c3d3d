//! Tokens on their way into the storage.

use std::{
    sync::{Arc, Weak},
    time::Duration,
};

use tokio::{runtime::Handle, time::sleep};

use super::{
    decide::{Sight, sight},
    shared::Shared,
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
    pub(super) async fn put(self: &Arc<Self>, tokens: Option<TokenSet>) -> Result<(), Error> {
        let reason = if tokens.is_some() { ChangeReason::Set } else { ChangeReason::Cleared };
        let tokens = tokens.map(Arc::new);
        let generation = self.memory.change(reason, |snapshot| snapshot.replace_unsaved(tokens, None));
        let this = Arc::clone(self);
        let kept = blocking(move || {
            let kept = this.kept(generation, this.overwrite(generation));
            if kept.is_err() {
                this.save_later(generation);
            }
            Ok(kept)
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
            if !matches!(seen, Some(Sight::Ours)) {
                return Update::Unchanged;
            }
            document.set_tokens(tokens.cloned());
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
        let before = self.memory.load().generation;
        let storage = Arc::clone(&self.place);
        match blocking(move || storage.load()).await {
            Ok(document) => {
                let seen = sight(&document, &self.memory.load());
                self.follow(before, seen);
                Ok(())
            }
            Err(error) => {
                let error = self.storage_failed(before, error);
                self.save_later(before);
                Err(error)
            }
        }
    }

    /// A document with what has yet to be saved.
    pub(super) fn patch(&self, document: &mut Document) {
        let snapshot = self.memory.load();
        if snapshot.unsaved && matches!(sight(document, &snapshot), Sight::Ours) {
            document.set_tokens(snapshot.tokens.as_deref().cloned());
        }
    }

    /// One step of the storage: the tokens of this generation, whatever it holds, unless the program has changed
    /// them since.
    fn overwrite(&self, generation: u64) -> Result<(), StorageError> {
        self.storage.update(&mut |document| {
            let snapshot = self.memory.load();
            if snapshot.generation != generation || document.tokens() == snapshot.tokens.as_deref() {
                return Update::Unchanged;
            }
            document.set_tokens(snapshot.tokens.as_deref().cloned());
            Update::Changed
        })
    }

    fn unsaved(&self, generation: u64) -> Option<Option<Arc<TokenSet>>> {
        let snapshot = self.memory.load();
        (snapshot.generation == generation && snapshot.unsaved).then(|| snapshot.tokens.clone())
    }

    pub(super) fn kept(&self, generation: u64, kept: Result<(), StorageError>) -> Result<(), Error> {
        match kept {
            Ok(()) => {
                self.memory.note_if(generation, |snapshot| {
                    snapshot.kept.clone_from(&snapshot.tokens);
                    snapshot.unsaved = false;
                    snapshot.storage_error = None;
                });
                Ok(())
            }
            Err(error) => Err(self.storage_failed(generation, error)),
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
