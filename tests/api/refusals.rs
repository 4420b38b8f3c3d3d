//! Requests that are not as they should be: each is answered by a problem that names what is wrong, and repeats nothing of it.

use axum::Router;
use countersign::{SessionLayer, api::Api};
use http::{Method, StatusCode, header};
use serde_json::{Value, json};

use crate::{help::Site, users::Users};

const JSON: &str = "application/json";

#[tokio::test]
async fn a_body_that_is_no_json_object_is_refused() {
    let site = Site::new().await;
    let big = format!(r#"{{"username":"{}"}}"#, "x".repeat(20_000));
    let deep = "[".repeat(10_000);
    let cases = [
        ("", JSON, StatusCode::BAD_REQUEST, "malformed"),
        ("{", JSON, StatusCode::BAD_REQUEST, "malformed"),
        (r#"{"username":"\ud800"}"#, JSON, StatusCode::BAD_REQUEST, "malformed"),
        (&deep, JSON, StatusCode::BAD_REQUEST, "malformed"),
        ("[]", "application/json; charset=utf-8", StatusCode::UNPROCESSABLE_ENTITY, "invalid"),
        ("null", "APPLICATION/JSON", StatusCode::UNPROCESSABLE_ENTITY, "invalid"),
        (&big, JSON, StatusCode::PAYLOAD_TOO_LARGE, "too_large"),
        ("{}", "", StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type"),
        ("{}", "text/plain", StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type"),
        ("a=b", "application/x-www-form-urlencoded", StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type"),
    ];
    for (text, kind, status, code) in cases {
        site.client().send_text(Method::POST, "/sessions", Some((text, kind))).await.is_problem(status, code);
    }
    site.client()
        .send(Method::POST, "/sessions", None)
        .await
        .is_problem(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type");
}

#[tokio::test]
async fn each_field_that_is_wrong_is_named_and_what_it_holds_is_not_repeated() {
    let site = Site::new().await;
    let long = "hunter2".repeat(200);
    let cases = [
        (json!({}), Some("/username")),
        (json!({ "username": "ada" }), Some("/password")),
        (json!({ "username": "", "password": "hunter2" }), Some("/username")),
        (json!({ "username": "ada", "password": "" }), Some("/password")),
        (json!({ "username": ["hunter2"], "password": "x" }), Some("/username")),
        (json!({ "username": "ada", "password": { "is": "hunter2" } }), Some("/password")),
        (json!({ "username": "ada", "password": long }), Some("/password")),
        (json!({ "username": "ada", "password": null }), Some("/password")),
        (json!({ "username": "ada", "password": "x", "remember": "hunter2" }), Some("/remember")),
        (json!({ "username": "ada", "password": "x", "token": 1 }), Some("/token")),
        (json!({ "username": "ada", "password": "x", "device_id": "" }), Some("/device_id")),
        (json!({ "username": "ada", "password": "x", "device_id": "a\u{7}hunter2" }), Some("/device_id")),
        (json!({ "username": "ada", "password": "x", "hunter2": true }), None),
        (json!({ "factor": "totp" }), Some("/code")),
        (json!({ "code": "hunter2" }), Some("/factor")),
        (json!({ "factor": "totp", "code": 123456 }), Some("/code")),
        (json!({ "factor": "totp", "code": "hunter2", "username": "ada" }), None),
    ];
    for (body, pointer) in cases {
        let reply = site.client().post(body.clone()).await;
        reply.is_problem(StatusCode::UNPROCESSABLE_ENTITY, "invalid");
        assert_eq!(reply.json().get("pointer").and_then(Value::as_str), pointer, "{body}");
        assert!(!reply.body.contains("hunter2"), "{}", reply.body);
    }
    // As long as it may be, in characters.
    let body = json!({ "username": "ä".repeat(255), "password": "ß".repeat(1024), "device_id": "ö".repeat(100) });
    site.client().post(body).await.is_problem(StatusCode::UNAUTHORIZED, "wrong_credentials");
}

#[tokio::test]
async fn a_query_that_is_not_understood_ends_nothing() {
    let site = Site::new().await;
    let [mut browser, mut program] = site.both().await;
    for query in ["all=", "all=yes", "all=1", "all", "al=true", "all=true&all=false", "all=true&x=y", "except=current"]
    {
        let reply = browser.delete(&format!("/sessions?{query}")).await;
        reply.is_problem(StatusCode::UNPROCESSABLE_ENTITY, "invalid");
    }
    assert!(program.is_logged_in().await && browser.is_logged_in().await);
}

#[tokio::test]
async fn paths_and_methods_that_are_not_there_are_problems_too() {
    let site = Site::new().await;
    let mut ada = site.browser().await;
    for path in ["/session", "/sessions/", "/sessions/a/b", "/openapi.yaml"] {
        let reply = ada.get(path).await;
        assert_eq!(reply.status, StatusCode::NOT_FOUND, "{path}: {}", reply.body);
    }
    let allow = |reply: crate::support::Reply| {
        reply.is_problem(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed");
        let allow = reply.header(header::ALLOW).unwrap();
        let mut methods: Vec<String> = allow.split(',').map(|method| method.trim().to_owned()).collect();
        methods.sort();
        methods.join(" ")
    };
    assert_eq!(allow(ada.put("/sessions").await), "DELETE GET HEAD POST");
    assert_eq!(allow(ada.post_to("/sessions/AAAAAAAAAAAAAAAAAAAAAAAA").await), "DELETE GET HEAD PUT");
    assert_eq!(allow(ada.delete("/openapi.json").await), "GET HEAD");
    let reply = site.client().send(Method::TRACE, "/sessions", None).await;
    assert_eq!(allow(reply), "DELETE GET HEAD POST");
    assert!(ada.is_logged_in().await);
}

/// Below a layer of the application's own, what the layer turns away has no body, as everywhere else; the rest is the same.
#[tokio::test]
async fn the_routes_can_be_nested_below_a_layer_that_is_there_already() {
    let site = Site::new().await;
    let sessions = site.world.sessions.clone();
    let api = Api::new(Users { sessions: sessions.clone().into() });
    let app = Router::new().nest("/api", api.router()).layer(SessionLayer::new(sessions));
    let mut ada = site.client_of(&app);
    ada.post(json!({ "username": "ada", "password": "lovelace" })).await;
    assert!(ada.is_logged_in().await);
    ada.get("/nothing").await.is_problem(StatusCode::NOT_FOUND, "not_found");
    site.client_of(&app).get("/sessions").await.is_problem(StatusCode::UNAUTHORIZED, "login_required");
    let mut request = ada.browser.request(Method::DELETE, "/api/sessions");
    request.headers_mut().insert("sec-fetch-site", "cross-site".parse().unwrap());
    let reply = ada.browser.ask(request).await;
    assert_eq!((reply.status, &*reply.body), (StatusCode::FORBIDDEN, ""));
}

/// What another site makes a browser send is refused by the layer, and said by a problem.
#[tokio::test]
async fn another_site_ends_and_refreshes_nothing() {
    let site = Site::new().await;
    let mut ada = site.browser().await;
    let one = format!("/sessions/{}", ada.id().await);
    let mut foreign = ada.saying(&[("sec-fetch-site", "cross-site"), ("origin", "https://evil.example")]);
    for (method, path) in
        [(Method::DELETE, "/sessions"), (Method::DELETE, &one), (Method::PUT, &one), (Method::POST, "/sessions")]
    {
        foreign.send(method, path, None).await.is_problem(StatusCode::FORBIDDEN, "cross_site");
    }
    let mut program = site.program().await.saying(&[("sec-fetch-site", "cross-site")]);
    assert_eq!(program.delete("/sessions").await.status, StatusCode::OK, "no browser sends a token by itself");
    assert!(!ada.is_logged_in().await);
}

#[tokio::test]
async fn the_path_that_they_are_nested_at_may_have_parameters() {
    let site = Site::new().await;
    let sessions = site.world.sessions.clone();
    let api = Api::new(Users { sessions: sessions.clone().into() });
    let app = Router::new().nest("/{tenant}/api", api.behind(SessionLayer::new(sessions.clone())));
    let issued = sessions.log_in("ada").await.unwrap();
    let mut ada = crate::support::Browser::with_bearer(&app, &issued.token().reveal());
    let reply = ada.get(&format!("/acme/api/sessions/{}", issued.session_id())).await;
    assert_eq!((reply.status, &reply.json()["user"]), (StatusCode::OK, &json!("ada")));
    assert_eq!(ada.get("/acme/api/openapi.json").await.json()["servers"][0]["url"], "/acme/api");
    assert_eq!(ada.get("/acme/api/sessions/nonsense").await.status, StatusCode::NOT_FOUND);
}
