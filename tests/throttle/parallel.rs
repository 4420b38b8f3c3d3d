//! However many guesses begin at once, on however many nodes.

use countersign::ErrorKind;
use tokio::task::JoinSet;

use crate::{
    help::{attempt, attempt_at, settings, world},
    support::{World, on_every_store, seconds},
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_200_guesses_at_once_on_two_nodes_exactly_the_free_ones_are_allowed() {
    on_every_store(|backend| async move {
        let world = world(backend).await;
        let nodes = [world.sessions.clone(), world.node().await];
        let mut guesses = JoinSet::new();
        for number in 0..200 {
            let node = nodes[number % 2].clone();
            guesses.spawn(async move { attempt(&node, "ada").await.map(drop).map_err(|error| error.kind()) });
        }
        let guesses = guesses.join_all().await;
        assert_eq!(guesses.iter().filter(|guess| guess.is_ok()).count(), 3, "{backend:?}");
        let refused = guesses.iter().filter(|guess| **guess == Err(ErrorKind::TooManyAttempts)).count();
        assert_eq!(refused, 197, "{backend:?}: and no other error");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn guesses_at_once_on_many_accounts_from_one_network_are_counted_as_one() {
    on_every_store(|backend| async move {
        let world = World::with(backend, |config| {
            settings(config);
            config.throttle.network.free = 20;
        })
        .await;
        let nodes = [world.sessions.clone(), world.node().await];
        let mut guesses = JoinSet::new();
        for number in 0..60 {
            let node = nodes[number % 2].clone();
            let (name, address) = (format!("user-{number}"), format!("192.0.2.{number}"));
            guesses.spawn(async move { attempt_at(&node, &name, &address).await.is_ok() });
        }
        let allowed = guesses.join_all().await.into_iter().filter(|allowed| *allowed).count();
        assert_eq!(allowed, 20, "{backend:?}");
    })
    .await;
}

/// Successes clear the count while others count: none of them is in the way of another, and no guess is allowed that was not
/// counted, before the last success or after it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn successes_among_guesses_are_in_nobodys_way() {
    on_every_store(|backend| async move {
        let world = World::with(backend, |config| {
            settings(config);
            config.limit.max = 0;
        })
        .await;
        let nodes = [world.sessions.clone(), world.node().await];
        let mut tasks = JoinSet::new();
        for number in 0..40 {
            let node = nodes[number % 2].clone();
            tasks.spawn(async move {
                match attempt(&node, "ada").await {
                    Ok(attempt) if number % 4 == 0 => drop(node.log_in("ada").since(&attempt).await.unwrap()),
                    Ok(_) => {}
                    Err(error) => assert_eq!(error.kind(), ErrorKind::TooManyAttempts),
                }
            });
        }
        tasks.join_all().await;
        world.pass(seconds(40));
        let attempt = attempt(&world.sessions, "ada").await.unwrap();
        world.sessions.log_in("ada").since(&attempt).await.unwrap();
        assert_eq!(crate::help::allowed(&world.sessions, "ada").await, 3, "{backend:?}");
    })
    .await;
}
