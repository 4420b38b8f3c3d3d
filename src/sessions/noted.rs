//! When this node has last tried to note the last use of a service: so that it is not tried again by each request where that fails,
//! or where a cache does not know of it yet.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use crate::{
    clock::Timestamp,
    record::{Record, SessionId},
};

#[derive(Debug, Default)]
pub(super) struct Noted {
    /// By the id, and when it was registered: an id is used again.
    tried: Mutex<HashMap<(SessionId, Timestamp), Timestamp>>,
}

impl Noted {
    /// Whether it is to be tried now: of all who ask, one is told so in this time.
    pub(super) fn is_due(&self, service: &Record, every: Duration, now: Timestamp) -> bool {
        let mut tried = self.tried.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (service.id(), service.created_at());
        if tried.get(&key).is_some_and(|last| now.since(*last) < every) {
            return false;
        }
        if tried.len() >= MOST {
            tried.clear();
        }
        tried.insert(key, now);
        true
    }
}

/// Those of more services are forgotten, all at once: then each is tried once more.
const MOST: usize = 1_024;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{config::Lifetime, record::SecretHash};

    #[test]
    fn one_try_in_this_time_for_each_service_and_a_new_one_for_a_name_that_is_registered_anew() {
        let noted = Noted::default();
        assert!(noted.is_due(&service(1, 0), MINUTE, at(10)));
        assert!(!noted.is_due(&service(1, 0), MINUTE, at(10)) && !noted.is_due(&service(1, 0), MINUTE, at(69)));
        assert!(noted.is_due(&service(2, 0), MINUTE, at(11)) && noted.is_due(&service(1, 12), MINUTE, at(12)));
        assert!(noted.is_due(&service(1, 0), MINUTE, at(70)) && !noted.is_due(&service(1, 0), MINUTE, at(71)));
    }

    #[test]
    fn however_many_services_there_are_it_stays_small() {
        let noted = Noted::default();
        for number in 0..10_000 {
            assert!(noted.is_due(&service(1, number), MINUTE, at(number)));
            assert!(noted.tried.lock().unwrap().len() <= MOST);
        }
    }

    fn service(id: u8, registered: u64) -> Record {
        let lifetime = Lifetime::new(MINUTE, MINUTE);
        Record::new(SessionId::from_bytes([id; SessionId::BYTES]), SecretHash::NO_SECRETS, lifetime, at(registered))
    }

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_millis(seconds * 1_000)
    }

    const MINUTE: Duration = Duration::from_secs(60);
}
