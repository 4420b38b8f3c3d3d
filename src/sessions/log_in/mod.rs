//! A log-in: by one factor, or by the first of two and then the second.

mod complete;

pub(super) use complete::LONGEST_FACTOR;

use std::{
    fmt,
    future::{Future, IntoFuture},
    pin::Pin,
};

use super::{Attempt, Error, Issued, Sessions, enter::Applicant};
use crate::{
    clock::Timestamp,
    config::Binding,
    record::{Assurance, Device, FirstFactor, Record},
    store::Epoch,
};

impl Sessions {
    /// Logs a user in: a session with a new id and a new secret, within the user's limit. Check who
    /// he is before.
    ///
    /// `user` is the application's own name for him: 1 to 255 bytes without control characters.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use countersign::{KeyRing, MemoryStore, Sessions};
    /// # let sessions = Sessions::new(KeyRing::generate()?, MemoryStore::new());
    /// let issued = sessions.log_in("ada").roles(["editor"]).remember(true).await?;
    /// # Ok(()) }
    /// ```
    pub fn log_in(&self, user: impl ToString) -> LogIn {
        LogIn::new(Some(self.clone()), user.to_string(), Box::new(()))
    }
}

/// A log-in in the making: await it.
///
/// It is one step of the store: the session that the request came with, if any, ends; the new one
/// lives; the user's limit holds. A future that is dropped leaves the one or the other.
#[must_use = "nobody is logged in until this is awaited"]
pub struct LogIn {
    /// `None` where the layer is missing.
    sessions: Option<Sessions>,
    applicant: Box<dyn Applicant>,
    user: String,
    keep: Vec<Box<str>>,
    remembered: bool,
    roles: Vec<Box<str>>,
    device: Option<Device>,
    device_id: Option<Box<str>>,
    attempt: Option<Attempt>,
    methods: Vec<Box<str>>,
    assurance: Option<Assurance>,
    binding: Option<Binding>,
    stage: Stage,
}

/// How far this log-in leads.
enum Stage {
    /// To a session that is logged in.
    Whole,
    /// To one that waits for one of these second factors.
    First(Vec<Box<str>>),
    /// From there to one that is logged in, if the user is in this epoch still, and all sessions of back then have not ended.
    Second(Epoch, Timestamp),
}

impl LogIn {
    pub(crate) fn new(sessions: Option<Sessions>, user: String, applicant: Box<dyn Applicant>) -> Self {
        Self {
            sessions,
            applicant,
            user,
            keep: Vec::new(),
            remembered: false,
            roles: Vec::new(),
            device: None,
            device_id: None,
            attempt: None,
            methods: Vec::new(),
            assurance: None,
            binding: None,
            stage: Stage::Whole,
        }
    }

    /// The second step of a log-in whose first one is kept in `record`, by this factor.
    pub(crate) fn second(
        sessions: Sessions,
        record: &Record,
        first: &FirstFactor,
        factor: &str,
        applicant: Box<dyn Applicant>,
    ) -> Self {
        let methods = record.methods().chain([factor]).map(Into::into).collect();
        Self {
            keep: first.keep.clone(),
            remembered: first.remembered,
            roles: first.roles.clone(),
            device: Some(record.device()),
            methods,
            assurance: Some(Assurance::Aal2),
            binding: record.binding(),
            stage: Stage::Second(Epoch::from_number(first.epoch), record.authenticated_at()),
            ..Self::new(Some(sessions), first.user().to_owned(), applicant)
        }
    }

    /// Keeps those attributes of the session before log-in whose names start with `prefix`. All
    /// others are dropped: somebody else may have planted them. May be called several times.
    pub fn keep(mut self, prefix: &str) -> Self {
        self.keep.push(prefix.into());
        self
    }

    /// Whether the session is to outlive the browser, with the lifetime `remember` of the settings.
    /// At [`Assurance::Aal2`] and above the shorter time-outs of that level hold.
    pub fn remember(self, remembered: bool) -> Self {
        Self { remembered, ..self }
    }

    /// The roles that the session has.
    pub fn roles<R: Into<String>>(self, roles: impl IntoIterator<Item = R>) -> Self {
        Self { roles: roles.into_iter().map(|role| role.into().into()).collect(), ..self }
    }

    /// The application's own id for the device, to [revoke](Sessions::revoke_device) by.
    pub fn device_id(self, id: impl Into<String>) -> Self {
        Self { device_id: Some(id.into().into()), ..self }
    }

    /// What is known of the device, in place of what the request's headers say.
    pub fn device(self, device: Device) -> Self {
        Self { device: Some(device), ..self }
    }

    /// Refuses the log-in if all sessions of the user were ended since the attempt was
    /// [noted](Sessions::attempt): [`ErrorKind::Overtaken`](super::ErrorKind::Overtaken). Where the attempt was
    /// [counted](Sessions::attempt_from), it counts as a success.
    pub fn since(self, attempt: &Attempt) -> Self {
        Self { attempt: Some(attempt.clone()), ..self }
    }

    /// A way in which the user has just proved who he is, as in `pwd`, `otp`, `hwk` (RFC 8176). May be called several
    /// times: two different ones make [`Assurance::Aal2`].
    pub fn method(mut self, method: &str) -> Self {
        if !self.methods.iter().any(|known| **known == *method) {
            self.methods.push(method.into());
        }
        self
    }

    /// How sure it is that the user is who he says. Unless this is called: AAL1 for one factor, AAL2 for two. Never more
    /// than he has proved (NIST SP 800-63B-4, section 5.1).
    pub fn assurance(self, assurance: Assurance) -> Self {
        Self { assurance: Some(assurance), ..self }
    }

    /// Binds this session more strictly than the settings do: of each reaction the more severe one counts.
    pub fn bind(self, binding: Binding) -> Self {
        Self { binding: Some(binding), ..self }
    }

    /// Leaves it at the first factor: the user has yet to pass one of these second ones, within `second_factor.within` of the
    /// settings. Until then the session is nobody's: [`LoggedIn`](crate::LoggedIn), guards and
    /// [`Session::user`](crate::Session::user) do not know him, only
    /// [`PendingSecondFactor`](crate::PendingSecondFactor) does.
    ///
    /// Whoever knows no more than the password ends nobody's session by it: the user's limit counts when the second factor is passed.
    pub fn pending_second_factor<F: Into<String>>(self, factors: impl IntoIterator<Item = F>) -> Self {
        Self { stage: Stage::First(factors.into_iter().map(|factor| factor.into().into()).collect()), ..self }
    }
}

impl IntoFuture for LogIn {
    type Output = Result<Issued, Error>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.complete())
    }
}

impl fmt::Debug for LogIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LogIn").field("user", &self.user).field("roles", &self.roles).finish_non_exhaustive()
    }
}
