//! What is kept, when, and how often.

use std::{
    future::Future,
    pin::pin,
    task::{Context, Waker},
};

use countersign::client::{ErrorKind, LinkedSession, MemoryStorage, Storage, UserInfo};

use crate::support::{Place, clock, cookies_of, minutes, set_cookies, start, tokens, uri};

#[tokio::test]
async fn everything_is_there_again_in_the_next_run() {
    let (place, clock) = (Place::default(), clock());
    let session = place.session(&clock);
    let wallet = LinkedSession::new().with_tokens(tokens("w")).with_secret("key").with_refresh_margin(minutes(7));
    let ada = UserInfo::new("ada").with_name("Ada").with_email("ada@example.com").with_field("plan", "pro");
    session
        .log_in(tokens("a"))
        .user(ada.clone())
        .cookies_from(&uri(), &set_cookies(["sid=1; Path=/", "csrf=2; Path=/"]))
        .link("wallet", wallet.clone())
        .user_agent("app/1.0")
        .address([127, 0, 0, 1])
        .fingerprint("f")
        .await
        .unwrap();
    session.record_call("api.example.com");
    session.save().await.unwrap();

    let next = place.session(&clock);
    assert_eq!(cookies_of(&next), ["csrf=2", "sid=1"]);
    assert_eq!(*next.user().unwrap(), ada);
    assert_eq!(*next.linked("wallet").unwrap(), wallet);
    assert_eq!(next.metadata(), session.metadata());
    assert_eq!(next.metadata().calls, 1);
    assert_eq!(next.metadata().created_at, Some(start().into()));
    assert_eq!(next.tokens().tokens().unwrap().access_token().reveal(), "a");
    assert!(!next.has_unsaved());
}

