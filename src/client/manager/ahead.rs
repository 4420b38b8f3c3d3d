//! Renewal ahead of time, by a task in the background.

use std::{
    sync::{Arc, Weak},
    time::Duration,
};

use tokio::{sync::watch, task::JoinHandle, time::sleep};

use super::{
    backoff::chance,
    decide::{Why, until_due},
    shared::Shared,
    watch::TokenChange,
};

/// A running task that renews tokens before anybody has to wait for it. Dropping this leaves it running.
#[derive(Debug)]
pub struct RefreshTask {
    task: JoinHandle<()>,
    stop: watch::Sender<()>,
}

impl RefreshTask {
    pub(super) fn spawn(shared: &Arc<Shared>) -> Self {
        let (stop, stopped) = watch::channel(());
        let task = tokio::spawn(renew_ahead(Arc::downgrade(shared), shared.memory.subscribe(), stopped));
        Self { task, stop }
    }

    /// Stops the task. A refresh in flight goes on without it.
    pub async fn stop(self) {
        self.stop.send_replace(());
        // The task neither panics nor is aborted, so there is nothing to report.
        let _ = self.task.await;
    }

    /// Whether it has ended: with its manager, or because it was stopped.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.task.is_finished()
    }
}

async fn renew_ahead(
    shared: Weak<Shared>,
    mut changes: watch::Receiver<TokenChange>,
    mut stopped: watch::Receiver<()>,
) {
    let mut stop_is_possible = true;
    let mut least = Duration::ZERO;
    let mut earlier = chance();
    loop {
        let Some(wait) = shared.upgrade().map(|shared| time_left(&shared, earlier)) else { return };
        let pause = wait.map(|wait| sleep(wait.max(least)));
        tokio::select! {
            () = async { match pause { Some(pause) => pause.await, None => std::future::pending().await } } => {}
            change = changes.changed() => match change {
                Ok(()) => { earlier = chance(); continue }
                Err(_) => return,
            },
            stop = stopped.changed(), if stop_is_possible => match stop {
                Ok(()) => return,
                Err(_) => { stop_is_possible = false; continue }
            },
        }
        let Some(shared) = shared.upgrade() else { return };
        // It was a long sleep that was cut into shorter ones.
        if time_left(&shared, earlier).is_none_or(|wait| !wait.is_zero()) {
            continue;
        }
        tokio::select! {
            outcome = shared.renewed(Why::Asked) => {
                least = if outcome.is_ok() { Duration::ZERO } else { AFTER_FAILURE };
            }
            Ok(()) = stopped.changed(), if stop_is_possible => return,
        }
    }
}

fn time_left(shared: &Shared, earlier: f64) -> Option<Duration> {
    until_due(&shared.memory.load(), shared.settings.margins, shared.now(), earlier)
}

/// Whatever has gone wrong, it is not tried again at once.
const AFTER_FAILURE: Duration = Duration::from_secs(1);
