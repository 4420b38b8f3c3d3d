//! Devices that their user has logged in from before.

use countersign::ErrorKind;

use crate::{
    help::{allowed, attempt, attempt_on, lock, world},
    support::{on_every_store, seconds},
};

#[tokio::test]
async fn a_known_device_is_not_locked_out_by_strangers() {
    on_every_store(|backend| async move {
        let world = world(backend).await;
        assert_eq!(allowed(&world.sessions, "ada").await, 3);
        let attempt = attempt_on(&world.sessions, "ada", "laptop").await.unwrap();
        world.sessions.log_in("ada").since(&attempt).await.unwrap();
        assert_eq!(allowed(&world.sessions, "ada").await, 0, "{backend:?}: nor does it help them");
        world.pass(seconds(40));
        lock(&world, "grace").await;
        attempt_on(&world.sessions, "grace", "laptop").await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_known_device_has_a_count_of_its_own() {
    on_every_store(|backend| async move {
        let world = world(backend).await;
        for _ in 0..3 {
            attempt_on(&world.sessions, "ada", "laptop").await.unwrap();
        }
        let error = attempt_on(&world.sessions, "ada", "laptop").await.unwrap_err();
        assert_eq!((error.kind(), error.retry_after()), (ErrorKind::TooManyAttempts, Some(seconds(10))));
        attempt_on(&world.sessions, "ada", "phone").await.unwrap();
        attempt_on(&world.sessions, "grace", "laptop").await.unwrap();
        assert_eq!(allowed(&world.sessions, "ada").await, 3, "{backend:?}");
    })
    .await;
}

/// Somebody has stolen it: after as many guesses as an account has, it is a stranger's.
#[tokio::test]
async fn a_known_device_that_guesses_too_often_is_known_no_more() {
    on_every_store(|backend| async move {
        let world = world(backend).await;
        for _ in 0..6 {
            attempt_on(&world.sessions, "ada", "laptop").await.unwrap();
            world.pass(seconds(40));
        }
        for _ in 0..3 {
            attempt_on(&world.sessions, "ada", "laptop").await.unwrap();
        }
        attempt_on(&world.sessions, "ada", "laptop").await.unwrap_err();
        attempt(&world.sessions, "ada").await.unwrap_err();

        // Its user proves himself on it: then it is known again.
        world.pass(seconds(10));
        let attempt = attempt_on(&world.sessions, "ada", "laptop").await.unwrap();
        world.sessions.log_in("ada").since(&attempt).await.unwrap();
        assert_eq!(allowed(&world.sessions, "ada").await, 3, "{backend:?}");
        attempt_on(&world.sessions, "ada", "laptop").await.unwrap();
    })
    .await;
}
