//! One refresh, from the lease to the result that is kept.

use std::{sync::Arc, time::Duration};

use tokio::time::{sleep, timeout};

use super::{
    backoff::chance,
    decide::{Sight, Why, sight, spares_call},
    flight::Outcome,
    refresher::RefreshError,
    shared::Shared,
    state::{Snapshot, Standing},
    watch::ChangeReason,
};
use crate::client::{
    error::{Error, ErrorKind},
    storage::{Lease, Storage, blocking},
    tokens::{AccessToken, TokenSet},
};

/// What a flight is to do.
pub(super) struct Errand {
    call: bool,
    refused: Option<AccessToken>,
}

impl Errand {
    pub(super) fn call(why: Why<'_>) -> Self {
        let refused = match why {
            Why::Refused(token) => Some(token.clone()),
            Why::Due | Why::Asked => None,
        };
        Self { call: true, refused }
    }

    pub(super) const fn look() -> Self {
        Self { call: false, refused: None }
    }
}

/// Renews the tokens. Whatever happens on the way: what is in memory follows what the storage says, and what
/// the program has said since comes before both.
pub(super) async fn run(shared: &Arc<Shared>, errand: &Errand) -> Outcome {
    let start = shared.memory.load_full();
    if !errand.call {
        return look_only(shared, &start).await;
    }
    let lease = lease(shared, &start).await;
    let outcome = match &lease {
        // Set or cleared while it waited.
        Ok(_) if shared.memory.load().generation != start.generation => shared.current(),
        Ok(_) => renew(shared, &start, errand).await,
        Err(error) => Err(failed(shared, &start, error.clone(), None)),
    };
    // Not before the result is kept: who comes next must find it.
    drop(lease);
    outcome
}

async fn renew(shared: &Arc<Shared>, before: &Snapshot, errand: &Errand) -> Outcome {
    if before.unsaved {
        // If that fails once more, it has been noted.
        let _ = shared.save(before.generation).await;
    }
    look(shared, before).await;
    let start = shared.memory.load_full();
    let Some(old) = start.tokens.clone() else { return shared.current() };
    let changed = start.generation != before.generation;
    if changed && spares_call(&old, errand.refused.as_ref(), shared.settings.margins, shared.now()) {
        return Ok(old);
    }
    if !shared.settings.refresher.can_refresh(&old) {
        return end(shared, &start, Error::new(ErrorKind::Expired)).await;
    }
    match call(shared, &old).await {
        Ok(new) => keep(shared, &start, new.following(&old, shared.now())).await,
        Err(error) if error.refused => end(shared, &start, Error::because(ErrorKind::RefreshRefused, error)).await,
        Err(error) => {
            let after = error.after;
            Err(failed(shared, &start, Error::because(ErrorKind::Network, error), after))
        }
    }
}

/// The right to renew, or none if the storage cannot give it; an error if another process does not let go of it.
pub(super) async fn lease(shared: &Arc<Shared>, start: &Snapshot) -> Result<Option<Lease>, Error> {
    let mut waited = Duration::ZERO;
    let mut pause = SHORTEST_POLL;
    loop {
        let storage = Arc::clone(&shared.place);
        match blocking(move || storage.try_lease()).await {
            Ok(Some(lease)) => return Ok(Some(lease)),
            Ok(None) if shared.memory.load().generation != start.generation => return Ok(None),
            Ok(None) if waited > shared.settings.deadline.saturating_add(PATIENCE) => {
                return Err(Error::because(
                    ErrorKind::Network,
                    "another process has been renewing the tokens for too long",
                ));
            }
            Ok(None) => {}
            // Nobody can be kept out of a place that cannot be locked: a program whose disk fails goes on alone.
            Err(error) => {
                shared.storage_failed(start.generation, error);
                return Ok(None);
            }
        }
        sleep(pause).await;
        waited += pause;
        pause = (pause * 2).min(LONGEST_POLL);
    }
}

/// Memory follows what the storage holds, unless the program has changed the tokens since.
async fn look(shared: &Arc<Shared>, before: &Snapshot) {
    // From before the storage is read: what is saved in between is newer than what was found.
    let (storage, snapshot) = (Arc::clone(&shared.place), shared.memory.load_full());
    match blocking(move || storage.load()).await {
        Ok(document) => shared.follow(before.generation, sight(&document, &snapshot)),
        Err(error) => {
            shared.storage_failed(before.generation, error);
            shared.save_later(before.generation);
        }
    }
}

