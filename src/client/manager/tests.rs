use std::{sync::Arc, time::Duration};

use super::{
    decide::{Next, Sight, Why, next, sight, spares_call, until_due},
    state::{Snapshot, Standing},
};
use crate::{
    client::{
        error::{Advice, Error, ErrorKind},
        storage::Document,
        tokens::{AccessToken, Margins, TokenSet},
    },
    clock::Timestamp,
};

const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);
const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);

/// An hour's tokens, received at `NOW`.
fn tokens(name: &str) -> TokenSet {
    TokenSet::new(name).unwrap().with_refresh_token(format!("r-{name}")).unwrap().with_lifetime(60 * MINUTE, NOW)
}

fn holding(name: &str) -> Snapshot {
    let mut snapshot = Snapshot::default();
    snapshot.follow(Some(Arc::new(tokens(name))), None);
    snapshot
}

fn document(tokens: Option<TokenSet>) -> Document {
    let mut document = Document::default();
    document.set_tokens(tokens);
    document
}

fn after(snapshot: &Snapshot, why: Why<'_>, later: Duration) -> String {
    match next(snapshot, why, Margins::default(), NOW.after(later)) {
        Next::Use => "use".to_owned(),
        Next::Call => "call".to_owned(),
        Next::Look => "look".to_owned(),
        Next::Rest(error) => match error.advice() {
            Advice::TryAgain(wait) => format!("rest for {} s", wait.as_secs()),
            _ => format!("rest: {:?}", error.kind()),
        },
    }
}

#[test]
fn the_server_is_asked_when_it_is_time_and_not_before() {
    let snapshot = holding("a");
    assert_eq!(after(&snapshot, Why::Due, 44 * MINUTE), "use");
    for minutes in [45, 56, 61] {
        assert_eq!(after(&snapshot, Why::Due, minutes * MINUTE), "call");
    }
    assert_eq!(after(&snapshot, Why::Asked, Duration::ZERO), "call");
    assert_eq!(after(&Snapshot::default(), Why::Asked, Duration::ZERO), "rest: NotAuthenticated");
}

#[test]
fn another_token_than_the_refused_one_is_good_enough() {
    let (current, older) = (AccessToken::new("a").unwrap(), AccessToken::new("older").unwrap());
    assert_eq!(after(&holding("a"), Why::Refused(&older), MINUTE), "use");
    assert_eq!(after(&holding("a"), Why::Refused(&current), MINUTE), "call");
}

#[test]
fn a_fresh_token_that_is_refused_is_not_renewed_again_at_once() {
    let mut snapshot = holding("a");
    snapshot.renewed_at = Some(NOW);
    let refused = AccessToken::new("a").unwrap();
    assert_eq!(after(&snapshot, Why::Refused(&refused), 2 * SECOND), "rest for 8 s");
    assert_eq!(after(&snapshot, Why::Refused(&refused), 10 * SECOND), "call");
    assert_eq!(after(&snapshot, Why::Asked, SECOND), "call");
}

#[test]
fn a_token_that_comes_dead_on_arrival_is_used_for_a_while_and_not_renewed_on_every_call() {
    let mut snapshot = Snapshot::default();
    let past = Timestamp::from_millis(NOW.as_millis() - 1);
    snapshot.follow(Some(Arc::new(tokens("a").with_expiry(past))), Some(NOW));
    assert_eq!(after(&snapshot, Why::Due, 9 * SECOND), "use");
    assert_eq!(after(&snapshot, Why::Due, 10 * SECOND), "call");
}

#[test]
fn a_token_of_a_few_seconds_is_renewed_in_the_middle_of_its_life() {
    let mut snapshot = Snapshot::default();
    snapshot.follow(Some(Arc::new(tokens("a").with_lifetime(4 * SECOND, NOW))), Some(NOW));
    assert_eq!(after(&snapshot, Why::Due, SECOND), "use");
    assert_eq!(after(&snapshot, Why::Due, 2 * SECOND), "call");
}

