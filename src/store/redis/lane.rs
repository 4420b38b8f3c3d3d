//! A place for one connection, which all commands share.

use std::{
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use redis::{AsyncConnectionConfig, Client, PushInfo, PushKind, aio::MultiplexedConnection};
use tokio::sync::Mutex;

use super::fault::{Fault, broken};
use crate::store::StoreError;

/// A connection, or none.
#[derive(Default)]
pub(super) struct Lane {
    open: RwLock<Option<Open>>,
    /// Held while one opens it; holds why that failed the last time.
    opening: Mutex<Option<String>>,
    failures: AtomicU64,
}

/// A connection that is open, as far as is known.
#[derive(Clone)]
pub(super) struct Open {
    pub(super) connection: MultiplexedConnection,
    /// Set as soon as the connection is known to have ended: what is handed to it from then on is never sent. Thus a
    /// command that finds it set can go to a new connection, whatever it does.
    closed: Arc<AtomicBool>,
}

impl Lane {
    /// The connection, if there is one that has not ended.
    pub(super) fn present(&self) -> Option<Open> {
        let open = self.open.read().unwrap_or_else(PoisonError::into_inner);
        open.as_ref().filter(|open| !open.closed.load(Ordering::Acquire)).cloned()
    }

    /// Forgets the connection. Commands that are under way on it are answered still.
    pub(super) fn clear(&self) {
        self.put(None);
    }

    fn put(&self, open: Option<Open>) {
        *self.open.write().unwrap_or_else(PoisonError::into_inner) = open;
    }

    /// The connection, opened now if there is none. One opens it for all who want it, in a task of its own: neither
    /// does each of them knock, nor does it stop when one of them gives up.
    pub(super) async fn open(
        self: &Arc<Self>,
        client: &Client,
        connect: Duration,
        command: Duration,
    ) -> Result<Open, Fault> {
        if let Some(open) = self.present() {
            return Ok(open);
        }
        let (lane, client) = (Arc::clone(self), client.clone());
        let failures = self.failures.load(Ordering::Acquire);
        let opening = tokio::spawn(async move {
            let mut failed = lane.opening.lock().await;
            if let Some(open) = lane.present() {
                return Ok(open);
            }
            if lane.failures.load(Ordering::Acquire) != failures {
                // Somebody has tried while this one waited.
                return Err(Fault::Unsent(StoreError::unavailable(failed.clone().unwrap_or_default())));
            }
            match lane.connect(&client, connect, command).await {
                Ok(open) => Ok(open),
                Err(fault) => {
                    let error = fault.into_error();
                    let reason =
                        std::error::Error::source(&error).map_or_else(|| error.to_string(), ToString::to_string);
                    *failed = Some(reason);
                    lane.failures.fetch_add(1, Ordering::AcqRel);
                    Err(Fault::Unsent(error))
                }
            }
        });
        opening.await.unwrap_or_else(|error| Err(Fault::Unsent(StoreError::unavailable(error))))
    }

    async fn connect(&self, client: &Client, connect: Duration, command: Duration) -> Result<Open, Fault> {
        let closed = Arc::new(AtomicBool::new(false));
        let ended = Arc::clone(&closed);
        let config = config(connect, command).set_push_sender(move |push: PushInfo| {
            if push.kind == PushKind::Disconnection {
                ended.store(true, Ordering::Release);
            }
            Ok::<(), ()>(())
        });
        let connection = client.get_multiplexed_async_connection_with_config(&config).await;
        let open = Open { connection: connection.map_err(|error| Fault::Unsent(broken(error)))?, closed };
        self.put(Some(open.clone()));
        Ok(open)
    }

    /// A connection by the protocol that every version speaks, for one question.
    pub(super) async fn open_plainly(
        &self,
        client: &Client,
        connect: Duration,
        command: Duration,
    ) -> Result<MultiplexedConnection, Fault> {
        let opened = client.get_multiplexed_async_connection_with_config(&config(connect, command)).await;
        opened.map_err(|error| Fault::Unsent(broken(error)))
    }
}

fn config(connect: Duration, command: Duration) -> AsyncConnectionConfig {
    AsyncConnectionConfig::new()
        .set_connection_timeout(Some(connect))
        .set_response_timeout(Some(command))
        .set_pipeline_buffer_size(QUEUE)
}

/// How many commands may wait for their turn to be sent before senders wait.
const QUEUE: usize = 256;
