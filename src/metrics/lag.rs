//! How long the ends of sessions take to be heard.
//!
//! Announcements carry no instant, and clocks of nodes differ. So a node measures on the ends that it has caused itself: from the
//! store's answer to the moment in which they come back to it by the way on which all nodes hear them.

use std::{
    collections::{HashMap, VecDeque},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use super::distribution::Distribution;
use crate::{clock::Stopwatch, record::SessionId};

pub(super) struct Lag {
    clock: Stopwatch,
    listening: AtomicBool,
    /// When something was last heard: nanoseconds of the clock; 0 is never.
    heard: AtomicU64,
    half: Mutex<Half>,
    lags: Distribution,
}

/// Ends of which the one half is known: that they have happened, or that they were heard. An end of this node may be heard
/// before the store has answered; one of another node is only heard.
#[derive(Default)]
struct Half {
    known: HashMap<SessionId, (Side, u64)>,
    order: VecDeque<SessionId>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    Happened,
    Heard,
}

impl Lag {
    pub(super) fn new() -> Self {
        Self {
            clock: Stopwatch::start(),
            listening: AtomicBool::new(false),
            heard: AtomicU64::new(0),
            half: Mutex::default(),
            lags: Distribution::of_moments(),
        }
    }

    /// Somebody listens, from now on, or no longer.
    pub(super) fn listens(&self, listens: bool) {
        self.listening.store(listens, Relaxed);
    }

    /// A session has ended by this node. Answers with the lag, if it was heard already: none.
    pub(super) fn happened(&self, id: SessionId) -> Option<Duration> {
        if self.listening.load(Relaxed) { self.meet(id, Side::Happened) } else { None }
    }

    /// The end of a session was heard. Answers with the lag, if it was this node's.
    pub(super) fn heard(&self, id: SessionId) -> Option<Duration> {
        self.heard_something();
        self.meet(id, Side::Heard)
    }

    pub(super) fn heard_something(&self) {
        self.heard.store(self.clock.nanos(), Relaxed);
    }

    /// Since something was last heard; `None` if nothing ever was.
    pub(super) fn silence(&self) -> Option<Duration> {
        let heard = self.heard.load(Relaxed);
        (heard > 0).then(|| Duration::from_nanos(self.clock.nanos().saturating_sub(heard)))
    }

    pub(super) const fn lags(&self) -> &Distribution {
        &self.lags
    }

    fn meet(&self, id: SessionId, side: Side) -> Option<Duration> {
        let now = self.clock.nanos();
        let mut half = self.half.lock().unwrap_or_else(PoisonError::into_inner);
        let lag = match (half.known.get(&id), side) {
            (Some((Side::Happened, since)), Side::Heard) => Duration::from_nanos(now.saturating_sub(*since)),
            (Some((Side::Heard, _)), Side::Happened) => Duration::ZERO,
            (Some(_), _) => return None,
            (None, _) => {
                half.known.insert(id, (side, now));
                half.order.push_back(id);
                if half.order.len() > MOST
                    && let Some(oldest) = half.order.pop_front()
                {
                    half.known.remove(&oldest);
                }
                return None;
            }
        };
        half.known.remove(&id);
        drop(half);
        self.lags.add(lag);
        Some(lag)
    }
}

/// Ends of other nodes wait here for nothing, until they are the oldest.
const MOST: usize = 4_096;

#[cfg(test)]
mod tests {
    use super::*;

    fn id(number: u16) -> SessionId {
        let mut bytes = [0; SessionId::BYTES];
        bytes[..2].copy_from_slice(&number.to_be_bytes());
        SessionId::from_bytes(bytes)
    }

    #[tokio::test(start_paused = true)]
    async fn the_lag_is_from_the_answer_to_the_hearing_and_never_below_nothing() {
        let lag = Lag::new();
        tokio::time::advance(Duration::from_secs(1)).await;
        assert_eq!(lag.happened(id(1)), None, "nobody listens");
        lag.listens(true);
        assert_eq!((lag.silence(), lag.happened(id(2))), (None, None));
        tokio::time::advance(Duration::from_millis(7)).await;
        assert_eq!(lag.heard(id(2)), Some(Duration::from_millis(7)));
        assert_eq!(lag.heard(id(3)), None);
        assert_eq!(lag.happened(id(3)), Some(Duration::ZERO), "heard before the store had answered");
        assert_eq!(lag.heard(id(4)), None, "another node's");
        tokio::time::advance(Duration::from_secs(3)).await;
        assert_eq!(lag.silence(), Some(Duration::from_secs(3)));
        assert_eq!(lag.lags().spread().count, 2);
    }

    #[test]
    fn ends_of_other_nodes_take_up_no_more_than_their_room() {
        let lag = Lag::new();
        lag.listens(true);
        (0..20_000).for_each(|number| assert_eq!(lag.heard(id(number)), None));
        let half = lag.half.lock().unwrap();
        assert!(half.known.len() <= MOST && half.order.len() <= MOST);
    }
}
