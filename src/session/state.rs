use std::{borrow::Cow, sync::Arc};

use http::HeaderValue;

use crate::{
    record::{Attributes, Change, FieldChange, Record, SEEN, STEP_UP, SessionId},
    sessions::{Authenticated, Due, Error, ErrorKind, Honoured, Issued, Note, readable},
    token::Token,
};

/// What a request knows of its session, and what it has done to it.
pub(super) struct State {
    pub(super) holding: Holding,
    /// What has been written but not stored.
    pub(super) change: Change,
    /// A token that the client has to be given.
    pub(super) issued: Option<Box<Token>>,
    /// A cookie by which the client's device is to be known from now on.
    pub(super) device: Option<Box<HeaderValue>>,
    /// Whether the response is to leave the client's cookie as it is.
    pub(super) leaves_cookie: bool,
    /// Whether anybody has asked: then the response depends on the session.
    pub(super) looked_at: bool,
}

/// What a request holds.
#[allow(clippy::large_enum_variant, reason = "the large variant is the usual one")]
pub(crate) enum Holding {
    /// No session: one begins when something is written.
    Nothing,
    /// A session, alive when it was last looked at.
    Live(Authenticated),
    /// A session that ended during this request. None begins in its place but by log-in.
    Ended,
}

/// What is noted about where a session is used.
pub(crate) enum Mark {
    /// It was seen elsewhere than before.
    Seen(Note),
    /// Its user has to prove again who he is.
    StepUp,
}

impl Holding {
    /// Whether it is a session that a user is logged in to.
    pub(crate) fn is_logged_in(&self) -> bool {
        matches!(self, Self::Live(session) if session.record.user().is_some() && !session.suspended)
    }
}

impl State {
    pub(super) fn new(holding: Holding) -> Self {
        Self { holding, change: Change::new(), issued: None, device: None, leaves_cookie: false, looked_at: false }
    }

    pub(super) const fn live(&self) -> Option<&Authenticated> {
        match &self.holding {
            Holding::Live(session) => Some(session),
            Holding::Nothing | Holding::Ended => None,
        }
    }

    /// The session, if it still is the one of this id: another task of this request may have logged
    /// in meanwhile.
    pub(super) fn still(&mut self, id: SessionId) -> Option<&mut Authenticated> {
        match &mut self.holding {
            Holding::Live(session) if session.record.id() == id => Some(session),
            _ => None,
        }
    }

    pub(super) fn record(&self) -> Option<&Arc<Record>> {
        self.live().map(|session| &session.record)
    }

    /// The session, if it does not count as nobody's for the moment.
    pub(super) fn open(&self) -> Option<&Authenticated> {
        self.live().filter(|session| !session.suspended)
    }

    /// What this request has written by its application. What a session has that counts as nobody's is only what says so.
    pub(super) fn written(&self) -> Change {
        if self.live().is_some_and(|session| session.suspended) { Change::new() } else { self.change.clone() }
    }

    /// Notes something about where the session is used, to be stored with whatever else is.
    pub(super) fn mark(&mut self, mark: Mark) {
        let Holding::Live(session) = &mut self.holding else { return };
        session.suspended |= matches!(mark, Mark::StepUp);
        // What is out of reach cannot be written to; the next request will see it as well.
        if session.stale {
            return;
        }
        match mark {
            Mark::Seen(note) => self.change.set(SEEN, note),
            Mark::StepUp => self.change.set(STEP_UP, *b"1"),
        }
    }

    /// The session is a new one from here on, and the client has to be told.
    pub(super) fn hold(&mut self, issued: &Issued) {
        self.issued = Some(Box::new(issued.token().clone()));
        self.holding = Holding::Live(Authenticated {
            token: issued.token().clone(),
            record: Arc::clone(issued.record()),
            honoured: Honoured::Current,
            due: Due::default(),
            at: issued.record().last_seen_at(),
            stale: false,
            suspended: false,
        });
    }

    /// The session of this id is over, and what was written to it goes with it.
    pub(super) fn end(&mut self, id: SessionId) {
        if self.still(id).is_some() {
            *self = Self { looked_at: self.looked_at, device: self.device.take(), ..Self::new(Holding::Ended) };
        }
    }

    /// An attribute's value as the store had it.
    fn stored(&self, name: &str) -> Result<Option<&[u8]>, Error> {
        let Some(record) = self.open().map(|session| &session.record) else { return Ok(None) };
        readable(record, name)?;
        Ok(record.attributes().value(name))
    }

    /// An attribute's value as this request sees it.
    pub(super) fn value(&self, name: &str) -> Result<Option<Cow<'_, [u8]>>, Error> {
        match self.change.field(name) {
            None => Ok(self.stored(name)?.map(Cow::Borrowed)),
            Some(FieldChange::Set(value)) => Ok(Some(Cow::Borrowed(value))),
            Some(FieldChange::Remove) => Ok(None),
            Some(FieldChange::Add(by)) => Ok(Some(Cow::Owned(Change::sum(name, self.stored(name)?, *by)?.into()))),
        }
    }

    /// Refuses an increment of what is not an integer.
    pub(super) fn check_sum(&self, name: &str) -> Result<(), Error> {
        match self.change.field(name) {
            Some(FieldChange::Add(by)) => Ok(Change::check_sum(name, self.stored(name)?, *by)?),
            _ => Ok(()),
        }
    }

    /// All attributes as this request sees them; an error if one whose name starts so is withheld.
    pub(super) fn attributes(&self, prefix: &str) -> Result<Attributes, Error> {
        let record = self.open().map(|session| &session.record);
        let withheld = record.into_iter().flat_map(|record| record.withheld());
        for name in withheld.filter(|name| name.starts_with(prefix) && *name != Record::ORIGIN) {
            self.value(name)?;
        }
        match record {
            Some(record) => Ok(self.change.merged(record.attributes())?),
            None => Ok(self.change.merged(&Attributes::default())?),
        }
    }

    /// Refuses writes to a session that has ended, or counts as nobody's for the moment.
    pub(super) const fn check_writable(&self) -> Result<(), Error> {
        match &self.holding {
            Holding::Ended => Err(Error::new(ErrorKind::Ended)),
            Holding::Live(session) if session.suspended => Err(Error::new(ErrorKind::StepUpRequired)),
            Holding::Nothing | Holding::Live(_) => Ok(()),
        }
    }
}
