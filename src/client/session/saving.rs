//! How steps are taken: one after the other in this process, on threads that may block, and to their end even if
//! nobody waits for them.

use std::{
    future::Future,
    sync::{Arc, PoisonError, atomic::Ordering},
};

use super::{
    ClientSession, Shared,
    merge::merged,
    parts::SessionParts,
    save::{self, Kept, Outcome},
    state::{State, new_id},
};
use crate::client::{
    error::{Error, ErrorKind},
    manager::TokenManager,
    storage::{MalformedDocument, Update, blocking},
};

impl ClientSession {
    /// What is kept, at the start. Marks a session that has no mark.
    pub(super) fn open(tokens: &TokenManager) -> Result<State, Error> {
        let document = tokens.storage().load()?;
        let mut kept = Kept::read(&document).map_err(malformed)?;
        if kept.is_unmarked_in(&document) {
            let id = new_id()?;
            let mut outcome = Ok(Kept::default());
            tokens.storage().update(&mut |document| {
                let (result, update) = split(save::adopt(document, &id, tokens.now()));
                outcome = result;
                update
            })?;
            kept = outcome.map_err(malformed)?;
        }
        Ok(State::kept(kept.mark, kept.parts, tokens.now()))
    }

    /// Changes the parts in memory.
    pub(super) fn change(&self, change: impl FnOnce(&mut SessionParts)) {
        self.swap(|state| {
            let mut next = state.clone();
            change(&mut next.ours);
            next
        });
    }

    /// Puts the next snapshot in the place of the present one. Nobody else does so meanwhile.
    pub(super) fn swap(&self, next: impl FnOnce(&State) -> State) {
        let _changing = self.shared.changing.lock().unwrap_or_else(PoisonError::into_inner);
        let next = next(&self.shared.state.load());
        self.shared.state.store(Arc::new(next));
    }

    /// Runs this on a task of its own, when all before it are through: in the order of their turns, steps change the
    /// storage, and the memory after it.
    pub(super) async fn in_turn<T, F>(&self, verb: impl FnOnce(Self) -> F + Send + 'static) -> Result<T, Error>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, Error>> + Send + 'static,
    {
        let session = self.clone();
        let task = tokio::spawn(async move {
            let turn = Arc::clone(&session.shared.turn);
            let _turn = turn.lock().await;
            let result = verb(session.clone()).await;
            if let Err(error) = &result {
                session.note(&Err(error.clone()));
            }
            result
        });
        task.await.unwrap_or_else(|error| Err(Error::because(ErrorKind::Storage, error)))
    }

    /// Saves, if changes are saved by themselves.
    pub(super) async fn auto_saved(&self) -> Result<(), Error> {
        if self.shared.saves_by_itself() { self.save().await } else { Ok(()) }
    }

    /// Keeps what is unsaved. In turn only.
    pub(super) async fn keep(self) -> Result<(), Error> {
        // Tokens first: where they are, what belongs to them may be.
        self.shared.tokens.save_unsaved().await;
        let held = self.shared.tokens.tokens();
        if !self.shared.state.load().is_unsaved(held.is_some()) {
            return Ok(());
        }
        let now = self.shared.tokens.now();
        self.swap(|state| state.counting(held.as_deref(), now));
        let state = self.shared.state.load_full();
        let id = new_id()?;
        let storage = Arc::clone(self.shared.tokens.storage());
        let step = {
            let state = Arc::clone(&state);
            move || {
                let mut outcome = None;
                storage.update(&mut |document| {
                    let (result, update) = split(save::keep(document, &state, held.as_deref(), &id));
                    outcome = Some(result);
                    update
                })?;
                Ok(outcome)
            }
        };
        let outcome = blocking(step).await.map_err(|error| self.failed(error.into()))?;
        match outcome.transpose().map_err(malformed)? {
            Some(Outcome::Kept(kept)) => self.follow(&state, kept),
            Some(Outcome::Ended(kept)) => {
                self.swap(|current| {
                    if current.is_of(&state) { State::kept(kept.mark, kept.parts, now) } else { current.clone() }
                });
                self.shared.tokens.reload().await?;
                return Err(Error::because(ErrorKind::NotAuthenticated, ENDED));
            }
            None => {}
        }
        Ok(())
    }

    /// Takes over what was kept of `saved`; what has changed here meanwhile is unsaved still.
    fn follow(&self, saved: &State, kept: Kept) {
        self.note(&Ok(()));
        self.swap(|current| {
            if !current.is_of(saved) {
                return current.clone();
            }
            let ours = merged(&saved.ours, &current.ours, kept.parts.clone());
            State { mark: kept.mark, unkept: None, ours, base: kept.parts, ..current.clone() }
        });
    }

    /// Saves calls every now and then, on a task that nobody waits for. Outside of a runtime they wait for the next
    /// save.
    pub(super) fn save_calls(&self) {
        let session = self.clone();
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move {
                if let Err(error) = session.save().await {
                    tracing::warn!(%error, "the calls of a session could not be saved");
                }
            });
        }
    }

    /// What its own storage has said: if that has set aside what it held, all of it is to be kept anew.
    pub(super) fn failed(&self, error: Error) -> Error {
        if error.has_set_aside() {
            self.shared.tokens.have_been_set_aside();
            self.swap(State::set_aside);
        }
        error
    }

    /// Remembers what the storage has said.
    pub(super) fn note(&self, result: &Result<(), Error>) {
        match result {
            Ok(()) => self.shared.storage_error.store(None),
            Err(error) if error.kind() == ErrorKind::Storage => {
                self.shared.storage_error.store(Some(Arc::new(error.clone())));
            }
            Err(_) => {}
        }
    }
}

impl Shared {
    pub(super) fn saves_by_itself(&self) -> bool {
        self.auto_save.load(Ordering::Relaxed)
    }
}

pub(super) fn malformed(error: MalformedDocument) -> Error {
    Error::because(ErrorKind::Storage, error)
}

/// A step that fails changes nothing.
fn split<T>(result: Result<(T, Update), MalformedDocument>) -> (Result<T, MalformedDocument>, Update) {
    match result {
        Ok((outcome, update)) => (Ok(outcome), update),
        Err(error) => (Err(error), Update::Unchanged),
    }
}

const ENDED: &str = "the session has ended elsewhere: what was changed here meanwhile is discarded";
