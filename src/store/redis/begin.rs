//! How sessions begin: by themselves, or in the place of another.

use std::sync::Arc;

use redis::{Cmd, Value};

use super::{
    Inner,
    change::{spoken, unreadable},
    fields::{bytes, decode, encode},
    packed::{instant, revision},
    script::{BEGIN, Call},
};
use crate::{
    clock::Timestamp,
    config::WhenFull,
    record::{Record, SessionId},
    store::{Created, Replaced, Replacement, StoreError, Terms},
};

/// What became of a session that was to begin.
pub(super) enum Begun {
    Kept(Vec<SessionId>),
    /// The session that it follows is not what it was; this is what it is.
    Outdated(Value),
    Gone,
    EpochPassed,
    LimitReached,
    IdTaken,
}

/// The session that another follows.
#[derive(Clone, Copy)]
pub(super) struct Old {
    pub(super) id: SessionId,
    pub(super) revision: u32,
    /// Whether its changes are to be held up if it is at another one.
    pub(super) hold: bool,
}

impl Inner {
    pub(super) async fn create(&self, record: &Record, terms: Terms, now: Timestamp) -> Result<Created, StoreError> {
        if !self.is_at_home(record).await? {
            return Ok(Created::IdTaken);
        }
        let call = self.begin(record, terms, None, false, now)?;
        Ok(match begun(&self.servers.write(record.id().shard_tag(), &call).await?)? {
            Begun::Kept(evicted) => Created::Kept { evicted },
            Begun::EpochPassed => Created::EpochPassed,
            Begun::LimitReached => Created::LimitReached,
            Begun::IdTaken => Created::IdTaken,
            Begun::Gone | Begun::Outdated(_) => return Err(unreadable()),
        })
    }

    /// Reads the old session, makes the new one of it as every store does, and exchanges the two in one step if the
    /// old one is at that revision still. Where it is not, that step says what it is now, and all is done again.
    pub(super) async fn replace(
        self: &Arc<Self>,
        old: SessionId,
        new: Replacement,
        terms: Terms,
        now: Timestamp,
    ) -> Result<Replaced, StoreError> {
        let mut fields = self.read_session(old).await?;
        for attempt in 0_u32.. {
            let Some(present) = decode(old, &fields)?.filter(|record| !record.is_expired(now)) else {
                return Ok(Replaced::Gone);
            };
            let record = match new.clone().succeeding(&present) {
                Ok(record) => record,
                Err(refused) => return Ok(Replaced::Refused(refused)),
            };
            if !self.is_at_home(&record).await? {
                return Ok(Replaced::IdTaken);
            }
            let old = Old { id: old, revision: present.revision(), hold: attempt >= PATIENT };
            let begun = if self.servers.together(old.id.shard_tag(), record.id().shard_tag()) {
                let call = self.begin(&record, terms, Some(old), false, now)?;
                begun(&self.servers.write(record.id().shard_tag(), &call).await?)?
            } else {
                self.replace_across(old, &record, terms, now).await?
            };
            return Ok(match begun {
                Begun::Kept(evicted) => Replaced::Done { record: Arc::new(record), evicted },
                Begun::Gone => Replaced::Gone,
                Begun::EpochPassed => Replaced::EpochPassed,
                Begun::LimitReached => Replaced::LimitReached,
                Begun::IdTaken => Replaced::IdTaken,
                Begun::Outdated(now_it_is) => {
                    fields = now_it_is;
                    continue;
                }
            });
        }
        Err(unreadable())
    }

    /// The fields of a session, as they are: one command, one round trip.
    pub(super) async fn read_session(&self, id: SessionId) -> Result<Value, StoreError> {
        let mut command = Cmd::with_capacity(2, 64);
        command.arg("HGETALL").arg(self.keys.session(id));
        self.servers.read(id.shard_tag(), &command).await
    }

    /// The script with which a session begins.
    pub(super) fn begin(
        &self,
        record: &Record,
        terms: Terms,
        old: Option<Old>,
        reserved: bool,
        now: Timestamp,
    ) -> Result<Call, StoreError> {
        let id = record.id();
        let old_key = old.map_or_else(|| self.keys.session(id), |old| self.keys.session(old.id));
        let keys = self.places(record).into_iter().chain([old_key]);
        let call = Call::new(&BEGIN, keys)
            .arg(instant(now))
            .arg(self.keys.ended())
            .arg(self.keys.sessions(id.shard_tag()))
            .arg(*id.as_bytes())
            .arg(if record.user().is_some() { "1" } else { "0" })
            .arg(terms.epoch.map(|epoch| epoch.number().to_string()).unwrap_or_default())
            .arg(terms.limit.max.to_string())
            .arg(policy(terms.limit.when_full))
            .arg(instant(record.expires_at()))
            .arg(old.map(|old| old.id.as_bytes().to_vec()).unwrap_or_default())
            .arg(old.map(|old| revision(old.revision)).unwrap_or_default())
            .arg(old.map(|old| self.keys.indexes(old.id.shard_tag())).unwrap_or_default())
            .arg(if reserved { "1" } else { "0" })
            .arg(if old.is_some_and(|old| old.hold) { "1" } else { "0" });
        Ok(call.args(encode(record)?.into_iter().flat_map(|(name, value)| [name, value])))
    }

    /// The keys of a new session: itself, and its user's index, epoch and reservations.
    pub(super) fn places(&self, record: &Record) -> [String; 4] {
        let (id, keys) = (record.id(), &self.keys);
        match record.user() {
            Some(user) => [keys.session(id), keys.index(user), keys.epoch(user), keys.reservations(user)],
            // The script does not look at the two in the middle.
            None => [keys.session(id), keys.reservation(id), keys.reservation(id), keys.reservation(id)],
        }
    }

    /// Whether an id carries the shard tag of its user, as every id does that [`SessionId::new`] has made: only then
    /// do a session and its user's index lie together. `false` if the id is taken, wherever that may be.
    async fn is_at_home(&self, record: &Record) -> Result<bool, StoreError> {
        let Some(user) = record.user() else { return Ok(true) };
        if record.id().shard_tag() == SessionId::shard_tag_of(user) {
            return Ok(true);
        }
        match decode(record.id(), &self.read_session(record.id()).await?)? {
            Some(_) => Ok(false),
            None => Err(StoreError::unavailable(
                "a session's id does not carry the shard tag of its user: make it by SessionId::new(Some(user))",
            )),
        }
    }
}

pub(super) fn policy(when_full: WhenFull) -> &'static str {
    match when_full {
        WhenFull::Reject => "reject",
        WhenFull::EvictOldest => "oldest",
        WhenFull::EvictLeastRecentlyUsed => "unused",
    }
}

/// What the script says.
pub(super) fn begun(answer: &Value) -> Result<Begun, StoreError> {
    let (word, rest) = spoken(answer)?;
    Ok(match word {
        b"kept" => Begun::Kept(rest.iter().map(session_id).collect::<Result<_, _>>()?),
        b"gone" => Begun::Gone,
        b"outdated" => Begun::Outdated(rest.first().cloned().unwrap_or_default()),
        b"epoch" => Begun::EpochPassed,
        b"limit" => Begun::LimitReached,
        b"taken" => Begun::IdTaken,
        _ => return Err(unreadable()),
    })
}

/// An id as the indexes hold it.
pub(super) fn session_id(value: &Value) -> Result<SessionId, StoreError> {
    bytes(value)?.try_into().map(SessionId::from_bytes).map_err(StoreError::corrupt)
}

/// After so many tries in which a session has changed before another could follow it, its changes are held up.
const PATIENT: u32 = 2;
