//! Two processes on one storage: neither loses what the other has kept.

use countersign::client::{LinkedSession, UserInfo};

use crate::support::{Place, clock, cookies_of, minutes, set_cookies, start, tokens, uri};

#[tokio::test]
async fn different_parts_are_kept_side_by_side() {
    let (place, clock) = (Place::default(), clock());
    place.session(&clock).log_in(tokens("a")).await.unwrap();
    let (one, other) = (place.session(&clock), place.session(&clock));
    one.set_user(UserInfo::new("ada")).await.unwrap();
    other.take_cookies(&uri(), &set_cookies(["sid=1; Path=/"])).await.unwrap();
    let third = place.session(&clock);
    assert_eq!(third.user().unwrap().id(), "ada");
    assert_eq!(cookies_of(&third), ["sid=1"]);
    assert_eq!(other.user().unwrap().id(), "ada", "who saves also learns");
}

#[tokio::test]
async fn cookies_are_brought_together_by_name() {
    let (place, clock) = (Place::default(), clock());
    let first = place.session(&clock);
    let log_in = first.log_in(tokens("a"));
    log_in.cookies_from(&uri(), &set_cookies(["a=0; Path=/", "b=0; Path=/", "gone=0; Path=/"])).await.unwrap();
    let (one, other) = (place.session(&clock), place.session(&clock));
    one.take_cookies(&uri(), &set_cookies(["a=1; Path=/", "gone=; Path=/; Max-Age=0"])).await.unwrap();
    other.take_cookies(&uri(), &set_cookies(["b=2; Path=/", "new=2; Path=/"])).await.unwrap();
    assert_eq!(cookies_of(&other), ["a=1", "b=2", "new=2"]);
    one.set_user(UserInfo::new("ada")).await.unwrap();
    assert_eq!(cookies_of(&one), ["a=1", "b=2", "new=2"]);
}

#[tokio::test]
async fn calls_of_two_processes_add_up() {
    let (place, clock) = (Place::default(), clock());
    place.session(&clock).log_in(tokens("a")).await.unwrap();
    let (one, other) = (place.session(&clock), place.session(&clock));
    for _ in 0..3 {
        one.record_call("one.example.com");
        one.save().await.unwrap();
        other.record_call("other.example.com");
        clock.advance(minutes(1));
        other.record_call("last.example.com");
        other.save().await.unwrap();
    }
    let metadata = place.session(&clock).metadata();
    assert_eq!((metadata.calls, metadata.last_server.as_deref()), (9, Some("last.example.com")));
}

#[tokio::test]
async fn of_one_linked_session_renewed_twice_the_newer_is_kept() {
    let (place, clock) = (Place::default(), clock());
    let ending = |minute| LinkedSession::new().with_expiry(start() + minutes(minute));
    place.session(&clock).log_in(tokens("a")).link("wallet", ending(10)).await.unwrap();
    let (one, other) = (place.session(&clock), place.session(&clock));
    one.link("wallet", ending(90)).await.unwrap();
    other.link("wallet", ending(80)).await.unwrap();
    other.link("second", ending(5)).await.unwrap();
    assert_eq!(*other.linked("wallet").unwrap(), ending(90));
    one.reload().await.unwrap();
    assert_eq!(*one.linked("second").unwrap(), ending(5));
}

#[tokio::test]
async fn tokens_that_another_program_left_there_get_a_session_that_all_share() {
    let place = Place::holding(r#"{"access_token":"a","refresh_token":"r","expires_at":"2099-01-15T10:30:00Z"}"#);
    let (one, other) = (place.session(&clock()), place.session(&clock()));
    assert_eq!(place.writes(), 1, "marked once");
    one.set_user(UserInfo::new("ada")).await.unwrap();
    other.take_cookies(&uri(), &set_cookies(["sid=1; Path=/"])).await.unwrap();
    assert!(other.is_valid() && other.user().unwrap().id() == "ada");
    assert_eq!(place.json()["refresh_token"], "r");
}

#[tokio::test]
async fn many_processes_at_once_lose_nothing() {
    let (place, clock) = (Place::default(), clock());
    place.session(&clock).log_in(tokens("a")).await.unwrap();
    let tasks: Vec<_> = (0..16)
        .map(|process| {
            let session = place.session(&clock);
            tokio::spawn(async move {
                for round in 0..10 {
                    session.link(format!("{process} {round}"), LinkedSession::new()).await.unwrap();
                    session.record_call("api.example.com");
                }
                session.save().await.unwrap();
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    let all = place.session(&clock);
    assert_eq!((all.validity().linked.len(), all.metadata().calls), (160, 160));
}
