//! `POST /sessions`, the first factor: what it takes, and what it hands to whom.

use axum::{Router, routing::post};
use countersign::{Carriers, ErrorKind, Session, SessionLayer, WhenFull, api::Api};
use http::{Method, StatusCode, header};
use serde_json::{Value, json};

use crate::{
    help::Site,
    support::{Browser, minutes, on_every_store},
    users::Users,
};

fn ada() -> Value {
    json!({ "username": "ada", "password": "lovelace" })
}

#[tokio::test]
async fn a_browser_gets_a_cookie_and_no_token() {
    on_every_store(|backend| async move {
        let site = Site::on(backend, |_| {}).await;
        let mut client = site.client();
        let reply = client.post(ada()).await;
        assert_eq!(reply.status, StatusCode::CREATED);
        let cookie = reply.set_cookie().unwrap();
        assert!(cookie.contains("HttpOnly") && !cookie.contains("Max-Age"), "{cookie}");
        let token = client.browser.token().unwrap();
        assert!(!reply.body.contains("token") && !reply.body.contains(&token[..43]), "{}", reply.body);
        let session = &reply.json()["session"];
        assert_eq!((&session["user"], &session["roles"]), (&json!("ada"), &json!(["editor"])));
        assert_eq!((&session["current"], &session["assurance"]), (&json!(true), &json!("aal1")));
        assert_eq!((&session["idle_left"], &session["absolute_left"]), (&json!(30 * 60), &json!(8 * 60 * 60)));
        let location = format!("sessions/{}", session["session_id"].as_str().unwrap());
        assert_eq!(reply.header(header::LOCATION), Some(location.as_str()), "relative to /api/sessions");
        assert_eq!(client.get(&format!("/{location}")).await.json(), *session);
    })
    .await;
}

#[tokio::test]
async fn a_program_that_asks_for_it_gets_a_token_and_no_cookie() {
    let site = Site::new().await;
    let mut client = site.client();
    let reply = client.post(json!({ "username": "ada", "password": "lovelace", "token": true })).await;
    assert_eq!((reply.status, reply.set_cookie()), (StatusCode::CREATED, None));
    assert!(!client.is_logged_in().await, "by a cookie");
    client.use_token(&reply);
    assert!(client.is_logged_in().await);

    let again = client.post(ada()).await;
    assert_eq!((again.status, again.set_cookie()), (StatusCode::CREATED, None));
    assert!(again.json()["token"].is_string(), "a client that came with a token needs the next one");
    assert!(!client.is_logged_in().await, "the session before has ended");
    client.use_token(&again);
    assert!(client.is_logged_in().await);
}

#[tokio::test]
async fn settings_outrank_what_a_client_asks_for() {
    let site = Site::with(|config| config.carriers = Carriers::BearerOnly).await;
    let reply = site.client().post(ada()).await;
    assert!(reply.json()["token"].is_string() && reply.set_cookie().is_none());

    let site = Site::with(|config| config.carriers = Carriers::CookieOnly).await;
    let reply = site.client().post(json!({ "username": "ada", "password": "lovelace", "token": true })).await;
    reply.is_problem(StatusCode::UNPROCESSABLE_ENTITY, "invalid");
    assert_eq!(reply.json()["pointer"], "/token");
    assert!(site.client().post(ada()).await.set_cookie().is_some());
}

#[tokio::test]
async fn a_log_in_may_be_remembered_and_names_its_device() {
    let site = Site::new().await;
    let mut client = site.client();
    let body = json!({ "username": "ada", "password": "lovelace", "remember": true, "device_id": "phone-7" });
    let reply = client.post(body).await;
    assert!(reply.set_cookie().unwrap().contains("Max-Age=1209600"), "{:?}", reply.set_cookie());
    assert_eq!(reply.json()["session"]["device"]["id"], "phone-7");
    let ended = site.world.sessions.revoke_device("ada", "phone-7", countersign::Reason::ByOperator).await.unwrap();
    assert_eq!(ended.len(), 1);
    assert!(!client.is_logged_in().await);
}

