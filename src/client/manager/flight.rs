//! One refresh in flight, however many tasks ask for it.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::watch;

use super::{
    decide::{Next, Why, next},
    renew::{self, Errand},
    shared::Shared,
};
use crate::client::{
    error::{Error, ErrorKind},
    tokens::TokenSet,
};

pub(super) type Outcome = Result<Arc<TokenSet>, Error>;

/// Where the refresh in flight is joined.
#[derive(Default)]
pub(super) struct Slot {
    landing: Mutex<Option<watch::Receiver<Option<Outcome>>>>,
}

impl Shared {
    /// Tokens that are better than those that are there: by a refresh of one's own, or by the one in flight.
    ///
    /// Whoever is dropped here cuts nothing off: the refresh runs on a task of its own.
    pub(super) async fn renewed(self: &Arc<Self>, why: Why<'_>) -> Outcome {
        let first = self.memory.load().generation;
        loop {
            let snapshot = self.memory.load_full();
            if matches!(why, Why::Asked) && snapshot.generation != first {
                return self.current();
            }
            let Joined { mut landing, started_here } = match next(&snapshot, why, self.settings.margins, self.now()) {
                Next::Use => return self.current(),
                Next::Rest(error) => return Err(error),
                Next::Call | Next::Look => match self.join(snapshot.generation, why) {
                    Some(joined) => joined,
                    None => continue,
                },
            };
            let outcome = match landing.wait_for(Option::is_some).await {
                Ok(outcome) => outcome.clone().expect("it was waited for"),
                Err(_) => Err(Error::because(ErrorKind::Network, CUT_OFF)),
            };
            match (why, &outcome) {
                // It was in flight already, and has brought the very token that was refused.
                (Why::Refused(refused), Ok(tokens)) if !started_here && tokens.access_token() == refused => {}
                _ => return outcome,
            }
        }
    }

    /// Joins the refresh in flight, or starts one. `None` if things have changed, and are to be looked at again.
    fn join(self: &Arc<Self>, seen: u64, why: Why<'_>) -> Option<Joined> {
        let mut slot = self.slot.landing.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(landing) = slot.as_ref().filter(|landing| is_under_way(landing)) {
            return Some(Joined { landing: landing.clone(), started_here: false });
        }
        // Once more under the lock: a refresh that has just landed has changed what there is to decide.
        let snapshot = self.memory.load_full();
        if snapshot.generation != seen {
            return None;
        }
        let errand = match next(&snapshot, why, self.settings.margins, self.now()) {
            Next::Call => Errand::call(why),
            Next::Look => Errand::look(),
            Next::Use | Next::Rest(_) => return None,
        };
        let (sender, landing) = watch::channel(None);
        let shared = Arc::clone(self);
        tokio::spawn(async move {
            let outcome = renew::run(&shared, &errand).await;
            sender.send_replace(Some(outcome));
            *shared.slot.landing.lock().unwrap_or_else(PoisonError::into_inner) = None;
        });
        *slot = Some(landing.clone());
        Some(Joined { landing, started_here: true })
    }
}

/// A refresh in flight, with somebody who waits for it.
struct Joined {
    landing: watch::Receiver<Option<Outcome>>,
    started_here: bool,
}

/// Without its sender it has crashed.
fn is_under_way(landing: &watch::Receiver<Option<Outcome>>) -> bool {
    landing.has_changed().is_ok()
}

const CUT_OFF: &str = "the refresh was cut off: its runtime has ended, or it panicked";
