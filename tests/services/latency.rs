//! How long a revoked service is let in on another node.

use std::time::{Duration, Instant};

use crate::support::{Backend, STALENESS, World, on_stores};

/// P4: from the revoke's answer on one node to the first refusal on another, which is asked all the time.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn from_the_revokes_answer_to_the_refusal_elsewhere_is_no_more_than_the_caches_bound() {
    on_stores(Backend::ALL, |backend| async move {
        let world = World::new(backend).await;
        let (one, two) = (world.sessions.services(), world.node().await.services());
        let rounds = if backend.is_a_server() { 50 } else { 20 };
        let mut taken = Vec::new();
        let mut accepted = 0;
        for round in 0..rounds {
            let name = format!("service {round}");
            let token = one.register(&name, ["session.read"]).await.unwrap();
            for _ in 0..3 {
                two.authenticate(&token).await.unwrap();
            }
            one.revoke(&name).await.unwrap();
            let revoked = Instant::now();
            while two.authenticate(&token).await.is_ok() {
                accepted += 1;
            }
            taken.push(revoked.elapsed());
        }
        taken.sort();
        let (median, worst) = (taken[rounds / 2], taken[rounds - 1]);
        eprintln!(
            "{backend:?}: median {median:?}, worst {worst:?} of {rounds}; {accepted} calls let in after the answer"
        );
        if backend.is_cached() {
            // And the time that one question takes on a busy machine.
            assert!(worst < STALENESS + Duration::from_millis(500), "{worst:?}");
        } else {
            assert_eq!(accepted, 0, "at once");
        }
    })
    .await;
}
