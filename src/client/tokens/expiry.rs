//! When a token is to be renewed, and from when it is no use: pure functions of `now`.

use std::time::Duration;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use http::{HeaderMap, header::EXPIRES};
use serde::Deserialize;
use zeroize::Zeroizing;

use crate::{client::basics::instant, clock::Timestamp};

/// How long before its end a token is renewed, and from when it is taken for expired.
///
/// A short-lived token would spend its whole life inside of them: a margin is never more than half
/// (`refresh`) or a sixth (`expired`) of the life that the token had when it was received.
///
/// ```
/// use countersign::client::Margins;
/// use std::time::Duration;
///
/// let margins = Margins::default();
/// assert_eq!(margins.expired, Duration::from_secs(5 * 60));
/// assert_eq!(margins.refresh, Duration::from_secs(15 * 60));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Margins {
    /// So long before its end a token counts as expired. 5 minutes by default.
    pub expired: Duration,
    /// So long before its end it is renewed. 15 minutes by default.
    pub refresh: Duration,
}

impl Default for Margins {
    fn default() -> Self {
        Self { expired: Duration::from_secs(5 * 60), refresh: Duration::from_secs(15 * 60) }
    }
}

/// How far the life of a token has gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TokenState {
    /// Good, as far as is known.
    Valid,
    /// Good still, but time to renew it.
    NeedsRefresh,
    /// So near to its end that it may be refused by the time it arrives: used only if it cannot be renewed now.
    Expired,
    /// Past its end.
    Dead,
}

impl Margins {
    pub(super) fn judge(
        self,
        received_at: Option<Timestamp>,
        expires_at: Option<Timestamp>,
        now: Timestamp,
    ) -> TokenState {
        let Some(end) = expires_at else { return TokenState::Valid };
        if now >= end {
            return TokenState::Dead;
        }
        let life = life(received_at, end);
        let left = end.since(now);
        if left <= self.expired.min(life / 6) {
            TokenState::Expired
        } else if left <= self.refresh.min(life / 2) {
            TokenState::NeedsRefresh
        } else {
            TokenState::Valid
        }
    }

    /// The instant from which it is time to renew.
    pub(super) fn due(self, received_at: Option<Timestamp>, expires_at: Option<Timestamp>) -> Option<Timestamp> {
        let end = expires_at?;
        let margin = self.refresh.min(life(received_at, end) / 2);
        Some(end.before(margin))
    }
}

fn life(received_at: Option<Timestamp>, end: Timestamp) -> Duration {
    received_at.map_or(Duration::MAX, |received_at| end.since(received_at))
}

/// The `exp` of what looks like a JWT. Nobody has checked its signature: it only tells when to ask for
/// another.
pub(super) fn of_jwt(token: &str) -> Option<Timestamp> {
    #[derive(Deserialize)]
    struct Claims {
        exp: f64,
    }
    let mut parts = token.split('.');
    let (Some(_), Some(claims), Some(_), None) = (parts.next(), parts.next(), parts.next(), parts.next()) else {
        return None;
    };
    let claims = Zeroizing::new(URL_SAFE_NO_PAD.decode(claims).ok()?);
    let Claims { exp } = serde_json::from_slice(&claims).ok()?;
    instant::of_unix_seconds(exp)
}

pub(super) fn of_headers(headers: &HeaderMap) -> Option<Timestamp> {
    let text = headers.get(EXPIRES)?.to_str().ok()?;
    httpdate::parse_http_date(text).ok().map(Timestamp::from)
}
