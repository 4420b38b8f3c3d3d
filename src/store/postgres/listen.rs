//! What PostgreSQL tells of sessions that have ended (LISTEN/NOTIFY).
//!
//! Notifications are sent by the transaction that ends a session, and only if it is committed. What is
//! sent while a connection is broken is not kept for it. So a connection that breaks is the end of
//! listening: it is not opened again in silence.

use std::time::Duration;

use sqlx::{
    Postgres,
    postgres::{PgConnectOptions, PgListener, PgNotification, PgPoolOptions},
};
use tokio::time::{MissedTickBehavior, interval, timeout};

use crate::{
    record::SessionId,
    store::{
        Invalidation, Invalidations, StoreError, StoreErrorKind,
        sql::server::{Failure, Lines},
    },
};

/// Listens on a connection of its own. When this answers, it has begun.
pub(super) async fn listen(lines: &Lines<Postgres>, heartbeat: Duration) -> Result<Invalidations, StoreError> {
    let mut listener = timeout(PATIENCE, begin(lines))
        .await
        .map_err(|_| StoreError::of(StoreErrorKind::Timeout))?
        .map_err(Failure::unreached)?;
    let (half, mut unheard) = ((heartbeat / 2).max(SHORTEST), false);
    Ok(Invalidations::spawn(async move |announcing| {
        let mut beats = interval(half);
        beats.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let heard = tokio::select! {
                biased;
                heard = listener.try_recv() => heard,
                _ = beats.tick() => {
                    // Said on the connection that listens: what comes back has come all the way that an
                    // announcement comes, and what does not come back in time is not coming.
                    if unheard || !beat(&mut listener).await {
                        return;
                    }
                    unheard = true;
                    continue;
                }
            };
            let Some(told) = heard.ok().flatten().and_then(|heard| meaning(&heard)) else { return };
            if told == Invalidation::Heartbeat {
                // Anybody's: one that listens speaks only if no other has spoken of late.
                unheard = false;
                beats.reset();
            }
            if !announcing.tell(told).await {
                return;
            }
        }
    }))
}

async fn begin(lines: &Lines<Postgres>) -> Result<PgListener, sqlx::Error> {
    let one = PgPoolOptions::new().max_connections(1).idle_timeout(None).max_lifetime(None).acquire_timeout(PATIENCE);
    let options = match lines {
        Lines::Own(own) => own.options.clone(),
        Lines::Given(pool) => PgConnectOptions::clone(&pool.connect_options()),
    };
    let mut listener = PgListener::connect_with(&one.connect_with(options).await?).await?;
    listener.eager_reconnect(false);
    listener.listen(CHANNEL).await?;
    Ok(listener)
}

async fn beat(listener: &mut PgListener) -> bool {
    let said = sqlx::query(BEAT).execute(listener);
    timeout(PATIENCE, said).await.is_ok_and(|said| said.is_ok())
}

/// What a notification says; `None` if it is not one of ours, or of a later version: then something
/// may have been missed.
fn meaning(heard: &PgNotification) -> Option<Invalidation> {
    let payload = heard.payload();
    if payload.is_empty() {
        return Some(Invalidation::Heartbeat);
    }
    let mut id = [0; SessionId::BYTES];
    let digits = payload.as_bytes().as_chunks::<2>();
    if digits.0.len() != id.len() || !digits.1.is_empty() {
        return None;
    }
    for (byte, digits) in id.iter_mut().zip(digits.0) {
        *byte = u8::from_str_radix(str::from_utf8(digits).ok()?, 16).ok()?;
    }
    Some(Invalidation::Ended(SessionId::from_bytes(id)))
}

/// Whatever its name, a channel belongs to one database.
const CHANNEL: &str = "countersign_ended";

const BEAT: &str = "SELECT pg_notify('countersign_ended', '')";

/// How long the server may take to answer.
const PATIENCE: Duration = Duration::from_secs(2);

const SHORTEST: Duration = Duration::from_millis(5);
