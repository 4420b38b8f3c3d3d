//! What a store keeps of one session: plain data, and pure functions of `now`.

mod attributes;
mod authentication;
mod change;
mod conditions;
mod device;
mod id;
mod keep;
mod merge;
#[cfg(feature = "redis")]
mod parts;
mod refused;
mod remaining;
mod reserved;
mod sealing;
mod succession;
#[cfg(test)]
mod tests;
mod transit;

pub use attributes::Attributes;
pub(crate) use authentication::Authentication;
pub use authentication::{Assurance, FirstFactor};
pub use change::{Change, FieldChange, Pending, SecretStep};
pub use device::{Device, DeviceHints, DeviceKind};
pub use id::{InvalidSessionId, SessionId};
pub use keep::Keep;
#[cfg(feature = "redis")]
pub(crate) use parts::{Parts, Rest};
pub use refused::ChangeRefused;
pub use remaining::Remaining;
pub(crate) use reserved::{SEEN, SERVICES, STEP_UP, is_reserved};
pub(crate) use sealing::Part;
pub use succession::{SecretHash, Standing, Succession};

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::{
    clock::{Timestamp, millis},
    config::Lifetime,
};

/// What a store keeps of one session. It holds no secret: only the hash of one.
///
/// A store may keep it as it likes, and read it back through serde; it changes a record only by
/// [`apply`](Self::apply) and [`inherit`](Self::inherit), inside its atomic steps. Fields that a
/// later version may add are passed over when an older one reads, so that nodes can be upgraded
/// one by one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    id: SessionId,
    secret: SecretHash,
    remembered: bool,
    /// See [`Record::in_transit`].
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    in_transit: bool,
    /// See [`Record::revision`].
    #[serde(default, skip_serializing_if = "transit::is_first")]
    revision: u32,
    created_at: Timestamp,
    authenticated_at: Timestamp,
    last_seen_at: Timestamp,
    absolute_at: Timestamp,
    idle_millis: u64,
    user: Option<Box<str>>,
    origin: Option<Box<Origin>>,
    attributes: Attributes,
    succession: Succession,
}

/// What only some sessions have: kept apart, so that the others are small.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Origin {
    roles: Vec<Box<str>>,
    device: Device,
    address: Option<IpAddr>,
    /// The family of the user agent, as a number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    agent: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    authentication: Option<Box<Authentication>>,
    /// In a store whose sessions are sealed: the device's description, and the address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sealed: Option<sealing::Blob>,
    /// See [`Record::withheld`].
    #[serde(skip)]
    withheld: Box<[Box<str>]>,
}

impl Record {
    /// A new session that starts at `now`.
    #[must_use]
    pub fn new(id: SessionId, secret: SecretHash, lifetime: Lifetime, now: Timestamp) -> Self {
        Self {
            id,
            secret,
            remembered: false,
            in_transit: false,
            revision: 0,
            created_at: now,
            authenticated_at: now,
            last_seen_at: now,
            absolute_at: now.after(lifetime.absolute),
            idle_millis: millis(lifetime.idle),
            user: None,
            origin: None,
            attributes: Attributes::default(),
            succession: Succession::default(),
        }
    }

    /// The same, of a user.
    #[must_use]
    pub fn with_user(self, user: impl Into<Box<str>>) -> Self {
        Self { user: Some(user.into()), ..self }
    }

    /// The same, whose cookie outlives the browser.
    #[must_use]
    pub fn with_remembered(self, remembered: bool) -> Self {
        Self { remembered, ..self }
    }

    /// The same, with these roles.
    #[must_use]
    pub fn with_roles<R: Into<Box<str>>>(mut self, roles: impl IntoIterator<Item = R>) -> Self {
        let roles: Vec<Box<str>> = roles.into_iter().map(Into::into).collect();
        if !roles.is_empty() || self.origin.is_some() {
            self.origin.get_or_insert_default().roles = roles;
        }
        self
    }

    /// The same, started from this device and address.
    #[must_use]
    pub fn with_origin(mut self, device: Device, address: Option<IpAddr>) -> Self {
        if device != Device::default() || address.is_some() {
            let origin = self.origin.get_or_insert_default();
            origin.device = device;
            origin.address = address;
        }
        self
    }