#[test]
fn after_a_failure_nobody_is_asked_until_the_pause_is_over() {
    let mut snapshot = holding("a");
    let error = Error::new(ErrorKind::Network);
    snapshot.standing = Standing::Failed { error, failures: 1, since: NOW.after(50 * MINUTE), pause: 4 * SECOND };
    assert_eq!(after(&snapshot, Why::Due, 50 * MINUTE + SECOND), "rest for 3 s");
    assert_eq!(after(&snapshot, Why::Asked, 50 * MINUTE + SECOND), "rest for 3 s");
    assert_eq!(after(&snapshot, Why::Due, 50 * MINUTE + 4 * SECOND), "call");
    // A clock that was set back must not hold anybody up.
    assert_eq!(after(&snapshot, Why::Due, 49 * MINUTE), "call");
}

#[test]
fn after_a_refusal_only_the_storage_is_asked_once_a_second() {
    let mut snapshot = holding("a");
    snapshot.standing = Standing::Ended { error: Error::new(ErrorKind::RefreshRefused), looked_at: NOW };
    assert_eq!(after(&snapshot, Why::Asked, SECOND / 2), "rest: RefreshRefused");
    assert_eq!(after(&snapshot, Why::Asked, SECOND), "look");
    assert_eq!(after(&snapshot, Why::Due, SECOND), "use");
}

#[test]
fn a_document_is_ours_gone_or_somebody_elses() {
    let snapshot = holding("a");
    assert!(matches!(sight(&document(Some(tokens("a"))), &snapshot), Sight::Ours));
    assert!(matches!(sight(&document(None), &snapshot), Sight::Gone));
    assert!(matches!(sight(&document(Some(tokens("b"))), &snapshot), Sight::Other(_)));
    // What is known of the expiry is not what makes a token.
    assert!(matches!(sight(&document(Some(tokens("a").with_expiry(NOW))), &snapshot), Sight::Ours));
}

#[test]
fn what_has_yet_to_be_saved_may_follow_what_is_kept() {
    let mut snapshot = holding("a");
    snapshot.replace_unsaved(Some(Arc::new(tokens("b"))), None);
    assert!(matches!(sight(&document(Some(tokens("a"))), &snapshot), Sight::Ours));
    assert!(matches!(sight(&document(Some(tokens("b"))), &snapshot), Sight::Ours));
    assert!(matches!(sight(&document(None), &snapshot), Sight::Gone));
}

#[test]
fn only_usable_tokens_spare_the_call() {
    let spares =
        |refused: Option<&AccessToken>, later| spares_call(&tokens("a"), refused, Margins::default(), NOW.after(later));
    assert!(spares(None, 54 * MINUTE));
    assert!(!spares(None, 55 * MINUTE));
    assert!(!spares(Some(&AccessToken::new("a").unwrap()), MINUTE));
}

#[test]
fn the_background_wakes_within_a_quarter_of_the_margin_and_looks_at_the_clock_every_minute() {
    let wait = |later, chance| until_due(&holding("a"), Margins::default(), NOW.after(later), chance);
    assert_eq!(wait(Duration::ZERO, 0.0), Some(MINUTE));
    assert_eq!(wait(45 * MINUTE - 9 * SECOND, 0.0), Some(9 * SECOND));
    assert_eq!(wait(41 * MINUTE, 1.0), Some(15 * SECOND));
    assert_eq!(wait(3_000 * MINUTE, 0.0), Some(Duration::ZERO));
    assert_eq!(until_due(&Snapshot::default(), Margins::default(), NOW, 0.0), None);
}

#[test]
fn the_background_waits_for_the_end_of_a_pause() {
    let mut snapshot = holding("a");
    let error = Error::new(ErrorKind::Network);
    let now = NOW.after(50 * MINUTE);
    snapshot.standing = Standing::Failed { error, failures: 1, since: now, pause: 7 * SECOND };
    assert_eq!(until_due(&snapshot, Margins::default(), now, 0.5), Some(7 * SECOND));
}
