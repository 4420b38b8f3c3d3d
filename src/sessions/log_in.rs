//! A log-in: by one factor, or by the first of two and then the second.

use std::{
    fmt,
    future::{Future, IntoFuture},
    pin::Pin,
};

use super::{
    Attempt, Error, ErrorKind, Event, Issued, Sessions,
    enter::{Applicant, Beginning, Entry, LONGEST_USER, check_name},
};
use crate::{
    clock::Timestamp,
    config::{Binding, Lifetime},
    record::{Assurance, Authentication, Device, FirstFactor, Keep, Record},
    store::{Epoch, Terms},
    token::Secret,
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
    /// [noted](Sessions::attempt): [`ErrorKind::Overtaken`]. Where the attempt was
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

    async fn complete(mut self) -> Result<Issued, Error> {
        check_name("a user's id", &self.user, LONGEST_USER)?;
        let sessions = self.sessions.take().ok_or_else(|| Error::new(ErrorKind::MissingLayer))?;
        let factors = if let Stage::First(factors) = &self.stage { &factors[..] } else { &[] };
        self.methods.iter().chain(factors).try_for_each(|name| check_name("a factor's name", name, LONGEST_FACTOR))?;
        let issued = self.enter(&sessions).await?;
        let (session, user) = (issued.session_id(), &*self.user);
        sessions.emit(&match self.stage {
            Stage::First(_) => Event::FirstFactorPassed { session, user },
            Stage::Whole | Stage::Second(..) => Event::LoggedIn { session, user },
        });
        self.applicant.entered(&issued);
        if let Some(attempt) = &self.attempt {
            sessions.settle(attempt).await;
        }
        Ok(issued)
    }

    async fn enter(&mut self, sessions: &Sessions) -> Result<Issued, Error> {
        let terms = self.terms(sessions)?;
        if let Stage::Second(_, begun) = self.stage {
            sessions.still_holds(begun, ErrorKind::Ended).await?;
        }
        if let Some(attempt) = &self.attempt {
            sessions.still_holds(attempt.at(), ErrorKind::Overtaken).await?;
        }
        let first = self.first_factor(sessions, terms).await?;
        let Beginning { replaces, change, origin } = self.applicant.begin()?;
        let change = change.within(sessions.config().attributes);
        let device = self.device_of(origin.device);
        let authentication = Authentication {
            assurance: self.level(),
            methods: self.methods.clone(),
            binding: self.binding,
            first_factor: first.map(Box::new),
        };
        let lifetime = self.lifetime(sessions);
        let user = (authentication.first_factor.is_none()).then_some(&*self.user);
        let shape = |id, secret: &Secret, now| {
            let record = Record::new(id, secret.hash(), lifetime, now);
            let record = if let Some(user) = user { record.with_user(user) } else { record };
            record
                .with_remembered(self.remembered && user.is_some())
                .with_roles(self.roles.iter().filter(|_| user.is_some()).cloned())
                .with_origin(device.clone(), origin.address)
                .with_agent(origin.agent)
                .with_authentication(authentication.clone())
        };
        let keep = if self.keep.is_empty() { Keep::Nothing } else { Keep::Prefixes(self.keep.clone()) };
        let entry = Entry { user, replaces, keep, change: &change, terms };
        let entered = sessions.enter(entry.clone(), &shape).await;
        match (entered, &self.stage) {
            // The session before log-in has just ended. The user has proved who he is: he gets a
            // session, but inherits nothing. A second factor alone is not such a proof.
            (Err(error), Stage::Whole | Stage::First(_)) if error.kind() == ErrorKind::Ended => {
                sessions.enter(Entry { replaces: None, keep: Keep::Nothing, ..entry }, &shape).await
            }
            (entered, _) => entered,
        }
    }

    /// The device, given what the request says of it.
    fn device_of(&self, of_request: Device) -> Device {
        let id = of_request.id.clone();
        let mut device = self.device.clone().unwrap_or(of_request);
        // The browser is not told by what it is to be known before the log-in is whole.
        let id = id.filter(|_| !matches!(self.stage, Stage::First(_)));
        device.id = self.device_id.clone().or(self.device.as_ref().and_then(|device| device.id.clone())).or(id);
        device
    }

    /// What must hold in the step in which the session begins.
    fn terms(&self, sessions: &Sessions) -> Result<Terms, Error> {
        let terms = match &self.attempt {
            Some(attempt) if attempt.is_good_for(&self.user, sessions.now()) => attempt.on(sessions.terms()),
            Some(_) => return Err(Error::new(ErrorKind::Overtaken)),
            None => sessions.terms(),
        };
        Ok(match self.stage {
            Stage::Second(epoch, _) => Terms { epoch: Some(epoch), ..terms },
            Stage::Whole | Stage::First(_) => terms,
        })
    }

    /// What is to be kept until the second factor is passed, if this is the first of two.
    async fn first_factor(&self, sessions: &Sessions, terms: Terms) -> Result<Option<FirstFactor>, Error> {
        let Stage::First(factors) = &self.stage else { return Ok(None) };
        // A revocation of the user's sessions ends this log-in too, however far it has come.
        let epoch = match terms.epoch {
            Some(epoch) => epoch,
            None => sessions.epoch_of(&self.user).await?,
        };
        Ok(Some(FirstFactor {
            user: self.user.as_str().into(),
            epoch: epoch.number(),
            factors: factors.clone(),
            roles: self.roles.clone(),
            remembered: self.remembered,
            keep: self.keep.clone(),
        }))
    }

    fn level(&self) -> Assurance {
        let by_count = if self.methods.len() > 1 { Assurance::Aal2 } else { Assurance::Aal1 };
        match self.stage {
            Stage::First(_) => Assurance::Aal1,
            Stage::Whole | Stage::Second(..) => self.assurance.unwrap_or(by_count),
        }
    }

    fn lifetime(&self, sessions: &Sessions) -> Lifetime {
        let config = sessions.config();
        if let Stage::First(_) = self.stage {
            return Lifetime::new(config.second_factor.within, config.second_factor.within);
        }
        sessions.lifetime_of(self.remembered, self.level())
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

pub(super) const LONGEST_FACTOR: usize = 64;
