//! The quickstart, as its users start it: a process of its own, real HTTP, and `kill -9`.

#![cfg(all(unix, feature = "axum", feature = "sqlite"))]
#![allow(clippy::unwrap_used, unreachable_pub, reason = "a test, in several files")]

mod client;
#[allow(unreachable_pub, reason = "other tests share it")]
#[path = "../support/example.rs"]
mod example;
mod process;
mod rest;

use std::{
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt,
};

use http::{Method, StatusCode, header};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use client::{Browser, Program};
use process::{Home, Running};

const STORES: [&str; 2] = ["memory:", "sqlite:sessions.db"];

async fn token(app: &Running, username: &str, password: &str) -> String {
    let reply = Program::new(app.address).log_in(username, password).await.unwrap();
    assert_eq!(reply.status, StatusCode::OK);
    reply.json()["token"].as_str().unwrap().to_owned()
}

fn fields(value: &Value) -> Vec<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

#[tokio::test]
async fn a_program_uses_every_route_by_json_and_bearer_token() {
    for store in STORES {
        let home = Home::new(store);
        let app = home.start().await;

        let reply = Program::new(app.address).log_in("ada", "lovelace").await.unwrap();
        assert_eq!(reply.status, StatusCode::OK);
        assert!(reply.cookie("sid").unwrap().contains("HttpOnly"));
        let issued = reply.json();
        assert_eq!(fields(&issued), ["expires_at", "session_id", "token"]);
        let ada = Program::with_token(app.address, issued["token"].as_str().unwrap());

        let me = ada.get("/me").await.json();
        assert_eq!((&me["user"], &me["session_id"]), (&json!("ada"), &issued["session_id"]));
        assert_eq!((&me["device"]["browser"], &me["address"]), (&json!("curl"), &json!("127.0.0.1")));
        assert!(me["created_at"].as_str() < me["expires_at"].as_str());

        assert_eq!(ada.post("/counter").await.json(), json!({ "count": 1 }));
        assert_eq!(ada.post("/counter").await.json(), json!({ "count": 2 }));

        let other = Program::with_token(app.address, &token(&app, "ada", "lovelace").await);
        let third = Program::with_token(app.address, &token(&app, "ada", "lovelace").await);
        let grace = Program::with_token(app.address, &token(&app, "grace", "hopper").await);
        assert_eq!(other.post("/counter").await.json(), json!({ "count": 1 }), "each session counts for itself");

        let list = ada.get("/sessions").await;
        assert!(!list.body.contains("token") && !list.body.contains("secret"), "{}", list.body);
        let list = list.json();
        let marks: Vec<&Value> = list.as_array().unwrap().iter().map(|info| &info["current"]).collect();
        assert_eq!(marks, [true, false, false], "the current one in front");
        assert_eq!(list[0]["session_id"], issued["session_id"]);

        let others_id = other.get("/me").await.json()["session_id"].as_str().unwrap().to_owned();
        let one = format!("/sessions/{others_id}");
        assert_eq!(grace.delete(&one).await.status, StatusCode::NOT_FOUND, "not hers");
        assert_eq!(other.get("/me").await.status, StatusCode::OK);
        assert_eq!(ada.delete(&one).await.status, StatusCode::NO_CONTENT);
        assert_eq!(other.get("/me").await.status, StatusCode::UNAUTHORIZED);
        assert_eq!(ada.delete(&one).await.status, StatusCode::NOT_FOUND, "no longer there");
        assert_eq!(ada.delete("/sessions/nonsense").await.status, StatusCode::BAD_REQUEST);

        for vague in ["/sessions", "/sessions?except=", "/sessions?except=none"] {
            let reply = ada.delete(vague).await;
            assert_eq!(reply.status, StatusCode::BAD_REQUEST);
            assert!(reply.json()["message"].as_str().unwrap().contains("DELETE /sessions?except=current"));
        }
        assert_eq!(third.get("/me").await.status, StatusCode::OK);
        assert_eq!(ada.delete("/sessions?except=current").await.status, StatusCode::NO_CONTENT);
        assert_eq!(third.get("/me").await.status, StatusCode::UNAUTHORIZED);
        assert_eq!(grace.get("/me").await.status, StatusCode::OK);

        let renewed = ada.post("/refresh").await.json();
        assert_eq!(
            ada.post("/refresh").await.json()["token"],
            renewed["token"],
            "one successor, however often asked for"
        );
        assert_eq!(ada.get("/me").await.status, StatusCode::OK, "in its grace");
        let ada = Program::with_token(app.address, renewed["token"].as_str().unwrap());
        assert_eq!(ada.get("/me").await.json()["session_id"], issued["session_id"]);

        let mut browser = Browser::new(app.address);
        browser.submit("/login", "username=ada&password=lovelace").await;
        let reply = browser.fetch(Method::POST, "/refresh").await;
        assert_eq!(
            (reply.status, &*reply.body),
            (StatusCode::NO_CONTENT, ""),
            "no script is shown what the cookie holds"
        );

        assert_eq!(ada.post("/logout").await.status, StatusCode::NO_CONTENT);
        assert_eq!(ada.post("/logout").await.status, StatusCode::NO_CONTENT);
        assert_eq!(ada.get("/me").await.status, StatusCode::UNAUTHORIZED);
        assert!(app.terminate().await, "{}", home.log());
    }
}

