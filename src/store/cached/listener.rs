use std::{
    sync::{Arc, Mutex, PoisonError, Weak},
    time::Duration,
};

use tokio::{
    runtime::Handle,
    task::JoinHandle,
    time::{sleep, timeout},
};

use super::entries::Entries;
use crate::store::{Invalidations, SessionStore};

/// The task that listens to what ends. It ends with its cache.
#[derive(Debug, Default)]
pub(super) struct Listener {
    task: Mutex<Option<JoinHandle<()>>>,
}

impl Listener {
    /// Starts the task, if it does not run, or the runtime has ended in which it ran. Outside a
    /// runtime nobody listens, and the cache is by-passed.
    pub(super) fn start<S: SessionStore>(&self, store: &Arc<S>, entries: &Arc<Entries>, silence: Duration) {
        let Ok(runtime) = Handle::try_current() else { return };
        let mut task = self.task.lock().unwrap_or_else(PoisonError::into_inner);
        if task.as_ref().is_none_or(JoinHandle::is_finished) {
            *task = Some(runtime.spawn(listen(Arc::downgrade(store), Arc::downgrade(entries), silence)));
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        if let Some(task) = self.task.get_mut().unwrap_or_else(PoisonError::into_inner) {
            task.abort();
        }
    }
}

/// Listens, over and over again. Nothing is held on to while there is nothing to hear.
async fn listen<S: SessionStore>(store: Weak<S>, entries: Weak<Entries>, silence: Duration) {
    let heartbeat = (silence / 4).min(RAREST_HEARTBEAT);
    let (mut pause, mut told) = (SHORTEST_PAUSE, false);
    loop {
        let Some(asked) = store.upgrade() else { return };
        let stream = timeout(LONGEST_START, asked.invalidations(heartbeat)).await;
        drop(asked);
        if let Ok(Ok(stream)) = stream
            && heed(stream, &entries, silence).await
        {
            (pause, told) = (SHORTEST_PAUSE, false);
        }
        if !told {
            tracing::warn!("the ends of sessions cannot be heard: the cache is by-passed until they can");
            told = true;
        }
        sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// Heeds what is heard, until there is nothing to hear any more. Says whether there ever was: that a
/// stream has begun is no proof that anything comes through it.
async fn heed(mut stream: Invalidations, entries: &Weak<Entries>, silence: Duration) -> bool {
    let mut heard = false;
    while let Ok(Some(invalidation)) = timeout(silence, stream.next()).await {
        let Some(entries) = entries.upgrade() else { return heard };
        entries.hear(invalidation);
        heard = true;
    }
    if let Some(entries) = entries.upgrade() {
        entries.stop_hearing();
    }
    heard
}

/// Between two attempts to listen: short at first, as a cache that is by-passed costs the store dear.
const SHORTEST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// Until listening has begun.
const LONGEST_START: Duration = Duration::from_secs(5);
/// However stale answers may be.
const RAREST_HEARTBEAT: Duration = Duration::from_secs(15);
