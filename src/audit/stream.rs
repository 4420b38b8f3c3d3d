//! In a Redis stream of bounded length.

use std::{collections::HashSet, fmt, sync::Arc, time::Duration};

use super::{AuditCursor, AuditEntry, AuditError, AuditPage, AuditQuery, AuditSink, AuditTrail};
use crate::{
    clock::Timestamp,
    record::SessionId,
    store::redis::{Appended, RedisStore, Stream},
};

/// The newest entries, in a stream of Redis (6.2 or later) or Valkey, on any number of nodes. Cheap to clone; all clones are one.
///
/// ```no_run
/// # async fn start() -> Result<(), countersign::audit::AuditError> {
/// use countersign::audit::{AuditLog, RedisAudit};
///
/// let stream = RedisAudit::open("redis://localhost/0").await?.length(1_000_000);
/// let log = AuditLog::builder().sink(stream.clone()).build()?;
/// # Ok(())
/// # }
/// ```
///
/// The stream is `<prefix>:{0000}:audit`, each of its entries has one field, `entry`. Beside it there is a sorted set for each user
/// who has logged in during the last 31 days, with his last thousand sessions. All of it lies in one slot of a cluster. A page is
/// filtered here and not by the server, so one that finds little reads much: up to 10,000 entries.
#[derive(Clone)]
pub struct RedisAudit {
    stream: Arc<Stream>,
    most: u64,
}

impl RedisAudit {
    /// A stream with a connection of its own, at a URL as for [`RedisStore::open`].
    ///
    /// # Errors
    /// As [`RedisStore::open`].
    pub async fn open(url: &str) -> Result<Self, AuditError> {
        Ok(Self::with_store(&RedisStore::open(url).await?))
    }

    /// A stream beside the sessions of a store, by its connection, its settings and its prefix.
    #[must_use]
    pub fn with_store(store: &RedisStore) -> Self {
        Self { stream: Arc::new(store.stream()), most: LENGTH }
    }

    /// How many entries are kept, about: 100,000, unless set, of some 300 bytes each.
    #[must_use]
    pub fn length(self, entries: u64) -> Self {
        Self { most: entries, ..self }
    }
}

impl AuditSink for RedisAudit {
    fn name(&self) -> &str {
        "redis"
    }

    /// All of a batch in one script, or nothing; and not twice, as long as batches follow each other.
    async fn write(&self, batch: &[Arc<AuditEntry>]) -> Result<(), AuditError> {
        let (Some(first), Some(last)) = (batch.first(), batch.last()) else { return Ok(()) };
        let entries = batch.iter().map(|entry| appended(entry)).collect::<Result<Vec<_>, _>>()?;
        let writer = format!("{:016x}", first.id.log());
        let name = format!("{}-{}-{}", first.id, last.id, batch.len());
        Ok(self.stream.append(&writer, &name, self.most, &entries).await?)
    }

    /// By the clock of the server, which numbers the entries. The last few dozen stay.
    async fn prune(&self, before: Timestamp, most: usize) -> Result<usize, AuditError> {
        let mut pruned = 0;
        while pruned < most {
            // Whole nodes of the stream, so fewer than were asked for.
            match self.stream.trim(before, most).await? {
                0 => break,
                more => pruned += more,
            }
        }
        Ok(pruned)
    }
}

impl AuditTrail for RedisAudit {
    async fn page(&self, query: &AuditQuery) -> Result<AuditPage, AuditError> {
        let his: HashSet<SessionId> = match query.by_user() {
            Some(user) => self.stream.sessions_of(user).await?.into_iter().collect(),
            None => HashSet::new(),
        };
        let mut page = AuditPage::default();
        let mut after = query.cursor().map(checked).transpose()?.map(str::to_owned);
        // Numbered when it is written, so never before it has happened, but for how far the clocks are apart.
        let since = query.by_time().0.map(|since| since.before(CLOCKS));
        for _ in 0..MOST_READ / READ {
            let found = self.stream.read(query.is_oldest_first(), after.as_deref(), since, READ).await?;
            let last = found.len() < READ;
            for (place, json) in found {
                match serde_json::from_slice::<AuditEntry>(&json) {
                    Ok(entry) if query.matches(&entry, &his) => page.entries.push(entry),
                    Ok(_) => {}
                    Err(_) => page.unreadable += 1,
                }
                if page.entries.len() >= query.size() {
                    page.next = Some(AuditCursor::new(place));
                    return Ok(page);
                }
                after = Some(place);
            }
            if last {
                return Ok(page);
            }
        }
        page.next = after.map(AuditCursor::new);
        Ok(page)
    }
}

impl fmt::Debug for RedisAudit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisAudit").field("length", &self.most).finish_non_exhaustive()
    }
}

fn appended(entry: &AuditEntry) -> Result<Appended, AuditError> {
    let whose = entry.event.user().zip(entry.event.session());
    Ok(Appended { text: entry.json()?, whose: whose.map(|(user, session)| (user.to_owned(), session, entry.at)) })
}

/// A number that the server has given: `1800000000000-0`.
fn checked(cursor: &AuditCursor) -> Result<&str, AuditError> {
    let number = |text: &str| text.parse::<u64>().is_ok() && !text.starts_with('+');
    let place = cursor.as_str();
    let valid = place.split_once('-').is_some_and(|(millis, sequence)| number(millis) && number(sequence));
    if valid { Ok(place) } else { Err(AuditError::cursor()) }
}

const LENGTH: u64 = 100_000;

/// How many entries are read at once, and for one page.
const READ: usize = 500;
const MOST_READ: usize = 10_000;

/// So far the clocks of the server and of a node may be apart.
const CLOCKS: Duration = Duration::from_secs(60 * 60);
