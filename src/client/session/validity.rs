//! How good a session is, level by level: a pure function of what is known.

use std::{collections::BTreeMap, fmt, time::Duration};

use super::{linked::LinkedState, metadata::SessionMetadata, parts::SessionParts};
use crate::{
    client::{cookies::CookieJar, tokens::TokenState},
    clock::Timestamp,
};

/// How good a session is, level by level, at the moment when it was asked for.
///
/// Prints as one line: `Session: VALID | Tokens: VALID | Cookies: PRESENT | Age: 45m | Last call: 2m ago`, with a
/// field for each linked session before the age.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Validity {
    /// As a whole.
    pub session: SessionState,
    /// The access token; `None` without one.
    pub tokens: Option<TokenState>,
    /// The cookies.
    pub cookies: CookieState,
    /// The linked sessions, by name.
    pub linked: BTreeMap<String, LinkedState>,
    /// How long ago somebody logged in.
    pub age: Option<Duration>,
    /// How long ago the last call was made.
    pub last_call: Option<Duration>,
}

/// What can be done with a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SessionState {
    /// Calls.
    Valid,
    /// Calls, once its tokens are renewed: they have expired, and what renews them is there.
    NeedsRefresh,
    /// Nothing: a cookie that it needs is missing.
    Incomplete,
    /// Nothing: it has expired, and cannot be renewed.
    Expired,
    /// Nothing: nobody is logged in.
    None,
}

/// How the cookies are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CookieState {
    /// All that are required are there; where none is, there is any.
    Present,
    /// All were there, and some have expired.
    Expired,
    /// Some were never there.
    Missing,
}

impl Validity {
    /// Whether calls can be made with it as it is.
    #[must_use]
    pub fn is_valid(&self) -> bool {
        self.session == SessionState::Valid
    }

    /// Whether it is time to renew its tokens, if that is possible, or to log in again.
    #[must_use]
    pub fn needs_refresh(&self) -> bool {
        self.tokens.is_some_and(|state| state >= TokenState::NeedsRefresh)
    }
}

/// What a [`Validity`] is judged by.
pub(super) struct Facts<'a> {
    pub(super) tokens: Option<TokenState>,
    pub(super) can_renew: bool,
    pub(super) parts: &'a SessionParts,
    pub(super) metadata: &'a SessionMetadata,
    pub(super) required: &'a [String],
    pub(super) now: Timestamp,
}

pub(super) fn judge(facts: &Facts<'_>) -> Validity {
    let Facts { tokens, can_renew, parts, metadata, required, now } = *facts;
    let cookies = judge_cookies(&parts.cookies, required, now);
    let complete = required.is_empty() || cookies == CookieState::Present;
    let by_cookies = tokens.is_none() && (!required.is_empty() || parts.user.is_some());
    let session = match (tokens, cookies) {
        (Some(TokenState::Valid | TokenState::NeedsRefresh), _) if complete => SessionState::Valid,
        (Some(TokenState::Valid | TokenState::NeedsRefresh), _) => SessionState::Incomplete,
        (Some(_), _) if can_renew => SessionState::NeedsRefresh,
        (Some(_), _) => SessionState::Expired,
        (None, CookieState::Present) if by_cookies => SessionState::Valid,
        (None, CookieState::Expired) if by_cookies => SessionState::Expired,
        (None, _) => SessionState::None,
    };
    Validity {
        session,
        tokens,
        cookies,
        linked: parts.linked.iter().map(|(name, linked)| (name.clone(), linked.state(now))).collect(),
        age: metadata.created_at.map(|at| now.since(at)),
        last_call: metadata.last_call_at.map(|at| now.since(at)),
    }
}

fn judge_cookies(jar: &CookieJar, required: &[String], now: Timestamp) -> CookieState {
    let has_all = |jar: &CookieJar| !jar.is_empty() && required.iter().all(|name| jar.contains(name));
    let mut alive = jar.clone();
    alive.remove_expired(now);
    if has_all(&alive) {
        CookieState::Present
    } else if has_all(jar) {
        CookieState::Expired
    } else {
        CookieState::Missing
    }
}

impl fmt::Display for Validity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tokens = match self.tokens {
            Some(TokenState::Valid) => "VALID",
            Some(TokenState::NeedsRefresh) => "NEEDS REFRESH",
            Some(TokenState::Expired | TokenState::Dead) => "EXPIRED",
            None => "NONE",
        };
        let cookies = match self.cookies {
            CookieState::Present => "PRESENT",
            CookieState::Expired => "EXPIRED",
            CookieState::Missing => "MISSING",
        };
        write!(f, "Session: {} | Tokens: {tokens} | Cookies: {cookies}", self.session)?;
        for (name, state) in &self.linked {
            let state = match state {
                LinkedState::Active => "ACTIVE",
                LinkedState::NeedsRefresh => "NEEDS REFRESH",
                LinkedState::Expired => "EXPIRED",
            };
            // The name may come from a file: it stays on its line.
            write!(f, " | {}: {state}", name.escape_debug())?;
        }
        match self.age {
            Some(age) => write!(f, " | Age: {}", Span(age))?,
            None => f.write_str(" | Age: NONE")?,
        }
        match self.last_call {
            Some(ago) => write!(f, " | Last call: {} ago", Span(ago)),
            None => f.write_str(" | Last call: never"),
        }
    }
}

impl fmt::Display for SessionState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Valid => "VALID",
            Self::NeedsRefresh => "NEEDS REFRESH",
            Self::Incomplete => "INCOMPLETE",
            Self::Expired => "EXPIRED",
            Self::None => "NONE",
        })
    }
}

/// A time span in its largest whole unit.
struct Span(Duration);

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.as_secs() {
            seconds @ 0..MINUTE => write!(f, "{seconds}s"),
            seconds @ MINUTE..HOUR => write!(f, "{}m", seconds / MINUTE),
            seconds @ HOUR..DAY => write!(f, "{}h", seconds / HOUR),
            seconds => write!(f, "{}d", seconds / DAY),
        }
    }
}

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_is_told_in_its_largest_whole_unit() {
        let cases = [(0, "0s"), (59, "59s"), (60, "1m"), (3599, "59m"), (3600, "1h"), (86_399, "23h"), (200_000, "2d")];
        for (seconds, told) in cases {
            assert_eq!(Span(Duration::from_secs(seconds)).to_string(), told);
        }
    }
}
