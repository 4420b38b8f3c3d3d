//! The end of all sessions of all users, in one step.
//!
//! The store keeps, under an id that no session has, until when sessions were begun that have ended: one record, whose window
//! is moved. Each node asks for it once in a while, beside a session that it asks for anyway, and trusts no answer for longer
//! than [`TRUSTED`]. What begins until the verb returns has ended as well: so nothing slips through that was under way, and
//! when it has returned, every node knows.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use tokio::time::sleep;

use super::{Error, ErrorKind, Event, Reason, Sessions, verdict::is_among_all};
use crate::{
    clock::Timestamp,
    config::Lifetime,
    record::{Change, Record, SecretHash, SessionId},
    store::{Changed, Created, StoreError, StoreErrorKind},
};

impl Sessions {
    /// Ends all sessions of all users, on every node: those that begin until this returns, two seconds later, included. One
    /// step, however many there are.
    ///
    /// Sessions are judged by when their user last proved who he is, by the clock of the node where he did. A log-in that is
    /// still under way then is refused if it says [since when](crate::LogIn::since). What has ended so lies in the store until
    /// it would have expired.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use countersign::{KeyRing, MemoryStore, Reason, Sessions};
    /// # let sessions = Sessions::new(KeyRing::generate()?, MemoryStore::new());
    /// let issued = sessions.log_in("ada").await?;
    /// sessions.revoke_everyone(Reason::ByOperator).await?;
    /// assert!(sessions.authenticate(issued.token()).await.is_err());
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// If the store fails: then it may or may not have been done.
    pub async fn revoke_everyone(&self, reason: Reason) -> Result<(), Error> {
        let now = self.now();
        let until = now.after(UNDER_WAY);
        self.move_end_to(until, now).await?;
        self.inner.everybody.learn(Some(until), self.ticks(now));
        self.emit(&Event::EverybodyEnded { until, reason, by: self.by.as_deref() });
        sleep(UNDER_WAY).await;
        Ok(())
    }

    /// Moves the instant until which all sessions have ended. It never moves back.
    async fn move_end_to(&self, until: Timestamp, now: Timestamp) -> Result<(), Error> {
        for _ in 0..TRIES {
            let mut change = Change::new();
            change.touch(until);
            match self.run(self.store().change(SessionId::EVERYBODY, change, now)).await? {
                Changed::Merged(_) => return Ok(()),
                Changed::Refused(refused) => return Err(refused.into()),
                Changed::Gone => {}
            }
            let record = Record::new(SessionId::EVERYBODY, SecretHash::NO_SECRETS, KEPT, until);
            if let Created::Kept { .. } = self.run(self.store().create(record, self.terms(), now)).await? {
                return Ok(());
            }
        }
        Err(Error::new(ErrorKind::Unavailable))
    }

    /// Refuses what rests on a session, or a log-in, that began when all sessions have ended: as the store says now, for
    /// what follows would be younger.
    pub(super) async fn still_holds(&self, begun: Timestamp, otherwise: ErrorKind) -> Result<(), Error> {
        let now = self.now();
        let began = self.ticks(now);
        let found = self.load_fresh(SessionId::EVERYBODY, now).await?;
        match self.inner.everybody.learn(found.map(|record| record.last_seen_at()), began) {
            Some(until) if begun <= until => Err(Error::new(otherwise)),
            _ => Ok(()),
        }
    }

    /// Ends those of a user's sessions that are among everybody's, so that they do not count any more. Says whether there
    /// were any.
    pub(super) async fn clear_away(&self, user: &str) -> Result<bool, Error> {
        let Some(until) = self.inner.everybody.until() else { return Ok(false) };
        let mut any = false;
        for record in self.records_of(user).await? {
            if is_among_all(&record, Some(until)) {
                any |= self.run(self.store().revoke(record.id(), self.now())).await?;
            }
        }
        Ok(any)
    }

    /// A clock that goes on by itself.
    pub(super) fn ticks(&self, now: Timestamp) -> u64 {
        self.inner.clock.ticks(now)
    }
}

/// What a node knows of the end of everybody's sessions.
#[derive(Debug, Default)]
pub(super) struct Everybody {
    /// Sessions that were begun by then have ended: milliseconds, and one more; 0 is none.
    until: AtomicU64,
    /// When the answer was asked for that this rests on: milliseconds of a clock that goes on, and one more; 0 is never.
    asked: AtomicU64,
    /// When somebody last began to ask anew, in the same way.
    asking: AtomicU64,
}

/// How far what a node knows can be trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trust {
    Fresh,
    /// It is still good, and this request is the one that is to ask anew.
    Ask,
    /// It is too old: nobody gets in by it.
    TooOld,
}

impl Everybody {
    /// Until when sessions have ended, as far as it is known.
    pub(super) fn until(&self) -> Option<Timestamp> {
        self.until.load(Ordering::Acquire).checked_sub(1).map(Timestamp::from_millis)
    }

    /// Learns what the store has answered to a question that was asked at `began`. Answers with what is known now.
    pub(super) fn learn(&self, until: Option<Timestamp>, began: u64) -> Option<Timestamp> {
        if let Some(until) = until {
            self.until.fetch_max(until.as_millis().saturating_add(1), Ordering::AcqRel);
        }
        self.asked.store(began.saturating_add(1), Ordering::Release);
        self.until()
    }

    pub(super) fn trust(&self, ticks: u64) -> Trust {
        let age = |since: u64| match since.checked_sub(1) {
            // A clock that was set back tells nothing of an age.
            Some(since) if since <= ticks => ticks - since,
            _ => u64::MAX,
        };
        match age(self.asked.load(Ordering::Acquire)) {
            age if age >= millis(TRUSTED) => Trust::TooOld,
            age if age < millis(ASKED_EVERY) => Trust::Fresh,
            _ => {
                let asking = self.asking.load(Ordering::Relaxed);
                let mine = age(asking) >= millis(ASKED_EVERY)
                    && self.asking.compare_exchange(asking, ticks + 1, Ordering::Relaxed, Ordering::Relaxed).is_ok();
                if mine { Trust::Ask } else { Trust::Fresh }
            }
        }
    }
}

/// What a store's answer says of the end of everybody's sessions.
///
/// # Errors
/// If it has not answered: then nobody knows.
pub(super) fn read(found: Result<Option<std::sync::Arc<Record>>, StoreError>) -> Result<Option<Timestamp>, StoreError> {
    match found {
        Ok(found) => Ok(found.map(|record| record.last_seen_at())),
        Err(error) if error.kind() == StoreErrorKind::Corrupt => Err(StoreError::unavailable(error)),
        Err(error) => Err(error),
    }
}

const fn millis(duration: Duration) -> u64 {
    duration.as_secs() * 1_000 + duration.subsec_millis() as u64
}

/// How old an answer may be that a node rests on.
const TRUSTED: Duration = Duration::from_secs(1);

/// What begins so long after the decision has ended too: longer than an answer is trusted, and a command under way.
const UNDER_WAY: Duration = Duration::from_secs(2);

/// How often a node asks, while there are requests.
const ASKED_EVERY: Duration = Duration::from_millis(500);

/// Longer than any session lives.
const KEPT: Lifetime = Lifetime::new(Duration::from_secs(401 * 24 * 60 * 60), Duration::MAX);

const TRIES: usize = 3;
