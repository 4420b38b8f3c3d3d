//! The contract, kept by a store that remembers.

use std::{sync::Arc, time::Duration};

use super::{CachedStore, Entries, Invalidations, SessionId, SessionStore, entries::Note, if_any};
use crate::{
    clock::Timestamp,
    record::{Change, Record},
    store::{CacheFigures, Changed, Created, Cursor, Epoch, Page, Replaced, Replacement, Scanned, StoreError, Terms},
};

impl<S: SessionStore> SessionStore for CachedStore<S> {
    async fn load(&self, id: SessionId, now: Timestamp) -> Result<Option<Arc<Record>>, StoreError> {
        if let Some(record) = self.served(id, now) {
            return Ok(Some(record));
        }
        self.figures.miss(id);
        self.listen();
        let note = self.entries.note(id, now);
        Ok(self.entries.answered(&note, self.inner.load(id, now).await?))
    }

    fn load_now(&self, id: SessionId, now: Timestamp) -> Option<Option<Arc<Record>>> {
        self.served(id, now).map(Some)
    }

    async fn load_fresh(&self, id: SessionId, now: Timestamp) -> Result<Option<Arc<Record>>, StoreError> {
        self.listen();
        let note = self.entries.note(id, now);
        Ok(self.entries.answered(&note, self.inner.load_fresh(id, now).await?))
    }

    /// Where the store behind remembers as well, an answer may be as old as both allow.
    fn staleness(&self) -> Option<Duration> {
        match (if_any(self.staleness), self.inner.staleness()) {
            (Some(mine), Some(behind)) => Some(mine.saturating_add(behind)),
            (mine, behind) => mine.or(behind),
        }
    }

    fn remembered(&self, id: SessionId, age: Duration, now: Timestamp) -> Option<Arc<Record>> {
        self.entries.stale(id, age, now)
    }

    fn remember_for(&self, age: Duration) {
        self.entries.keep_for(age);
    }

    fn cache_figures(&self) -> Option<CacheFigures> {
        Some(self.figures.read())
    }

    fn expires_by_itself(&self) -> bool {
        self.inner.expires_by_itself()
    }

    async fn create(&self, record: Record, terms: Terms, now: Timestamp) -> Result<Created, StoreError> {
        let created = self.inner.create(record, terms, now).await?;
        if let Created::Kept { evicted } = &created {
            self.entries.forget_all(evicted);
        }
        Ok(created)
    }

    async fn change(&self, id: SessionId, change: Change, now: Timestamp) -> Result<Changed, StoreError> {
        let doubt = Doubt::of(&self.entries, id, now);
        let changed = self.inner.change(id, change, now).await?;
        match &changed {
            Changed::Merged(record) => doubt.lifted(record),
            Changed::Gone => self.entries.forget(id),
            // It may have been refused because it rests on what is not so any more.
            Changed::Refused(_) => {}
        }
        Ok(changed)
    }

    async fn replace(
        &self,
        old: SessionId,
        new: Replacement,
        terms: Terms,
        now: Timestamp,
    ) -> Result<Replaced, StoreError> {
        let _end = End { entries: &self.entries, id: old };
        let replaced = self.inner.replace(old, new, terms, now).await?;
        if let Replaced::Done { evicted, .. } = &replaced {
            self.entries.forget_all(evicted);
        }
        Ok(replaced)
    }

    async fn revoke(&self, id: SessionId, now: Timestamp) -> Result<bool, StoreError> {
        let _end = End { entries: &self.entries, id };
        self.inner.revoke(id, now).await
    }

    async fn revoke_user(
        &self,
        user: &str,
        except: Option<SessionId>,
        now: Timestamp,
    ) -> Result<Vec<SessionId>, StoreError> {
        let ended = self.inner.revoke_user(user, except, now).await?;
        self.entries.forget_all(&ended);
        Ok(ended)
    }

    async fn revoke_device(&self, user: &str, device: &str, now: Timestamp) -> Result<Vec<SessionId>, StoreError> {
        let ended = self.inner.revoke_device(user, device, now).await?;
        self.entries.forget_all(&ended);
        Ok(ended)
    }

    async fn epoch(&self, user: &str, now: Timestamp) -> Result<Epoch, StoreError> {
        self.inner.epoch(user, now).await
    }

    async fn list(&self, user: &str, page: Page, now: Timestamp) -> Result<Vec<Arc<Record>>, StoreError> {
        self.inner.list(user, page, now).await
    }

    async fn sweep(&self, now: Timestamp, batch: usize) -> Result<usize, StoreError> {
        let swept = self.inner.sweep(now, batch).await?;
        // What is swept is not announced: by this node's clock it had ended before. A sweep that fails forgets
        // nothing: in an outage, what is remembered is all that there is.
        if swept > 0 {
            self.entries.forget_everything();
        }
        Ok(swept)
    }

    async fn scan(&self, from: Option<Cursor>, size: usize, now: Timestamp) -> Result<Scanned, StoreError> {
        self.inner.scan(from, size, now).await
    }

    async fn invalidations(&self, heartbeat: Duration) -> Result<Invalidations, StoreError> {
        self.inner.invalidations(heartbeat).await
    }
}

impl<S: SessionStore> CachedStore<S> {
    /// What is known well enough to be served, and counted.
    fn served(&self, id: SessionId, now: Timestamp) -> Option<Arc<Record>> {
        let record = self.entries.fresh(id, now)?;
        self.figures.hit(id);
        Some(record)
    }
}

impl Entries {
    /// Takes note of the store's answer.
    fn answered(&self, note: &Note, answer: Option<Arc<Record>>) -> Option<Arc<Record>> {
        match &answer {
            Some(record) => self.loaded(note, record),
            None => self.forget(note.id()),
        }
        answer
    }

    fn forget_all(&self, ids: &[SessionId]) {
        ids.iter().for_each(|id| self.forget(*id));
    }
}

/// A session that is being changed: unless it is said what came of that, also because nobody waits
/// for it any more, what was remembered is not fresh.
struct Doubt<'a> {
    entries: &'a Entries,
    note: Option<Note>,
}

impl<'a> Doubt<'a> {
    fn of(entries: &'a Entries, id: SessionId, now: Timestamp) -> Self {
        Self { entries, note: Some(entries.note(id, now)) }
    }

    fn lifted(mut self, record: &Arc<Record>) {
        if let Some(note) = self.note.take() {
            self.entries.changed(&note, record);
        }
    }
}

impl Drop for Doubt<'_> {
    fn drop(&mut self) {
        if let Some(note) = &self.note {
            self.entries.doubt(note.id());
        }
    }
}

/// A session that is being ended: it is forgotten, whatever comes of that.
struct End<'a> {
    entries: &'a Entries,
    id: SessionId,
}

impl Drop for End<'_> {
    fn drop(&mut self) {
        self.entries.forget(self.id);
    }
}
