//! Sessions on Redis or Valkey, shared by any number of nodes: on one server, on the master that sentinels name, or
//! spread over a cluster.
//!
//! | key | | |
//! |---|---|---|
//! | `<prefix>:{TTTT}:s:<session id>` | hash | a session: what changes, what stays, and each attribute by itself |
//! | `<prefix>:{TTTT}:u:<user>` | sorted set | the ids of a user's sessions, by their ends |
//! | `<prefix>:{TTTT}:e:<user>` | number | the user's epoch; kept for an hour |
//! | `<prefix>:{TTTT}:r:<user>` | sorted set | places reserved for sessions that come from another slot; for 30 s |
//! | `<prefix>:ended` | channel | the ids of sessions that end, published by the script that ends them |
//!
//! TTTT is the shard tag of a session's id, the same for all sessions of a user: so all keys of a user lie in one slot,
//! and every verb that writes is one script, and atomic, on a cluster too. The one exception is told in
//! `cross_slot`. A read-only request is one `HGETALL`.
//!
//! Every key has a time to live, by the caller's clock: it ends with its session, and a minute after it. So much the
//! clocks of nodes may be apart. [`SessionStore::sweep`] has nothing to do.
//!
//! Redis acknowledges a write before any replica has it: a fail-over may lose the last ones, a log-out among them.
//! See [`RedisBuilder::wait_for_replicas`].

mod begin;
mod builder;
mod change;
mod cluster;
mod cross_slot;
mod fault;
mod fields;
mod keys;
mod lane;
mod list;
mod listen;
mod node;
mod packed;
mod place;
mod scan;
mod script;
mod sentinel;
mod servers;
#[cfg(feature = "audit")]
mod stream;
mod version;

use std::{fmt, sync::Arc, time::Duration};

use redis::Value;
use tokio::time::sleep;

pub use self::builder::RedisBuilder;
#[cfg(feature = "audit")]
pub(crate) use self::stream::{Appended, Stream};
use self::{
    begin::session_id,
    change::unreadable,
    fields::decode,
    keys::Keys,
    packed::instant,
    script::{Call, REVOKE, REVOKE_MANY},
    servers::Servers,
};
use super::{
    Changed, Created, Cursor, Epoch, Invalidations, Page, Replaced, Replacement, Scanned, SessionStore, StoreError,
    Terms,
};
use crate::{
    clock::Timestamp,
    record::{Change, Record, SessionId},
};

/// A store on Redis or Valkey.
///
/// ```no_run
/// # async fn start() -> Result<(), countersign::StoreError> {
/// use countersign::RedisStore;
///
/// let one = RedisStore::open("redis://localhost/0").await?;
/// let spread = RedisStore::cluster(["redis://a", "redis://b"]).await?;
/// let watched = RedisStore::sentinel(["redis://s1:26379", "redis://s2:26379"], "mymaster").await?;
/// # Ok(())
/// # }
/// ```
pub struct RedisStore {
    inner: Arc<Inner>,
}

/// What tasks of their own share with the store.
struct Inner {
    servers: Servers,
    keys: Keys,
    command: Duration,
}

impl RedisStore {
    /// A store at a URL:
    ///
    /// - `redis://host:port/database`, one server;
    /// - `redis+cluster://host:port,host:port/`, a cluster, of which not all nodes need be named;
    /// - `redis+sentinel://host:port,host:port/master/database`, the master that these sentinels know by that name;
    ///
    /// each with `rediss` in the place of `redis` for TLS, and `user:password@` before the hosts (of the servers;
    /// for sentinels see [`RedisBuilder::sentinel_login`]), and `?prefix=shop` after all, if keys are to begin with
    /// another word than `countersign`.
    ///
    /// It connects by itself again: after a restart of the server, to the new master after a fail-over.
    ///
    /// # Errors
    /// If no server can be reached, if it is older than Redis 6.2 or of another kind than the URL says, or if the URL
    /// is wrong. The text names the place, never the password.
    pub async fn open(url: &str) -> Result<Self, StoreError> {
        Self::builder().open(url).await
    }

    /// A store on a cluster, of which these are some nodes.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub async fn cluster(urls: impl IntoIterator<Item = impl AsRef<str>>) -> Result<Self, StoreError> {
        Self::builder().cluster(urls).await
    }

    /// A store on the master that these sentinels know by that name.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub async fn sentinel(urls: impl IntoIterator<Item = impl AsRef<str>>, master: &str) -> Result<Self, StoreError> {
        Self::builder().sentinel(urls, master).await
    }

    /// Opens a store with other settings.
    #[must_use]
    pub fn builder() -> RedisBuilder {
        RedisBuilder::new()
    }
}

