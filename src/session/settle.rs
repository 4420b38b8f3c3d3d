//! What a request's session asks of the response, and of the store before it leaves.

use std::{future::Future, pin::Pin};

use http::HeaderValue;

use super::{Holding, Session, state::State};
use crate::{
    carrier::Way,
    sessions::{Error, ErrorKind, Sessions},
    token::RefusalKind,
};

/// What remains to be done when the handler has answered.
pub(crate) enum Settlement {
    /// Nothing: this is the answer.
    Done(Answer),
    /// Something has to be stored first.
    Pending(Pin<Box<dyn Future<Output = Result<Answer, Error>> + Send>>),
}

/// What the response says about the session.
#[derive(Debug, Default)]
pub(crate) struct Answer {
    /// What happens to the client's cookie, if anything.
    pub(crate) set_cookie: Option<HeaderValue>,
    /// What the client's device is to be known by, if that has changed.
    pub(crate) set_device: Option<HeaderValue>,
    /// The request's headers that decide about the response, if the session does.
    pub(crate) vary: Option<&'static str>,
    /// The same of those that say which site the request comes from.
    pub(crate) vary_by_site: bool,
    /// The response depends on a credential that came with the request.
    pub(crate) private: bool,
    /// Why the credential was refused, if it was.
    pub(crate) refusal: Option<RefusalKind>,
    /// How much time the session has left, if that is to be said.
    pub(crate) expires_in: Option<HeaderValue>,
}

impl Session {
    /// Called once, when the handler has answered.
    pub(crate) fn settle(&self) -> Settlement {
        let state = self.lock();
        let nothing_to_store = match state.live() {
            Some(session) => state.change.is_empty() && !session.due.needs_attention(),
            None => state.change.leaves_nothing(),
        };
        if nothing_to_store {
            return Settlement::Done(self.answer(&state));
        }
        drop(state);
        let session = self.clone();
        Settlement::Pending(Box::pin(async move {
            match session.store().await {
                // To lose a race against a log-out is an ordinary end: the work was done, the
                // answer stands, the cookie goes.
                Err(error) if error.kind() != ErrorKind::Ended => Err(error),
                _ => Ok(session.answer(&session.lock())),
            }
        }))
    }

    fn answer(&self, state: &State) -> Answer {
        let Some(sessions) = &self.shared.sessions else { return Answer::default() };
        let arrival = self.shared.arrival;
        let set_cookie = self.set_cookie(state);
        let expires_in = expires_in(sessions, state);
        let looked_at = state.looked_at || expires_in.is_some();
        Answer {
            vary: (looked_at || set_cookie.is_some()).then(|| sessions.carrier().vary()),
            vary_by_site: arrival.judged,
            private: looked_at && arrival.way.is_some(),
            refusal: arrival.refusal,
            set_device: state.device.as_deref().filter(|_| arrival.way != Some(Way::Bearer)).cloned(),
            set_cookie,
            expires_in,
        }
    }

    /// The one switch that decides about the cookie.
    fn set_cookie(&self, state: &State) -> Option<HeaderValue> {
        let sessions = self.shared.sessions.as_ref()?;
        let (carrier, arrival) = (sessions.carrier(), self.shared.arrival);
        if arrival.way == Some(Way::Bearer) || !carrier.sets_cookies() || state.leaves_cookie {
            return None;
        }
        match (&state.holding, &state.issued) {
            (Holding::Live(session), Some(token)) => {
                let record = &session.record;
                let life = record.remembered().then(|| record.expires_at().since(sessions.now()));
                Some(carrier.set(token, life))
            }
            (Holding::Ended, _) => Some(carrier.clear()),
            (Holding::Nothing, _) if arrival.refusal.is_some_and(RefusalKind::is_final) => Some(carrier.clear()),
            _ => None,
        }
    }
}

/// What `Session-Expires-In` says: whole seconds, and from how many on it is time to warn (RFC 9651, an integer with a parameter).
fn expires_in(sessions: &Sessions, state: &State) -> Option<HeaderValue> {
    let config = sessions.config();
    if !config.expires_in_header {
        return None;
    }
    let left = state.open()?.record.remaining(sessions.now()).first().as_secs();
    HeaderValue::try_from(format!("{left};warn-before={}", config.warn_before.as_secs())).ok()
}
