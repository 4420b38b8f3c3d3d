//! What becomes of a request, given its credential and what the store says: the decision, apart
//! from the plumbing.

use std::{future::Future, pin::Pin, sync::Arc};

use http::{Request, StatusCode};
use tokio::runtime::Handle;

use super::{Outage, facts::Facts};
use crate::{
    clock::Timestamp,
    record::Record,
    session::{Arrival, Client, Holding, Mark, Session},
    sessions::{Admission, Authenticated, Error, ErrorKind, Reason, Sessions, Watched},
    store::StoreError,
    token::{RefusalKind, Token},
};

/// What becomes of a request.
#[allow(clippy::large_enum_variant, reason = "the large variant is the usual one")]
pub(super) enum Decision {
    /// It reaches the handler, with this session.
    Attach(Arrival, Holding, Option<Mark>),
    /// It does not.
    TurnAway(TurnedAway),
    /// Its session has to end before it goes on.
    End { end: Ending, arrival: Arrival },
}

/// A response of the layer's own.
#[derive(Clone, Copy, Debug)]
pub(super) struct TurnedAway {
    pub(super) status: StatusCode,
    /// Why the request was refused, if it was.
    pub(super) refusal: Option<RefusalKind>,
}

impl TurnedAway {
    /// Because of an error that is no refusal.
    pub(super) fn by(why: ErrorKind) -> Self {
        Self { status: status_of(why), refusal: None }
    }
}

/// The end of a session, under way.
pub(super) type Ending = Pin<Box<dyn Future<Output = Error> + Send>>;

impl Decision {
    /// RFC 6750, section 3.1: a request that carries several credentials is malformed.
    pub(super) const fn bad_request() -> Self {
        Self::TurnAway(TurnedAway { status: StatusCode::BAD_REQUEST, refusal: None })
    }

    /// The request is refused as it is, whatever its credential is worth.
    pub(super) fn forbidden(sessions: &Sessions, kind: RefusalKind) -> Self {
        let _ = sessions.refused(kind);
        Self::TurnAway(TurnedAway { status: StatusCode::FORBIDDEN, refusal: Some(kind) })
    }
}

/// A genuine token whose session the store is asked for.
pub(super) struct Asked {
    pub(super) token: Token,
    pub(super) arrival: Arrival,
    pub(super) facts: Facts,
    pub(super) now: Timestamp,
    pub(super) outage: Outage,
}

impl Asked {
    /// What follows from the store's answer.
    pub(super) fn answered<B>(
        self,
        sessions: &Sessions,
        request: &Request<B>,
        answer: Result<Option<Arc<Record>>, StoreError>,
    ) -> Decision {
        let Self { token, arrival, facts, now, outage } = self;
        let error = match answer {
            Ok(record) => return decide(sessions, request, sessions.admit(token, record, now), arrival, &facts),
            Err(error) => error,
        };
        let tolerated = outage.tolerates(error.kind());
        let failure = sessions.store_failed(error).kind();
        match tolerated.and_then(|age| sessions.admit_stale(&token, age)) {
            Some(session) => granted(sessions, request, session, arrival, &facts),
            None => failed(failure, arrival),
        }
    }
}

/// What follows from what the session says to a genuine token.
pub(super) fn decide<B>(
    sessions: &Sessions,
    request: &Request<B>,
    admission: Admission,
    arrival: Arrival,
    facts: &Facts,
) -> Decision {
    match admission {
        Admission::Granted(session) => granted(sessions, request, session, arrival, facts),
        Admission::Refused(kind) => refused(sessions, arrival, kind),
        Admission::Stolen(record) => {
            let sessions = sessions.clone();
            Decision::End { end: to_the_end(async move { sessions.end_stolen(&record).await }), arrival }
        }
    }
}

/// Looks at where a session is used.
fn granted<B>(
    sessions: &Sessions,
    request: &Request<B>,
    session: Authenticated,
    arrival: Arrival,
    facts: &Facts,
) -> Decision {
    let watched = match facts.place(request, &session.record, sessions) {
        Some((binding, here)) => {
            let origin = || Client::new(request.headers(), facts.peer.address, false).origin();
            sessions.watch(&session, &binding, here, origin)
        }
        None => Watched::AtHome,
    };
    match watched {
        Watched::AtHome => Decision::Attach(arrival, Holding::Live(session), None),
        Watched::Noted(note) => Decision::Attach(arrival, Holding::Live(session), Some(Mark::Seen(note))),
        Watched::StepUp => Decision::Attach(arrival, Holding::Live(session), Some(Mark::StepUp)),
        Watched::Refused(kind) => refused(sessions, arrival, kind),
        Watched::Ends => {
            let end = end_elsewhere(sessions.clone(), session.record);
            Decision::End { end: to_the_end(end), arrival }
        }
    }
}

async fn end_elsewhere(sessions: Sessions, record: Arc<Record>) -> Error {
    match sessions.end_known(&record, Reason::UsedElsewhere).await {
        Ok(_) => sessions.refused(RefusalKind::Gone),
        Err(error) => error,
    }
}

/// Ends a session, whether or not the client waits for it: a thief must not be able to keep it, or to keep the event unsaid, by
/// hanging up.
fn to_the_end(end: impl Future<Output = Error> + Send + 'static) -> Ending {
    match Handle::try_current() {
        Ok(runtime) => {
            let task = runtime.spawn(end);
            Box::pin(async move { task.await.unwrap_or_else(|panic| Error::because(ErrorKind::Unavailable, panic)) })
        }
        Err(_) => Box::pin(end),
    }
}

/// A credential that is no good lets the request through as nobody's.
pub(super) fn refused(sessions: &Sessions, arrival: Arrival, kind: RefusalKind) -> Decision {
    failed(sessions.refused(kind).kind(), arrival)
}

/// One that could not be checked does not: an outage logs nobody out, and makes nobody anonymous.
pub(super) fn failed(why: ErrorKind, arrival: Arrival) -> Decision {
    match why {
        ErrorKind::Refused(kind) => {
            Decision::Attach(Arrival { refusal: Some(kind), ..arrival }, Holding::Nothing, None)
        }
        other => Decision::TurnAway(TurnedAway::by(other)),
    }
}

/// Puts the session into the request's extensions, and keeps a hold of it for the response.
pub(super) fn attach<B>(
    sessions: &Sessions,
    mut request: Request<B>,
    arrival: Arrival,
    holding: Holding,
    mark: Option<Mark>,
) -> (Request<B>, Session) {
    let may_log_in = !request.method().is_safe() || !holding.is_logged_in();
    let client = Client::new(request.headers(), arrival.address, sessions.carrier().knows_devices() && may_log_in);
    let asked_for = request.uri().path_and_query().filter(|_| sessions.config().sends_browsers_to_a_page());
    let client = client.asking_for(asked_for.cloned());
    let session = Session::new(sessions.clone(), arrival, client, holding, mark);
    request.extensions_mut().insert(session.clone());
    (request, session)
}

/// The status by which a kind of error reaches a client.
pub(crate) fn status_of(kind: ErrorKind) -> StatusCode {
    StatusCode::from_u16(kind.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}
