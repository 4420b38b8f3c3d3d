//! What happens to sessions, said in one place: to the log, to the counters, to the application.

use std::{
    fmt,
    sync::atomic::{AtomicU64, Ordering},
};

use crate::{
    record::{ChangeRefused, SessionId},
    store::StoreErrorKind,
    token::RefusalKind,
};

/// Something that happened to a session. Holds no secret, and may be logged.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// A session was started without a user.
    Started {
        /// The session.
        session: SessionId,
    },
    /// A user logged in.
    LoggedIn {
        /// The new session.
        session: SessionId,
        /// The user.
        user: &'a str,
    },
    /// A session got a new id and secret because what it may do has changed.
    Renewed {
        /// The new session.
        session: SessionId,
        /// The one whose place it took.
        instead_of: SessionId,
    },
    /// A session ended before its time.
    Ended {
        /// The session.
        session: SessionId,
        /// Why.
        reason: Reason,
    },
    /// A credential was refused.
    Refused {
        /// Why.
        kind: RefusalKind,
    },
    /// A request's buffered writes met a session that had ended in the meantime. They were dropped;
    /// the client got its ordinary answer.
    WriteLost {
        /// The session.
        session: SessionId,
    },
    /// A request's buffered writes did not fit the session. The client was told.
    WriteRefused {
        /// The session.
        session: SessionId,
        /// Why.
        refused: &'a ChangeRefused,
    },
    /// A part of a session that a request came with [cannot be read](crate::Sealed#when-something-does-not-open).
    /// The store has it still.
    Withheld {
        /// The session.
        session: SessionId,
        /// The attribute, or [`Record::ORIGIN`](crate::Record::ORIGIN).
        field: &'a str,
    },
    /// The store failed.
    StoreFailed {
        /// In which way.
        kind: StoreErrorKind,
    },
    /// A request got its session as it was remembered, while the store could not be asked: an
    /// [`Outage`](crate::Outage) policy at work.
    ServedStale {
        /// The session.
        session: SessionId,
    },
    /// Expired sessions were deleted.
    Swept {
        /// How many.
        sessions: usize,
    },
}

/// Why a session ended before its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason {
    /// Its user logged out.
    LoggedOut,
    /// Its user ended it from another session.
    ByUser,
    /// An operator ended it.
    ByOperator,
    /// The user's password or another factor changed.
    PasswordChanged,
    /// The user's account was closed or disabled.
    AccountClosed,
    /// It made room for a newer one.
    Evicted,
    /// Its old secret was used again: taken for theft.
    SecretReused,
}

/// How often things have happened since the start, for metrics.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counters {
    /// Sessions started without a user.
    pub started: u64,
    /// Log-ins.
    pub logged_in: u64,
    /// Sessions ended before their time, for any reason.
    pub ended: u64,
    /// Of these, those whose old secret was used again.
    pub reused: u64,
    /// Credentials refused, in the order of [`RefusalKind::ALL`].
    pub refused: [u64; RefusalKind::ALL.len()],
    /// Requests whose buffered writes were dropped or refused.
    pub writes_lost: u64,
    /// Parts of sessions that could not be read, once per request and part.
    pub withheld: u64,
    /// Store commands that failed.
    pub store_failures: u64,
    /// Requests that got a remembered session, while the store could not be asked.
    pub served_stale: u64,
    /// Expired sessions deleted.
    pub swept: u64,
}

pub(super) type Listener = Box<dyn Fn(&Event<'_>) + Send + Sync>;

#[derive(Default)]
pub(super) struct Events {
    listener: Option<Listener>,
    started: AtomicU64,
    logged_in: AtomicU64,
    ended: AtomicU64,
    reused: AtomicU64,
    refused: [AtomicU64; RefusalKind::ALL.len()],
    writes_lost: AtomicU64,
    withheld: AtomicU64,
    store_failures: AtomicU64,
    served_stale: AtomicU64,
    swept: AtomicU64,
}

impl Events {
    pub(super) fn to(listener: Option<Listener>) -> Self {
        Self { listener, ..Self::default() }
    }

    pub(super) fn emit(&self, event: &Event<'_>) {
        log(event);
        self.count(event);
        if let Some(listener) = &self.listener {
            listener(event);
        }
    }

    pub(super) fn counters(&self) -> Counters {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Counters {
            started: read(&self.started),
            logged_in: read(&self.logged_in),
            ended: read(&self.ended),
            reused: read(&self.reused),
            refused: std::array::from_fn(|index| read(&self.refused[index])),
            writes_lost: read(&self.writes_lost),
            withheld: read(&self.withheld),
            store_failures: read(&self.store_failures),
            served_stale: read(&self.served_stale),
            swept: read(&self.swept),
        }
    }

    fn count(&self, event: &Event<'_>) {
        let (counter, by) = match event {
            Event::Started { .. } => (&self.started, 1),
            Event::LoggedIn { .. } => (&self.logged_in, 1),
            Event::Ended { reason, .. } => {
                if *reason == Reason::SecretReused {
                    self.reused.fetch_add(1, Ordering::Relaxed);
                }
                (&self.ended, 1)
            }
            Event::Refused { kind } => (&self.refused[*kind as usize], 1),
            Event::WriteLost { .. } | Event::WriteRefused { .. } => (&self.writes_lost, 1),
            Event::Withheld { .. } => (&self.withheld, 1),
            Event::StoreFailed { .. } => (&self.store_failures, 1),
            Event::ServedStale { .. } => (&self.served_stale, 1),
            Event::Swept { sessions } => (&self.swept, *sessions as u64),
            Event::Renewed { .. } => return,
        };
        counter.fetch_add(by, Ordering::Relaxed);
    }
}

/// User ids are left out: they may be personal data.
fn log(event: &Event<'_>) {
    match event {
        Event::Started { session } => tracing::debug!(%session, "session started"),
        Event::LoggedIn { session, .. } => tracing::info!(%session, "user logged in"),
        Event::Renewed { session, instead_of } => tracing::info!(%session, %instead_of, "session renewed"),
        Event::Ended { session, reason: Reason::SecretReused } => {
            tracing::warn!(%session, "session ended: a replaced secret was used after its grace, which suggests theft");
        }
        Event::Ended { session, reason } => tracing::info!(%session, ?reason, "session ended"),
        Event::Refused { kind } => tracing::debug!(%kind, "credential refused"),
        Event::WriteLost { session } => tracing::debug!(%session, "writes dropped: the session ended meanwhile"),
        Event::WriteRefused { session, refused } => tracing::warn!(%session, %refused, "writes refused"),
        Event::Withheld { session, field } => {
            tracing::error!(%session, field, "a part of a session is withheld: no key of the ring opens it there");
        }
        Event::StoreFailed { kind } => tracing::error!(?kind, "session store failed"),
        Event::ServedStale { session } => tracing::debug!(%session, "session served as it was remembered"),
        Event::Swept { sessions } => tracing::debug!(sessions, "expired sessions deleted"),
    }
}

impl fmt::Debug for Events {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.counters().fmt(f)
    }
}
