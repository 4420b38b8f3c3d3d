//! How sessions begin: without a user, by log-in, or in the place of another.

use std::{net::IpAddr, sync::Arc};

use super::{Error, ErrorKind, Event, Issued, Reason, Sessions};
use crate::{
    clock::Timestamp,
    config::Lifetime,
    record::{Assurance, Change, Device, Keep, Record, SessionId},
    store::{Created, Epoch, Replaced, Replacement, Terms},
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
            record.with_origin(origin.device.clone(), origin.address).with_agent(origin.agent)
        };
        let entry = Entry { user: None, replaces: None, keep: Keep::Nothing, change: &change, terms: self.terms() };
        let issued = self.enter(entry, shape).await?;
        self.emit(&Event::Started { session: issued.session_id() });
        Ok(issued)
    }

    /// What holds of every session that begins.
    pub(super) fn terms(&self) -> Terms {
        self.inner.config.limit.into()
    }

    /// How long a session lives at this level.
    pub(super) fn lifetime_of(&self, remembered: bool, level: Assurance) -> Lifetime {
        let config = &self.inner.config;
        level.within(if remembered { config.remember } else { config.lifetime }, &config.assurance)
    }

    /// The epoch that a user is in.
    pub(super) async fn epoch_of(&self, user: &str) -> Result<Epoch, Error> {
        self.run(self.store().epoch(user, self.now())).await
    }

    /// Keeps a new session, in the place of another if the entry says so; if that one is gone, this is an error.
    pub(super) async fn enter(
        &self,
        entry: Entry<'_>,
        shape: impl Fn(SessionId, &Secret, Timestamp) -> Record,
    ) -> Result<Issued, Error> {
        let Entry { user, replaces, keep, change, terms } = entry;
        // A second try is for two ids that meet, at 2^-64; or when sessions count that have ended with everybody's.
        for _ in 0..2 {
            let now = self.now();
            let (id, secret) = (SessionId::new(user)?, Secret::random()?);
            let mut record = shape(id, &secret, now);
            let placed = match replaces {
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
                    self.tell_ends(evicted, user.unwrap_or_default(), Reason::Evicted);
                    return Ok(Issued::new(self.inner.keys.sign(secret, id), record));
                }
                Replaced::IdTaken => {}
                Replaced::Gone => return Err(Error::new(ErrorKind::Ended)),
                Replaced::LimitReached => {
                    let Some(user) = user else { return Err(Error::new(ErrorKind::LimitReached)) };
                    if !self.clear_away(user).await? {
                        return Err(Error::new(ErrorKind::LimitReached));
                    }
                }
                Replaced::EpochPassed => return Err(Error::new(ErrorKind::Overtaken)),
                Replaced::Refused(refused) => return Err(refused.into()),
            }
        }
        Err(Error::new(ErrorKind::Unavailable))
    }
}

/// On what terms a session begins.
#[derive(Clone)]
pub(super) struct Entry<'a> {
    pub(super) user: Option<&'a str>,
    /// The session whose place it takes.
    pub(super) replaces: Option<SessionId>,
    pub(super) keep: Keep,
    pub(super) change: &'a Change,
    pub(super) terms: Terms,
}

/// Who logs in: nobody in particular, or the session that a request came with.
pub(crate) trait Applicant: Send + Sync {
    /// What the log-in starts from.
    ///
    /// # Errors
    /// If this request must not begin one.
    fn begin(&mut self) -> Result<Beginning, Error>;
    /// The log-in has succeeded.
    fn entered(&mut self, issued: &Issued);
}

impl Applicant for () {
    fn begin(&mut self) -> Result<Beginning, Error> {
        Ok(Beginning::default())
    }

    fn entered(&mut self, _: &Issued) {}
}

/// What a log-in starts from.
#[derive(Default)]
pub(crate) struct Beginning {
    /// The session whose place it takes.
    pub(crate) replaces: Option<SessionId>,
    /// Whether nothing of that one is kept, whatever the log-in says.
    pub(crate) hidden: bool,
    /// What this request has written so far.
    pub(crate) change: Change,
    pub(crate) origin: Origin,
}

/// Where a session is started from.
#[derive(Clone, Debug, Default)]
pub(crate) struct Origin {
    pub(crate) device: Device,
    pub(crate) address: Option<IpAddr>,
    /// The family of the user agent, as a number.
    pub(crate) agent: Option<u64>,
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

/// Refuses what is no user's id. What a store keeps besides sessions, as counts of attempts, it keeps in names that are none.
pub(super) fn check_user(user: &str) -> Result<(), Error> {
    check_name("a user's id", user, 255)
}
