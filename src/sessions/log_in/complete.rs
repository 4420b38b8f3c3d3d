//! What becomes of a log-in: the record that begins, and on what terms.

use super::{LogIn, Stage};
use crate::{
    config::Lifetime,
    record::{Assurance, Authentication, Device, FirstFactor, Keep, Record},
    sessions::{
        Error, ErrorKind, Event, Issued, Sessions,
        enter::{Beginning, Entry, check_name, check_user},
    },
    store::Terms,
    token::Secret,
};

impl LogIn {
    pub(super) async fn complete(mut self) -> Result<Issued, Error> {
        check_user(&self.user)?;
        let sessions = self.sessions.take().ok_or_else(|| Error::new(ErrorKind::MissingLayer))?;
        let factors = if let Stage::First(factors) = &self.stage { &factors[..] } else { &[] };
        self.methods.iter().chain(factors).try_for_each(|name| check_name("a factor's name", name, LONGEST_FACTOR))?;
        let issued = match self.enter(&sessions).await {
            Ok(issued) => issued,
            Err(error) => {
                self.withdraw(&sessions, &error).await;
                return Err(error);
            }
        };
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
        let Beginning { replaces, hidden, change, origin } = self.applicant.begin()?;
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
        let keep = if hidden || self.keep.is_empty() { Keep::Nothing } else { Keep::Prefixes(self.keep.clone()) };
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

    /// The proof was right, and the log-in fails for another reason: that is no guess.
    async fn withdraw(&self, sessions: &Sessions, error: &Error) {
        let is_no_guess =
            matches!(error.kind(), ErrorKind::LimitReached | ErrorKind::ChangeRefused | ErrorKind::Unavailable);
        if let Some(attempt) = self.attempt.as_ref().filter(|_| is_no_guess) {
            sessions.withdraw(attempt).await;
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

pub(in crate::sessions) const LONGEST_FACTOR: usize = 64;