impl SessionStore for RedisStore {
    async fn create(&self, record: Record, terms: Terms, now: Timestamp) -> Result<Created, StoreError> {
        self.inner.create(&record, terms, now).await
    }

    async fn load(&self, id: SessionId, now: Timestamp) -> Result<Option<Arc<Record>>, StoreError> {
        let record = decode(id, &self.inner.read_session(id).await?)?;
        Ok(record.filter(|record| !record.is_expired(now)).map(Arc::new))
    }

    async fn change(&self, id: SessionId, change: Change, now: Timestamp) -> Result<Changed, StoreError> {
        let call = change::call(&self.inner.keys, id, &change, now);
        loop {
            let answer = self.inner.servers.write(id.shard_tag(), &call).await?;
            if !change::is_held_up(&answer) {
                return change::read(id, &change, &answer);
            }
            // Not for long: the server sees to that.
            sleep(HELD_UP).await;
        }
    }

    async fn replace(
        &self,
        old: SessionId,
        new: Replacement,
        terms: Terms,
        now: Timestamp,
    ) -> Result<Replaced, StoreError> {
        self.inner.replace(old, new, terms, now).await
    }

    async fn revoke(&self, id: SessionId, now: Timestamp) -> Result<bool, StoreError> {
        let keys = &self.inner.keys;
        let call = Call::new(&REVOKE, [keys.session(id)])
            .arg(instant(now))
            .arg(keys.ended())
            .arg(*id.as_bytes())
            .arg(keys.indexes(id.shard_tag()));
        Ok(self.inner.servers.repeat(id.shard_tag(), &call).await? == Value::Int(1))
    }

    async fn revoke_user(
        &self,
        user: &str,
        except: Option<SessionId>,
        now: Timestamp,
    ) -> Result<Vec<SessionId>, StoreError> {
        self.inner.revoke_many(user, except, None, now).await
    }

    async fn revoke_device(&self, user: &str, device: &str, now: Timestamp) -> Result<Vec<SessionId>, StoreError> {
        self.inner.revoke_many(user, None, Some(device), now).await
    }

    async fn epoch(&self, user: &str, _: Timestamp) -> Result<Epoch, StoreError> {
        let command = redis::cmd("GET").arg(self.inner.keys.epoch(user)).to_owned();
        let tag = SessionId::shard_tag_of(user);
        let number: Option<u64> =
            redis::from_redis_value(self.inner.servers.read(tag, &command).await?).map_err(StoreError::corrupt)?;
        Ok(Epoch::from_number(number.unwrap_or_default()))
    }

    async fn list(&self, user: &str, page: Page, now: Timestamp) -> Result<Vec<Arc<Record>>, StoreError> {
        self.inner.list(user, page, now).await
    }

    /// Redis deletes what has expired by itself.
    async fn sweep(&self, _: Timestamp, _: usize) -> Result<usize, StoreError> {
        Ok(0)
    }

    fn expires_by_itself(&self) -> bool {
        true
    }

    async fn scan(&self, from: Option<Cursor>, size: usize, now: Timestamp) -> Result<Scanned, StoreError> {
        self.inner.scan(from, size, now).await
    }

    async fn invalidations(&self, heartbeat: Duration) -> Result<Invalidations, StoreError> {
        self.inner.invalidations(heartbeat).await
    }
}

impl Inner {
    /// Ends all sessions of a user, or those on a device of his.
    async fn revoke_many(
        &self,
        user: &str,
        except: Option<SessionId>,
        device: Option<&str>,
        now: Timestamp,
    ) -> Result<Vec<SessionId>, StoreError> {
        let tag = SessionId::shard_tag_of(user);
        let call = Call::new(&REVOKE_MANY, [self.keys.index(user), self.keys.epoch(user)])
            .arg(instant(now))
            .arg(self.keys.ended())
            .arg(self.keys.sessions(tag))
            .arg(except.map(|id| id.as_bytes().to_vec()).unwrap_or_default())
            .arg(if device.is_some() { "1" } else { "0" })
            .arg(device.unwrap_or_default())
            .arg(Epoch::REMEMBERED.as_millis().to_string());
        match self.servers.write(tag, &call).await? {
            Value::Array(ids) => ids.iter().map(session_id).collect(),
            _ => Err(unreadable()),
        }
    }
}

impl fmt::Debug for RedisStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisStore").finish_non_exhaustive()
    }
}

/// Between two tries of a change that is held up.
const HELD_UP: Duration = Duration::from_millis(5);
