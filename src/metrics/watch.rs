//! The task that keeps the figures live that nobody's request moves: it listens, counts, and takes a sample a minute.

use std::{future::pending, sync::Arc, time::Duration};

use metrics::{counter, gauge};
use tokio::{
    sync::watch,
    task::JoinHandle,
    time::{MissedTickBehavior, interval, sleep},
};

use super::{
    Metrics,
    history::Minute,
    names::{CACHE_HITS, CACHE_MISSES, SILENCE},
    state::State,
};
use crate::{
    sessions::WeakSessions,
    store::{CacheFigures, Invalidation},
};

/// The running task. Dropping this leaves it running; it ends with the last handle of its sessions.
#[derive(Debug)]
pub struct MetricsTask {
    task: JoinHandle<()>,
    stop: watch::Sender<()>,
}

impl MetricsTask {
    pub(super) fn spawn(metrics: &Metrics) -> Self {
        let (stop, stopped) = watch::channel(());
        let (sessions, state) = (metrics.sessions.downgrade(), Arc::clone(&metrics.state));
        let count_every = metrics.sessions.config().monitoring.count_every;
        let work = async move {
            tokio::select! {
                ((), ()) = async { tokio::join!(listen(&sessions, &state), publish(&sessions, &state, count_every)) } => {}
                () = sessions.clone().gone() => {}
                () = asked(stopped) => {}
            }
            state.lag.listens(false);
        };
        Self { task: tokio::spawn(work), stop }
    }

    /// Stops the task.
    pub async fn stop(self) {
        self.stop.send_replace(());
        // It neither panics nor is aborted, so there is nothing to report.
        let _ = self.task.await;
    }

    /// Whether it has ended.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.task.is_finished()
    }
}

async fn asked(mut stopped: watch::Receiver<()>) {
    if stopped.changed().await.is_err() {
        pending::<()>().await;
    }
}

/// Listens to the ends of sessions, over and over again.
async fn listen(sessions: &WeakSessions, state: &State) {
    let mut pause = SHORTEST_PAUSE;
    while let Some(asked) = sessions.upgrade() {
        let stream = asked.invalidations(HEARTBEAT).await;
        drop(asked);
        if let Ok(mut stream) = stream {
            state.lag.listens(true);
            while let Some(heard) = stream.next().await {
                pause = SHORTEST_PAUSE;
                match heard {
                    Invalidation::Ended(id) => state.heard(id),
                    Invalidation::Heartbeat => state.lag.heard_something(),
                }
            }
            state.lag.listens(false);
        }
        sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// Publishes what is no event: what the cache has counted, how long there was silence, how many sessions there are.
async fn publish(sessions: &WeakSessions, state: &Arc<State>, count_every: Option<Duration>) {
    let mut told = CacheFigures::default();
    let Some(mut minute) = sessions.upgrade().map(|sessions| Minute::begins(&sessions, state)) else { return };
    let (mut beats, mut minutes) = (patient(BEAT), patient(MINUTE));
    let mut counts = count_every.map(patient);
    // The first tick of an interval comes at once: a minute has to pass first.
    minutes.tick().await;
    loop {
        let due = tokio::select! {
            _ = beats.tick() => Due::Figures,
            _ = next(&mut counts) => Due::Count,
            _ = minutes.tick() => Due::Sample,
        };
        let Some(sessions) = sessions.upgrade() else { return };
        match due {
            Due::Figures => {
                if let Some(now) = sessions.cache_figures() {
                    let new = now.since(told);
                    counter!(CACHE_HITS).increment(new.hits);
                    counter!(CACHE_MISSES).increment(new.misses);
                    told = now;
                }
                if let Some(silence) = state.lag.silence() {
                    gauge!(SILENCE).set(silence.as_secs_f64());
                }
            }
            Due::Count => {
                let metrics = Metrics { sessions, state: Arc::clone(state) };
                // A failure has been told, by an event; the gauges keep what they had, and say of when it is.
                let _ = metrics.count().await;
            }
            Due::Sample => {
                let (sample, next) = minute.ends(&sessions, state);
                state.keep_sample(sample);
                minute = next;
            }
        }
    }
}

enum Due {
    Figures,
    Count,
    Sample,
}

fn patient(every: Duration) -> tokio::time::Interval {
    let mut interval = interval(every);
    interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
    interval
}

async fn next(interval: &mut Option<tokio::time::Interval>) {
    match interval {
        Some(interval) => drop(interval.tick().await),
        None => pending().await,
    }
}

/// How often this node lets itself hear that it would hear something.
const HEARTBEAT: Duration = Duration::from_secs(5);
const BEAT: Duration = Duration::from_secs(5);
const MINUTE: Duration = Duration::from_secs(60);
const SHORTEST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
