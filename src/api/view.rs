//! What answers show of sessions.

use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    clock::Timestamp,
    record::{FirstFactor, SessionId},
    sessions::{Issued, SessionInfo},
    token::Token,
};

/// A session: everything about it but its secret and its attributes.
#[derive(Serialize, ToSchema)]
#[schema(as = Session)]
pub(super) struct SessionView {
    /// Its public handle: no secret.
    #[schema(pattern = "^[A-Za-z0-9_-]{24}$")]
    session_id: String,
    /// Whether it is the one that asks.
    current: bool,
    user: String,
    roles: Vec<String>,
    device: DeviceView,
    /// The address that it was started from, if it is known.
    address: Option<String>,
    #[schema(format = DateTime)]
    created_at: String,
    /// When its user last proved who he is.
    #[schema(format = DateTime)]
    authenticated_at: String,
    /// How sure it is that he is who he says (NIST SP 800-63B): `aal1`, `aal2` or `aal3`.
    assurance: &'static str,
    /// When it was last used, give or take the refresh interval.
    #[schema(format = DateTime)]
    last_seen: String,
    /// When it ends if it is not used.
    #[schema(format = DateTime)]
    expires_at: String,
    /// Seconds until it ends if it is not used: a use moves this end away.
    idle_left: u64,
    /// Seconds until it ends however busy it is.
    absolute_left: u64,
}

/// The browser or app that a session was started from, as far as it is known: a hint, never a proof.
#[derive(Serialize, ToSchema)]
#[schema(as = Device)]
pub(super) struct DeviceView {
    /// The application's own id for it.
    id: Option<String>,
    /// What it is called, as in `Firefox 133 on Linux`.
    name: String,
}

/// One's own sessions, the current one in front, and then the one used last.
#[derive(Serialize, ToSchema)]
#[schema(as = Sessions)]
pub(super) struct SessionsView {
    pub(super) sessions: Vec<SessionView>,
}

/// A session that has begun, or goes on under a new secret.
#[derive(Serialize, ToSchema)]
pub(super) struct Opened {
    session: SessionView,
    /// What to send as `Authorization: Bearer` from now on; not there for clients with a cookie.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required = false)]
    token: Option<Token>,
}

/// A log-in that waits for its second factor: send one to the same address.
#[derive(Serialize, ToSchema)]
pub(super) struct Owed {
    /// Of which one is to be passed.
    factors: Vec<String>,
    /// Until when.
    #[schema(format = DateTime)]
    expires_at: String,
    /// Seconds until then.
    left: u64,
    /// What to send it with, as `Authorization: Bearer`; not there for clients with a cookie.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required = false)]
    token: Option<Token>,
}

/// Sessions that have ended by this request.
#[derive(Serialize, ToSchema)]
pub(super) struct Ended {
    /// Their ids.
    ended: Vec<String>,
}

impl SessionView {
    pub(super) fn new(info: &SessionInfo) -> Self {
        let (device, remaining) = (info.device(), info.remaining());
        Self {
            session_id: info.id().to_string(),
            current: info.is_current(),
            user: info.user().to_owned(),
            roles: info.roles().map(str::to_owned).collect(),
            device: DeviceView { name: device.to_string(), id: device.id.map(Into::into) },
            address: info.address().map(|address| address.to_string()),
            created_at: info.created_at().to_string(),
            authenticated_at: info.authenticated_at().to_string(),
            assurance: info.assurance().name(),
            last_seen: info.last_seen().to_string(),
            expires_at: info.expires_at().to_string(),
            idle_left: remaining.idle.as_secs(),
            absolute_left: remaining.absolute.as_secs(),
        }
    }
}

impl Opened {
    pub(super) fn new(issued: &Issued, token: Option<Token>, now: Timestamp) -> Self {
        let info = SessionInfo::new(issued.record().clone(), true, now);
        Self { session: SessionView::new(&info), token }
    }
}

impl Owed {
    pub(super) fn new(issued: &Issued, token: Option<Token>, now: Timestamp) -> Self {
        let factors = issued.record().first_factor().into_iter().flat_map(FirstFactor::factors);
        Self {
            factors: factors.map(str::to_owned).collect(),
            expires_at: issued.expires_at().to_string(),
            left: issued.expires_at().since(now).as_secs(),
            token,
        }
    }
}

impl Ended {
    pub(super) fn new(ended: &[SessionId]) -> Self {
        Self { ended: ended.iter().map(ToString::to_string).collect() }
    }
}