async fn look_only(shared: &Arc<Shared>, before: &Snapshot) -> Outcome {
    look(shared, before).await;
    let now = shared.now();
    let mut verdict = None;
    shared.memory.note_if(before.generation, |snapshot| {
        if let Standing::Ended { error, looked_at } = &mut snapshot.standing {
            *looked_at = now;
            verdict = Some(error.clone());
        }
    });
    verdict.map_or_else(|| shared.current(), Err)
}

/// On a task of its own, so that a refresher that panics is one that has failed.
async fn call(shared: &Arc<Shared>, old: &TokenSet) -> Result<TokenSet, RefreshError> {
    let (refresher, old) = (Arc::clone(&shared.settings.refresher), old.clone());
    let mut task = tokio::spawn(async move { refresher.refresh(old).await });
    match timeout(shared.settings.deadline, &mut task).await {
        Ok(Ok(result)) => result,
        Ok(Err(_)) => Err(RefreshError::try_again("the refresher panicked")),
        Err(_) => {
            task.abort();
            Err(RefreshError::try_again(format!("no answer within {:?}", shared.settings.deadline)))
        }
    }
}

/// whether the result still counts is decided inside of the storage's step.
pub(super) async fn keep(shared: &Arc<Shared>, start: &Snapshot, new: TokenSet) -> Outcome {
    let generation = start.generation;
    let (this, tokens) = (Arc::clone(shared), new.clone());
    let (seen, kept) = match blocking(move || Ok(this.step(generation, Some(&tokens)))).await {
        Ok(answer) => answer,
        Err(error) => (Some(Sight::Ours), Err(error)),
    };
    let new = Arc::new(new);
    let renewed_at = Some(shared.now());
    match (seen, kept) {
        (Some(elsewhere @ (Sight::Gone | Sight::Other(_))), _) => shared.follow(generation, elsewhere),
        (None, Ok(())) => {}
        (Some(Sight::Ours), Ok(())) => {
            shared.memory.change_if(generation, ChangeReason::Refreshed, |snapshot| {
                snapshot.follow(Some(Arc::clone(&new)), renewed_at);
            });
        }
        // The old refresh token is dead: new tokens that cannot be kept are better than none.
        (_, Err(error)) => {
            let error = shared.storage_failed(generation, error);
            let in_use = shared.memory.change_if(generation, ChangeReason::Refreshed, |snapshot| {
                snapshot.replace_unsaved(Some(Arc::clone(&new)), renewed_at);
                snapshot.storage_error = Some(error);
            });
            if in_use {
                shared.save_later(generation + 1);
            }
        }
    }
    let current = shared.memory.load_full();
    if current.tokens.as_ref().is_some_and(|tokens| tokens.is_same(&new)) {
        tracing::debug!("tokens were renewed");
    } else {
        shared.discard(&new);
    }
    shared.current()
}

/// These tokens cannot be renewed: unless there are others by now, somebody has to log in.
async fn end(shared: &Arc<Shared>, start: &Snapshot, error: Error) -> Outcome {
    look(shared, start).await;
    let looked_at = shared.now();
    let standing = Standing::Ended { error: error.clone(), looked_at };
    if shared.memory.note_if(start.generation, |snapshot| snapshot.standing = standing) {
        tracing::warn!(%error, "tokens cannot be renewed");
        shared.memory.announce_if(start.generation, ChangeReason::Refused);
        return Err(error);
    }
    shared.current()
}

/// Not now: the next call is made after a pause.
fn failed(shared: &Shared, start: &Snapshot, error: Error, after: Option<Duration>) -> Error {
    let failures = match &start.standing {
        Standing::Failed { failures, .. } => failures.saturating_add(1),
        Standing::Good | Standing::Ended { .. } => 1,
    };
    let pause = shared.settings.back_off.pause(failures, after, chance());
    let error = error.with_retry_after(pause);
    tracing::warn!(%error, failures, ?pause, "tokens were not renewed");
    let standing = Standing::Failed { error: error.clone(), failures, since: shared.now(), pause };
    shared.memory.note_if(start.generation, |snapshot| snapshot.standing = standing);
    error
}

const SHORTEST_POLL: Duration = Duration::from_millis(2);
const LONGEST_POLL: Duration = Duration::from_millis(100);
/// What another process may need beyond the deadline of its call.
const PATIENCE: Duration = Duration::from_secs(10);
