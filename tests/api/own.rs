//! One's own sessions, and nobody else's.

use http::{Method, StatusCode, header};
use serde_json::{Value, json};

use crate::{
    help::{Client, Site},
    support::{minutes, on_every_store, seconds},
};

fn ids(list: &Value) -> Vec<&str> {
    list["sessions"].as_array().unwrap().iter().map(|session| session["session_id"].as_str().unwrap()).collect()
}

/// A user of the same site who has nothing to do with the others.
async fn stranger(site: &Site) -> (Client, String) {
    let mut grace = site.client();
    grace.post(json!({ "username": "grace", "password": "hopper", "token": true })).await;
    let issued = site.world.sessions.log_in("grace").await.unwrap();
    grace.browser = crate::support::Browser::with_bearer(&site.app, &issued.token().reveal());
    (grace, issued.session_id().to_string())
}

#[tokio::test]
async fn the_list_has_ones_own_sessions_with_the_current_one_in_front() {
    on_every_store(|backend| async move {
        let site = Site::on(backend, |_| {}).await;
        let [mut browser, mut program] = site.both().await;
        stranger(&site).await;
        let (of_browser, of_program) = (browser.get("/sessions").await.json(), program.get("/sessions").await.json());
        assert_eq!(of_browser["sessions"].as_array().unwrap().len(), 2);
        let marks = |list: &Value| [list["sessions"][0]["current"].clone(), list["sessions"][1]["current"].clone()];
        assert_eq!(
            (marks(&of_browser), marks(&of_program)),
            ([json!(true), json!(false)], [json!(true), json!(false)])
        );
        let (one, mut other) = (ids(&of_browser), ids(&of_program));
        other.reverse();
        assert_eq!(one, other);
    })
    .await;
}

#[tokio::test]
async fn each_can_be_shown_with_the_time_that_it_has_left() {
    let site = Site::new().await;
    for by_token in [false, true] {
        let mut ada = if by_token { site.program().await } else { site.browser().await };
        let path = format!("/sessions/{}", ada.id().await);
        let left = |shown: &Value| (shown["idle_left"].as_u64().unwrap(), shown["absolute_left"].as_u64().unwrap());
        assert_eq!(left(&ada.get(&path).await.json()), (30 * 60, 8 * 60 * 60));
        site.world.pass(minutes(10));
        assert_eq!(left(&ada.get(&path).await.json()), (20 * 60, 8 * 60 * 60 - 600), "as it was before this request");
        assert_eq!(left(&ada.get(&path).await.json()), (30 * 60, 8 * 60 * 60 - 600), "and that has moved the window");
        for _ in 0..23 {
            site.world.pass(minutes(20));
            ada.get(&path).await;
        }
        assert_eq!(left(&ada.get(&path).await.json()), (30 * 60, 10 * 60), "the wall that the window never crosses");
        site.world.pass(minutes(10));
        ada.get(&path).await;
        assert!(!ada.is_logged_in().await);
    }
}

#[tokio::test]
async fn what_is_somebody_elses_is_not_there() {
    on_every_store(|backend| async move {
        let site = Site::on(backend, |_| {}).await;
        let (mut grace, hers) = stranger(&site).await;
        for mut ada in site.both().await {
            let mut bodies = Vec::new();
            for id in [&*hers, "AAAAAAAAAAAAAAAAAAAAAAAA", "nonsense", "%00", "%FF", "AAAAAAAAAAAAAAAAAAAAAAA="] {
                for method in [Method::GET, Method::PUT, Method::DELETE] {
                    let reply = ada.send(method, &format!("/sessions/{id}"), None).await;
                    reply.is_problem(StatusCode::NOT_FOUND, "not_found");
                    bodies.push(reply.body);
                }
            }
            bodies.dedup();
            assert_eq!(bodies.len(), 1, "the same for all: {bodies:?}");
        }
        assert!(grace.is_logged_in().await);
    })
    .await;
}

#[tokio::test]
async fn a_refresh_hands_the_new_token_to_whoever_sent_the_old_one() {
    let site = Site::new().await;
    let [mut browser, mut program] = site.both().await;
    let path = format!("/sessions/{}", program.id().await);
    let reply = program.put(&path).await;
    assert_eq!((reply.status, reply.set_cookie()), (StatusCode::OK, None));
    assert_eq!(
        program.put(&path).await.json()["token"],
        reply.json()["token"],
        "one successor, however often asked for"
    );
    let mut before = program.saying(&[]);
    program.use_token(&reply);
    assert_eq!(program.get(&path).await.status, StatusCode::OK, "under the same id");
    before.put(&path).await.is_problem(StatusCode::CONFLICT, "superseded");
    site.world.pass(seconds(31));
    assert!(!before.is_logged_in().await, "the old one is a theft after its grace");
    assert!(!program.is_logged_in().await, "which ends the session");

    let path = format!("/sessions/{}", browser.id().await);
    let old = browser.browser.token().unwrap().to_owned();
    let reply = browser.put(&path).await;
    assert!(reply.set_cookie().is_some());
    let new = browser.browser.token().unwrap();
    assert_ne!(old, new);
    assert!(!reply.body.contains(&new[..43]) && reply.json().get("token").is_none(), "no script may read it");
    assert!(browser.is_logged_in().await);
}