#[tokio::test]
async fn fields_of_others_are_kept_until_the_session_ends() {
    let place = Place::holding(r#"{"access_token":"a","theirs":{"deep":[1,2]}}"#);
    let session = place.session(&clock());
    session.set_user(UserInfo::new("ada")).await.unwrap();
    assert_eq!(place.json()["theirs"]["deep"][1], 2);
    assert_eq!(place.json()["user"]["id"], "ada");
    assert_eq!(place.json()["access_token"], "a");

    session.log_in(tokens("b")).await.unwrap();
    assert!(place.json().get("theirs").is_none() && place.json().get("user").is_none(), "{:?}", place.json());
}

#[tokio::test]
async fn every_change_is_one_save_and_a_batch_is_one_too() {
    let place = Place::default();
    let session = place.session(&clock());
    session.log_in(tokens("a")).user(UserInfo::new("ada")).await.unwrap();
    assert_eq!(place.writes(), 1, "a log-in is one step");
    session.take_cookies(&uri(), &set_cookies(["sid=1; Path=/"])).await.unwrap();
    assert_eq!(place.writes(), 2);
    session
        .update(|parts| {
            parts.set_user(UserInfo::new("eve"));
            parts.set_user_agent("app/2.0");
            parts.link("wallet", LinkedSession::new());
            parts.cookies_mut().take_in(&uri(), &set_cookies(["csrf=2; Path=/"]), start());
        })
        .await
        .unwrap();
    assert_eq!(place.writes(), 3);
    session.update(|_| {}).await.unwrap();
    session.update(|parts| assert!(!parts.unlink("nobody"))).await.unwrap();
    session.take_cookies(&uri(), &http::HeaderMap::new()).await.unwrap();
    session.save().await.unwrap();
    assert_eq!(place.writes(), 3, "what changes nothing writes nothing");
}

#[tokio::test]
async fn without_auto_save_nothing_is_written_until_it_is_asked_for() {
    let (place, clock) = (Place::default(), clock());
    let session = place.session(&clock).auto_save(false);
    session.log_in(tokens("a")).await.unwrap();
    assert_eq!(place.writes(), 1);
    session.set_user(UserInfo::new("ada")).await.unwrap();
    session.take_cookies(&uri(), &set_cookies(["sid=1; Path=/"])).await.unwrap();
    assert!(session.has_unsaved() && place.writes() == 1);
    assert!(place.session(&clock).user().is_none());

    session.save().await.unwrap();
    assert!(!session.has_unsaved() && place.writes() == 2);
    assert_eq!(place.session(&clock).user().unwrap().id(), "ada");
    assert_eq!(cookies_of(&place.session(&clock)), ["sid=1"]);
}

#[tokio::test]
async fn a_save_that_fails_is_told_and_tried_again() {
    let (place, clock) = (Place::default(), clock());
    let session = place.session(&clock);
    session.log_in(tokens("a")).await.unwrap();
    place.break_down(true);
    assert_eq!(session.set_user(UserInfo::new("ada")).await.unwrap_err().kind(), ErrorKind::Storage);
    assert_eq!(session.user().unwrap().id(), "ada", "in use all the same");
    assert!(session.has_unsaved() && session.storage_error().is_some());

    place.break_down(false);
    session.save().await.unwrap();
    assert!(!session.has_unsaved() && session.storage_error().is_none());
    assert_eq!(place.session(&clock).user().unwrap().id(), "ada");
}

#[tokio::test]
async fn a_log_in_on_a_full_disk_is_kept_by_the_next_save() {
    let (place, clock) = (Place::default(), clock());
    let session = place.session(&clock);
    session.log_in(tokens("a")).user(UserInfo::new("ada")).await.unwrap();
    place.break_down(true);
    assert!(session.log_in(tokens("b")).user(UserInfo::new("eve")).await.is_err());
    assert_eq!(session.tokens().tokens().unwrap().access_token().reveal(), "b");
    assert!(session.is_valid() && session.has_unsaved());

    place.break_down(false);
    session.save().await.unwrap();
    let next = place.session(&clock);
    assert_eq!(next.tokens().tokens().unwrap().access_token().reveal(), "b");
    assert_eq!(next.user().unwrap().id(), "eve");
}

#[tokio::test]
async fn a_part_of_another_shape_is_reported_and_not_overwritten() {
    let place = Place::holding(r#"{"access_token":"a","user":"just a text"}"#);
    let session = place.session(&clock());
    let error = session.storage_error().unwrap();
    assert!(error.to_string().contains("`user` has another shape"), "{error}");
    assert_eq!(session.set_user(UserInfo::new("ada")).await.unwrap_err().kind(), ErrorKind::Storage);
    assert_eq!(place.json()["user"], "just a text");
}

#[tokio::test]
async fn a_caller_who_gives_up_cuts_no_save_off() {
    let (place, clock) = (Place::default(), clock());
    let session = place.session(&clock);
    session.log_in(tokens("a")).await.unwrap();
    {
        let mut change = pin!(session.set_user(UserInfo::new("ada")));
        assert!(change.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    }
    // The next one has its turn after it, and finds nothing left to do.
    session.save().await.unwrap();
    assert_eq!(place.writes(), 2);
    assert_eq!(place.session(&clock).user().unwrap().id(), "ada");

    {
        let mut log_in = pin!(std::future::IntoFuture::into_future(session.log_in(tokens("b"))));
        assert!(log_in.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    }
    session.save().await.unwrap();
    assert_eq!(place.json()["access_token"], "b");
    assert!(session.user().is_none());
}

#[tokio::test]
async fn what_changes_while_a_save_is_under_way_is_kept_by_the_next_one() {
    let (place, clock) = (Place::default(), clock());
    let session = place.session(&clock).auto_save(false);
    session.log_in(tokens("a")).await.unwrap();
    session.set_user(UserInfo::new("ada")).await.unwrap();
    place.before_each_step({
        let session = session.clone();
        move || {
            let mut change = pin!(session.link("wallet", LinkedSession::new()));
            assert!(change.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready());
        }
    });
    session.save().await.unwrap();
    place.before_each_step(|| {});
    assert!(session.linked("wallet").is_some() && session.has_unsaved() && place.json().get("linked").is_none());
    session.save().await.unwrap();
    assert!(place.session(&clock).linked("wallet").is_some() && !session.has_unsaved());
}

#[tokio::test]
async fn a_backup_holds_the_whole_session_with_what_was_unsaved() {
    let clock = clock();
    let session = Place::default().session(&clock).auto_save(false);
    session.log_in(tokens("a")).await.unwrap();
    session.set_user(UserInfo::new("ada")).await.unwrap();
    let backup = MemoryStorage::new();
    session.back_up_to(backup.clone()).await.unwrap();
    let json: serde_json::Value = serde_json::from_slice(&backup.load().unwrap().to_json()).unwrap();
    assert_eq!((&json["access_token"], &json["user"]["id"]), (&"a".into(), &"ada".into()));
    assert!(session.is_valid() && !session.has_unsaved());
}

#[tokio::test]
async fn a_moved_session_is_kept_at_the_new_place() {
    let (place, clock) = (Place::default(), clock());
    let session = place.session(&clock).auto_save(false);
    session.log_in(tokens("a")).await.unwrap();
    session.set_user(UserInfo::new("ada")).await.unwrap();
    let new = Place::default();
    session.move_to(new.clone()).await.unwrap();
    assert!(place.is_empty());
    session.take_cookies(&uri(), &set_cookies(["sid=1; Path=/"])).await.unwrap();
    session.save().await.unwrap();
    assert!(place.is_empty());
    let next = new.session(&clock);
    assert_eq!((next.user().unwrap().id(), cookies_of(&next)), ("ada", vec!["sid=1".to_owned()]));
}
