use std::{
    collections::{HashSet, VecDeque},
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use super::{AuditCursor, AuditEntry, AuditError, AuditPage, AuditQuery, AuditSink, AuditTrail, EntryId};
use crate::clock::Timestamp;

/// The newest entries, in memory: for tests, and for a page that shows what has just happened. Clones are one.
#[derive(Clone)]
pub struct MemoryAudit {
    kept: Arc<Mutex<VecDeque<Arc<AuditEntry>>>>,
    most: usize,
}

impl MemoryAudit {
    /// Keeps at most so many.
    #[must_use]
    pub fn new(most: usize) -> Self {
        Self { kept: Arc::default(), most }
    }

    fn kept(&self) -> MutexGuard<'_, VecDeque<Arc<AuditEntry>>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl AuditSink for MemoryAudit {
    fn name(&self) -> &str {
        "memory"
    }

    async fn write(&self, batch: &[Arc<AuditEntry>]) -> Result<(), AuditError> {
        let mut kept = self.kept();
        kept.extend(batch.iter().cloned());
        let surplus = kept.len().saturating_sub(self.most);
        kept.drain(..surplus);
        Ok(())
    }

    async fn prune(&self, before: Timestamp, most: usize) -> Result<usize, AuditError> {
        let mut kept = self.kept();
        let old = kept.iter().take(most).take_while(|entry| entry.at < before).count();
        kept.drain(..old);
        Ok(old)
    }
}

impl AuditTrail for MemoryAudit {
    async fn page(&self, query: &AuditQuery) -> Result<AuditPage, AuditError> {
        let after = query.cursor().map(AuditCursor::position).transpose()?;
        let mut all: Vec<Arc<AuditEntry>> = self.kept().iter().cloned().collect();
        let his: HashSet<_> = match query.by_user() {
            None => HashSet::new(),
            Some(user) => {
                let his = all.iter().filter(|entry| entry.event.user() == Some(user));
                his.filter_map(|entry| entry.event.session()).collect()
            }
        };
        let place = |entry: &AuditEntry| (entry.at, entry.id);
        let beyond = |entry: &AuditEntry, after: (Timestamp, EntryId)| {
            if query.is_oldest_first() { place(entry) > after } else { place(entry) < after }
        };
        all.sort_by_key(|entry| place(entry));
        if !query.is_oldest_first() {
            all.reverse();
        }
        all.retain(|entry| query.matches(entry, &his) && after.is_none_or(|after| beyond(entry, after)));
        let more = all.len() > query.size();
        all.truncate(query.size());
        let next = all.last().filter(|_| more).map(|last| AuditCursor::at(last.at, last.id));
        Ok(AuditPage { entries: all.iter().map(|entry| AuditEntry::clone(entry)).collect(), next, unreadable: 0 })
    }
}

impl fmt::Debug for MemoryAudit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryAudit").field("kept", &self.kept().len()).field("most", &self.most).finish()
    }
}
