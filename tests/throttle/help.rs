//! Somebody who guesses.

use std::time::Duration;

use countersign::{Attempt, Config, Error, ErrorKind, Sessions, Whence};

use crate::support::{Backend, World, seconds};

/// Three attempts are free; then 10 s, 20 s, 40 s; six are all. Nothing is waited for before an answer.
pub async fn world(backend: Backend) -> World {
    World::with(backend, settings).await
}

pub fn settings(config: &mut Config) {
    config.throttle.account.free = 3;
    config.throttle.account.first_delay = seconds(10);
    config.throttle.account.longest_delay = seconds(40);
    config.throttle.most_failures = 6;
    config.throttle.network.free = 5;
    config.throttle.network.first_delay = seconds(10);
    config.throttle.answer_after = Duration::ZERO;
    // The machine of the tests may be slow.
    config.store_deadline = seconds(60);
}

pub async fn attempt(sessions: &Sessions, name: &str) -> Result<Attempt, Error> {
    sessions.attempt_from(name, Whence::default()).await
}

pub async fn attempt_at(sessions: &Sessions, name: &str, address: &str) -> Result<Attempt, Error> {
    sessions.attempt_from(name, Whence::default().with_address(address.parse().unwrap())).await
}

pub async fn attempt_on(sessions: &Sessions, name: &str, device: &str) -> Result<Attempt, Error> {
    sessions.attempt_from(name, Whence::default().with_known_device(device)).await
}

/// So many attempts are allowed one after the other, and the next one is refused.
pub async fn allowed(sessions: &Sessions, name: &str) -> usize {
    let mut allowed = 0;
    loop {
        match attempt(sessions, name).await {
            Ok(_) => allowed += 1,
            Err(error) => {
                assert_eq!((error.kind(), error.kind().status()), (ErrorKind::TooManyAttempts, 429));
                return allowed;
            }
        }
    }
}

/// Attempts until nothing but an unlock helps.
pub async fn lock(world: &World, name: &str) {
    for _ in 0..6 {
        attempt(&world.sessions, name).await.unwrap();
        world.pass(seconds(40));
    }
}
