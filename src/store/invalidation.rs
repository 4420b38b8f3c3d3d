//! How a node learns of the sessions that others end.

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use futures_core::Stream;
use tokio::{
    sync::{broadcast, mpsc},
    task::JoinHandle,
    time::{MissedTickBehavior, interval},
};

use crate::record::SessionId;

/// What a listener hears.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Invalidation {
    /// This session has ended; or may have: ask the store.
    Ended(SessionId),
    /// Nothing has ended, and the listener would have heard it.
    Heartbeat,
}

/// A stream of the sessions that end, on any node. It ends itself when it is cut off, or when
/// something was missed: then all that is remembered must be forgotten, and listening begun anew.
#[derive(Debug)]
pub struct Invalidations {
    receiver: mpsc::Receiver<Invalidation>,
    task: JoinHandle<()>,
}

impl Invalidations {
    /// A stream of what `announce` tells, in a task of its own that ends with the stream. When
    /// `announce` returns, the listener is cut off.
    ///
    /// # Panics
    /// Outside a Tokio runtime.
    pub fn spawn<F>(announce: impl FnOnce(Announcing) -> F) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let (sender, receiver) = mpsc::channel(UNHEARD);
        Self { receiver, task: tokio::spawn(announce(Announcing { sender })) }
    }

    /// The next announcement; `None` when cut off. May be dropped half-way: nothing is missed then.
    pub async fn next(&mut self) -> Option<Invalidation> {
        self.receiver.recv().await
    }
}

impl Stream for Invalidations {
    type Item = Invalidation;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Invalidation>> {
        self.receiver.poll_recv(cx)
    }
}

impl Drop for Invalidations {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// The end of a stream of [`Invalidations`] at which a store speaks.
#[derive(Debug)]
pub struct Announcing {
    sender: mpsc::Sender<Invalidation>,
}

impl Announcing {
    /// Tells the listener. Waits while it is behind; `false` when it has gone.
    pub async fn tell(&self, invalidation: Invalidation) -> bool {
        self.sender.send(invalidation).await.is_ok()
    }
}

/// Announcements within one process: for a store whose sessions nobody else can reach.
#[derive(Debug)]
pub struct Announcer {
    sender: broadcast::Sender<SessionId>,
}

impl Announcer {
    /// An announcer to whom nobody listens yet.
    #[must_use]
    pub fn new() -> Self {
        Self { sender: broadcast::Sender::new(UNHEARD) }
    }

    /// Announces the end of a session to all who listen.
    pub fn announce(&self, id: SessionId) {
        // That nobody listens is no failure.
        let _ = self.sender.send(id);
    }

    /// Listens from now on.
    ///
    /// # Panics
    /// Outside a Tokio runtime.
    #[must_use]
    pub fn listen(&self, heartbeat: Duration) -> Invalidations {
        let mut announced = self.sender.subscribe();
        Invalidations::spawn(async move |announcing| {
            let mut beats = interval(heartbeat);
            beats.set_missed_tick_behavior(MissedTickBehavior::Delay);
            loop {
                let heard = tokio::select! {
                    biased;
                    ended = announced.recv() => match ended {
                        Ok(id) => Invalidation::Ended(id),
                        // Something was missed, or the store has gone.
                        Err(_) => return,
                    },
                    _ = beats.tick() => Invalidation::Heartbeat,
                };
                if !announcing.tell(heard).await {
                    return;
                }
            }
        })
    }
}

impl Default for Announcer {
    fn default() -> Self {
        Self::new()
    }
}

/// How many announcements a listener may be behind.
const UNHEARD: usize = 4_096;
