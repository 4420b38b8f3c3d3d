//! Going through all live sessions, for whoever counts them; and sessions that are not kept alive by being counted.

use std::{
    sync::{Arc, Weak},
    time::Duration,
};

use tokio::sync::watch;

use super::{Error, Inner, Sessions, enter::check_user, meter::Fact, verdict::is_among_all};
use crate::{
    clock::{Stopwatch, Timestamp},
    record::{Record, SessionId},
    sessions::Meter,
    store::CacheFigures,
};

impl Sessions {
    /// Shows `see` every live session, of every user and of nobody, at least once; what is kept beside sessions is not shown. The
    /// cost grows with all that the store holds: one command for each part of them, each under the deadline. Parts become larger while
    /// they are quickly told, since some stores look through everything for each.
    pub(crate) async fn see_all(&self, mut see: impl FnMut(&Record, Timestamp)) -> Result<(), Error> {
        let ended = self.load_fresh(SessionId::EVERYBODY, self.now()).await?.map(|record| record.last_seen_at());
        let (mut from, mut size) = (None, SMALLEST_PART);
        loop {
            let (now, watch) = (self.now(), Stopwatch::start());
            let part = self.run(self.store().scan(from, size, now)).await?;
            size = match Duration::from_nanos(watch.nanos()) {
                took if took < QUICK => (size * 2).min(LARGEST_PART),
                took if took > SLOW => (size / 2).max(SMALLEST_PART),
                _ => size,
            };
            part.records.iter().filter(|record| is_session(record, ended, now)).for_each(|record| see(record, now));
            match part.next {
                Some(next) => from = Some(next),
                None => return Ok(()),
            }
            tokio::task::yield_now().await;
        }
    }

    pub(crate) fn meter(&self) -> Option<Arc<dyn Meter>> {
        self.inner.events.meter()
    }

    pub(crate) fn count_of(&self, fact: Fact) -> u64 {
        self.inner.events.count(fact)
    }

    pub(crate) fn cache_figures(&self) -> Option<CacheFigures> {
        self.store().cache_figures()
    }

    pub(crate) fn expire_by_themselves(&self) -> bool {
        self.store().expires_by_itself()
    }

    pub(crate) fn downgrade(&self) -> WeakSessions {
        WeakSessions { inner: Arc::downgrade(&self.inner), alive: self.inner.alive.subscribe() }
    }
}

/// Sessions, as a task holds them that ends with their last handle.
#[derive(Clone)]
pub(crate) struct WeakSessions {
    inner: Weak<Inner>,
    alive: watch::Receiver<()>,
}

impl WeakSessions {
    pub(crate) fn upgrade(&self) -> Option<Sessions> {
        self.inner.upgrade().map(|inner| Sessions { inner, by: None })
    }

    /// Waits until the last handle was dropped.
    pub(crate) async fn gone(mut self) {
        while self.alive.changed().await.is_ok() {}
    }
}

/// Whether a record is a session that lives: of somebody who can be a user, or of nobody, and not among those that ended when
/// everybody's did.
fn is_session(record: &Record, ended: Option<Timestamp>, now: Timestamp) -> bool {
    let of_a_user = record.user().is_none_or(|user| check_user(user).is_ok());
    let lives = !record.is_expired(now) && !is_among_all(record, ended);
    of_a_user && lives && record.id() != SessionId::EVERYBODY
}

/// So many sessions in one command: on a server that is some milliseconds, and some hundred KiB.
const SMALLEST_PART: usize = 500;
const LARGEST_PART: usize = 10_000;
/// Far from any deadline.
const QUICK: Duration = Duration::from_millis(50);
const SLOW: Duration = Duration::from_millis(200);
