//! A store that is broken: 503 with a problem, and nobody is logged out.

use std::time::Duration;

use http::{Method, StatusCode, header};
use serde_json::json;

use crate::help::Site;

#[tokio::test]
async fn a_broken_store_is_a_503_for_every_operation_and_touches_no_cookie() {
    for hangs in [false, true] {
        let site = Site::with(|config| config.store_deadline = Duration::from_millis(50)).await;
        let break_it =
            |broken| if hangs { site.world.calls.hang(broken) } else { site.world.calls.break_store(broken) };
        for mut ada in site.both().await {
            let one = format!("/sessions/{}", ada.id().await);
            break_it(true);
            let list = "/sessions";
            for (method, path) in [
                (Method::GET, list),
                (Method::GET, &one),
                (Method::PUT, &one),
                (Method::DELETE, &one),
                (Method::DELETE, list),
                (Method::DELETE, "/sessions?all=true"),
                (Method::POST, list),
                (Method::GET, "/openapi.json"),
            ] {
                let reply = ada.send(method, path, None).await;
                reply.is_problem(StatusCode::SERVICE_UNAVAILABLE, "unavailable");
                assert_eq!(reply.header(header::RETRY_AFTER), Some("2"));
            }
            let reply = site.client().post(json!({ "username": "ada", "password": "lovelace" })).await;
            reply.is_problem(StatusCode::SERVICE_UNAVAILABLE, "unavailable");
            assert_eq!(
                site.client().get("/openapi.json").await.status,
                StatusCode::OK,
                "nobody's session is asked for"
            );
            break_it(false);
            assert!(ada.is_logged_in().await);
        }
    }
}

/// What could not be stored is not said to be done.
#[tokio::test]
async fn a_store_that_fails_in_the_middle_is_a_503_and_what_was_to_end_is_alive() {
    let site = Site::new().await;
    for mut ada in site.both().await {
        let one = format!("/sessions/{}", ada.id().await);
        site.world.calls.break_writes(true);
        for (method, path) in [
            (Method::PUT, &*one),
            (Method::DELETE, &one),
            (Method::DELETE, "/sessions"),
            (Method::DELETE, "/sessions?all=true"),
        ] {
            let reply = ada.send(method, path, None).await;
            reply.is_problem(StatusCode::SERVICE_UNAVAILABLE, "unavailable");
        }
        site.world.calls.break_writes(false);
        assert!(ada.is_logged_in().await);
    }
}

/// P10: what could not be checked is no guess. However often the right password is tried meanwhile, nobody is slowed down or locked by it.
#[tokio::test]
async fn an_outage_of_what_checks_passwords_and_codes_locks_nobody_out() {
    let site = Site::new().await;
    for _ in 0..150 {
        let reply = site.client().post(json!({ "username": "margaret", "password": "hamilton" })).await;
        reply.is_problem(StatusCode::SERVICE_UNAVAILABLE, "unavailable");
    }
    let wrong = site.client().post(json!({ "username": "margaret", "password": "wrong" })).await;
    wrong.is_problem(StatusCode::UNAUTHORIZED, "wrong_credentials");

    let mut grace = site.client();
    grace.post(json!({ "username": "grace", "password": "hopper" })).await;
    for _ in 0..10 {
        let reply = grace.post(json!({ "factor": "totp", "code": "out of order" })).await;
        reply.is_problem(StatusCode::SERVICE_UNAVAILABLE, "unavailable");
    }
    let right = grace.post(json!({ "factor": "totp", "code": "123456" })).await;
    assert_eq!(right.status, StatusCode::CREATED);
}

/// The same of a right password whose user has as many sessions as he may.
#[tokio::test]
async fn a_right_password_that_finds_no_room_is_no_guess() {
    let site = Site::with(|config| {
        config.limit.max = 1;
        config.limit.when_full = countersign::WhenFull::Reject;
    })
    .await;
    let right = json!({ "username": "ada", "password": "lovelace" });
    assert_eq!(site.client().post(right.clone()).await.status, StatusCode::CREATED);
    for _ in 0..20 {
        site.client().post(right.clone()).await.is_problem(StatusCode::CONFLICT, "too_many_sessions");
    }
}