#[tokio::test]
async fn only_the_session_that_asks_is_refreshed() {
    let site = Site::new().await;
    let [mut browser, mut program] = site.both().await;
    let other = program.id().await;
    browser.put(&format!("/sessions/{other}")).await.is_problem(StatusCode::CONFLICT, "not_current");
}

#[tokio::test]
async fn one_is_ended_at_once_the_current_one_with_its_cookie() {
    on_every_store(|backend| async move {
        let site = Site::on(backend, |_| {}).await;
        let [mut browser, mut program] = site.both().await;
        let (mine, other) = (browser.id().await, program.id().await);
        let reply = browser.delete(&format!("/sessions/{other}")).await;
        assert_eq!((reply.status, reply.set_cookie()), (StatusCode::NO_CONTENT, None));
        site.world.heard().await;
        assert!(!program.is_logged_in().await);
        browser.delete(&format!("/sessions/{other}")).await.is_problem(StatusCode::NOT_FOUND, "not_found");

        let reply = browser.delete(&format!("/sessions/{mine}")).await;
        assert!(reply.status == StatusCode::NO_CONTENT && reply.clears_cookie());
        assert!(!browser.is_logged_in().await);
    })
    .await;
}

#[tokio::test]
async fn all_others_are_ended_or_all() {
    on_every_store(|backend| async move {
        let site = Site::on(backend, |_| {}).await;
        let [mut browser, mut program] = site.both().await;
        let (mut grace, _) = stranger(&site).await;
        let (mine, other) = (browser.id().await, program.id().await);
        let reply = browser.delete("/sessions").await;
        assert_eq!((reply.status, reply.json()), (StatusCode::OK, json!({ "ended": [other] })));
        assert!(browser.is_logged_in().await);
        site.world.heard().await;
        assert!(!program.is_logged_in().await);

        let reply = browser.delete("/sessions?all=false").await;
        assert_eq!(reply.json(), json!({ "ended": [] }));
        let reply = browser.delete("/sessions?all=true").await;
        assert_eq!((reply.status, reply.json()), (StatusCode::OK, json!({ "ended": [mine] })));
        assert!(reply.clears_cookie());
        assert!(!browser.is_logged_in().await);
        assert!(grace.is_logged_in().await, "hers is another matter");
    })
    .await;
}

/// However many end the same sessions at once, none is alive afterwards, and each answer is one of those that are documented.
#[tokio::test]
async fn deletes_that_meet_leave_nothing_alive_and_break_nothing() {
    on_every_store(|backend| async move {
        let site = Site::on(backend, |_| {}).await;
        let [mut browser, mut program] = site.both().await;
        let (one, other) = (browser.id().await, program.id().await);
        let mut deletes = Vec::new();
        for round in 0..12 {
            let mut client = if round % 2 == 0 { browser.saying(&[]) } else { program.saying(&[]) };
            let path = match round % 4 {
                0 => format!("/sessions/{other}"),
                1 => format!("/sessions/{one}"),
                2 => "/sessions?all=true".to_owned(),
                _ => "/sessions".to_owned(),
            };
            deletes.push(async move { client.delete(&path).await.status.as_u16() });
        }
        let statuses = futures_util::future::join_all(deletes).await;
        assert!(statuses.iter().all(|status| [200, 204, 401, 404].contains(status)), "{statuses:?}");
        assert!(statuses.iter().any(|status| [200, 204].contains(status)), "{statuses:?}");
        assert_eq!(site.world.sessions.list("ada").await.unwrap().len(), 0);
    })
    .await;
}

#[tokio::test]
async fn nobody_is_shown_nothing() {
    let site = Site::with(|config| config.login_url = Some("/login".to_owned())).await;
    let (_, hers) = stranger(&site).await;
    let one = format!("/sessions/{hers}");
    for (method, path) in [
        (Method::GET, "/sessions"),
        (Method::GET, &one),
        (Method::PUT, &one),
        (Method::DELETE, &one),
        (Method::DELETE, "/sessions"),
    ] {
        // A browser that asks for a page is led to none: these are no pages.
        let mut nobody = site.client().saying(&[("accept", "text/html")]);
        let reply = nobody.send(method.clone(), path, None).await;
        reply.is_problem(StatusCode::UNAUTHORIZED, "login_required");
        assert_eq!(reply.header(header::WWW_AUTHENTICATE), Some("Bearer"));
        assert_eq!(reply.denial, Some(countersign::DenialKind::NotLoggedIn));
        let reply = site.client().saying(&[("authorization", "Bearer x")]).send(method, path, None).await;
        reply.is_problem(StatusCode::UNAUTHORIZED, "login_required");
        assert_eq!(reply.header(header::WWW_AUTHENTICATE), Some(r#"Bearer error="invalid_token""#));
    }
}
