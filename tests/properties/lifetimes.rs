//! How long a session lives, against a model of three numbers.

use std::time::{Duration, UNIX_EPOCH};

use countersign::{
    Change, Clock, Config, ErrorKind, KeyRing, Lifetime, MemoryStore, Record, RefusalKind, Rotation, SecretHash,
    SessionId, Sessions, Timestamp,
};
use proptest::{collection::vec, prelude::*};

use crate::{cases, wait};

proptest! {
    #![proptest_config(cases(500))]

    #[test]
    fn a_window_slides_forward_and_never_past_the_absolute_limit(
        (start, idle, absolute) in (instant(), length(), length()),
        touches in vec(instant(), 0..20),
    ) {
        let lifetime = Lifetime::new(Duration::from_millis(idle), Duration::from_millis(absolute));
        let mut record = Record::new(SessionId::from_bytes([1; 18]), SecretHash::from_bytes([1; 32]), lifetime, at(start));
        let wall = start.saturating_add(absolute);
        let mut seen = start;
        for touch in touches {
            let before = record.expires_at();
            let mut change = Change::new();
            change.touch(at(touch));
            record.apply(&change).unwrap();
            seen = seen.max(touch);

            let end = seen.saturating_add(idle).min(wall);
            prop_assert_eq!(record.expires_at(), at(end));
            prop_assert!(before <= record.expires_at() && record.expires_at() <= at(wall));
            prop_assert_eq!(record.last_seen_at(), at(seen));
            prop_assert_eq!(record.created_at(), at(start));
            prop_assert!(record.is_expired(at(end)) && record.is_expired(at(u64::MAX)));
            prop_assert!(end == 0 || !record.is_expired(at(end - 1)));
        }
    }

    /// In whole seconds: 10 min idle, 1 h absolute, slid at most once a minute.
    #[test]
    fn a_session_in_use_lives_as_the_model_says(pauses in vec(prop_oneof![0..70_u64, 500..620_u64, 0..1_000_u64], 1..40)) {
        const IDLE: u64 = 600;
        const ABSOLUTE: u64 = 3_600;
        const REFRESH: u64 = 60;
        let clock = Clock::manual(UNIX_EPOCH);
        let mut config = Config::production();
        config.lifetime = Lifetime::new(Duration::from_secs(IDLE), Duration::from_secs(ABSOLUTE));
        config.rotation = Rotation { every: None, ..config.rotation };
        let sessions = Sessions::builder(KeyRing::generate().unwrap(), MemoryStore::new()).config(config);
        let sessions = sessions.clock(clock.clone()).build().unwrap();
        let token = wait(sessions.log_in("ada").into_future()).unwrap().token().clone();

        let (mut now, mut seen, mut alive) = (0, 0, true);
        for pause in pauses {
            now += pause;
            clock.advance(Duration::from_secs(pause));
            alive &= now < (seen + IDLE).min(ABSOLUTE);
            match wait(sessions.authenticate(&token)) {
                Ok(session) => {
                    prop_assert!(alive, "at {}, last seen at {}", now, seen);
                    wait(sessions.slide(&session)).unwrap();
                }
                Err(error) => {
                    prop_assert!(!alive, "at {}, last seen at {}", now, seen);
                    prop_assert_eq!(error.kind(), ErrorKind::Refused(RefusalKind::Gone));
                }
            }
            if alive && now - seen >= REFRESH {
                seen = now;
            }
            prop_assert_eq!(wait(sessions.list("ada")).unwrap().len(), usize::from(alive));
        }
    }
}

/// Near each other, or anywhere.
fn instant() -> impl Strategy<Value = u64> {
    prop_oneof![4 => 0..5_000_u64, 1 => any::<u64>(), 1 => (u64::MAX - 5_000)..=u64::MAX]
}

fn length() -> impl Strategy<Value = u64> {
    prop_oneof![4 => 0..3_000_u64, 1 => any::<u64>()]
}

fn at(millis: u64) -> Timestamp {
    Timestamp::from_millis(millis)
}
