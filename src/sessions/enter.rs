//! How sessions begin: without a user, by log-in, or in the place of another.

use std::{
    fmt,
    future::{Future, IntoFuture},
    net::IpAddr,
    pin::Pin,
    sync::Arc,
};

use super::{Attempt, Error, ErrorKind, Event, Issued, Reason, Sessions};
use crate::{
    clock::Timestamp,
    config::Lifetime,
    record::{Change, Device, Keep, Record, SessionId},
    store::{Created, Replaced, Replacement, Terms},
    token::Secret,
};

impl Sessions {
    /// Starts a session without a user.
    ///
    /// # Errors
    /// If the store fails.
    pub async fn start(&self) -> Result<Issued, Error> {
        self.start_with(Change::new(), Origin::default()).await
    }

    pub(crate) async fn start_with(&self, change: Change, origin: Origin) -> Result<Issued, Error> {
        let change = change.within(self.inner.config.attributes);
        let shape = |id, secret: &Secret, now| {
            let record = Record::new(id, secret.hash(), self.inner.config.lifetime, now);
            record.with_origin(origin.device.clone(), origin.address)
        };
        let issued = self.enter(None, None, Keep::Nothing, &change, self.terms(), shape).await?;
        self.emit(&Event::Started { session: issued.session_id() });
        Ok(issued)
    }

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

    /// Puts a session with other rights in the place of this one: new id, new secret, the same
    /// limits in time, all attributes kept.
    pub(crate) async fn renew(
        &self,
        old: &Arc<Record>,
        roles: Vec<Box<str>>,
        change: &Change,
    ) -> Result<Issued, Error> {
        let shape = |id, secret: &Secret, now| old.renewed(id, secret.hash(), now).with_roles(roles.clone());
        let change = change.clone().within(self.inner.config.attributes);
        let issued = self.enter(old.user(), Some(old.id()), Keep::Everything, &change, self.terms(), shape).await?;
        self.emit(&Event::Renewed { session: issued.session_id(), instead_of: old.id() });
        Ok(issued)
    }

    /// What holds of every session that begins.
    fn terms(&self) -> Terms {
        self.inner.config.limit.into()
    }

