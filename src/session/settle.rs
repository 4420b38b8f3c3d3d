//! What a request's session asks of the response, and of the store before it leaves.

use std::{future::Future, pin::Pin, time::Duration};

use super::{Holding, Session, Sessions, state::State};
use crate::{
    carrier::Way,
    sessions::{Error, ErrorKind},
    token::{RefusalKind, Token},
};

/// What remains to be done when the handler has answered.
pub(crate) enum Settlement {
    /// Nothing: this is the answer.
    Done(Answer),
    /// Something has to be stored first.
    Pending(Pin<Box<dyn Future<Output = Result<Answer, Error>> + Send>>),
}

/// What the response says about the session.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) cookie: CookieAnswer,
    /// The handler has asked who is there.
    pub(crate) looked_at: bool,
    /// The request came with a credential of ours, good or bad.
    pub(crate) had_credential: bool,
    pub(crate) refusal: Option<RefusalKind>,
}

/// What happens to the client's cookie.
#[derive(Debug)]
pub(crate) enum CookieAnswer {
    Leave,
    /// `Some` duration makes it outlive the browser.
    Set(Token, Option<Duration>),
    Clear,
}

impl Session {
    /// Called once, when the handler has answered.
    pub(crate) fn settle(&self) -> Settlement {
        let nothing_to_store = {
            let state = self.lock();
            match &state.holding {
                Holding::Live(session) => state.change.is_empty() && !session.due.needs_attention(),
                Holding::Nothing | Holding::Ended => state.change.is_empty(),
            }
        };
        if nothing_to_store {
            return Settlement::Done(self.answer());
        }
        let session = self.clone();
        Settlement::Pending(Box::pin(async move {
            match session.store().await {
                // To lose a race against a log-out is an ordinary end: the work was done, the
                // answer stands, the cookie goes.
                Err(error) if error.kind() != ErrorKind::Ended => Err(error),
                _ => Ok(session.answer()),
            }
        }))
    }

    fn answer(&self) -> Answer {
        let state = self.lock();
        let arrival = self.shared.arrival;
        Answer {
            cookie: self.cookie_answer(&state),
            looked_at: state.looked_at,
            had_credential: arrival.way.is_some(),
            refusal: arrival.refusal,
        }
    }

    /// The one switch that decides about the cookie.
    fn cookie_answer(&self, state: &State) -> CookieAnswer {
        let arrival = self.shared.arrival;
        if arrival.way == Some(Way::Bearer) {
            return CookieAnswer::Leave;
        }
        match (&state.holding, &state.issued) {
            (Holding::Live(session), Some(token)) => {
                let now = self.shared.sessions.as_ref().map(Sessions::now);
                let life = now.map(|now| session.record.expires_at().since(now));
                CookieAnswer::Set(token.clone(), life.filter(|_| session.record.remembered()))
            }
            (Holding::Ended, _) => CookieAnswer::Clear,
            (Holding::Nothing, _) if arrival.refusal.is_some() => CookieAnswer::Clear,
            _ => CookieAnswer::Leave,
        }
    }
}
