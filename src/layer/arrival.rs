//! What becomes of a request, given its credential and what the store says: the decision, apart
//! from the plumbing.

use std::{future::Future, pin::Pin, sync::Arc};

use http::{Request, StatusCode};
use tokio::runtime::Handle;

use super::{ClientAddress, Outage};
use crate::{
    carrier::Way,
    clock::Timestamp,
    record::{Record, SessionId},
    session::{Arrival, Client, Holding, Session},
    sessions::{Admission, Authenticated, Error, ErrorKind, Sessions},
    store::StoreError,
    token::{RefusalKind, Token},
};

/// What becomes of a request.
#[allow(clippy::large_enum_variant, reason = "the large variant is the usual one")]
pub(super) enum Decision {
    /// It reaches the handler, with this session.
    Attach(Arrival, Holding),
    /// It does not.
    TurnAway(StatusCode),
    /// Its session has to end before it goes on, because a secret of it was stolen.
    End { end: Ending, way: Way },
}

/// The end of a session, under way.
pub(super) type Ending = Pin<Box<dyn Future<Output = Error> + Send>>;

impl Decision {
    /// RFC 6750, section 3.1: a request that carries several credentials is malformed.
    pub(super) const fn bad_request() -> Self {
        Self::TurnAway(StatusCode::BAD_REQUEST)
    }
}

/// A genuine token whose session the store is asked for.
pub(super) struct Asked {
    pub(super) token: Token,
    pub(super) way: Way,
    pub(super) now: Timestamp,
    pub(super) outage: Outage,
}

impl Asked {
    /// What follows from the store's answer.
    pub(super) fn answered(self, sessions: &Sessions, answer: Result<Option<Arc<Record>>, StoreError>) -> Decision {
        let Self { token, way, now, outage } = self;
        let error = match answer {
            Ok(record) => return decide(sessions, sessions.admit(token, record, now), way),
            Err(error) => error,
        };
        let tolerated = outage.tolerates(error.kind());
        let failure = sessions.store_failed(error).kind();
        match tolerated.and_then(|age| sessions.admit_stale(&token, age)) {
            Some(session) => granted(session, way),
            None => failed(failure, way),
        }
    }
}

/// What follows from what the session says to a genuine token.
pub(super) fn decide(sessions: &Sessions, admission: Admission, way: Way) -> Decision {
    match admission {
        Admission::Granted(session) => granted(session, way),
        Admission::Refused(kind) => refused(sessions, way, kind),
        Admission::Stolen(id) => Decision::End { end: end_stolen(sessions.clone(), id), way },
    }
}

fn granted(session: Authenticated, way: Way) -> Decision {
    Decision::Attach(Arrival { way: Some(way), refusal: None }, Holding::Live(session))
}

/// Ends a session whose secret was stolen, whether or not the client waits for it: a thief must not
/// be able to keep it, or to keep the event unsaid, by hanging up.
fn end_stolen(sessions: Sessions, id: SessionId) -> Ending {
    let end = async move { sessions.end_stolen(id).await };
    match Handle::try_current() {
        Ok(runtime) => {
            let task = runtime.spawn(end);
            Box::pin(async move { task.await.unwrap_or_else(|panic| Error::because(ErrorKind::Unavailable, panic)) })
        }
        Err(_) => Box::pin(end),
    }
}

/// A credential that is no good lets the request through as nobody's.
pub(super) fn refused(sessions: &Sessions, way: Way, kind: RefusalKind) -> Decision {
    failed(sessions.refused(kind).kind(), way)
}

/// One that could not be checked does not: an outage logs nobody out, and makes nobody anonymous.
pub(super) fn failed(why: ErrorKind, way: Way) -> Decision {
    match why {
        ErrorKind::Refused(kind) => Decision::Attach(Arrival { way: Some(way), refusal: Some(kind) }, Holding::Nothing),
        other => Decision::TurnAway(status_of(other)),
    }
}

/// Puts the session into the request's extensions, and keeps a hold of it for the response.
pub(super) fn attach<B>(
    sessions: &Sessions,
    mut request: Request<B>,
    arrival: Arrival,
    holding: Holding,
) -> (Request<B>, Session) {
    let address = request.extensions().get().map(|ClientAddress(address)| *address);
    let client = Client::new(request.headers(), address);
    let session = Session::new(sessions.clone(), arrival, client, holding);
    request.extensions_mut().insert(session.clone());
    (request, session)
}

/// The status by which a kind of error reaches a client.
pub(crate) fn status_of(kind: ErrorKind) -> StatusCode {
    StatusCode::from_u16(kind.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}
