//! What to do about tokens: pure functions of a snapshot, of a document, and of `now`.

use std::time::Duration;

use super::state::{Snapshot, Standing};
use crate::{
    client::{
        error::{Error, ErrorKind},
        storage::Document,
        tokens::{AccessToken, Margins, TokenSet, TokenState},
    },
    clock::Timestamp,
};

/// Why somebody wants other tokens.
#[derive(Clone, Copy)]
pub(super) enum Why<'a> {
    /// It may be time.
    Due,
    /// The program says so.
    Asked,
    /// A server has refused this one.
    Refused(&'a AccessToken),
}

/// What comes next for somebody who wants other tokens.
pub(super) enum Next {
    /// Those that are there are good enough.
    Use,
    /// The server is asked.
    Call,
    /// Only the storage is asked.
    Look,
    /// Nobody is asked.
    Rest(Error),
}

/// What comes next, as things are.
pub(super) fn next(snapshot: &Snapshot, why: Why<'_>, margins: Margins, now: Timestamp) -> Next {
    let Some(tokens) = &snapshot.tokens else { return Next::Rest(Error::new(ErrorKind::NotAuthenticated)) };
    let good_enough = match why {
        Why::Due => tokens.state(now, margins) == TokenState::Valid,
        Why::Asked => false,
        Why::Refused(refused) => tokens.access_token() != refused,
    };
    if good_enough {
        return Next::Use;
    }
    match &snapshot.standing {
        Standing::Good => match (left_of_distance(snapshot, tokens, now), why) {
            (None, _) | (_, Why::Asked) => Next::Call,
            // As fresh as they come: the clocks disagree, or the server hands out next to nothing.
            (Some(_), Why::Due) => Next::Use,
            // H-04: a fresh token that is refused is not mended by a fresher one.
            (Some(left), Why::Refused(_)) => {
                Next::Rest(Error::because(ErrorKind::Network, REFUSED_AT_ONCE).with_retry_after(left))
            }
        },
        Standing::Failed { error, since, pause, .. } => match left(*since, *pause, now) {
            None => Next::Call,
            Some(left) => Next::Rest(error.clone().with_retry_after(left)),
        },
        Standing::Ended { error, looked_at } => match left(*looked_at, LOOK_EVERY, now) {
            None => Next::Look,
            Some(_) => Next::Rest(error.clone()),
        },
    }
}

/// How long until tokens are due, if nobody asks for them: at the latest when somebody has to look at the clock
/// again, since a machine that sleeps does not count.
pub(super) fn until_due(snapshot: &Snapshot, margins: Margins, now: Timestamp, chance: f64) -> Option<Duration> {
    let tokens = snapshot.tokens.as_ref()?;
    let due = tokens.due(margins)?;
    let until_end = tokens.expires_at().map_or(Duration::ZERO, |end| end.since(due));
    let earlier = (until_end / SPREAD).mul_f64(chance);
    let wait = due.since(now).saturating_sub(earlier);
    let held_back = match &snapshot.standing {
        Standing::Good => left_of_distance(snapshot, tokens, now),
        Standing::Failed { since, pause, .. } => left(*since, *pause, now),
        Standing::Ended { .. } => Some(LONGEST_SLEEP),
    };
    Some(wait.max(held_back.unwrap_or_default()).min(LONGEST_SLEEP))
}

/// What a document says about the tokens of a snapshot.
pub(super) enum Sight {
    /// They are what is kept, or what they follow is.
    Ours,
    /// Nothing is kept: somebody has logged out.
    Gone,
    /// Others are kept: somebody has renewed them, or logged in.
    Other(TokenSet),
}

/// What the document says about the tokens of this snapshot.
pub(super) fn sight(document: &Document, snapshot: &Snapshot) -> Sight {
    let found = document.tokens();
    let same = |tokens: Option<&TokenSet>| match (found, tokens) {
        (Some(found), Some(tokens)) => found.is_same(tokens),
        (None, None) => true,
        _ => false,
    };
    if snapshot.under_way || same(snapshot.tokens.as_deref()) || (snapshot.unsaved && same(snapshot.kept.as_deref())) {
        return Sight::Ours;
    }
    found.map_or(Sight::Gone, |found| Sight::Other(found.clone()))
}

/// Whether tokens that another process has left spare us the call.
pub(super) fn spares_call(tokens: &TokenSet, refused: Option<&AccessToken>, margins: Margins, now: Timestamp) -> bool {
    Some(tokens.access_token()) != refused && tokens.state(now, margins) < TokenState::Expired
}

/// What is left of the time for which fresh tokens are not renewed again.
fn left_of_distance(snapshot: &Snapshot, tokens: &TokenSet, now: Timestamp) -> Option<Duration> {
    let life = match (tokens.received_at(), tokens.expires_at()) {
        (Some(received_at), Some(end)) if end > received_at => end.since(received_at),
        _ => Duration::MAX,
    };
    left(snapshot.renewed_at?, LEAST_DISTANCE.min(life / 2), now)
}

/// What is left of a pause. A clock that was set back ends it.
fn left(since: Timestamp, pause: Duration, now: Timestamp) -> Option<Duration> {
    let left = pause.saturating_sub(now.since(since));
    (now >= since && !left.is_zero()).then_some(left)
}

/// Between a refresh and the next one for want of a better token.
const LEAST_DISTANCE: Duration = Duration::from_secs(10);
/// Between two looks at the storage for tokens that are better than those that were refused.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Why a refresh is not even tried.
const REFUSED_AT_ONCE: &str = "the server refuses a token that was renewed a moment ago";
const LONGEST_SLEEP: Duration = Duration::from_secs(60);
/// Up to this part of the margin earlier by chance.
const SPREAD: u32 = 4;
