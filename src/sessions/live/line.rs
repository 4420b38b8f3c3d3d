//! The line by which a node hears of what ends, kept up.

use std::{
    pin::Pin,
    sync::{Arc, Weak},
    time::Duration,
};

use tokio::{
    task::JoinHandle,
    time::{Sleep, sleep, timeout},
};

use crate::{
    sessions::Inner,
    store::{Invalidation, Invalidations, StoreError, StoreErrorKind},
};

/// Listens over and over again. Holds on to nothing while there is nothing to hear.
pub(super) struct Line {
    sessions: Weak<Inner>,
    state: State,
    pause: Duration,
    told: bool,
}

enum State {
    /// Listening is about to begin.
    Opening(JoinHandle<Result<Invalidations, StoreError>>),
    /// What ends is heard, unless it is silent for too long.
    Open(Invalidations, Pin<Box<Sleep>>),
    /// The next attempt comes then.
    Pausing(Pin<Box<Sleep>>),
}

/// What has become of the line.
pub(super) enum Said {
    /// Listening has begun: what ends from now on is heard, and what ended before is not.
    Opened,
    Heard(Invalidation),
    /// It cannot be heard what ends, for a while now.
    Unheard,
}

impl Line {
    pub(super) fn new(sessions: Weak<Inner>) -> Self {
        let state = State::Pausing(Box::pin(sleep(Duration::ZERO)));
        Self { sessions, state, pause: SHORTEST_PAUSE, told: false }
    }

    /// What comes next. May be dropped half-way: nothing is missed then.
    pub(super) async fn next(&mut self) -> Said {
        loop {
            match &mut self.state {
                State::Pausing(pause) => {
                    pause.await;
                    self.state = State::Opening(tokio::spawn(open(self.sessions.clone())));
                }
                State::Opening(opening) => match opening.await {
                    Ok(Ok(stream)) => {
                        self.state = State::Open(stream, silence());
                        return Said::Opened;
                    }
                    failed => {
                        let slowly = matches!(&failed, Ok(Err(error)) if error.kind() == StoreErrorKind::Timeout);
                        if self.fails() || slowly {
                            return Said::Unheard;
                        }
                    }
                },
                State::Open(stream, limit) => {
                    let heard = tokio::select! {
                        biased;
                        heard = stream.next() => Ok(heard),
                        () = &mut *limit => Err(()),
                    };
                    if let Ok(Some(heard)) = heard {
                        *limit = silence();
                        // That a stream has begun is no proof that anything comes through it.
                        (self.pause, self.told) = (SHORTEST_PAUSE, false);
                        return Said::Heard(heard);
                    }
                    if self.fails() || heard.is_err() {
                        return Said::Unheard;
                    }
                }
            }
        }
    }

    /// Says whether it has failed for a while.
    fn fails(&mut self) -> bool {
        if !self.told {
            tracing::warn!("the ends of sessions cannot be heard: live connections are looked at again when they can");
            self.told = true;
        }
        let pause = self.pause;
        self.state = State::Pausing(Box::pin(sleep(pause)));
        self.pause = (pause * 2).min(LONGEST_PAUSE);
        pause >= A_WHILE
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        if let State::Opening(opening) = &self.state {
            opening.abort();
        }
    }
}

/// On a task of its own, so that a panic in a store ends one attempt and not all that follow.
async fn open(sessions: Weak<Inner>) -> Result<Invalidations, StoreError> {
    let Some(inner) = sessions.upgrade() else { return Err(StoreError::of(StoreErrorKind::Unavailable)) };
    let store = Arc::clone(&inner.store);
    drop(inner);
    let opened = timeout(LONGEST_START, store.invalidations(HEARTBEAT)).await;
    opened.unwrap_or_else(|_| Err(StoreError::of(StoreErrorKind::Timeout)))
}

fn silence() -> Pin<Box<Sleep>> {
    Box::pin(sleep(SILENCE))
}

/// One message a node; and the line counts as cut off after the time of three.
const HEARTBEAT: Duration = Duration::from_secs(2);
const SILENCE: Duration = Duration::from_secs(6);
/// Until listening has begun.
const LONGEST_START: Duration = Duration::from_secs(2);
const SHORTEST_PAUSE: Duration = Duration::from_millis(50);
const A_WHILE: Duration = Duration::from_millis(800);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
