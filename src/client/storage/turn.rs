//! Turns among the threads of one process, by name.

use std::{
    collections::BTreeSet,
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

/// A name that nobody else in this process has until this is dropped.
#[derive(Debug)]
pub(super) struct Turn(Name);

/// A service, a user, and what is done there.
pub(super) type Name = (String, String, &'static str);

impl Turn {
    /// Takes a turn, and waits for it so long at most. `None` if the name did not come free.
    pub(super) fn take(name: Name, patience: Duration) -> Option<Self> {
        let wait = FREED.wait_timeout_while(taken(), patience, |taken| taken.contains(&name));
        let (mut taken, _) = wait.unwrap_or_else(PoisonError::into_inner);
        taken.insert(name.clone()).then(|| Self(name))
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        taken().remove(&self.0);
        FREED.notify_all();
    }
}

fn taken() -> MutexGuard<'static, BTreeSet<Name>> {
    TAKEN.lock().unwrap_or_else(PoisonError::into_inner)
}

static TAKEN: Mutex<BTreeSet<Name>> = Mutex::new(BTreeSet::new());
static FREED: Condvar = Condvar::new();

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_one_holder_and_others_are_free() {
        let name = |what| ("service".to_owned(), "turn".to_owned(), what);
        let turn = Turn::take(name("a"), Duration::ZERO).unwrap();
        assert!(Turn::take(name("a"), Duration::from_millis(5)).is_none());
        assert!(Turn::take(name("b"), Duration::ZERO).is_some());
        drop(turn);
        assert!(Turn::take(name("a"), Duration::ZERO).is_some());
    }
}