#[tokio::test]
async fn who_is_wrong_learns_nothing_and_loses_nothing() {
    let site = Site::new().await;
    let mut bodies = Vec::new();
    for (username, password) in [("ada", "hopper"), ("nobody", "lovelace"), ("\u{0}", "x"), ("Ada ", "lovelace")] {
        let reply = site.client().post(json!({ "username": username, "password": password })).await;
        reply.is_problem(StatusCode::UNAUTHORIZED, "wrong_credentials");
        assert_eq!(reply.header(header::WWW_AUTHENTICATE), Some("Bearer"));
        bodies.push(reply.body);
    }
    bodies.dedup();
    assert_eq!(bodies.len(), 1, "the same for all: {bodies:?}");

    let mut ada = site.browser().await;
    ada.post(json!({ "username": "ada", "password": "wrong" }))
        .await
        .is_problem(StatusCode::UNAUTHORIZED, "wrong_credentials");
    assert!(ada.is_logged_in().await, "his session goes on");
}

#[tokio::test]
async fn spellings_of_one_name_share_their_attempts() {
    let site = Site::new().await;
    for name in ["ada", "Ada", "aDa", "adA", "ADA"] {
        let reply = site.client().post(json!({ "username": name, "password": "wrong" })).await;
        reply.is_problem(StatusCode::UNAUTHORIZED, "wrong_credentials");
    }
    let reply = site.client().post(ada()).await;
    reply.is_problem(StatusCode::TOO_MANY_REQUESTS, "too_many_attempts");
    assert!((1..=30).contains(&reply.header(header::RETRY_AFTER).unwrap().parse().unwrap()));
    site.world.pass(minutes(1));
    assert_eq!(site.client().post(ada()).await.status, StatusCode::CREATED);
}

/// However many try at once, no more than five passwords are checked.
#[tokio::test]
async fn attempts_that_begin_at_once_are_counted_before_any_password_is_checked() {
    let site = Site::new().await;
    let tries = (0..30).map(|number| {
        let mut client = site.client();
        async move { client.post(json!({ "username": "ada", "password": number.to_string() })).await.code().unwrap() }
    });
    let codes = futures_util::future::join_all(tries).await;
    assert_eq!(codes.iter().filter(|code| *code == "wrong_credentials").count(), 5, "{codes:?}");
    assert_eq!(codes.iter().filter(|code| *code == "too_many_attempts").count(), 25);
}

#[tokio::test]
async fn a_change_of_the_password_overtakes_a_log_in_by_the_old_one() {
    let site = Site::new().await;
    let reply = site.client().post(json!({ "username": "hedy", "password": "lamarr" })).await;
    reply.is_problem(StatusCode::UNAUTHORIZED, "log_in_again");
    assert_eq!(site.world.sessions.list("hedy").await.unwrap().len(), 0);
}

#[tokio::test]
async fn the_limit_of_sessions_is_kept_as_the_settings_say() {
    let site = Site::with(|config| config.limit.max = 2).await;
    let [mut first, mut second] = site.both().await;
    assert!(first.is_logged_in().await);
    site.browser().await;
    assert!(first.is_logged_in().await != second.is_logged_in().await, "the one used least recently had to go");

    let site = Site::with(|config| {
        config.limit.max = 1;
        config.limit.when_full = WhenFull::Reject;
    })
    .await;
    let mut only = site.program().await;
    site.client().post(ada()).await.is_problem(StatusCode::CONFLICT, "too_many_sessions");
    assert!(only.is_logged_in().await);
    assert_eq!(only.post(ada()).await.status, StatusCode::CREATED, "in the place of his own");
}

