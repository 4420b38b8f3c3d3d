//! A sink that does as it is told.

use std::{
    collections::VecDeque,
    future,
    sync::{Arc, Mutex},
};

use countersign::audit::{AuditEntry, AuditError, AuditSink, MemoryAudit};
use tokio::sync::watch;

/// What it does with a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Says that it is not to be reached.
    Fail,
    /// Never answers.
    Hang,
    /// Panics.
    Panic,
}

/// Follows its script, and writes when that has ended; waits before each batch while its door is shut.
#[derive(Clone)]
pub struct Scripted {
    name: &'static str,
    script: Arc<Mutex<VecDeque<Step>>>,
    door: watch::Sender<bool>,
    /// Of these it takes none.
    rejects: fn(&AuditEntry) -> bool,
    pub kept: MemoryAudit,
}

impl Scripted {
    pub fn new(script: impl IntoIterator<Item = Step>) -> Self {
        Self {
            name: "scripted",
            script: Arc::new(Mutex::new(script.into_iter().collect())),
            door: watch::Sender::new(true),
            rejects: |_| false,
            kept: MemoryAudit::new(1_000_000),
        }
    }

    /// Writes nothing until it is opened.
    pub fn shut() -> Self {
        let sink = Self::new([]);
        sink.door.send_replace(false);
        sink
    }

    pub fn open(&self) {
        self.door.send_replace(true);
    }

    pub fn rejecting(self, rejects: fn(&AuditEntry) -> bool) -> Self {
        Self { rejects, ..self }
    }

    pub fn named(self, name: &'static str) -> Self {
        Self { name, ..self }
    }
}

impl AuditSink for Scripted {
    fn name(&self) -> &str {
        self.name
    }

    async fn write(&self, batch: &[Arc<AuditEntry>]) -> Result<(), AuditError> {
        let _ = self.door.subscribe().wait_for(|open| *open).await;
        let step = self.script.lock().unwrap().pop_front();
        match step {
            Some(Step::Hang) => return future::pending().await,
            Some(Step::Panic) => panic!("as it is told"),
            Some(Step::Fail) => return Err(AuditError::unavailable("as it is told")),
            None => {}
        }
        if batch.iter().any(|entry| (self.rejects)(entry)) {
            return Err(AuditError::rejected("not this one"));
        }
        self.kept.write(batch).await
    }
}
