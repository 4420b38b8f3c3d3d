//! A session follows one that lies in another slot of a cluster: an anonymous one at a log-in, or another user's.
//!
//! No script reaches two slots, so this takes three of them, of which the second decides:
//!
//! 1. *Reserve*, in the new user's slot: the terms are held to, and the new id gets a place among the user's
//!    reservations. Nobody loads or lists it; under [`WhenFull::Reject`](crate::WhenFull::Reject) it counts. It goes by
//!    itself after [`RESERVED`].
//! 2. *Leave*, in the old one's slot: the old session ends, and that is announced, if it is still at the revision that
//!    the new record was made of. Else the reservation is dropped; where the old one has changed, all begins again.
//! 3. *Settle*, in the new user's slot: the new session is made real, and others end as the limit says.
//!
//! What holds of the one step elsewhere holds here as well: there are never two; no change of the old session is lost;
//! a user's limit is kept; what was reserved in an earlier epoch does not begin in a later one, so that no log-in
//! slips through a `revoke_user` (then the old session has ended, and the answer is `Gone`, or `EpochPassed` if the
//! terms name an epoch). And nobody is told of the new id before the third step, so nobody can miss the session
//! between the second and the third.
//!
//! The steps run in a task of their own: a caller who hangs up does not stop them half-way. What is not covered is the
//! end of the *process*, or of the connection to the new slot for longer than the deadlines, between the second step
//! and the third. That costs one session, the old one: at a log-in an anonymous one, with what it held, and the user
//! logs in again. Nobody gets in by it. The new id has been given to nobody, and its reservation goes by itself.

use std::{sync::Arc, time::Duration};

use super::{
    Inner,
    begin::{Begun, Old, begun, policy},
    change::{spoken, unreadable},
    fields::bytes,
    packed::{instant, revision},
    script::{Call, LEAVE, RESERVE},
};
use crate::{
    clock::Timestamp,
    record::Record,
    store::{Epoch, StoreError, Terms},
};

impl Inner {
    /// Exchanges two sessions that lie in different slots.
    pub(super) async fn replace_across(
        self: &Arc<Self>,
        old: Old,
        new: &Record,
        terms: Terms,
        now: Timestamp,
    ) -> Result<Begun, StoreError> {
        let (inner, new) = (Arc::clone(self), new.clone());
        let steps = tokio::spawn(async move { inner.across(old, &new, terms, now).await });
        steps.await.map_err(StoreError::unavailable)?
    }

    async fn across(&self, old: Old, new: &Record, terms: Terms, now: Timestamp) -> Result<Begun, StoreError> {
        let epoch = match self.reserve(new, terms, now).await? {
            Ok(epoch) => epoch,
            Err(refused) => return Ok(refused),
        };
        match self.leave(old, now).await {
            Ok(None) => {}
            Ok(Some(refused)) => {
                self.drop_reservation(new).await?;
                return Ok(refused);
            }
            Err(error) => {
                // Why this failed is told; that the reservation stays for its half minute is of less weight.
                let _ = self.drop_reservation(new).await;
                return Err(error);
            }
        }
        let in_this_epoch = Terms { epoch: Some(epoch), ..terms };
        let call = self.begin(new, in_this_epoch, None, true, now)?;
        // Nothing else may happen now, so this is tried as often as the deadline lets it: twice is the same as once.
        Ok(match begun(&self.servers.repeat(new.id().shard_tag(), &call).await?)? {
            // The old one has gone, and it is for whoever asked to decide whether a new one begins without it.
            Begun::EpochPassed if terms.epoch.is_none() => Begun::Gone,
            Begun::LimitReached => Begun::Gone,
            begun => begun,
        })
    }

    /// The first step. Says in which epoch the place was reserved, or why it was not.
    async fn reserve(&self, new: &Record, terms: Terms, now: Timestamp) -> Result<Result<Epoch, Begun>, StoreError> {
        let id = new.id();
        let call = Call::new(&RESERVE, self.places(new))
            .arg(instant(now))
            .arg(self.keys.sessions(id.shard_tag()))
            .arg(*id.as_bytes())
            .arg(if new.user().is_some() { "1" } else { "0" })
            .arg(terms.epoch.map(|epoch| epoch.number().to_string()).unwrap_or_default())
            .arg(terms.limit.max.to_string())
            .arg(policy(terms.limit.when_full))
            .arg(instant(now.after(RESERVED)))
            .arg(RESERVED.as_millis().to_string());
        let answer = self.servers.write(id.shard_tag(), &call).await?;
        let (word, rest) = spoken(&answer)?;
        if word != b"held" {
            return begun(&answer).map(Err);
        }
        let epoch = rest.first().map(bytes).transpose()?.and_then(|number| str::from_utf8(number).ok()?.parse().ok());
        epoch.map(|number| Ok(Epoch::from_number(number))).ok_or_else(unreadable)
    }

    /// The second step. Says why it was not taken, if so.
    async fn leave(&self, old: Old, now: Timestamp) -> Result<Option<Begun>, StoreError> {
        let tag = old.id.shard_tag();
        let call = Call::new(&LEAVE, [self.keys.session(old.id)])
            .arg(instant(now))
            .arg(self.keys.ended())
            .arg(*old.id.as_bytes())
            .arg(revision(old.revision))
            .arg(self.keys.indexes(tag))
            .arg(if old.hold { "1" } else { "0" });
        let answer = self.servers.write(tag, &call).await?;
        if spoken(&answer)?.0 == b"left" { Ok(None) } else { begun(&answer).map(Some) }
    }

    async fn drop_reservation(&self, new: &Record) -> Result<(), StoreError> {
        let [_, _, _, reservations] = self.places(new);
        let command = redis::cmd("ZREM").arg(reservations).arg(new.id().as_bytes()).to_owned();
        self.servers.read(new.id().shard_tag(), &command).await.map(drop)
    }
}

/// How long a place is kept: far longer than the second step may take.
const RESERVED: Duration = Duration::from_secs(30);
