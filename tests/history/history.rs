//! What was done, when it began, when its answer was there, and what the answer was.

use std::{
    sync::Mutex,
    time::{Duration, Instant},
};

use countersign::SessionId;

/// What a client asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Did {
    /// A request that only reads, with the session's token.
    Read,
    /// A request that adds 1 to a counter of the session.
    Increment,
    /// An exchange of the secret.
    Rotate,
    /// The end of the session, asked for at either node.
    Revoke,
    /// A look at how many live sessions a user has.
    List { live: usize },
}

/// What the client was told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told {
    /// It is done; the session was accepted.
    Yes,
    /// The session was not accepted.
    No,
    /// It could not be told: 503.
    Unknown,
}

/// One thing that was done.
#[derive(Clone, Copy, Debug)]
pub struct Op {
    pub did: Did,
    /// Whose session; none for a list.
    pub session: Option<SessionId>,
    pub begun: Duration,
    pub ended: Duration,
    pub told: Told,
}

/// Everything that was done in a run, by all clients.
pub struct History {
    start: Instant,
    ops: Mutex<Vec<Op>>,
}

impl History {
    pub fn begin() -> Self {
        Self { start: Instant::now(), ops: Mutex::default() }
    }

    /// Does something, and notes it.
    pub async fn note<T>(&self, session: Option<SessionId>, deed: impl Future<Output = (Did, Told, T)>) -> (Told, T) {
        let begun = self.start.elapsed();
        let (did, told, answer) = deed.await;
        let ended = self.start.elapsed();
        self.ops.lock().unwrap().push(Op { did, session, begun, ended, told });
        (told, answer)
    }

    pub fn ops(&self) -> Vec<Op> {
        self.ops.lock().unwrap().clone()
    }
}
