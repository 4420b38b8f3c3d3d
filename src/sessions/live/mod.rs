//! The end of a session, for whoever holds a connection open in its name.
//!
//! One task a node listens to what ends, and looks after all sessions that somebody waits for here: it hears of most ends, and
//! asks the store for the truth; it knows when each would expire, and asks whether it has; it asks for the end of everybody's.
//! Where it is cut off it asks for each of them again. That the store does not answer ends nothing (P10), but for what is past
//! the absolute limit.

mod line;
mod registry;
mod task;
#[cfg(test)]
mod tests;

use std::{
    fmt,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

pub(super) use registry::Live;
pub(crate) use registry::Watch;

use super::{Authenticated, Due, Error, ErrorKind, Sessions};
use crate::{
    record::{Change, Record, SessionId},
    token::RefusalKind,
};

/// Resolves when a session ends, wherever and however that happens: see [`Session::ended`](crate::Session::ended).
///
/// May be polled again and again, by reference, and dropped at any time: to have ended is a state, and is not missed.
#[must_use = "a future does nothing unless it is awaited"]
pub struct Ended {
    end: Pin<Box<dyn Future<Output = End> + Send>>,
}

/// That a session has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct End {
    reason: EndReason,
}

/// Why a session has ended, as far as every node can know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EndReason {
    /// It was ended before its time: by a log-out, by whoever revoked it, to make room, or because another took its place, as a
    /// log-in, a step-up or a change of roles has it.
    Revoked,
    /// Its time was over.
    Expired,
    /// It counts as nobody's until its user has proved again who he is.
    Suspended,
    /// There was none.
    NoSession,
}

impl End {
    /// Why.
    #[must_use]
    pub const fn reason(self) -> EndReason {
        self.reason
    }
}

impl EndReason {
    /// In words, as they may be shown to the client: short enough for the close frame of a WebSocket (RFC 6455, section 5.5).
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Revoked => "the session has ended",
            Self::Expired => "the session has expired",
            Self::Suspended => "prove again who you are",
            Self::NoSession => "there is no session",
        }
    }
}

impl fmt::Display for EndReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Ended {
    /// Of a session that is watched.
    pub(crate) fn of(watch: Arc<Watch>) -> Self {
        Self { end: Box::pin(async move { End { reason: watch.ended().await } }) }
    }

    /// At once.
    pub(crate) fn already(reason: EndReason) -> Self {
        Self { end: Box::pin(std::future::ready(End { reason })) }
    }
}

impl Future for Ended {
    type Output = End;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<End> {
        self.end.as_mut().poll(cx)
    }
}

impl fmt::Debug for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Ended")
    }
}

impl Sessions {
    /// Resolves when this session ends, on any node, by whatever verb or by time: for programs without a request at hand. Where there
    /// is one, [`Session::ended`](crate::Session::ended) is the way.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use countersign::{EndReason, Reason, Sessions};
    ///
    /// let sessions = Sessions::for_tests();
    /// let issued = sessions.log_in("ada").await?;
    /// let ended = sessions.ended(issued.session_id());
    /// sessions.revoke_user("ada", Reason::PasswordChanged).await?;
    /// assert_eq!(ended.await.reason(), EndReason::Revoked);
    /// # Ok(()) }
    /// ```
    ///
    /// # Panics
    /// Outside a Tokio runtime, when it is first polled.
    pub fn ended(&self, id: SessionId) -> Ended {
        Ended::of(Arc::new(self.watch_end(id, None)))
    }

    /// How many sessions somebody on this node waits for the end of: for metrics.
    #[must_use]
    pub fn watched(&self) -> usize {
        self.inner.live.len()
    }

    /// Looks after a session from now on, as it was when it was last read.
    pub(crate) fn watch_end(&self, id: SessionId, known: Option<&Record>) -> Watch {
        Watch::begin(self.clone(), id, known)
    }

    /// Moves the sliding window, for whoever holds a connection open: at most once per refresh interval on this node, however
    /// many ask. Answers with the session, if it was asked for.
    pub(crate) async fn touch(&self, session: &Authenticated, watch: &Watch) -> Result<Option<Arc<Record>>, Error> {
        let (now, seen, interval) = (self.now(), session.record.last_seen_at(), self.inner.config.refresh_interval);
        let Some(turn) = watch.turn(now, seen, interval) else { return Ok(None) };
        let session = Authenticated { due: Due { touch: true, ..Due::default() }, ..session.clone() };
        let moved = async {
            // A request has just asked until when all have ended; a connection may not have for a while.
            if !self.knows_who_has_ended(now) {
                self.still_holds(session.record.authenticated_at(), ErrorKind::Ended).await?;
            }
            self.maintain(&session, Change::new(), false).await
        };
        match moved.await {
            Ok(upkeep) => {
                turn.taken();
                watch.read(&upkeep.record);
                Ok(Some(upkeep.record))
            }
            Err(error) => {
                turn.failed(interval);
                if matches!(error.kind(), ErrorKind::Ended | ErrorKind::Refused(RefusalKind::Gone)) {
                    watch.is_gone(now);
                }
                Err(error)
            }
        }
    }
}
