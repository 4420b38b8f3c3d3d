use std::{fmt, sync::Arc};

use http::{Extensions, Request};

use super::{Credential, ServiceSession};
use crate::{
    record::{Record, SessionId},
    sessions::{Error, ErrorKind, Event, Reason, Sessions},
};

/// The service that a request comes from, behind a [`ServiceLayer`](crate::ServiceLayer): the door to what it may do with users'
/// sessions. Each use of a permission, and each that is refused, leaves an [event](Event::ServiceAccess).
///
/// Cheap to clone.
///
/// ```
/// use axum::extract::Path;
/// use countersign::{Error, ServiceIdentity, SessionId};
///
/// async fn set(service: ServiceIdentity, Path(id): Path<SessionId>, body: String) -> Result<(), Error> {
///     service.session(id).await?.set("last_order", &body)?.commit().await?;
///     Ok(())
/// }
/// ```
#[derive(Clone)]
pub struct ServiceIdentity {
    inner: Arc<Inner>,
}

struct Inner {
    /// What it ends says by whom.
    sessions: Sessions,
    credential: Credential,
}

impl ServiceIdentity {
    pub(super) fn new(sessions: &Sessions, credential: Credential) -> Self {
        let sessions = sessions.by(&format!("service:{}", credential.name));
        Self { inner: Arc::new(Inner { sessions, credential }) }
    }

    /// The service of a request, if it has passed through the layer.
    #[must_use]
    pub fn of<B>(request: &Request<B>) -> Option<Self> {
        Self::in_extensions(request.extensions())
    }

    /// The service among a request's extensions, if the request has passed through the layer.
    #[must_use]
    pub fn in_extensions(extensions: &Extensions) -> Option<Self> {
        extensions.get::<Self>().cloned()
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.inner.credential.name
    }

    /// What it may do.
    pub fn permissions(&self) -> impl Iterator<Item = &str> {
        self.inner.credential.permissions.iter().map(|permission| &**permission)
    }

    /// Whether it has this permission, by its whole name. To act by it, see [`require`](Self::require).
    #[must_use]
    pub fn permits(&self, permission: &str) -> bool {
        self.inner.credential.permits(permission)
    }

    /// Demands a permission of the application's own.
    ///
    /// # Errors
    /// [`ErrorKind::NotPermitted`] if it has not got it: 403, and the text names the permission.
    pub fn require(&self, permission: &str) -> Result<(), Error> {
        self.makes_use_of(permission, None)
    }

    /// A user's session, by its public id, as the store has it now. Needs `session.read`. It does not count as use: the session's
    /// window does not slide.
    ///
    /// # Errors
    /// [`ErrorKind::NotPermitted`]; [`ErrorKind::NotFound`] if there is no such session, or not any more;
    /// [`ErrorKind::StepUpRequired`] if its user owes a proof of who he is, a second factor included: until then it is shown to no
    /// service.
    pub async fn session(&self, id: SessionId) -> Result<ServiceSession, Error> {
        self.makes_use_of(READ, Some(id))?;
        Ok(ServiceSession::new(self.clone(), self.shown(id).await?))
    }

    /// A session as the store has it now, unless its user owes a proof of who he is.
    pub(super) async fn shown(&self, id: SessionId) -> Result<Arc<Record>, Error> {
        let record = self.sessions().session_of_id(id).await?;
        if record.demands_step_up() || record.first_factor().is_some() {
            return Err(Error::new(ErrorKind::StepUpRequired));
        }
        Ok(record)
    }

    /// Ends a session now, on every node. Says whether it was alive. Needs `session.revoke`; its [event](Event::Ended) says
    /// `service:` and the name of this service.
    ///
    /// # Errors
    /// [`ErrorKind::NotPermitted`]; if the store fails: then it may still be alive.
    pub async fn revoke(&self, id: SessionId, reason: Reason) -> Result<bool, Error> {
        self.makes_use_of(REVOKE, Some(id))?;
        self.sessions().revoke(id, reason).await
    }

    /// The one place where a permission is looked at.
    pub(super) fn makes_use_of(&self, permission: &str, session: Option<SessionId>) -> Result<(), Error> {
        let (service, allowed) = (self.name(), self.permits(permission));
        self.sessions().emit(&Event::ServiceAccess { service, permission, session, allowed });
        if allowed {
            return Ok(());
        }
        let problem = format!("this needs the permission `{permission}`, which the service `{service}` has not");
        Err(Error::because(ErrorKind::NotPermitted, problem))
    }

    pub(super) fn sessions(&self) -> &Sessions {
        &self.inner.sessions
    }
}

impl fmt::Debug for ServiceIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServiceIdentity")
            .field("name", &self.name())
            .field("permissions", &self.inner.credential.permissions)
            .finish_non_exhaustive()
    }
}

const READ: &str = "session.read";
pub(super) const WRITE: &str = "session.write";
const REVOKE: &str = "session.revoke";
