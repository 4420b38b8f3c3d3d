//! A log-in by two factors, in one conversation.

use http::{StatusCode, header};
use serde_json::{Value, json};

use crate::{
    help::{Client, Site},
    support::{minutes, on_every_store, seconds},
};

fn totp() -> Value {
    json!({ "factor": "totp", "code": "123456" })
}

/// Two clients that have passed the first factor, with a cookie and with a Bearer token.
async fn half_logged_in(site: &Site) -> [Client; 2] {
    let mut browser = site.client();
    let reply = browser.post(json!({ "username": "grace", "password": "hopper" })).await;
    assert_eq!(reply.status, StatusCode::ACCEPTED);
    assert!(reply.set_cookie().is_some() && reply.json().get("token").is_none());

    let mut program = site.client();
    let reply = program.post(json!({ "username": "grace", "password": "hopper", "token": true })).await;
    assert_eq!((reply.status, reply.set_cookie()), (StatusCode::ACCEPTED, None));
    assert_eq!(reply.json()["factors"], json!(["totp", "recovery"]));
    assert_eq!(reply.json()["left"], 600);
    program.use_token(&reply);
    [browser, program]
}

#[tokio::test]
async fn nobody_is_logged_in_before_the_second_factor_is_passed() {
    on_every_store(|backend| async move {
        let site = Site::on(backend, |_| {}).await;
        for mut grace in half_logged_in(&site).await {
            let reply = grace.get("/sessions").await;
            reply.is_problem(StatusCode::UNAUTHORIZED, "second_factor_required");
            assert!(reply.header(header::WWW_AUTHENTICATE).unwrap().contains("insufficient_user_authentication"));
            for path in ["/sessions", "/sessions/AAAAAAAAAAAAAAAAAAAAAAAA"] {
                grace.delete(path).await.is_problem(StatusCode::UNAUTHORIZED, "second_factor_required");
            }
            let before = grace.saying(&[]);
            let reply = grace.post(totp()).await;
            assert_eq!(reply.status, StatusCode::CREATED, "{}", reply.body);
            let session = &reply.json()["session"];
            assert_eq!((&session["user"], &session["roles"]), (&json!("grace"), &json!(["admin"])));
            assert_eq!(session["assurance"], "aal2");
            if reply.set_cookie().is_none() {
                grace.use_token(&reply);
            } else {
                assert!(!reply.body.contains("token"), "{}", reply.body);
            }
            assert!(grace.is_logged_in().await);
            let mut before = before;
            site.world.heard().await;
            before.get("/sessions").await.assert_dead();
        }
    })
    .await;
}

impl crate::support::Reply {
    /// The credential was refused, and the cookie cleared if it was one.
    #[track_caller]
    fn assert_dead(&self) {
        assert_eq!((self.status, self.code().as_deref()), (StatusCode::UNAUTHORIZED, Some("login_required")));
        assert!(self.header(header::WWW_AUTHENTICATE).unwrap().contains("invalid_token"));
    }
}

#[tokio::test]
async fn a_wrong_code_leaves_the_conversation_open_and_is_counted() {
    let site = Site::new().await;
    let [mut grace, mut other] = half_logged_in(&site).await;
    for _ in 0..5 {
        let reply = grace.post(json!({ "factor": "totp", "code": "000000" })).await;
        reply.is_problem(StatusCode::UNAUTHORIZED, "wrong_credentials");
    }
    grace.post(totp()).await.is_problem(StatusCode::TOO_MANY_REQUESTS, "too_many_attempts");
    other.post(totp()).await.is_problem(StatusCode::TOO_MANY_REQUESTS, "too_many_attempts");
    let recovery = json!({ "factor": "recovery", "code": "rosebud" });
    assert_eq!(other.post(recovery).await.status, StatusCode::CREATED, "another factor has a count of its own");
    site.world.pass(minutes(1));
    assert_eq!(grace.post(totp()).await.status, StatusCode::CREATED);
}

#[tokio::test]
async fn a_factor_that_was_not_asked_for_is_refused_and_not_counted() {
    let site = Site::new().await;
    for mut grace in half_logged_in(&site).await {
        for _ in 0..10 {
            let reply = grace.post(json!({ "factor": "sms", "code": "123456" })).await;
            reply.is_problem(StatusCode::FORBIDDEN, "wrong_factor");
        }
        assert_eq!(grace.post(totp()).await.status, StatusCode::CREATED);
    }
}

#[tokio::test]
async fn a_factor_without_a_log_in_before_it_is_refused() {
    let site = Site::new().await;
    site.client().post(totp()).await.is_problem(StatusCode::UNAUTHORIZED, "login_required");
    for mut ada in site.both().await {
        ada.post(totp()).await.is_problem(StatusCode::FORBIDDEN, "nothing_pending");
        assert!(ada.is_logged_in().await);
    }
}

#[tokio::test]
async fn the_conversation_ends_with_its_time() {
    let site = Site::new().await;
    for mut grace in half_logged_in(&site).await {
        site.world.pass(minutes(10) + seconds(1));
        grace.post(totp()).await.assert_dead();
    }
}

/// Of two that send the code at once, one gets in.
#[tokio::test]
async fn a_code_lets_one_in() {
    let site = Site::new().await;
    let [_, grace] = half_logged_in(&site).await;
    let (mut one, mut two) = (grace.saying(&[]), grace.saying(&[]));
    let (one, two) = tokio::join!(one.post(totp()), two.post(totp()));
    let mut statuses = [one.status, two.status];
    statuses.sort();
    assert_eq!(statuses, [StatusCode::CREATED, StatusCode::UNAUTHORIZED]);
    assert_eq!(site.world.sessions.list("grace").await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_password_again_begins_the_conversation_anew() {
    let site = Site::new().await;
    let [mut grace, _] = half_logged_in(&site).await;
    let mut before = grace.saying(&[]);
    let reply = grace.post(json!({ "username": "grace", "password": "hopper" })).await;
    assert_eq!(reply.status, StatusCode::ACCEPTED);
    before.post(totp()).await.assert_dead();
    assert_eq!(grace.post(totp()).await.status, StatusCode::CREATED);
}

#[tokio::test]
async fn a_check_that_fails_is_an_outage() {
    let site = Site::new().await;
    let [mut grace, _] = half_logged_in(&site).await;
    let reply = grace.post(json!({ "factor": "totp", "code": "out of order" })).await;
    reply.is_problem(StatusCode::SERVICE_UNAVAILABLE, "unavailable");
    assert_eq!(grace.post(totp()).await.status, StatusCode::CREATED);
}

/// P9: of two clicks one is late, and costs nobody the session that the other has begun.
#[tokio::test]
async fn whoever_is_late_takes_nobodys_cookie_away() {
    let site = Site::new().await;
    for at_once in [true, false] {
        let [mut one, _] = half_logged_in(&site).await;
        let mut two = one.saying(&[]);
        let replies = if at_once {
            let (one, two) = tokio::join!(one.post(totp()), two.post(totp()));
            [one, two]
        } else {
            [one.post(totp()).await, two.post(totp()).await]
        };
        let [won, late] = {
            let mut replies = replies;
            replies.sort_by_key(|reply| reply.status);
            replies
        };
        assert_eq!((won.status, won.set_cookie().is_some()), (StatusCode::CREATED, true));
        assert_eq!((late.status, late.set_cookie()), (StatusCode::UNAUTHORIZED, None), "{}", late.body);
    }
}
