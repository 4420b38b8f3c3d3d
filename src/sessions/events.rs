//! What happens to sessions, and how the log tells it.

use serde::{Deserialize, Serialize};

use super::{DenialKind, ServiceStep, Suspicion};
use crate::{
    clock::Timestamp,
    record::{ChangeRefused, SessionId},
    store::StoreErrorKind,
    token::RefusalKind,
};

/// Something that happened to a session. Holds no secret, and may be logged, but for the names in
/// [`AttemptFailed`](Self::AttemptFailed) and [`LockedOut`](Self::LockedOut).
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
    /// A user has passed the first of two factors. Nobody is logged in yet.
    FirstFactorPassed {
        /// The session that waits for the second.
        session: SessionId,
        /// The user.
        user: &'a str,
    },
    /// A user has proved again who he is.
    SteppedUp {
        /// The new session.
        session: SessionId,
        /// The one whose place it took.
        instead_of: SessionId,
        /// The user.
        user: &'a str,
    },
    /// A user logged in on a device that does not know him. What is known of it stands in the session.
    NewDevice {
        /// The new session.
        session: SessionId,
        /// The user.
        user: &'a str,
    },
    /// A session is used from elsewhere than before.
    Suspicious(&'a Suspicion<'a>),
    /// A session got a new id and secret because what it may do has changed.
    Renewed {
        /// The new session.
        session: SessionId,
        /// The one whose place it took.
        instead_of: SessionId,
        /// Its user, if it has one.
        user: Option<&'a str>,
    },
    /// A session's idle window has been moved.
    Refreshed {
        /// The session.
        session: SessionId,
    },
    /// A session's new secret was used for the first time: the old one is good for its grace alone. Two requests that use it
    /// first at once tell it twice.
    Rotated {
        /// The session.
        session: SessionId,
    },
    /// A session ended before its time.
    Ended {
        /// The session.
        session: SessionId,
        /// Its user, where whoever ended it knew him.
        user: Option<&'a str>,
        /// Why.
        reason: Reason,
        /// Who had it ended, where that was said by [`Sessions::by`](super::Sessions::by).
        by: Option<&'a str>,
    },
    /// A credential was refused.
    Refused {
        /// Why.
        kind: RefusalKind,
    },
    /// A route's demand was not met.
    Denied {
        /// The session, if there was one.
        session: Option<SessionId>,
        /// Which demand.
        kind: DenialKind,
    },
    /// Another site made a browser send this request. It would have been refused if the settings did not say `report`.
    CrossSiteReported {
        /// The session whose cookie came with it, if one did.
        session: Option<SessionId>,
    },
    /// All sessions of all users that were begun until an instant have ended.
    EverybodyEnded {
        /// That instant.
        until: Timestamp,
        /// Why.
        reason: Reason,
        /// Who had them ended, where that was said by [`Sessions::by`](super::Sessions::by).
        by: Option<&'a str>,
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
    /// A service was registered or revoked, or what it proves itself by, or may do, has changed.
    Service {
        /// Its name.
        service: &'a str,
        /// What has happened to it.
        step: ServiceStep,
        /// Who had it done, where that was said by [`Sessions::by`](super::Sessions::by).
        by: Option<&'a str>,
    },
    /// A service made use of a permission, or wanted to: the only way to another's session.
    ServiceAccess {
        /// Its name.
        service: &'a str,
        /// The permission, as in `session.read`.
        permission: &'a str,
        /// The session that it was for, if it was for one. It need not be any that lives.
        session: Option<SessionId>,
        /// Whether it has that permission.
        allowed: bool,
    },
    /// A service's credential was refused.
    ServiceRefused {
        /// Whose it is or was, where that is known: not of what is forged.
        service: Option<&'a str>,
        /// Why. [`Reused`](RefusalKind::Reused) is one that has been followed by another, after its overlap. Nothing has ended.
        kind: RefusalKind,
    },
    /// An attempt at a log-in was refused before any password was looked at: there had been too many.
    AttemptRefused {
        /// Which count was too high.
        by: Limiter,
    },
    /// An attempt has failed, as the application says by [`Attempt::refuse`](super::Attempt::refuse).
    AttemptFailed {
        /// Whose account it was on. It need not be any user's, and may be a password in the wrong field: it is not logged here,
        /// and should not be.
        name: &'a str,
    },
    /// So many attempts on an account have been made in a row that from now on they are delayed; or so many that it is locked.
    LockedOut {
        /// The name that was typed in. It need not be any user's, and may be a password in the wrong field: it is not
        /// logged here, and should not be.
        name: &'a str,
        /// The end of the first delay. `None` if the account is locked, until [`Sessions::unlock`](super::Sessions::unlock).
        until: Option<Timestamp>,
    },
}

