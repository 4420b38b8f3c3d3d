use std::{
    fmt::Debug,
    sync::{Arc, Mutex},
};

use countersign::{Clock, Config, Error, ErrorKind, KeyRing, MemoryStore, RefusalKind, ServiceIdentity, Sessions};

use crate::support::{KEY, World};

/// All permissions on sessions.
pub const ALL: [&str; 3] = ["session.read", "session.write", "session.revoke"];

pub fn refusal<T: Debug>(answer: Result<T, Error>) -> RefusalKind {
    match answer.unwrap_err().kind() {
        ErrorKind::ServiceRefused(kind) => kind,
        other => panic!("{other:?}"),
    }
}

pub fn kind<T>(answer: Result<T, Error>) -> ErrorKind {
    answer.map(drop).unwrap_err().kind()
}

/// A service with these permissions, as a node sees it that has just checked its token.
pub async fn service(world: &World, name: &str, permissions: &[&str]) -> ServiceIdentity {
    let services = world.sessions.services();
    let token = services.register(name, permissions.iter().copied()).await.unwrap();
    services.authenticate(&token).await.unwrap()
}

/// Sessions in memory, and all that their events said.
pub fn with_events() -> (Sessions, Arc<Mutex<Vec<String>>>) {
    let events = Arc::new(Mutex::new(Vec::new()));
    let heard = Arc::clone(&events);
    let sessions = Sessions::builder(KeyRing::new(KEY).unwrap(), MemoryStore::new())
        .config(Config::production())
        .clock(Clock::manual(std::time::UNIX_EPOCH + std::time::Duration::from_secs(1_800_000_000)))
        .on_event(move |event| heard.lock().unwrap().push(format!("{event:?}")))
        .build()
        .unwrap();
    (sessions, events)
}
