//! The task that deletes old entries of one sink.

use std::{sync::Arc, time::Duration};

use tokio::{
    sync::watch,
    time::{sleep, timeout},
};

use crate::{audit::sink::ErasedSink, clock::Clock};

/// Sweeps now and every now and then, until the log is gone.
pub(super) async fn sweep(sink: Arc<dyn ErasedSink>, age: Duration, clock: Clock, mut alive: watch::Receiver<()>) {
    loop {
        let (sweeping, cutoff) = (Arc::clone(&sink), clock.now().before(age));
        // A task of its own: a panic in a sink ends that sweep, and not all that follow.
        let round = tokio::spawn(async move {
            while timeout(PATIENCE, sweeping.prune(cutoff, BATCH)).await.is_ok_and(|pruned| match pruned {
                Ok(pruned) => pruned >= BATCH,
                Err(error) => {
                    tracing::warn!(sink = sweeping.name(), %error, "old audit entries are not deleted yet");
                    false
                }
            }) {
                // Whoever writes has his turn.
                tokio::task::yield_now().await;
            }
        });
        if let Err(panic) = round.await {
            tracing::error!(sink = sink.name(), %panic, "deleting old audit entries panicked; it is tried again");
        }
        tokio::select! {
            () = sleep(EVERY) => {}
            _ = alive.changed() => return,
        }
    }
}

const EVERY: Duration = Duration::from_secs(10 * 60);
const PATIENCE: Duration = Duration::from_secs(10);
const BATCH: usize = 1_000;
