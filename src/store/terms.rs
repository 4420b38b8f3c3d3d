//! On which terms a user's session may begin.

use std::time::Duration;

use crate::{config::Limit, record::Record};

/// What must hold in the very step in which a session begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// How many live sessions the user may have.
    pub limit: Limit,
    /// The epoch that the user must be in still, if there is one.
    pub epoch: Option<Epoch>,
}

impl Terms {
    /// Whether anything must hold for this session to begin: something that could change meanwhile.
    #[must_use]
    pub fn bind(&self, record: &Record) -> bool {
        record.user().is_some() && (self.limit.max > 0 || self.epoch.is_some())
    }
}

impl From<Limit> for Terms {
    fn from(limit: Limit) -> Self {
        Self { limit, epoch: None }
    }
}

/// The time between two occasions on which all of a user's sessions were ended: each
/// [`revoke_user`](super::SessionStore::revoke_user) begins a new one.
///
/// A log-in that began in an earlier epoch, perhaps by a password that has been changed since, is
/// refused. Everybody begins in the epoch 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Epoch(u64);

impl Epoch {
    /// How long a store remembers, at least, that a user is not in the epoch 0: one hour. No log-in may
    /// take longer.
    pub const REMEMBERED: Duration = Duration::from_secs(60 * 60);

    /// The epoch of this number, as a store reads it back.
    #[must_use]
    pub const fn from_number(number: u64) -> Self {
        Self(number)
    }

    /// Its number, as a store keeps it.
    #[must_use]
    pub const fn number(self) -> u64 {
        self.0
    }

    /// The one after it.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.wrapping_add(1))
    }
}
