//! How the session of a genuine token is found: now, or by asking the store.

use std::{future::Future, sync::Arc, time::Duration};

use tokio::{runtime::Handle, time::sleep};

use super::{
    Admission, Authenticated, Deadline, Due, Error, Event, Inner, Sessions, Verdict,
    everybody::{self, Trust},
    judge,
};
use crate::{
    clock::Timestamp,
    record::{ChangeRefused, Record, SecretHash, SessionId},
    store::{ErasedStore, StoreError, StoreErrorKind},
    token::Token,
};

/// What has come of looking for a session.
#[allow(clippy::large_enum_variant, reason = "the large variant is the usual one")]
pub(crate) enum LookUp {
    /// It is decided: nothing has to be parked.
    Done(Admission),
    /// The store is being asked.
    Asked(Token, Deadline<'static, Option<Arc<Record>>>),
}

impl Sessions {
    /// Looks for the session of a genuine token.
    ///
    /// What the store has at hand counts, but no refusal rests on what it merely remembers: another
    /// node may have rotated the secret, or prolonged the session, since. Then it is asked again.
    pub(crate) fn look_up(&self, token: Token, now: Timestamp) -> LookUp {
        let (store, id) = (&self.inner.store, token.id());
        let doubted = store.staleness().map(|_| token.secret().hash());
        if !self.knows_who_has_ended(now) {
            return LookUp::Asked(token, self.deadline(ask_both(Arc::clone(&self.inner), id, doubted, now)));
        }
        let at_hand = store.load_now(id, now).filter(|found| !found.as_ref().is_some_and(|record| record.in_transit()));
        let Some(record) = at_hand else {
            return LookUp::Asked(token, self.deadline(ask(Arc::clone(store), id, doubted, now)));
        };
        let verdict = judge(record.as_deref(), &token.secret().hash(), self.inner.everybody.until(), now);
        if matches!(verdict, Verdict::Honoured(_)) || store.staleness().is_none() {
            return LookUp::Done(self.follow(verdict, token, record, now));
        }
        LookUp::Asked(token, self.deadline(ask_past_memory(Arc::clone(store), id, now)))
    }

    /// Whether what is known of the end of everybody's sessions is good enough for this request. A store that has all at
    /// hand is asked here and now.
    pub(super) fn knows_who_has_ended(&self, now: Timestamp) -> bool {
        let (store, ticks) = (&self.inner.store, self.ticks(now));
        if self.inner.everybody.trust(ticks) == Trust::Fresh {
            return true;
        }
        match store.load_now(SessionId::EVERYBODY, now).filter(|_| store.staleness().is_none()) {
            Some(found) => {
                self.inner.everybody.learn(found.map(|record| record.last_seen_at()), ticks);
                true
            }
            None => false,
        }
    }

    /// What the store holds, past all that it remembers.
    pub(super) async fn load_fresh(&self, id: SessionId, now: Timestamp) -> Result<Option<Arc<Record>>, Error> {
        self.run(Arc::clone(&self.inner.store).load_fresh(id, now)).await
    }

    /// The session as it was at most `age` ago, for reading while the store cannot be asked: only if
    /// it was alive then, honoured this secret, and has not been heard to have ended.
    pub(crate) fn admit_stale(&self, token: &Token, age: Duration) -> Option<Authenticated> {
        let now = self.now();
        let record = self.store().remembered(token.id(), age, now)?;
        let ended = self.inner.everybody.until();
        let Verdict::Honoured(honoured) = judge(Some(&record), &token.secret().hash(), ended, now) else { return None };
        self.emit(&Event::ServedStale { session: token.id() });
        let suspended = record.demands_step_up();
        let (token, due) = (token.clone(), Due::default());
        Some(Authenticated { token, record, honoured, due, at: now, stale: true, suspended })
    }

    /// Asks the store to remember sessions for [`admit_stale`](Self::admit_stale).
    pub(crate) fn remember_for(&self, age: Duration) {
        self.store().remember_for(age);
    }

    fn deadline<T>(
        &self,
        command: impl Future<Output = Result<T, StoreError>> + Send + 'static,
    ) -> Deadline<'static, T> {
        Deadline::new(Box::pin(command), self.inner.config.store_deadline)
    }
}

/// Asks for a session, and at the same time for the end of everybody's. Where that cannot be known, nobody gets in.
async fn ask_both(
    inner: Arc<Inner>,
    id: SessionId,
    doubted: Option<SecretHash>,
    now: Timestamp,
) -> Result<Option<Arc<Record>>, StoreError> {
    let began = inner.clock.ticks(now);
    let store = &inner.store;
    let (record, everybody) = tokio::join!(
        ask(Arc::clone(store), id, doubted, now),
        twice(|| Arc::clone(store).load_fresh(SessionId::EVERYBODY, now)),
    );
    inner.everybody.learn(everybody::read(everybody)?, began);
    record
}

/// Asks for a session; once more, past what the store remembers, if it would not honour the secret
/// that is `doubted`.
async fn ask(
    store: Arc<dyn ErasedStore>,
    id: SessionId,
    doubted: Option<SecretHash>,
    now: Timestamp,
) -> Result<Option<Arc<Record>>, StoreError> {
    let record = settled(twice(|| Arc::clone(&store).load(id, now)).await?)?;
    match (doubted, &record) {
        // No store remembers that a session is not there: this was its answer, and not its memory's.
        (Some(secret), Some(found)) if !matches!(judge(Some(found), &secret, None, now), Verdict::Honoured(_)) => {
            ask_past_memory(store, id, now).await
        }
        _ => Ok(record),
    }
}

async fn ask_past_memory(
    store: Arc<dyn ErasedStore>,
    id: SessionId,
    now: Timestamp,
) -> Result<Option<Arc<Record>>, StoreError> {
    settled(twice(|| Arc::clone(&store).load_fresh(id, now)).await?)
}

/// A session that is on its way to another store may have ended there. A node that sees one of the two
/// stores alone does not know.
pub(super) fn settled(found: Option<Arc<Record>>) -> Result<Option<Arc<Record>>, StoreError> {
    match found {
        Some(record) if record.in_transit() => Err(StoreError::unavailable(ChangeRefused::InTransit)),
        found => Ok(found),
    }
}

/// Asks once more if the store could not be reached: a connection that has just died is replaced by
/// then. Only for questions, which may be asked as often as one likes.
pub(super) async fn twice<T, F>(ask: impl Fn() -> F) -> Result<T, StoreError>
where
    F: Future<Output = Result<T, StoreError>>,
{
    match ask().await {
        Err(error) if error.kind() == StoreErrorKind::Unavailable && Handle::try_current().is_ok() => {
            sleep(PAUSE).await;
            ask().await
        }
        answer => answer,
    }
}

/// Short beside any deadline.
const PAUSE: Duration = Duration::from_millis(20);
