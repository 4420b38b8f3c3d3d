//! Who is measured here, and what he has to provide.

use std::sync::Arc;

use countersign_peers::servers::Engine;
use futures_util::future::BoxFuture;

/// One row: a store under a session middleware, or a bare command to the same server.
pub struct Entrant {
    /// The name of its row, with the version.
    pub name: &'static str,
    /// What it is behind.
    pub engine: Engine,
    /// What it is to the others.
    pub role: Role,
    /// Connects to the server at this address, and makes there what it needs.
    pub open: fn(String) -> BoxFuture<'static, Arc<dyn Workload>>,
}

/// What an entrant is to the others.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// A bare command, by the client library that the rows after it use, up to the next floor: what
    /// their times are divided by.
    Floor,
    /// A session middleware.
    Sessions,
}

/// The two kinds of requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A valid session; the handler reads the user's id. For a floor: one look-up.
    Read,
    /// The handler also adds one to an attribute. For a floor: one write.
    Write,
}

/// What can be asked again and again.
pub trait Workload: Send + Sync {
    /// Has one request answered, for one of [`SESSIONS`] sessions; panics unless it goes well.
    fn answer(&self, kind: Kind, session: usize) -> BoxFuture<'_, ()>;
}

/// How many sessions there are. A multiple of the clients, so that no two of these ever use the same
/// one at once: nobody waits for a lock on a row.
pub const SESSIONS: usize = 1024;

/// The bytes that a floor keeps under each key: about what a session takes.
pub const PAYLOAD: usize = 256;