    /// The same under a new id and secret, for a change of what the session may do: its limits, user,
    /// device and age stay as they are. Attributes are left out: they are [inherited](Self::inherit)
    /// from what the store has, which may be more than is known here.
    pub(crate) fn renewed(&self, id: SessionId, secret: SecretHash, now: Timestamp) -> Self {
        Self {
            id,
            secret,
            in_transit: false,
            revision: 0,
            last_seen_at: self.last_seen_at.max(now),
            attributes: Attributes::default(),
            succession: Succession::since(now),
            ..self.clone()
        }
    }

    /// The same, whose revisions begin here: for an id that is used again, so that no change that expects a revision of the record
    /// before applies to this one.
    #[cfg(feature = "service")]
    pub(crate) fn with_revision(self, revision: u32) -> Self {
        Self { revision, ..self }
    }

    /// Takes over what is to be kept of the session that this one replaces. What this one has
    /// already is not overwritten. Of a session whose user [has to prove again](Self::demands_step_up) who he is, nothing is kept but
    /// for him: whoever else logs in from there may have stolen it.
    pub fn inherit(&mut self, old: &Self, keep: &Keep) {
        if old.hides_from(self) {
            return;
        }
        let mine: Vec<(&str, &[u8])> = self.attributes.iter().collect();
        let kept = old.attributes.iter().filter(|(name, _)| keep.covers(name));
        self.attributes = kept.chain(mine).collect();
    }

    /// The public handle.
    #[must_use]
    pub const fn id(&self) -> SessionId {
        self.id
    }

    /// The user, as the application named him at log-in; `None` for an anonymous session.
    #[must_use]
    pub fn user(&self) -> Option<&str> {
        self.user.as_deref()
    }

    /// The roles given at log-in.
    pub fn roles(&self) -> impl Iterator<Item = &str> {
        self.origin.iter().flat_map(|origin| origin.roles.iter().map(|role| &**role))
    }

    /// The device that the session was started from.
    #[must_use]
    pub fn device(&self) -> Device {
        self.origin.as_ref().map(|origin| origin.device.clone()).unwrap_or_default()
    }

    /// The id that the application gave to the device, if it did.
    #[must_use]
    pub fn device_id(&self) -> Option<&str> {
        self.origin.as_ref()?.device.id.as_deref()
    }

    /// The address that the session was started from.
    #[must_use]
    pub fn address(&self) -> Option<IpAddr> {
        self.origin.as_ref()?.address
    }

    /// The attributes.
    #[must_use]
    pub const fn attributes(&self) -> &Attributes {
        &self.attributes
    }

    /// Hash of the current secret.
    #[must_use]
    pub const fn secret(&self) -> &SecretHash {
        &self.secret
    }

    /// The neighbours of the current secret.
    #[must_use]
    pub const fn succession(&self) -> &Succession {
        &self.succession
    }

    /// How many changes have been applied to it, counted from where its maker began. Of two records of one id, the one with the higher
    /// revision is the later; equal revisions mean equal records.
    #[must_use]
    pub const fn revision(&self) -> u32 {
        self.revision
    }

    /// How many changes more than `other`, a record of the same id, this one has seen: negative if fewer.
    /// Right also where the count has begun anew.
    #[cfg(feature = "cache")]
    pub(crate) const fn later_by(&self, other: &Self) -> i32 {
        self.revision.wrapping_sub(other.revision).cast_signed()
    }

    /// Whether the cookie outlives the browser.
    #[must_use]
    pub const fn remembered(&self) -> bool {
        self.remembered
    }

    /// When the session was created.
    #[must_use]
    pub const fn created_at(&self) -> Timestamp {
        self.created_at
    }

    /// When its user last proved who he is: at log-in.
    #[must_use]
    pub const fn authenticated_at(&self) -> Timestamp {
        self.authenticated_at
    }

    /// When it was last used, give or take the refresh interval.
    #[must_use]
    pub const fn last_seen_at(&self) -> Timestamp {
        self.last_seen_at
    }

    /// When it ends if nothing more happens: the sliding window, cut at the absolute limit.
    #[must_use]
    pub fn expires_at(&self) -> Timestamp {
        self.last_seen_at.after(std::time::Duration::from_millis(self.idle_millis)).min(self.absolute_at)
    }

    /// Whether it has ended by time. The last live millisecond is the one before
    /// [`expires_at`](Self::expires_at).
    #[must_use]
    pub fn is_expired(&self, now: Timestamp) -> bool {
        now >= self.expires_at()
    }
}
