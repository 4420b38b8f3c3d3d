//! What a manager holds: one snapshot that is read without a lock and replaced as a whole.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use arc_swap::{ArcSwap, Guard};
use tokio::sync::watch;

use super::watch::{ChangeReason, TokenChange};
use crate::{
    client::{error::Error, storage::Document, tokens::TokenSet},
    clock::Timestamp,
};

/// Everything that a decision needs.
#[derive(Clone, Default)]
pub(super) struct Snapshot {
    pub(super) tokens: Option<Arc<TokenSet>>,
    /// Counts the changes of `tokens`. Whoever acts on what was read, acts only if this is as it was.
    pub(super) generation: u64,
    /// The tokens that the storage held when it was last read or written.
    pub(super) kept: Option<Arc<TokenSet>>,
    /// `tokens` have yet to get into the storage.
    pub(super) unsaved: bool,
    /// The program has just said so, and the step that keeps it is under way: whatever the storage holds by now
    /// comes before it.
    pub(super) under_way: bool,
    /// What else is to change in the document when unsaved tokens are saved late.
    pub(super) rest: Option<Rest>,
    pub(super) standing: Standing,
    /// When `tokens` came out of a refresh, here or in another process.
    pub(super) renewed_at: Option<Timestamp>,
    pub(super) storage_error: Option<Error>,
}

/// A change to the parts of a document beside its tokens.
pub(crate) type Rest = Arc<dyn Fn(&mut Document) + Send + Sync>;

/// Whether these tokens can be renewed, as far as trying has told.
#[derive(Clone, Default)]
pub(super) enum Standing {
    #[default]
    Good,
    /// Not now: the next call is made after a pause.
    Failed { error: Error, failures: u32, since: Timestamp, pause: Duration },
    /// Never again: only other tokens help. The storage was last asked for some at this instant.
    Ended { error: Error, looked_at: Timestamp },
}

impl Snapshot {
    /// Other tokens, which the storage holds (or lacks) already.
    pub(super) fn follow(&mut self, tokens: Option<Arc<TokenSet>>, renewed_at: Option<Timestamp>) {
        self.kept.clone_from(&tokens);
        self.unsaved = false;
        self.under_way = false;
        self.rest = None;
        self.storage_error = None;
        self.replace(tokens, renewed_at);
    }

    /// Other tokens, because the program says so. Without a `rest` of their own they inherit what is owed.
    pub(super) fn put(&mut self, tokens: Option<Arc<TokenSet>>, rest: Option<Rest>) {
        self.under_way = true;
        self.rest = rest.or_else(|| self.rest.take());
        self.replace_unsaved(tokens, None);
    }

    /// The storage holds nothing any more, and not because of a log-out: the tokens are to be saved again.
    pub(super) fn set_aside(&mut self) {
        self.kept = None;
        self.unsaved = true;
    }

    /// Brings these tokens into a document, with what is owed there.
    pub(super) fn bring_into(&self, document: &mut Document, tokens: Option<&TokenSet>) {
        if let Some(rest) = self.rest.as_ref().filter(|_| !self.under_way) {
            rest(document);
        }
        document.set_tokens(tokens.cloned());
    }

    /// Other tokens, which the storage does not hold yet.
    pub(super) fn replace_unsaved(&mut self, tokens: Option<Arc<TokenSet>>, renewed_at: Option<Timestamp>) {
        self.unsaved = true;
        self.replace(tokens, renewed_at);
    }

    fn replace(&mut self, tokens: Option<Arc<TokenSet>>, renewed_at: Option<Timestamp>) {
        self.tokens = tokens;
        self.renewed_at = renewed_at;
        self.standing = Standing::Good;
    }
}

/// The snapshot of the present, and those who watch it change.
pub(super) struct Memory {
    snapshot: ArcSwap<Snapshot>,
    changing: Mutex<()>,
    changes: watch::Sender<TokenChange>,
}

impl Memory {
    pub(super) fn new(snapshot: Snapshot) -> Self {
        let first = TokenChange::new(ChangeReason::Reloaded, snapshot.tokens.clone());
        let changes = watch::Sender::new(first);
        Self { snapshot: ArcSwap::from_pointee(snapshot), changing: Mutex::new(()), changes }
    }

    /// For a look that is over soon.
    pub(super) fn load(&self) -> Guard<Arc<Snapshot>> {
        self.snapshot.load()
    }

    pub(super) fn load_full(&self) -> Arc<Snapshot> {
        self.snapshot.load_full()
    }

    pub(super) fn subscribe(&self) -> watch::Receiver<TokenChange> {
        self.changes.subscribe()
    }

    /// Changes the tokens, whatever they are. Returns the new generation.
    pub(super) fn change(&self, reason: ChangeReason, change: impl FnOnce(&mut Snapshot)) -> u64 {
        let _changing = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        self.store(reason, change)
    }

    /// Changes the tokens if nobody has since `generation`. Whether it did.
    pub(super) fn change_if(&self, generation: u64, reason: ChangeReason, change: impl FnOnce(&mut Snapshot)) -> bool {
        let _changing = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        let unchanged = self.load().generation == generation;
        if unchanged {
            self.store(reason, change);
        }
        unchanged
    }

    /// Notes something about the tokens of this generation, if they are still there.
    pub(super) fn note_if(&self, generation: u64, note: impl FnOnce(&mut Snapshot)) -> bool {
        let _changing = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        let mut next = Snapshot::clone(&self.load());
        let unchanged = next.generation == generation;
        if unchanged {
            note(&mut next);
            self.snapshot.store(Arc::new(next));
        }
        unchanged
    }

    /// Tells those who watch what has become of the tokens of this generation, which are as they were.
    pub(super) fn announce_if(&self, generation: u64, reason: ChangeReason) {
        let _changing = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        let snapshot = self.load();
        if snapshot.generation == generation {
            self.changes.send_replace(TokenChange::new(reason, snapshot.tokens.clone()));
        }
    }

    /// Under the lock, so that those who watch see changes in their order.
    fn store(&self, reason: ChangeReason, change: impl FnOnce(&mut Snapshot)) -> u64 {
        let mut next = Snapshot::clone(&self.load());
        let had_none = next.tokens.is_none();
        change(&mut next);
        next.generation += 1;
        let (generation, tokens) = (next.generation, next.tokens.clone());
        self.snapshot.store(Arc::new(next));
        // Where there were none, a log-out is no news.
        if !(had_none && tokens.is_none()) {
            self.changes.send_replace(TokenChange::new(reason, tokens));
        }
        generation
    }
}
