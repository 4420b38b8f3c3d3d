//! countersign with its `MemoryStore` and the settings of production.

use axum::Router;
use countersign::{KeyRing, MemoryStore, Sessions};
use countersign_peers::app;

use crate::contender::{Contender, Kept};

/// As it comes.
pub const MEMORY: Contender = Contender { name: "countersign, memory", kept: Kept::ByTheServer, router };

fn router() -> Router {
    let keys = KeyRing::generate().expect("the system has random bytes");
    app::router(Sessions::new(keys, MemoryStore::new()))
}
