//! The span that a handler runs in, where the settings ask for one.

use tracing::{Span, debug_span, field::Empty};

use crate::{config::Spans, session::Session, sessions::Sessions};

/// A span that names the session with which a request came, as OpenTelemetry's conventions have it; none without a session.
pub(super) fn of(sessions: &Sessions, session: &Session) -> Span {
    let spans = sessions.config().monitoring.spans;
    if spans == Spans::Off {
        return Span::none();
    }
    let span = session.seen_by_a_trace(|id, user| {
        let span = debug_span!("countersign.session", "session.id" = %id, "enduser.id" = Empty);
        if let Some(user) = user.filter(|_| spans == Spans::SessionAndUser) {
            span.record("enduser.id", user);
        }
        span
    });
    span.unwrap_or_else(Span::none)
}
