//! A count of all live sessions, of all nodes, as the store has them.

use std::{collections::HashSet, hash::BuildHasher};

use foldhash::fast::RandomState;
use serde::Serialize;

use super::{
    distribution::{Distribution, Spread},
    state::day_of,
};
use crate::{
    clock::{Stopwatch, Timestamp},
    sessions::{Error, Sessions},
};

/// A count of all live sessions, on all nodes.
///
/// It is exact where nothing begins or ends meanwhile. What is kept beside sessions, as counts of attempts, is not in it; nor are
/// sessions that [`revoke_everyone`](crate::Sessions::revoke_everyone) has ended and that still lie in the store.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Census {
    /// When it was finished: milliseconds since 1970.
    pub at: Timestamp,
    /// How long it took, in seconds.
    pub took: f64,
    /// Live sessions.
    pub sessions: u64,
    /// Of these, those without a user: nobody has logged in yet, or a second factor is still owed.
    pub anonymous: u64,
    /// Users with a live session.
    pub users: u64,
    /// Of the live sessions, those that were begun on this day, by UTC.
    pub created_today: u64,
    /// How long ago they were begun.
    pub age: Spread,
}

impl Census {
    /// Counts: what it costs grows with all that the store holds. On the way it keeps 8 bytes of each session and of each user.
    pub(super) async fn take(sessions: &Sessions) -> Result<Self, Error> {
        let watch = Stopwatch::start();
        let hasher = RandomState::default();
        let (mut seen, mut users) = (Seen::default(), Seen::default());
        let (mut anonymous, mut created_today) = (0, 0);
        let ages = Distribution::of_lives();
        sessions
            .see_all(|record, now| {
                // A store may tell a session twice.
                if !seen.insert(hasher.hash_one(record.id())) {
                    return;
                }
                match record.user() {
                    Some(user) => drop(users.insert(hasher.hash_one(user))),
                    None => anonymous += 1,
                }
                created_today += u64::from(day_of(record.created_at()) == day_of(now));
                ages.add(now.since(record.created_at()));
            })
            .await?;
        Ok(Self {
            at: sessions.now(),
            took: std::time::Duration::from_nanos(watch.nanos()).as_secs_f64(),
            sessions: seen.len() as u64,
            anonymous,
            users: users.len() as u64,
            created_today,
            age: ages.spread(),
        })
    }
}

/// Hashes of names and ids: of a million, two meet with a chance of one in 37 million.
type Seen = HashSet<u64, RandomState>;
