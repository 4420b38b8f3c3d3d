//! The guide from a user to his sessions, small enough for a million users with one session each.

use std::{collections::HashSet, hash::BuildHasher};

use dashmap::DashMap;
use foldhash::{fast, quality};

use crate::{
    clock::Timestamp,
    record::SessionId,
    store::{Cursor, Epoch},
};

/// Where a session lies in the map: 64 of its id's random bits. Two sessions that meet in one slot
/// are told apart by their full ids; the second is refused as if its id were taken.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Slot(u64);

impl Slot {
    pub(super) const fn of(id: SessionId) -> Self {
        let [a, b, c, d, e, f, g, h, ..] = *id.as_bytes();
        Self(u64::from_le_bytes([a, b, c, d, e, f, g, h]))
    }

    pub(super) const fn at(number: u64) -> Self {
        Self(number)
    }

    pub(super) const fn number(self) -> u64 {
        self.0
    }

    pub(super) fn read(cursor: &Cursor) -> Option<u64> {
        cursor.as_bytes().try_into().ok().map(u64::from_be_bytes)
    }
}

/// The slots of one user's sessions: one, for nearly everybody, without an allocation.
#[derive(Default)]
pub(super) enum Slots {
    #[default]
    None,
    One(Slot),
    /// Boxed, so that the usual entry is 16 bytes and not 56.
    #[allow(clippy::box_collection, reason = "few users have several sessions, and a million have one")]
    Many(Box<HashSet<Slot, fast::RandomState>>),
}

impl Slots {
    pub(super) fn insert(&mut self, slot: Slot) {
        match self {
            Self::None => *self = Self::One(slot),
            Self::One(first) => *self = Self::Many(Box::new([*first, slot].into_iter().collect())),
            Self::Many(slots) => {
                slots.insert(slot);
            }
        }
    }

    pub(super) fn remove(&mut self, slot: Slot) {
        match self {
            Self::One(one) if *one == slot => *self = Self::None,
            Self::Many(slots) => {
                slots.remove(&slot);
                if slots.is_empty() {
                    *self = Self::None;
                }
            }
            Self::None | Self::One(_) => {}
        }
    }

    pub(super) fn remove_all(&mut self, ids: &Vec<SessionId>) {
        for id in ids {
            self.remove(Slot::of(*id));
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = Slot> {
        let (one, many) = match self {
            Self::None => (None, None),
            Self::One(slot) => (Some(*slot), None),
            Self::Many(slots) => (None, Some(slots.iter().copied())),
        };
        one.into_iter().chain(many.into_iter().flatten())
    }

    const fn is_none(&self) -> bool {
        matches!(self, Self::None)
    }
}

/// From the hash of a user's id to his slots. Users whose hashes meet share an entry: whoever
/// follows it compares the user of the record.
pub(super) struct Users {
    map: DashMap<u64, Slots, fast::RandomState>,
    /// Those who are not in the first epoch, until when that is remembered.
    epochs: DashMap<u64, (Epoch, Timestamp), fast::RandomState>,
    hasher: quality::RandomState,
}

impl Users {
    pub(super) fn new() -> Self {
        Self {
            map: DashMap::with_hasher_and_shard_amount(fast::RandomState::default(), super::SHARDS),
            epochs: DashMap::with_hasher(fast::RandomState::default()),
            hasher: quality::RandomState::default(),
        }
    }

    pub(super) fn epoch(&self, user: &str, now: Timestamp) -> Epoch {
        let known = self.epochs.get(&self.hasher.hash_one(user));
        known.filter(|known| now < known.1).map(|known| known.0).unwrap_or_default()
    }

    /// To be called under the user's lock.
    pub(super) fn next_epoch(&self, user: &str, now: Timestamp) {
        let next = self.epoch(user, now).next();
        self.epochs.insert(self.hasher.hash_one(user), (next, now.after(Epoch::REMEMBERED)));
    }

    pub(super) fn forget_epochs(&self, now: Timestamp) {
        self.epochs.retain(|_, known| now < known.1);
    }

    /// Works on a user's slots under his lock. An anonymous session has none, and no lock.
    pub(super) fn with<T>(&self, user: Option<&str>, work: impl FnOnce(&mut Slots) -> T) -> T {
        let Some(user) = user else { return work(&mut Slots::None) };
        let key = self.hasher.hash_one(user);
        let mut slots = self.map.entry(key).or_default();
        let result = work(&mut slots);
        let emptied = slots.is_none();
        drop(slots);
        if emptied {
            self.map.remove_if(&key, |_, slots| slots.is_none());
        }
        result
    }
}