#[tokio::test]
async fn what_the_verdict_names_is_kept_of_the_session_before() {
    let site = Site::new().await;
    let sessions = site.world.sessions.clone();
    let api = Api::new(Users { sessions: sessions.clone().into() });
    let fill = async |session: Session| {
        session.set("cart.book", &1)?;
        session.set("planted", &1)
    };
    let show = async |session: Session| {
        Ok::<_, countersign::Error>(session.entries::<String, u32>("")?.into_keys().collect::<String>())
    };
    let app = Router::new()
        .route("/fill", post(fill))
        .route("/show", post(show))
        .nest("/api", api.router())
        .layer(SessionLayer::new(sessions));
    let mut client = site.client_of(&app);
    client.browser.post("/fill").await;
    let before = client.browser.token().unwrap().to_owned();
    assert_eq!(client.post(ada()).await.status, StatusCode::CREATED);
    assert_eq!(client.browser.post("/show").await.body, "cart.book");
    let mut planted = Browser::with_token(&app, &before);
    assert_eq!(planted.post("/show").await.body, "", "what was known before log-in is worth nothing");
}

#[tokio::test]
async fn a_session_begins_only_from_its_own_site() {
    let site = Site::new().await;
    for said in
        [[("sec-fetch-site", "cross-site")], [("sec-fetch-site", "same-site")], [("origin", "https://evil.example")]]
    {
        let mut foreign = site.client().saying(&said);
        foreign.post(ada()).await.is_problem(StatusCode::FORBIDDEN, "cross_site");
    }
    // A form of another site can send no JSON, and what it can send is refused whoever it is.
    let form = Some(("username=ada&password=lovelace", "application/x-www-form-urlencoded"));
    let reply = site.client().send_text(Method::POST, "/sessions", form).await;
    reply.is_problem(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type");
    assert_eq!(site.world.sessions.list("ada").await.unwrap().len(), 0);
}

/// What is the application's business, and not its client's, stays inside.
#[tokio::test]
async fn an_authenticator_that_fails_is_an_outage_and_no_refusal() {
    let site = Site::new().await;
    for body in [
        json!({ "username": "out of order", "password": "lovelace" }),
        json!({ "username": "margaret", "password": "hamilton" }),
    ] {
        let reply = site.client().post(body).await;
        reply.is_problem(StatusCode::SERVICE_UNAVAILABLE, "unavailable");
        assert!(!reply.body.contains("table"), "{}", reply.body);
    }
    let reply = site.client().post(json!({ "username": "no id", "password": "lovelace" })).await;
    reply.is_problem(StatusCode::INTERNAL_SERVER_ERROR, "internal");
    let error = site.world.sessions.log_in("no\nid").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidName);
    assert!(!reply.body.contains("control"), "{}", reply.body);
}

/// However a name is spelt, the answers tell nothing of whether it is anybody's.
#[tokio::test]
async fn spellings_are_counted_as_one_whether_there_is_such_a_user_or_not() {
    let site = Site::new().await;
    for spellings in [["ada", "ADA"], ["nobody", "NOBODY"]] {
        let mut statuses = Vec::new();
        for attempt in 0..6 {
            let body = json!({ "username": spellings[attempt % 2], "password": "wrong" });
            statuses.push(site.client().post(body).await.status.as_u16());
        }
        assert_eq!(statuses, [401, 401, 401, 401, 401, 429], "{spellings:?}");
    }
}

/// An application that finds none of a user's factors has said that he owes one.
#[tokio::test]
async fn a_second_factor_of_no_kind_lets_nobody_in() {
    let site = Site::new().await;
    let mut joan = site.client();
    let reply = joan.post(json!({ "username": "joan", "password": "clarke" })).await;
    assert_eq!(reply.status, StatusCode::ACCEPTED);
    assert!(!joan.is_logged_in().await);
    joan.post(json!({ "factor": "totp", "code": "123456" })).await.is_problem(StatusCode::FORBIDDEN, "wrong_factor");
}
