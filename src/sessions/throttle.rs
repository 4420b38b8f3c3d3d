//! How attempts are counted in the store, so that all nodes agree, by the verbs that every store has.
//!
//! A count is a record whose holder is no user and whose secret nobody has. As a holder may have one, and as a record changes only
//! at the revision that was read, no two attempts are ever taken for one.

use std::{sync::Arc, time::Duration};

use tokio::{sync::Mutex, time::sleep};

use super::{Deadline, Error, ErrorKind, Event, Sessions};
use crate::{
    clock::Timestamp,
    config::{Lifetime, Limit, Pace, WhenFull},
    record::{Change, ChangeRefused, Record, SecretHash, SessionId},
    store::{Changed, Command, Created, Page, StoreError},
    throttle::{Block, Counted, State, Step, attempt},
};

/// What a count says to an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tally {
    /// It may be made. What holds of those after it, if that begins with this one.
    Allowed(Option<Block>),
    Refused(Block),
}

impl Sessions {
    /// Ends the delays and the lock of an account, as a support desk does for a user who has proved in another way who he
    /// is. `name` is what is typed in at log-in. To do it where there is nothing to end is no error.
    ///
    /// # Errors
    /// If the store fails: then it may still be locked.
    pub async fn unlock(&self, name: &str) -> Result<(), Error> {
        self.clear(&Counted::account(name)).await
    }

    /// The same of a user's second factor, by its name.
    ///
    /// # Errors
    /// If the store fails: then it may still be locked.
    pub async fn unlock_factor(&self, user: &str, factor: &str) -> Result<(), Error> {
        self.clear(&Counted::factor(user, factor)).await
    }

    /// Counts an attempt as it begins, unless it is refused. With the attempt of number `most`, all is locked until it is
    /// [cleared](Self::clear), however long that takes.
    pub(crate) async fn count(&self, what: &Counted, pace: &Pace, most: Option<u32>) -> Result<Tally, Error> {
        if pace.free == 0 {
            return Ok(Tally::Allowed(None));
        }
        if let Some(tally) = self.try_to_count(what, pace, most).await? {
            return Ok(tally);
        }
        // Others count the same at this moment. Those of one node wait for each other, so that they need not meet again.
        let turn = async { Ok(self.inner.turns.of(what).lock().await) };
        let _turn = self.ask(Box::pin(turn)).await?;
        for tries in 0..TRIES {
            if let Some(tally) = self.try_to_count(what, pace, most).await? {
                return Ok(tally);
            }
            pause(tries).await;
        }
        Err(Error::new(ErrorKind::Unavailable))
    }

    /// Forgets all attempts, and ends a lock. An attempt that is counted meanwhile is either forgotten as well, or the
    /// first of a new count.
    pub(crate) async fn clear(&self, what: &Counted) -> Result<(), Error> {
        loop {
            let now = self.now();
            let found = self.ask(self.store().list(what.holder(), ALL, now)).await?;
            for record in &found {
                self.ask(self.store().revoke(record.id(), now)).await?;
            }
            if found.len() < ALL.size {
                return Ok(());
            }
        }
    }

    /// Takes one attempt out of a count again, as it was no guess, or no attempt.
    pub(super) async fn take_out(&self, what: &Counted, less: impl Fn(State) -> State) -> Result<(), Error> {
        for tries in 0..TRIES {
            let now = self.now();
            let Some((record, state)) = self.find(what, now).await?.counter else { return Ok(()) };
            let mut change = Change::new();
            change.set(COUNT, less(state).to_bytes());
            if self.change_counter(record, change, now).await? {
                return Ok(());
            }
            pause(tries).await;
        }
        Ok(())
    }

    /// One try: `None` if somebody else was first.
    async fn try_to_count(&self, what: &Counted, pace: &Pace, most: Option<u32>) -> Result<Option<Tally>, Error> {
        let now = self.now();
        let Found { counter, locked } = self.find(what, now).await?;
        if locked {
            return Ok(Some(Tally::Refused(Block::ForGood)));
        }
        let known = counter.as_ref().map(|(_, state)| *state);
        match attempt(known, pace, most, now) {
            Step::Allowed { state, begins } => {
                let kept = match counter {
                    Some((record, _)) => {
                        let mut change = Change::new();
                        change.set(COUNT, state.to_bytes());
                        change.touch(now);
                        self.change_counter(record, change, now).await?
                    }
                    None => {
                        let lifetime = Lifetime { idle: pace.forget, absolute: LONGEST };
                        self.keep(what, COUNT, state, lifetime, ONE, now).await?
                    }
                };
                if kept && state.is_locked() {
                    self.lock(what, state, now).await?;
                }
                Ok(kept.then_some(Tally::Allowed(begins)))
            }
            Step::Refused(block) => {
                // Whoever was to keep the lock has not come to it.
                if let Some(state) = known.filter(State::is_locked) {
                    self.lock(what, state, now).await?;
                }
                Ok(Some(Tally::Refused(block)))
            }
        }
    }

    /// Keeps a lock for longer than its count would be.
    async fn lock(&self, what: &Counted, state: State, now: Timestamp) -> Result<(), Error> {
        let lifetime = Lifetime { idle: LONGEST, absolute: LONGEST };
        // Two ids that meet, at 2^-64, are all that can go wrong: then the next attempt does it.
        self.keep(what, LOCK, state, lifetime, NO_LIMIT, now).await.map(drop)
    }

