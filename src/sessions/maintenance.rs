//! The task that deletes expired sessions: in bounded batches, patient with a failing store, and
//! never gone without a word.

use std::{sync::Weak, time::Duration};

use tokio::{
    sync::watch,
    task::JoinHandle,
    time::{sleep, timeout},
};

use super::{Error, Event, Inner, Sessions};

impl Sessions {
    /// Deletes what has expired, in batches, until nothing is left. Says how many there were.
    ///
    /// # Errors
    /// If the store fails; what was deleted before is deleted.
    pub async fn sweep(&self) -> Result<usize, Error> {
        let batch = self.inner.config.sweep.batch;
        let mut swept = 0;
        loop {
            let now = self.run(self.store().sweep(self.now(), batch)).await?;
            swept += now;
            if now < batch {
                break;
            }
            tokio::task::yield_now().await;
        }
        if swept > 0 {
            self.emit(&Event::Swept { sessions: swept });
        }
        Ok(swept)
    }

    /// Starts the task that sweeps every now and then (`sweep.every`). After an error it waits
    /// longer each time, up to eight times; if a sweep panics, the task goes on. It ends when the last
    /// clone of these sessions is dropped, or by [`Maintenance::stop`].
    ///
    /// # Panics
    /// Outside a Tokio runtime.
    pub fn spawn_maintenance(&self) -> Maintenance {
        let (stop, stopped) = watch::channel(());
        let every = self.inner.config.sweep.every;
        let task = maintain(std::sync::Arc::downgrade(&self.inner), every, self.inner.alive.subscribe(), stopped);
        Maintenance { task: tokio::spawn(task), stop }
    }
}

/// A running maintenance task. Dropping this leaves it running.
#[derive(Debug)]
pub struct Maintenance {
    task: JoinHandle<()>,
    stop: watch::Sender<()>,
}

impl Maintenance {
    /// Stops the task: between two batches, never in the middle of one.
    pub async fn stop(self) {
        self.stop.send_replace(());
        // The task neither panics nor is aborted, so there is nothing to report.
        let _ = self.task.await;
    }

    /// Whether it has ended.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.task.is_finished()
    }
}

async fn maintain(
    sessions: Weak<Inner>,
    every: Duration,
    mut alive: watch::Receiver<()>,
    mut stopped: watch::Receiver<()>,
) {
    let mut stop_is_possible = true;
    let mut failures = 0;
    loop {
        let pause = every.saturating_mul(1 << failures.min(LONGEST_BACK_OFF));
        tokio::select! {
            () = sleep(pause) => {}
            _ = alive.changed() => return,
            stop = stopped.changed(), if stop_is_possible => match stop {
                Ok(()) => return,
                Err(_) => { stop_is_possible = false; continue }
            },
        }
        let Some(inner) = sessions.upgrade() else { return };
        let sessions = Sessions { inner, by: None };
        // A task of its own, so that a panic in a store ends one sweep and not all that follow.
        let sweep = tokio::spawn(async move { sessions.sweep().await });
        failures = match timeout(LONGEST_SWEEP, sweep).await {
            Ok(Ok(Ok(_))) => 0,
            Ok(Ok(Err(_))) => failures + 1,
            Ok(Err(panic)) => {
                tracing::error!(%panic, "a sweep of expired sessions panicked; the next one follows");
                failures + 1
            }
            Err(_) => {
                tracing::error!("a sweep of expired sessions takes too long; the next one follows");
                failures + 1
            }
        };
    }
}

/// Eight times the usual pause.
const LONGEST_BACK_OFF: u32 = 3;
const LONGEST_SWEEP: Duration = Duration::from_secs(60 * 60);
