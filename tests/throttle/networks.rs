//! Attempts from one network, on whatever accounts.

use countersign::ErrorKind;

use crate::{
    help::{allowed, attempt_at, world},
    support::{on_every_store, seconds},
};

#[tokio::test]
async fn a_networks_count_spans_accounts_and_nodes() {
    on_every_store(|backend| async move {
        let world = world(backend).await;
        let nodes = [world.sessions.clone(), world.node().await];
        for (here, neighbour, elsewhere) in
            [("192.0.2.", "192.0.2.200", "192.0.3.1"), ("2001:db8::", "2001:db8::ffff:0:0:1", "2001:db8:0:1::1")]
        {
            for number in 1..=5 {
                let (name, address) = (format!("user-{number}-{here}"), format!("{here}{number}"));
                attempt_at(&nodes[number % 2], &name, &address).await.unwrap();
            }
            let error = attempt_at(&nodes[0], "somebody", neighbour).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::TooManyAttempts, "{backend:?}");
            assert_eq!(error.retry_after(), Some(seconds(10)));
            attempt_at(&nodes[1], "somebody", elsewhere).await.unwrap();
            world.pass(seconds(10));
            attempt_at(&nodes[1], "somebody", neighbour).await.unwrap();
            world.pass(seconds(40));
        }
    })
    .await;
}

#[tokio::test]
async fn what_a_network_is_refused_counts_against_no_account() {
    on_every_store(|backend| async move {
        let world = world(backend).await;
        for number in 0..5 {
            attempt_at(&world.sessions, &format!("user-{number}"), "192.0.2.1").await.unwrap();
        }
        for _ in 0..5 {
            attempt_at(&world.sessions, "ada", "192.0.2.1").await.unwrap_err();
        }
        assert_eq!(allowed(&world.sessions, "ada").await, 3, "{backend:?}");
    })
    .await;
}

/// He logs in as himself between his guesses.
#[tokio::test]
async fn whoever_has_an_account_of_his_own_gets_no_guess_more() {
    on_every_store(|backend| async move {
        let world = world(backend).await;
        let mut guesses = 0;
        for number in 0..20 {
            let guess = attempt_at(&world.sessions, &format!("user-{number}"), "192.0.2.1").await;
            guesses += usize::from(guess.is_ok());
            if let Ok(own) = attempt_at(&world.sessions, "mallory", "192.0.2.1").await {
                world.sessions.log_in("mallory").since(&own).await.unwrap();
            }
        }
        assert!((1..=5).contains(&guesses), "{backend:?}: {guesses}");
    })
    .await;
}

/// A whole office behind one address.
#[tokio::test]
async fn log_ins_that_succeed_use_up_no_networks_attempts() {
    on_every_store(|backend| async move {
        let world = world(backend).await;
        for number in 0..20 {
            let name = format!("user-{number}");
            let attempt = attempt_at(&world.sessions, &name, "192.0.2.1").await.unwrap();
            world.sessions.log_in(&name).since(&attempt).await.unwrap();
        }
    })
    .await;
}