#[tokio::test]
async fn a_browser_uses_every_route_by_forms_and_cookie() {
    for store in STORES {
        let home = Home::new(store);
        let app = home.start().await;
        let mut ada = Browser::new(app.address);

        let page = ada.open("/").await;
        assert_eq!(page.status, StatusCode::OK);
        assert!(page.header(header::CONTENT_SECURITY_POLICY).contains("default-src 'none'"));
        assert!(page.body.contains(r#"name="password""#) && !page.body.contains("{{"));
        assert_eq!(page.header(header::SET_COOKIE), "", "a visit alone is no session");

        assert!(ada.submit("/login", "username=ada&password=lovelace").await.leads_to_the_page());
        let page = ada.open("/").await.body;
        assert!(page.contains("<h1>ada</h1>") && page.contains("Logged in here only."));
        let devices = ada.open("/account").await.body;
        assert!(devices.contains("this device") && devices.contains("Firefox 133 on Linux"));
        assert!(ada.submit("/counter", "").await.leads_to_the_page());
        assert!(ada.open("/").await.body.contains(r#"<output class="count">1</output>"#));
        assert!(ada.open("/me").await.leads_to_the_page(), "the page shows it all");
        assert!(ada.open("/sessions").await.leads_to_the_page());

        let mut phone = Browser::new(app.address);
        let reply = phone.submit("/login", "username=ada&password=lovelace&remember=true").await;
        assert!(reply.cookie("sid").unwrap().contains("Max-Age=12"), "remembered for 14 days, in seconds");
        let id = phone.fetch(Method::GET, "/me").await.json()["session_id"].as_str().unwrap().to_owned();
        let devices = ada.open("/account").await.body;
        assert!(devices.contains(&format!(r#"name="session" value="{id}""#)));
        let token = devices.split(r#"name="form_token" value=""#).nth(1).unwrap().split('"').next().unwrap();
        let reply = ada.submit("/account/end", &format!("session={id}&form_token={token}")).await;
        assert_eq!((reply.status, reply.header(header::LOCATION)), (StatusCode::SEE_OTHER, "/account?ended=1"));
        assert!(!ada.open("/account").await.body.contains(&id));

        assert!(phone.submit("/counter", "").await.leads_to_the_page());
        assert_eq!(phone.cookie, None, "a dead cookie is taken away");
        assert!(phone.open("/").await.body.contains(r#"name="password""#), "the page is the form to log in");

        assert!(phone.submit("/login", "username=ada&password=lovelace").await.leads_to_the_page());
        assert_eq!(ada.fetch(Method::DELETE, "/sessions?except=current").await.status, StatusCode::NO_CONTENT);
        assert_eq!(phone.fetch(Method::GET, "/me").await.status, StatusCode::UNAUTHORIZED);

        assert!(ada.submit("/logout", "").await.leads_to_the_page());
        assert_eq!(ada.cookie, None);
        assert!(ada.open("/").await.body.contains(r#"name="password""#));
    }
}

#[tokio::test]
async fn the_page_for_operators_is_theirs_alone() {
    let home = Home::new("memory:");
    let app = home.start().await;
    for (user, password, status) in [("ada", "lovelace", StatusCode::FORBIDDEN), ("grace", "hopper", StatusCode::OK)] {
        let mut browser = Browser::new(app.address);
        assert!(browser.open("/operators").await.header(header::LOCATION).starts_with("/?return_to="), "to the log-in");
        assert!(browser.submit("/login", &format!("username={user}&password={password}")).await.leads_to_the_page());
        assert_eq!(browser.open("/operators").await.status, status);
        assert_eq!(browser.open("/").await.body.contains(r#"href="/operators""#), status == StatusCode::OK);
    }
    assert!(app.terminate().await, "{}", home.log());
}

#[tokio::test]
async fn bad_credentials_are_a_401_for_programs_and_the_form_for_browsers() {
    let home = Home::new("memory:");
    let app = home.start().await;
    for (username, password) in [("ada", "hopper"), ("ada", ""), ("nobody", "lovelace"), ("", "")] {
        let reply = Program::new(app.address).log_in(username, password).await.unwrap();
        assert_eq!((reply.status, reply.header(header::WWW_AUTHENTICATE)), (StatusCode::UNAUTHORIZED, "Bearer"));
        assert_eq!(reply.json()["error"], "wrong_credentials");

        let mut browser = Browser::new(app.address);
        let reply = browser.submit("/login", &format!("username={username}&password={password}")).await;
        assert_eq!((reply.status, browser.cookie), (StatusCode::UNAUTHORIZED, None));
        assert!(reply.body.contains("user name or password is wrong") && reply.body.contains(r#"name="password""#));
    }
    for (method, path) in [
        (Method::GET, "/me"),
        (Method::GET, "/sessions"),
        (Method::POST, "/counter"),
        (Method::DELETE, "/sessions?except=current"),
        (Method::DELETE, "/sessions/AAAAAAAAAAAAAAAAAAAAAAAA"),
    ] {
        let reply = Program::new(app.address).send(method, path).await;
        assert_eq!((reply.status, reply.header(header::WWW_AUTHENTICATE)), (StatusCode::UNAUTHORIZED, "Bearer"));
        assert_eq!(reply.json()["error"], "login_required");
    }
}

#[tokio::test]
async fn guesses_at_a_password_are_slowed_down_for_programs_and_browsers() {
    let home = Home::new("memory:");
    let app = home.start().await;
    for _ in 0..5 {
        let reply = Program::new(app.address).log_in("ada", "hopper").await.unwrap();
        assert_eq!(reply.status, StatusCode::UNAUTHORIZED);
    }
    let reply = Program::new(app.address).log_in("ada", "lovelace").await.unwrap();
    assert_eq!(reply.status, StatusCode::TOO_MANY_REQUESTS, "not even the right one");
    assert!((1..=30).contains(&reply.header(header::RETRY_AFTER).parse().unwrap()));
    let page = Browser::new(app.address).submit("/login", "username=ada&password=lovelace").await;
    assert!((1..=30).contains(&page.header(header::RETRY_AFTER).parse().unwrap()));
    assert!(page.body.contains("too many attempts") && page.body.contains(r#"name="password""#), "{}", page.body);
    token(&app, "grace", "hopper").await;
}

#[tokio::test]
async fn kill_9_right_after_a_login_loses_no_acknowledged_session() {
    let home = Home::new("sqlite:sessions.db");
    let mut acknowledged: Vec<String> = Vec::new();
    for _ in 0..100 {
        // Log-ins that the kill interrupts count as failed ones, all of one network.
        let mut command = home.command();
        command.env("SESSIONS_THROTTLE__NETWORK__FREE", "1000");
        let app = home.run(command).await;
        if let Some(newest) = acknowledged.last() {
            let me = Program::with_token(app.address, newest).get("/me").await;
            assert_eq!(me.status, StatusCode::OK, "session {} is gone", acknowledged.len());
        }
        // The first answer is followed by the kill; a second log-in is on its way meanwhile.
        let mut log_ins = JoinSet::new();
        for _ in 0..2 {
            let client = Program::new(app.address);
            log_ins.spawn(async move { client.log_in("ada", "lovelace").await });
        }
        let first = log_ins.join_next().await.unwrap().unwrap().unwrap();
        app.kill_9().await;
        let second = log_ins.join_next().await.unwrap().unwrap().ok();
        for reply in [second, Some(first)].into_iter().flatten() {
            assert_eq!(reply.status, StatusCode::OK);
            acknowledged.push(reply.json()["token"].as_str().unwrap().to_owned());
        }
    }

    let app = home.start().await;
    assert!(acknowledged.len() >= 100);
    for (number, token) in acknowledged.iter().enumerate() {
        let me = Program::with_token(app.address, token).get("/me").await;
        assert_eq!(me.status, StatusCode::OK, "session {number} of {} is gone", acknowledged.len());
    }
    let list = Program::with_token(app.address, &acknowledged[0]).get("/sessions").await.json();
    assert!(list.as_array().unwrap().len() >= acknowledged.len());
}

#[tokio::test]
async fn a_development_key_is_made_once_and_private() {
    let home = Home::new("sqlite:sessions.db");
    let app = home.start().await;
    let key = home.path("sessions.db.key");
    assert!(home.log().contains("COUNTERSIGN_KEYS is not set") && home.log().contains("sessions.db.key"));
    assert_eq!(fs::metadata(&key).unwrap().permissions().mode() & 0o777, 0o600);
    let token = token(&app, "ada", "lovelace").await;
    assert!(app.terminate().await);

    let app = home.start().await;
    assert_eq!(Program::with_token(app.address, &token).get("/me").await.status, StatusCode::OK, "the same key");
    assert!(app.terminate().await);
    let material = fs::read_to_string(&key).unwrap();
    assert!(!home.log().contains(&material) && !home.log().contains(&token));

    fs::set_permissions(&key, Permissions::from_mode(0o640)).unwrap();
    assert!(home.refusal(home.command()).await.contains("chmod 600"));
    fs::set_permissions(&key, Permissions::from_mode(0o600)).unwrap();
    fs::write(&key, "").unwrap();
    assert!(home.refusal(home.command()).await.contains("sessions.db.key"));

    // Keys of the environment outrank it, and a key that moves back in the list still verifies.
    let mut command = home.command();
    command.env("COUNTERSIGN_KEYS", format!("bmV3IGtleSBvZiB0aGUgdGVzdHM6IDMyIGJ5dGVzISE=,{material}"));
    let app = home.run(command).await;
    assert!(!home.log().contains("development key"));
    assert_eq!(Program::with_token(app.address, &token).get("/me").await.status, StatusCode::OK);
}

#[tokio::test]
async fn settings_that_make_no_sense_are_refused_by_name() {
    let home = Home::new("memory:");
    for (name, value, says) in [
        ("LISTEN", "here", "LISTEN=here"),
        (
            "SESSION_STORE",
            "mongodb://cache",
            "SESSION_STORE: the session store of this URL could not be opened: `mongodb:` is not known",
        ),
        ("SESSION_STORE", "sqlite:", "`sqlite:` needs a file"),
        ("SESSIONS_LIMIT__MAX", "many", "limit.max"),
        ("SESSION_STORE", "sqlite:no/such/folder/sessions.db", "no/such/folder"),
        ("COUNTERSIGN_KEYS", "c2hvcnQ=", "openssl rand -base64 32"),
        ("COUNTERSIGN_KEYS", "!", "not base64"),
    ] {
        let mut command = home.command();
        command.env(name, value);
        let log = home.refusal(command).await;
        assert!(log.contains(says), "{name}={value}: {log}");
    }
}
