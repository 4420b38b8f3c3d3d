//! What follows from a response.

use std::time::Duration;

use http::{HeaderMap, StatusCode, Uri};

use super::{
    challenge::{self, StepUpRequired},
    retry_after,
};
use crate::clock::Timestamp;

/// In the extensions of a 401: the token was renewed, but the body of this request could not be sent once more, or the
/// request had been sent twice already. The same request, made anew, is likely to succeed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NotReplayed;

/// In the extensions of a response, by whoever follows redirects *below* the layer: the URI that has answered. What a
/// stranger has answered is taken for a stranger's then: its cookies are its own, it renews no token, and its 401
/// is handed out as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AnsweredBy(pub Uri);

/// What was asked, as far as it matters for what to do with the answer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked {
    /// The answer comes from an origin that the layer is for, namely the one that was asked.
    pub(super) ours: bool,
    /// It went out with our token.
    pub(super) carried: bool,
    /// The token was renewed already, because of this request.
    pub(super) renewed: bool,
    /// It can be sent once more.
    pub(super) replayable: bool,
    /// Sending it twice is sending it once (RFC 9110, section 9.2.2).
    pub(super) idempotent: bool,
    /// The longest wait for a server that wants to be left alone.
    pub(super) longest_wait: Duration,
}

/// What to do with an answer.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It is the caller's.
    HandOut,
    /// It is the caller's, and says that a refresh would not help.
    StepUp(StepUpRequired),
    /// Get another token; then send the request once more, if it can be.
    Renew,
    /// Wait; then send it once more.
    Wait(Duration),
    /// It is the caller's, who is told how long to wait.
    Told(Duration),
}

/// Whether an answer with this status may be anything but the caller's.
pub(super) fn asks_for_something(status: StatusCode) -> bool {
    matches!(status, StatusCode::UNAUTHORIZED | StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS)
}

/// What to do with an answer. A 403 is final (H-02), and so is a 401 after a refresh (H-04).
pub(super) fn judge(status: StatusCode, headers: &HeaderMap, asked: Asked, now: Timestamp) -> Verdict {
    if !asked.ours {
        return Verdict::HandOut;
    }
    match status {
        StatusCode::UNAUTHORIZED => match challenge::step_up(headers) {
            Some(step_up) => Verdict::StepUp(step_up),
            None if asked.carried && !asked.renewed => Verdict::Renew,
            None => Verdict::HandOut,
        },
        StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS => {
            let again = asked.replayable && asked.idempotent && !asked.longest_wait.is_zero();
            match retry_after::read(headers, now) {
                Some(wait) if again && wait <= asked.longest_wait => Verdict::Wait(wait),
                Some(wait) => Verdict::Told(wait),
                None => Verdict::HandOut,
            }
        }
        _ => Verdict::HandOut,
    }
}

#[cfg(test)]
mod tests {
    use http::header::{RETRY_AFTER, WWW_AUTHENTICATE};

    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);
    const ASKED: Asked = Asked {
        ours: true,
        carried: true,
        renewed: false,
        replayable: true,
        idempotent: true,
        longest_wait: Duration::from_secs(10),
    };

    fn judged(status: u16, header: (http::HeaderName, &str), asked: Asked) -> Verdict {
        let headers = HeaderMap::from_iter([(header.0, header.1.parse().unwrap())]);
        judge(StatusCode::from_u16(status).unwrap(), &headers, asked, NOW)
    }

    #[test]
    fn a_401_to_our_token_is_worth_one_refresh() {
        let judged = |asked| judged(401, (WWW_AUTHENTICATE, "Bearer error=invalid_token"), asked);
        assert_eq!(judged(ASKED), Verdict::Renew);
        assert_eq!(judged(Asked { replayable: false, ..ASKED }), Verdict::Renew);
        assert_eq!(judged(Asked { idempotent: false, ..ASKED }), Verdict::Renew, "it was not let in");
        assert_eq!(judged(Asked { renewed: true, ..ASKED }), Verdict::HandOut);
        assert_eq!(judged(Asked { carried: false, ..ASKED }), Verdict::HandOut);
        assert_eq!(judged(Asked { ours: false, ..ASKED }), Verdict::HandOut);
    }

    #[test]
    fn a_step_up_is_worth_none_and_neither_is_a_403() {
        let challenge = (WWW_AUTHENTICATE, "Bearer error=insufficient_user_authentication");
        assert_eq!(judged(401, challenge.clone(), ASKED), Verdict::StepUp(StepUpRequired::default()));
        assert_eq!(judged(401, challenge.clone(), Asked { ours: false, ..ASKED }), Verdict::HandOut);
        assert_eq!(judged(403, challenge, ASKED), Verdict::HandOut);
    }

    #[test]
    fn a_server_is_left_alone_for_as_long_as_it_says_up_to_a_bound() {
        let seconds = Duration::from_secs;
        for status in [503, 429] {
            let judged = |wait, asked| judged(status, (RETRY_AFTER, wait), asked);
            assert_eq!(judged("10", ASKED), Verdict::Wait(seconds(10)));
            assert_eq!(judged("11", ASKED), Verdict::Told(seconds(11)));
            assert_eq!(judged("1", Asked { idempotent: false, ..ASKED }), Verdict::Told(seconds(1)));
            assert_eq!(judged("1", Asked { replayable: false, ..ASKED }), Verdict::Told(seconds(1)));
            assert_eq!(judged("0", Asked { longest_wait: Duration::ZERO, ..ASKED }), Verdict::Told(seconds(0)));
            assert_eq!(judged("1", Asked { ours: false, ..ASKED }), Verdict::HandOut);
            assert_eq!(judged("soon", ASKED), Verdict::HandOut);
        }
        for status in (200..600).filter_map(|status| StatusCode::from_u16(status).ok()) {
            let verdict = judged(status.as_u16(), (RETRY_AFTER, "1"), ASKED);
            assert!(asks_for_something(status) || verdict == Verdict::HandOut, "{status}");
        }
        assert_eq!(judged(500, (RETRY_AFTER, "1"), ASKED), Verdict::HandOut);
        assert_eq!(judged(301, (RETRY_AFTER, "1"), ASKED), Verdict::HandOut);
    }
}
