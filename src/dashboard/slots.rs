//! What only the application can tell.

use std::{future::Future, pin::Pin, sync::Arc};

use super::Figure;
#[cfg(feature = "service")]
use crate::service::ServiceInfo;
use crate::{clock::Timestamp, record::SessionId};

/// Something that has happened to a session, as the operators' view tells it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct TrailLine {
    /// When.
    pub at: Timestamp,
    /// What, in a few words.
    pub what: String,
    /// Who had it done, if not the session's own user.
    pub by: Option<String>,
    /// What else there is to say: a reason, an address.
    pub note: Option<String>,
    /// Whether somebody should look at it.
    pub is_alarming: bool,
}

impl TrailLine {
    /// An event that has nothing more to it.
    #[must_use]
    pub fn new(at: Timestamp, what: impl Into<String>) -> Self {
        Self { at, what: what.into(), by: None, note: None, is_alarming: false }
    }

    /// The same, with who had it done.
    #[must_use]
    pub fn by(self, who: impl Into<String>) -> Self {
        Self { by: Some(who.into()), ..self }
    }

    /// The same, with a note.
    #[must_use]
    pub fn note(self, note: impl Into<String>) -> Self {
        Self { note: Some(note.into()), ..self }
    }

    /// The same, as something that somebody should look at.
    #[must_use]
    pub fn alarming(self) -> Self {
        Self { is_alarming: true, ..self }
    }
}

/// A service that uses the sessions, as the operators' view tells it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ServiceLine {
    /// Its name.
    pub name: String,
    /// What it may do.
    pub permissions: Vec<String>,
    /// When it was last here, if it ever was.
    pub last_used: Option<Timestamp>,
    /// Whether it has been shut out.
    pub is_revoked: bool,
}

impl ServiceLine {
    /// A service that has not been here yet.
    #[must_use]
    pub fn new<P: Into<String>>(name: impl Into<String>, permissions: impl IntoIterator<Item = P>) -> Self {
        let permissions = permissions.into_iter().map(Into::into).collect();
        Self { name: name.into(), permissions, last_used: None, is_revoked: false }
    }

    /// The same, with when it was last here.
    #[must_use]
    pub fn last_used(self, at: Timestamp) -> Self {
        Self { last_used: Some(at), ..self }
    }

    /// The same, shut out.
    #[must_use]
    pub fn revoked(self) -> Self {
        Self { is_revoked: true, ..self }
    }
}

#[cfg(feature = "service")]
impl From<&ServiceInfo> for ServiceLine {
    fn from(info: &ServiceInfo) -> Self {
        Self { last_used: info.last_used(), ..Self::new(info.name(), info.permissions()) }
    }
}

type Asked<T> = Pin<Box<dyn Future<Output = Option<Vec<T>>> + Send>>;
type Trail = dyn Fn(SessionId) -> Asked<TrailLine> + Send + Sync;
type Services = dyn Fn() -> Asked<ServiceLine> + Send + Sync;

/// What the application has given, with its types erased. A failure is logged, and is `None` to the page.
#[derive(Default)]
pub(super) struct Slots {
    pub(super) figures: Option<Arc<dyn Fn() -> Vec<Figure> + Send + Sync>>,
    pub(super) trail: Option<Arc<Trail>>,
    pub(super) services: Option<Arc<Services>>,
}

impl Slots {
    pub(super) fn set_figures(&mut self, read: impl Fn() -> Vec<Figure> + Send + Sync + 'static) {
        self.figures = Some(Arc::new(read));
    }

    pub(super) fn set_trail<F, E>(&mut self, read: impl Fn(SessionId) -> F + Send + Sync + 'static)
    where
        F: Future<Output = Result<Vec<TrailLine>, E>> + Send + 'static,
        E: std::error::Error + 'static,
    {
        self.trail = Some(Arc::new(move |id| told("the trail of a session", read(id))));
    }

    pub(super) fn set_services<F, E>(&mut self, read: impl Fn() -> F + Send + Sync + 'static)
    where
        F: Future<Output = Result<Vec<ServiceLine>, E>> + Send + 'static,
        E: std::error::Error + 'static,
    {
        self.services = Some(Arc::new(move || told("the list of services", read())));
    }
}

fn told<T, F, E>(what: &'static str, answer: F) -> Asked<T>
where
    F: Future<Output = Result<Vec<T>, E>> + Send + 'static,
    E: std::error::Error + 'static,
{
    Box::pin(async move {
        answer
            .await
            .inspect_err(|error| tracing::warn!(error = error as &dyn std::error::Error, "{what} cannot be read"))
            .ok()
    })
}
