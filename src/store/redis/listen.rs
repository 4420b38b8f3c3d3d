//! Hearing of sessions that end, on a connection for that alone.
//!
//! Every script that ends a session publishes its id. In a cluster that reaches all nodes over their bus, so it is the
//! same at which of them one listens. A heartbeat is published too, by way of every master and on a channel of the
//! listener's own: heard back, it proves that announcements by that master would have been heard.

use std::{future::poll_fn, pin::Pin, sync::Arc, time::Duration};

use futures_core::Stream;
use redis::{
    Msg,
    aio::{PubSubSink, PubSubStream},
};
use tokio::time::{MissedTickBehavior, interval, timeout};

use super::{
    Inner,
    fault::broken,
    node::{Manner, Node, Request},
};
use crate::{
    key::random_bytes,
    record::SessionId,
    store::{Announcing, Invalidation, Invalidations, StoreError, StoreErrorKind},
};

/// A connection on which announcements are heard.
struct Listener {
    inner: Arc<Inner>,
    channel: String,
    beats: String,
    messages: PubSubStream,
    /// The connection lives as long as this.
    _connection: PubSubSink,
}

impl Inner {
    pub(super) async fn invalidations(self: &Arc<Self>, heartbeat: Duration) -> Result<Invalidations, StoreError> {
        let number = u64::from_ne_bytes(random_bytes().map_err(StoreError::unavailable)?);
        let listener = self.listener(number).await?;
        // Zero would be a busy loop, and no timer takes it.
        let heartbeat = heartbeat.max(SHORTEST);
        Ok(Invalidations::spawn(move |announcing| listener.listen(announcing, heartbeat)))
    }

    async fn listener(self: &Arc<Self>, number: u64) -> Result<Listener, StoreError> {
        let mut last = None;
        for round in 0..2 {
            if round > 0 {
                self.servers.refresh().await?;
            }
            for (_, node) in self.servers.masters().await? {
                match self.listener_at(&node, number).await {
                    Ok(listener) => return Ok(listener),
                    Err(error) => last = Some(error),
                }
            }
        }
        Err(last.unwrap_or_else(|| StoreError::unavailable("no master is known")))
    }

    async fn listener_at(self: &Arc<Self>, node: &Node, number: u64) -> Result<Listener, StoreError> {
        let (channel, beats) = (self.keys.ended(), self.keys.beats(number));
        let (mut connection, messages) = node.listener().await?.split();
        match timeout(self.command, connection.subscribe(&[&channel, &beats])).await {
            Ok(done) => done.map_err(broken)?,
            Err(_) => return Err(StoreError::of(StoreErrorKind::Timeout)),
        }
        Ok(Listener { inner: Arc::clone(self), channel, beats, messages, _connection: connection })
    }
}

impl Listener {
    /// Tells what is heard, until the connection is cut or nothing comes back any more.
    async fn listen(mut self, announcing: Announcing, heartbeat: Duration) {
        let mut ticks = interval(heartbeat);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let (mut round, mut silent, mut missing) = (0_u64, 0_u32, Vec::new());
        loop {
            let heard = tokio::select! {
                message = next(&mut self.messages) => match message {
                    Some(message) => self.read(&message, round, &mut missing, &mut silent),
                    // The connection is cut.
                    None => return,
                },
                _ = ticks.tick() => {
                    silent += 1;
                    if silent > MOST_SILENT {
                        return;
                    }
                    round += 1;
                    let Some(sent) = self.beat(round).await else { return };
                    missing = sent;
                    None
                },
            };
            if let Some(heard) = heard
                && !announcing.tell(heard).await
            {
                return;
            }
        }
    }

    /// What a message says. A heartbeat counts when that of every master has come.
    fn read(&self, message: &Msg, round: u64, missing: &mut Vec<usize>, silent: &mut u32) -> Option<Invalidation> {
        let payload = message.get_payload_bytes();
        if message.get_channel_name() == self.channel {
            let id: [u8; SessionId::BYTES] = payload.try_into().ok()?;
            return Some(Invalidation::Ended(SessionId::from_bytes(id)));
        }
        let (beat, by) = str::from_utf8(payload).ok()?.split_once(' ')?;
        let by: usize = by.parse().ok().filter(|_| beat == round.to_string())?;
        let before = missing.len();
        missing.retain(|master| *master != by);
        if before == 0 || !missing.is_empty() {
            return None;
        }
        *silent = 0;
        Some(Invalidation::Heartbeat)
    }

    /// Publishes a heartbeat by way of every master, without waiting for them. Says by which ones.
    async fn beat(&self, round: u64) -> Option<Vec<usize>> {
        let masters = self.inner.servers.masters().await.ok()?;
        let mut sent = Vec::with_capacity(masters.len());
        for (number, (_, node)) in masters.into_iter().enumerate() {
            let beat = redis::cmd("PUBLISH").arg(&self.beats).arg(format!("{round} {number}")).to_owned();
            let inner = Arc::clone(&self.inner);
            tokio::spawn(async move {
                if node.send(&Request::Command(&beat), Manner::default()).await.is_err() {
                    // One of them is not there: perhaps another has taken its place.
                    let _ = inner.servers.refresh().await;
                }
            });
            sent.push(number);
        }
        Some(sent)
    }
}

async fn next(messages: &mut PubSubStream) -> Option<Msg> {
    poll_fn(|context| Pin::new(&mut *messages).poll_next(context)).await
}

const SHORTEST: Duration = Duration::from_millis(1);

/// After so many heartbeats that have not come back, the listener takes itself for cut off.
const MOST_SILENT: u32 = 4;