    async fn find(&self, what: &Counted, now: Timestamp) -> Result<Found, Error> {
        let mut found = Found { counter: None, locked: false };
        for record in self.ask(self.store().list(what.holder(), ALL, now)).await? {
            if record.attributes().value(LOCK).is_some() {
                found.locked = true;
                continue;
            }
            let state = record.attributes().value(COUNT).and_then(State::from_bytes);
            let state = state.ok_or_else(|| self.failed(StoreError::corrupt("a count of attempts cannot be read")))?;
            found.counter = Some((record, state));
        }
        Ok(found)
    }

    /// Whether the counter was still what it was.
    async fn change_counter(&self, seen: Arc<Record>, mut change: Change, now: Timestamp) -> Result<bool, Error> {
        change.expect(seen.revision());
        let id = seen.id();
        match self.ask(self.store().change(id, change.having_seen(seen), now)).await? {
            Changed::Merged(_) => Ok(true),
            Changed::Gone | Changed::Refused(ChangeRefused::Outdated | ChangeRefused::InTransit) => Ok(false),
            Changed::Refused(refused) => Err(Error::because(ErrorKind::Unavailable, refused)),
        }
    }

    /// Keeps a new record. Whether it is kept: not if the holder has too many already.
    async fn keep(
        &self,
        what: &Counted,
        name: &str,
        state: State,
        lifetime: Lifetime,
        limit: Limit,
        now: Timestamp,
    ) -> Result<bool, Error> {
        let id = SessionId::new(Some(what.holder()))?;
        let mut record = Record::new(id, NO_SECRET, lifetime, now).with_user(what.holder());
        let mut change = Change::new();
        change.set(name, state.to_bytes());
        record.apply(&change)?;
        let created = self.ask(self.store().create(record, limit.into(), now)).await?;
        Ok(matches!(created, Created::Kept { .. }))
    }

    /// Runs a store command under the deadline. What is kept beside sessions and cannot be read is an outage: nobody gets past it.
    pub(super) async fn ask<T>(&self, command: Command<'_, T>) -> Result<T, Error> {
        Deadline::new(command, self.inner.config.store_deadline).await.map_err(|error| self.failed(error))
    }

    pub(super) fn failed(&self, error: StoreError) -> Error {
        self.emit(&Event::StoreFailed { kind: error.kind() });
        error.into()
    }
}

/// What a store has of one count.
struct Found {
    counter: Option<(Arc<Record>, State)>,
    locked: bool,
}

/// Attempts of one node that count the same wait for each other.
pub(super) struct Turns(Box<[Mutex<()>]>);

impl Turns {
    fn of(&self, what: &Counted) -> &Mutex<()> {
        &self.0[what.lane() % self.0.len()]
    }
}

impl Default for Turns {
    fn default() -> Self {
        Self((0..TURNS).map(|_| Mutex::new(())).collect())
    }
}

/// Other nodes are in between: after a few times at once, a little later.
async fn pause(tries: u32) {
    if tries >= AT_ONCE {
        sleep(Duration::from_millis(u64::from(tries))).await;
    }
}

/// Attributes that no application can write: their names have a control character.
const COUNT: &str = "\u{1}attempts";
const LOCK: &str = "\u{1}locked";

/// SHA-256 of nothing that anybody knows: no token opens a count.
const NO_SECRET: SecretHash = SecretHash::from_bytes([0; 32]);

/// No record lives longer.
const LONGEST: Duration = Duration::from_secs(400 * 24 * 60 * 60);

const ONE: Limit = Limit { max: 1, when_full: WhenFull::Reject };
const NO_LIMIT: Limit = Limit { max: 0, when_full: WhenFull::Reject };

/// A count and its lock are two; a lock may have been kept more than once.
const ALL: Page = Page { after: None, size: 16 };

const TURNS: usize = 64;
const TRIES: u32 = 64;
const AT_ONCE: u32 = 4;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{config::Config, key::KeyRing, store::memory::MemoryStore, token::Secret};

    #[tokio::test]
    async fn a_genuine_token_with_the_id_of_a_count_opens_nothing() {
        let sessions = sessions();
        let record = counted(&sessions).await;
        let token = sessions.keys().sign(Secret::random().unwrap(), record.id());
        assert!(sessions.verify(&token).is_ok(), "signed by ourselves");
        assert!(sessions.authenticate(&token).await.is_err());
        assert_eq!(counted(&sessions).await.id(), record.id(), "and the count goes on");
    }

    #[tokio::test]
    async fn a_count_that_cannot_be_read_lets_nobody_in_until_it_is_cleared() {
        let sessions = sessions();
        let record = counted(&sessions).await;
        let mut change = Change::new();
        change.set(COUNT, *b"?");
        sessions.store().change(record.id(), change, sessions.now()).await.unwrap();
        let error = sessions.attempt_from("ada", crate::Whence::default()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable);
        sessions.unlock("ada").await.unwrap();
        counted(&sessions).await;
    }

    fn sessions() -> Sessions {
        let keys = KeyRing::new(b"the key of this test: 32 bytes..").unwrap();
        Sessions::builder(keys, MemoryStore::new()).config(Config::production()).build().unwrap()
    }

    /// What the store has of an attempt on an account.
    async fn counted(sessions: &Sessions) -> Arc<Record> {
        sessions.attempt_from("ada", crate::Whence::default()).await.unwrap();
        let what = Counted::account("ada");
        let found = sessions.store().list(what.holder(), ALL, sessions.now()).await.unwrap();
        assert_eq!(found.len(), 1);
        Arc::clone(&found[0])
    }
}
