//! What the stores that speak to a server over a network have in common: connections that break, steps
//! that lose to others, futures that are dropped while an answer is on its way.

mod failure;
mod finish;
mod lines;
mod place;

pub(in crate::store) use failure::{Engine, Failure};
pub(in crate::store) use lines::{Line, Lines};
pub(crate) use place::shown_place;

use std::{error::Error, fmt, future::Future, sync::Arc, time::Duration};

use sqlx::Database;
use tokio::time::sleep;

use crate::store::StoreError;
use finish::to_the_end;

/// Does something with a server, to the end, and again if it lost to others at the same time or if the
/// connection was dead: in both cases nothing of it has happened.
pub(in crate::store) async fn run<DB, A, T, F>(
    lines: &Arc<Lines<DB>>,
    with: A,
    work: impl Fn(Arc<Lines<DB>>, Arc<A>) -> F + Send + 'static,
) -> Result<T, StoreError>
where
    DB: Database,
    A: Send + Sync + 'static,
    T: Send + 'static,
    F: Future<Output = Result<T, Failure>> + Send + 'static,
{
    let (lines, with) = (Arc::clone(lines), Arc::new(with));
    to_the_end(async move {
        let mut tries = Tries::default();
        loop {
            match work(Arc::clone(&lines), Arc::clone(&with)).await {
                Ok(done) => return Ok(done),
                Err(failure) => tries.after(failure, &lines).await?,
            }
        }
    })
    .await
}

/// What has failed so far.
#[derive(Default)]
struct Tries {
    lost: u32,
    broken: bool,
}

impl Tries {
    /// Waits for the next try, if there is to be one.
    async fn after<DB: Database>(&mut self, failure: Failure, lines: &Lines<DB>) -> Result<(), StoreError> {
        match failure {
            Failure::Lost(_) if self.lost < MOST_LOST => {
                self.lost += 1;
                sleep(PAUSE * self.lost).await;
                Ok(())
            }
            Failure::Broken(_) if !self.broken => {
                self.broken = true;
                lines.distrust();
                Ok(())
            }
            Failure::InDoubt(_) | Failure::Broken(_) => {
                lines.distrust();
                Err(failure.into())
            }
            Failure::Lost(_) | Failure::Other(_) => Err(failure.into()),
        }
    }
}

/// A user as a key. An index of a server holds keys of some length only.
pub(in crate::store) fn user_key(user: &str) -> Result<&[u8], StoreError> {
    if user.len() > LONGEST_USER {
        return Err(StoreError::unavailable(UserTooLong { bytes: user.len() }));
    }
    Ok(user.as_bytes())
}

#[derive(Debug)]
struct UserTooLong {
    bytes: usize,
}

impl fmt::Display for UserTooLong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a user's id has at most {LONGEST_USER} bytes in this store, this one {}: shorten it", self.bytes)
    }
}

impl Error for UserTooLong {}

/// Steps of one user wait for each other, so that hardly any loses even once.
const MOST_LOST: u32 = 10;
const PAUSE: Duration = Duration::from_millis(3);

/// What fits into an index of PostgreSQL (2,704 bytes) and of InnoDB (3,072), beside an id.
const LONGEST_USER: usize = 2_000;