    /// Keeps a new session, in the place of `old` if given; if that one is gone, this is an error.
    async fn enter(
        &self,
        user: Option<&str>,
        old: Option<SessionId>,
        keep: Keep,
        change: &Change,
        terms: Terms,
        shape: impl Fn(SessionId, &Secret, Timestamp) -> Record,
    ) -> Result<Issued, Error> {
        // A second try is for two ids that meet: at 2^-64, twice is a broken random generator.
        for _ in 0..2 {
            let now = self.now();
            let (id, secret) = (SessionId::new(user)?, Secret::random()?);
            let mut record = shape(id, &secret, now);
            let placed = match old {
                Some(old) => {
                    let new = Replacement { record, keep: keep.clone(), change: change.clone(), expect: None };
                    self.run(self.store().replace(old, new, terms, now)).await?
                }
                None => {
                    record.apply(change)?;
                    let kept = Arc::new(record.clone());
                    match self.run(self.store().create(record, terms, now)).await? {
                        Created::Kept { evicted } => Replaced::Done { record: kept, evicted },
                        Created::IdTaken => Replaced::IdTaken,
                        Created::LimitReached => Replaced::LimitReached,
                        Created::EpochPassed => Replaced::EpochPassed,
                    }
                }
            };
            match placed {
                Replaced::Done { record, evicted } => {
                    evicted.iter().for_each(|id| self.emit(&Event::Ended { session: *id, reason: Reason::Evicted }));
                    return Ok(Issued::new(self.inner.keys.sign(secret, id), record));
                }
                Replaced::IdTaken => {}
                Replaced::Gone => return Err(Error::new(ErrorKind::Ended)),
                Replaced::LimitReached => return Err(Error::new(ErrorKind::LimitReached)),
                Replaced::EpochPassed => return Err(Error::new(ErrorKind::Overtaken)),
                Replaced::Refused(refused) => return Err(refused.into()),
            }
        }
        Err(Error::new(ErrorKind::Random))
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
        }
    }

    /// Keeps those attributes of the session before log-in whose names start with `prefix`. All
    /// others are dropped: somebody else may have planted them. May be called several times.
    pub fn keep(mut self, prefix: &str) -> Self {
        self.keep.push(prefix.into());
        self
    }

    /// Whether the session is to outlive the browser, with the lifetime `remember` of the settings.
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
    /// [noted](Sessions::attempt): [`ErrorKind::Overtaken`].
    pub fn since(self, attempt: &Attempt) -> Self {
        Self { attempt: Some(attempt.clone()), ..self }
    }

    async fn complete(mut self) -> Result<Issued, Error> {
        check_name("a user's id", &self.user, LONGEST_USER)?;
        let sessions = self.sessions.take().ok_or_else(|| Error::new(ErrorKind::MissingLayer))?;
        let issued = self.enter(&sessions).await?;
        sessions.emit(&Event::LoggedIn { session: issued.session_id(), user: &self.user });
        self.applicant.entered(&issued);
        Ok(issued)
    }

    async fn enter(&mut self, sessions: &Sessions) -> Result<Issued, Error> {
        let config = sessions.config();
        let terms = match &self.attempt {
            Some(attempt) if attempt.is_good_for(&self.user, sessions.now()) => attempt.on(sessions.terms()),
            Some(_) => return Err(Error::new(ErrorKind::Overtaken)),
            None => sessions.terms(),
        };
        let lifetime: Lifetime = if self.remembered { config.remember } else { config.lifetime };
        let Beginning { replaces, change, origin } = self.applicant.begin();
        let change = change.within(config.attributes);
        let mut device = self.device.clone().unwrap_or(origin.device);
        device.id = self.device_id.clone().or(device.id);
        let shape = |id, secret: &Secret, now| {
            Record::new(id, secret.hash(), lifetime, now)
                .with_user(&*self.user)
                .with_remembered(self.remembered)
                .with_roles(self.roles.iter().cloned())
                .with_origin(device.clone(), origin.address)
        };
        let keep = if self.keep.is_empty() { Keep::Nothing } else { Keep::Prefixes(self.keep.clone()) };
        let entered = sessions.enter(Some(&self.user), replaces, keep, &change, terms, &shape).await;
        match entered {
            // The session before log-in has just ended. The user has proved who he is: he gets a
            // session, but inherits nothing.
            Err(error) if error.kind() == ErrorKind::Ended => {
                sessions.enter(Some(&self.user), None, Keep::Nothing, &change, terms, &shape).await
            }
            entered => entered,
        }
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

/// Who logs in: nobody in particular, or the session that a request came with.
pub(crate) trait Applicant: Send {
    /// What the log-in starts from.
    fn begin(&mut self) -> Beginning;
    /// The log-in has succeeded.
    fn entered(&mut self, issued: &Issued);
}

impl Applicant for () {
    fn begin(&mut self) -> Beginning {
        Beginning::default()
    }

    fn entered(&mut self, _: &Issued) {}
}

/// What a log-in starts from.
#[derive(Default)]
pub(crate) struct Beginning {
    /// The session whose place it takes.
    pub(crate) replaces: Option<SessionId>,
    /// What this request has written so far.
    pub(crate) change: Change,
    pub(crate) origin: Origin,
}

/// Where a session is started from.
#[derive(Default)]
pub(crate) struct Origin {
    pub(crate) device: Device,
    pub(crate) address: Option<IpAddr>,
}

/// Refuses names that are empty, too long, or would break a line of a log.
pub(crate) fn check_name(what: &str, name: &str, longest: usize) -> Result<(), Error> {
    if (1..=longest).contains(&name.len()) && !name.chars().any(char::is_control) {
        return Ok(());
    }
    let problem =
        format!("{what} must have 1 to {longest} bytes and no control characters; this one has {}", name.len());
    Err(Error::because(ErrorKind::InvalidName, problem))
}

pub(super) const LONGEST_USER: usize = 255;