/// Which count of attempts was too high.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Limiter {
    /// That of the account.
    Account,
    /// That of the account on a device that its user has logged in from before.
    Device,
    /// That of the network.
    Network,
    /// That of the second factor of a user.
    Factor,
}

/// Why a session ended before its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
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
    /// It was used from elsewhere than where it was begun, and was bound to that.
    UsedElsewhere,
}

/// User ids are left out: they may be personal data. So are names that strangers type: they may be passwords.
pub(super) fn log(event: &Event<'_>) {
    match event {
        Event::Started { session } => tracing::debug!(%session, "session started"),
        Event::LoggedIn { session, .. } => tracing::info!(%session, "user logged in"),
        Event::FirstFactorPassed { session, .. } => tracing::info!(%session, "first factor passed"),
        Event::SteppedUp { session, instead_of, .. } => tracing::info!(%session, %instead_of, "authenticated again"),
        Event::NewDevice { session, .. } => tracing::info!(%session, "log-in on a new device"),
        Event::Suspicious(suspicion) => {
            let (session, kind, reaction) = (suspicion.session(), suspicion.kind(), suspicion.reaction());
            tracing::warn!(%session, ?kind, ?reaction, "session used from elsewhere");
        }
        Event::Refreshed { session } => tracing::trace!(%session, "session refreshed"),
        Event::Rotated { session } => tracing::debug!(%session, "secret rotated"),
        Event::Renewed { session, instead_of, .. } => tracing::info!(%session, %instead_of, "session renewed"),
        Event::Ended { session, reason: Reason::SecretReused, .. } => {
            tracing::warn!(%session, "session ended: a replaced secret was used after its grace, which suggests theft");
        }
        Event::Ended { session, reason, by, .. } => tracing::info!(%session, ?reason, by, "session ended"),
        Event::Refused { kind } => tracing::debug!(%kind, "credential refused"),
        Event::Denied { session, kind } => {
            tracing::debug!(session = session.map(tracing::field::display), %kind, "denied");
        }
        Event::CrossSiteReported { session } => {
            tracing::warn!(session = session.map(tracing::field::display), "a request of another site, let through");
        }
        Event::EverybodyEnded { until, reason, by } => tracing::warn!(%until, ?reason, by, "all sessions have ended"),
        Event::WriteLost { session } => tracing::debug!(%session, "writes dropped: the session ended meanwhile"),
        Event::WriteRefused { session, refused } => tracing::warn!(%session, %refused, "writes refused"),
        Event::Withheld { session, field } => {
            tracing::error!(%session, field, "a part of a session is withheld: no key of the ring opens it there");
        }
        Event::StoreFailed { kind } => tracing::error!(?kind, "session store failed"),
        Event::ServedStale { session } => tracing::debug!(%session, "session served as it was remembered"),
        Event::Swept { sessions } => tracing::debug!(sessions, "expired sessions deleted"),
        Event::Service { service, step, by } => tracing::info!(service, %step, by, "service"),
        Event::ServiceAccess { service, permission, session, allowed } => {
            tracing::info!(
                service,
                permission,
                session = session.map(tracing::field::display),
                allowed,
                "service access"
            );
        }
        Event::ServiceRefused { service: None, kind } => tracing::debug!(%kind, "credential of no service refused"),
        Event::ServiceRefused { service, kind } => tracing::warn!(service, %kind, "credential of a service refused"),
        Event::AttemptRefused { by } => tracing::debug!(?by, "attempt refused: too many"),
        Event::AttemptFailed { .. } => tracing::debug!("attempt failed"),
        Event::LockedOut { until: Some(until), .. } => tracing::warn!(%until, "attempts on an account are delayed"),
        Event::LockedOut { until: None, .. } => tracing::warn!("an account is locked: too many attempts"),
    }
}
