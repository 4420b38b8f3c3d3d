//! Who goes when a user logs in once too often: one pure function, for all stores.

use crate::{
    clock::Timestamp,
    config::{Limit, WhenFull},
    record::{Record, SessionId},
};

/// A live session that may have to make room: what a store must know of it to decide.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// Its id.
    pub id: SessionId,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it was last used.
    pub last_seen_at: Timestamp,
}

impl From<&Record> for Candidate {
    fn from(record: &Record) -> Self {
        Self { id: record.id(), created_at: record.created_at(), last_seen_at: record.last_seen_at() }
    }
}

impl Limit {
    /// Which of a user's live sessions end so that one more fits; `None` if the new one is to be
    /// refused instead. Equal times are decided by id, so every store decides alike.
    #[must_use]
    pub fn evictions(&self, mut live: Vec<Candidate>) -> Option<Vec<SessionId>> {
        let others = usize::try_from(self.max).unwrap_or(usize::MAX).saturating_sub(1);
        if self.max == 0 || live.len() <= others {
            return Some(Vec::new());
        }
        match self.when_full {
            WhenFull::Reject => return None,
            WhenFull::EvictOldest => live.sort_by_key(|session| (session.created_at, session.id)),
            WhenFull::EvictLeastRecentlyUsed => {
                live.sort_by_key(|session| (session.last_seen_at, session.created_at, session.id));
            }
        }
        live.truncate(live.len() - others);
        Some(live.into_iter().map(|session| session.id).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn candidate(id: u8, created: u64, seen: u64) -> Candidate {
        Candidate {
            id: SessionId::from_bytes([id; 18]),
            created_at: Timestamp::from_millis(created),
            last_seen_at: Timestamp::from_millis(seen),
        }
    }

    fn evicted(max: u32, when_full: WhenFull) -> Option<Vec<u8>> {
        let live = vec![candidate(1, 10, 90), candidate(2, 20, 20), candidate(3, 30, 50)];
        let ids = Limit { max, when_full }.evictions(live)?;
        Some(ids.iter().map(|id| id.as_bytes()[0]).collect())
    }

    #[test]
    fn each_policy_chooses_as_its_name_says() {
        assert_eq!(evicted(0, WhenFull::Reject), Some(vec![]));
        assert_eq!(evicted(4, WhenFull::Reject), Some(vec![]));
        assert_eq!(evicted(3, WhenFull::Reject), None);
        assert_eq!(evicted(3, WhenFull::EvictOldest), Some(vec![1]));
        assert_eq!(evicted(3, WhenFull::EvictLeastRecentlyUsed), Some(vec![2]));
        assert_eq!(evicted(1, WhenFull::EvictOldest), Some(vec![1, 2, 3]));
    }
}
