//! Connections to a server.
//!
//! Ours are not in a pool of sqlx: that one pings the server after each use, and answers two seconds
//! late, with a timeout, when the server refuses connections.

use std::{
    mem,
    ops::{Deref, DerefMut},
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    time::Duration,
};

use sqlx::{ConnectOptions, Connection, Database, Pool, pool::PoolConnection};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{sleep, timeout},
};

use super::Failure;
use crate::store::{StoreError, StoreErrorKind};

/// Where connections come from.
pub(in crate::store) enum Lines<DB: Database> {
    Own(Arc<Own<DB>>),
    /// An application's pool, with its rules.
    Given(Pool<DB>),
}

/// Connections that are nobody else's.
pub(in crate::store) struct Own<DB: Database> {
    pub(in crate::store) options: Options<DB>,
    places: Arc<Semaphore>,
    idle: Mutex<Vec<Kept<DB>>>,
}

/// How to reach a server.
pub(in crate::store) type Options<DB> = <<DB as Database>::Connection as Connection>::Options;

/// A connection, and for how many rounds it has been open and idle.
struct Kept<DB: Database> {
    connection: DB::Connection,
    open: u32,
    idle: u32,
}

impl<DB: Database> Lines<DB> {
    /// To the server of these options. None is opened yet.
    pub(in crate::store) fn to(options: Options<DB>) -> Self {
        let idle = Mutex::new(Vec::new());
        let own = Arc::new(Own { options, places: Arc::new(Semaphore::new(MOST)), idle });
        tokio::spawn(retire(Arc::downgrade(&own)));
        Self::Own(own)
    }

    /// A connection that nobody else uses meanwhile.
    pub(in crate::store) async fn line(&self) -> Result<Line<DB>, Failure> {
        let held = match self {
            Self::Own(own) => timeout(PATIENCE, Arc::clone(own).hold())
                .await
                .unwrap_or_else(|_| Err(StoreError::of(StoreErrorKind::Timeout).into()))?,
            Self::Given(pool) => Held::Given(pool.acquire().await.map_err(Failure::unreached)?),
        };
        Ok(Line { held: Some(held) })
    }

    /// One connection was dead: so may be the others that were open then.
    pub(in crate::store) fn distrust(&self) {
        if let Self::Own(own) = self {
            drop(mem::take(&mut *own.idle()));
        }
    }
}

impl<DB: Database> Own<DB> {
    async fn hold(self: Arc<Self>) -> Result<Held<DB>, Failure> {
        let place = Arc::clone(&self.places).acquire_owned().await.map_err(StoreError::unavailable)?;
        let known = self.idle().pop();
        let kept = match known {
            Some(kept) => kept,
            None => {
                let connection = self.options.connect().await.map_err(Failure::unreached)?;
                Kept { connection, open: 0, idle: 0 }
            }
        };
        Ok(Held::Own { kept: Box::new(kept), of: self, place })
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Kept<DB>>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A connection, held by whoever uses it. It is closed, unless it is [released](Self::release): whoever
/// drops it has left it in the middle of something.
pub(in crate::store) struct Line<DB: Database> {
    held: Option<Held<DB>>,
}

enum Held<DB: Database> {
    Own { kept: Box<Kept<DB>>, of: Arc<Own<DB>>, place: OwnedSemaphorePermit },
    Given(PoolConnection<DB>),
}

impl<DB: Database> Line<DB> {
    /// Gives it back: what was asked has been answered, and no transaction is open.
    pub(in crate::store) fn release(mut self) {
        match self.held.take() {
            Some(Held::Own { mut kept, of, place }) => {
                kept.idle = 0;
                of.idle().push(*kept);
                drop(place);
            }
            Some(Held::Given(connection)) => drop(connection),
            None => {}
        }
    }
}

impl<DB: Database> Drop for Line<DB> {
    fn drop(&mut self) {
        if let Some(Held::Given(connection)) = self.held.take() {
            drop(connection.detach());
        }
    }
}

impl<DB: Database> Deref for Line<DB> {
    type Target = DB::Connection;

    fn deref(&self) -> &DB::Connection {
        match self.held.as_ref().expect(HELD) {
            Held::Own { kept, .. } => &kept.connection,
            Held::Given(connection) => connection,
        }
    }
}

impl<DB: Database> DerefMut for Line<DB> {
    fn deref_mut(&mut self) -> &mut DB::Connection {
        match self.held.as_mut().expect(HELD) {
            Held::Own { kept, .. } => &mut kept.connection,
            Held::Given(connection) => connection,
        }
    }
}

/// Closes what has not been used for long, before a firewall forgets it; and what has been open for
/// long, so that connections find their way to a server that was replaced.
async fn retire<DB: Database>(own: Weak<Own<DB>>) {
    loop {
        sleep(ROUND).await;
        let Some(own) = own.upgrade() else { return };
        let old: Vec<Kept<DB>> = own
            .idle()
            .extract_if(.., |kept| {
                kept.open += 1;
                kept.idle += 1;
                kept.idle > MOST_IDLE || kept.open > MOST_OPEN
            })
            .collect();
        drop(own);
        for kept in old {
            let _ = timeout(PATIENCE, kept.connection.close()).await;
        }
    }
}

const HELD: &str = "a line is held until it is released or dropped";

/// How many connections a store has at most: several nodes share the hundred that a server has.
const MOST: usize = 16;

/// How long to wait for a connection, a free one or a new one.
const PATIENCE: Duration = Duration::from_secs(2);

const ROUND: Duration = Duration::from_secs(60);
const MOST_IDLE: u32 = 4;
const MOST_OPEN: u32 = 30;
