//! P14, and the layer's answers line by line.

use axum::{Router, http::HeaderValue, response::IntoResponse, routing::get};
use countersign::{LoggedIn, RefusalKind, Session, SessionLayer};
use http::{Request, StatusCode, header};

use crate::support::{Backend, Browser, World, app, minutes, on_every_store};

#[tokio::test]
async fn p14_what_sets_or_clears_the_cookie_is_uncacheable_and_varies() {
    on_every_store(|backend| async move {
        let world = World::new(backend).await;
        let app = app(world.sessions.clone());
        let mut browser = Browser::new(&app);
        let mut replies = vec![browser.post("/count").await, browser.post("/login/ada").await];
        world.pass(minutes(15));
        replies.push(browser.get("/me").await);
        replies.push(browser.post("/rotate").await);
        replies.push(browser.post("/role/admin").await);
        replies.push(browser.post("/logout").await);
        replies.push(Browser::with_token(&app, "bad").get("/free").await);
        for reply in replies {
            assert!(reply.set_cookie().is_some());
            assert_eq!(reply.header(header::CACHE_CONTROL), Some("no-store"));
            assert_eq!(reply.header(header::VARY), Some("cookie, authorization"));
        }
    })
    .await;
}

#[tokio::test]
async fn p14_what_depends_on_a_credential_is_private_and_varies() {
    let world = World::new(Backend::Memory).await;
    let app = app(world.sessions.clone());
    let mut browser = Browser::new(&app);
    browser.post("/login/ada").await;
    for path in ["/me", "/peek", "/attributes/count"] {
        let reply = browser.get(path).await;
        assert_eq!(reply.header(header::CACHE_CONTROL), Some("private"), "{path}");
        assert_eq!(reply.header(header::VARY), Some("cookie, authorization"), "{path}");
    }
    let mut nobody = Browser::new(&app);
    for (path, control) in [("/me", Some("no-store")), ("/peek", None)] {
        let reply = nobody.get(path).await;
        assert_eq!(reply.header(header::VARY), Some("cookie, authorization"), "even its absence was looked at");
        assert_eq!(reply.header(header::CACHE_CONTROL), control, "{path}: a refusal is kept nowhere");
    }
    for browser in [&mut browser, &mut nobody] {
        let reply = browser.get("/free").await;
        assert_eq!((reply.header(header::VARY), reply.header(header::CACHE_CONTROL)), (None, None), "nobody asked");
    }
}

#[tokio::test]
async fn p14_a_handlers_cache_headers_are_strengthened_never_weakened() {
    async fn cached(_who: LoggedIn, uri: http::Uri) -> impl IntoResponse {
        let value = uri.query().unwrap().replace('+', " ");
        (
            [
                (header::CACHE_CONTROL, HeaderValue::try_from(value).unwrap()),
                (header::VARY, HeaderValue::from_static("*")),
            ],
            "",
        )
    }
    let world = World::new(Backend::Memory).await;
    let token = world.sessions.log_in("ada").await.unwrap().token().reveal().to_string();
    let app = Router::new().route("/", get(cached)).layer(SessionLayer::new(world.sessions.clone()));
    let cases = [
        ("no-store", "no-store"),
        ("private,+max-age=60", "private, max-age=60"),
        ("public,+max-age=60,+s-maxage=600", "private, max-age=60"),
        ("max-age=60", "private, max-age=60"),
        ("No-Cache", "private, No-Cache"),
    ];
    for (said, sent) in cases {
        let reply = Browser::with_token(&app, &token).get(&format!("/?{said}")).await;
        assert_eq!(reply.header(header::CACHE_CONTROL), Some(sent));
        assert_eq!(reply.headers.get_all(header::VARY).iter().collect::<Vec<_>>(), ["*"]);
    }
}

#[tokio::test]
async fn one_set_cookie_of_our_name_and_all_others_survive() {
    async fn handler(session: Session) -> impl IntoResponse {
        session.log_in("ada").await.unwrap();
        let cookies = ["theme=dark", "__Host-sid=planted; Path=/", "lang=en"];
        let mut response = "".into_response();
        for cookie in cookies {
            response.headers_mut().append(header::SET_COOKIE, HeaderValue::from_static(cookie));
        }
        response
    }
    let world = World::new(Backend::Memory).await;
    let app = Router::new().route("/", get(handler)).layer(SessionLayer::new(world.sessions.clone()));
    let reply = Browser::new(&app).ask(Request::get("/").body(axum::body::Body::empty()).unwrap()).await;
    let cookies: Vec<&str> =
        reply.headers.get_all(header::SET_COOKIE).iter().map(|value| value.to_str().unwrap()).collect();
    assert_eq!(cookies.len(), 4);
    assert_eq!(cookies[..2], ["theme=dark", "lang=en"]);
    assert!(cookies[2].starts_with("__Host-sid=") && !cookies[2].contains("planted"));
    assert!(cookies[3].starts_with("__Host-did="));
}

/// Gate G6: outside, one refusal is like the other.
#[tokio::test]
async fn all_refusals_look_alike_outside() {
    on_every_store(|backend| async move {
        let world = World::new(backend).await;
        let app = app(world.sessions.clone());
        let expired = world.sessions.log_in("ada").await.unwrap().token().reveal().to_string();
        world.pass(minutes(31));
        let revoked = world.sessions.log_in("ada").await.unwrap();
        world.sessions.revoke(revoked.session_id(), countersign::Reason::ByOperator).await.unwrap();
        let revoked = revoked.token().reveal().to_string();
        let mut forged = revoked.clone().into_bytes();
        forged[0] = if forged[0] == b'x' { b'y' } else { b'x' };
        let forged = String::from_utf8(forged).unwrap();
        for by_cookie in [true, false] {
            let mut seen = Vec::new();
            for (token, kind) in [
                (&expired, RefusalKind::Gone),
                (&revoked, RefusalKind::Gone),
                (&forged, RefusalKind::Forged),
                (&"junk".to_owned(), RefusalKind::Malformed),
            ] {
                let mut browser =
                    if by_cookie { Browser::with_token(&app, token) } else { Browser::with_bearer(&app, token) };
                let reply = browser.get("/me").await;
                assert_eq!(reply.refusal, Some(kind), "inside it is precise");
                assert_eq!(reply.header(header::WWW_AUTHENTICATE), Some(r#"Bearer error="invalid_token""#));
                seen.push((reply.status, format!("{:?}", reply.headers), reply.body));
            }
            assert!(seen.windows(2).all(|pair| pair[0] == pair[1]), "{seen:#?}");
        }
        let reply = Browser::new(&app).get("/me").await;
        assert_eq!(reply.status, StatusCode::UNAUTHORIZED);
        assert_eq!(reply.header(header::WWW_AUTHENTICATE), Some("Bearer"), "no error code without a credential");
    })
    .await;
}

#[tokio::test]
async fn a_bad_bearer_never_falls_back_to_a_good_cookie() {
    let world = World::new(Backend::Memory).await;
    let app = app(world.sessions.clone());
    let [ada, grace] = [world.sessions.log_in("ada").await.unwrap(), world.sessions.log_in("grace").await.unwrap()];
    let (ada, grace) = (ada.token().reveal().to_string(), grace.token().reveal().to_string());
    let bad = "x".repeat(113);
    let rows: [(Option<&str>, Option<&str>, &str); 9] = [
        (None, None, ""),
        (None, Some(&ada), "ada"),
        (None, Some(&bad), ""),
        (Some(&grace), None, "grace"),
        (Some(&grace), Some(&ada), "grace"),
        (Some(&grace), Some(&bad), "grace"),
        (Some(&bad), None, ""),
        (Some(&bad), Some(&ada), ""),
        (Some(&bad), Some(&bad), ""),
    ];
    for (bearer, cookie, user) in rows {
        let mut request = Request::get("/me");
        if let Some(token) = bearer {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        if let Some(token) = cookie {
            request = request.header(header::COOKIE, format!("__Host-sid={token}"));
        }
        let reply = Browser::new(&app).ask(request.body(axum::body::Body::empty()).unwrap()).await;
        let expected = if user.is_empty() { StatusCode::UNAUTHORIZED } else { StatusCode::OK };
        assert_eq!(reply.status, expected, "{bearer:?} {cookie:?}");
        assert!(user.is_empty() || reply.body == user);
    }
    let twice = Request::get("/me")
        .header(header::AUTHORIZATION, format!("Bearer {ada}"))
        .header(header::AUTHORIZATION, format!("Bearer {ada}"));
    let reply = Browser::new(&app).ask(twice.body(axum::body::Body::empty()).unwrap()).await;
    assert_eq!(reply.status, StatusCode::BAD_REQUEST);
    assert_eq!(reply.header(header::WWW_AUTHENTICATE), Some(r#"Bearer error="invalid_request""#));
}

#[tokio::test]
async fn a_token_anywhere_else_is_not_looked_at() {
    let world = World::new(Backend::Memory).await;
    let app = app(world.sessions.clone());
    let token = world.sessions.log_in("ada").await.unwrap().token().reveal().to_string();
    for request in [
        Request::get(format!("/peek?access_token={token}&sid={token}")),
        Request::get("/peek").header("x-session-token", &token),
        Request::get("/peek").header("cookie", format!("sid={token}; session={token}")),
        Request::get("/peek").header("authorization", format!("Token {token}")),
        Request::get("/peek").header("authorization", &token),
        Request::get("/peek").header("proxy-authorization", format!("Bearer {token}")),
    ] {
        let reply = Browser::new(&app).ask(request.body(axum::body::Body::empty()).unwrap()).await;
        assert_eq!(reply.body, "nobody");
    }
}

#[tokio::test]
async fn a_missing_layer_is_a_500_that_names_it() {
    let app = Router::new()
        .route("/session", get(|session: Session| async move { session.user().unwrap_or_default() }))
        .route("/who", get(|who: LoggedIn| async move { who.user().to_owned() }))
        .route("/maybe", get(|who: Option<LoggedIn>| async move { who.is_some().to_string() }));
    for path in ["/session", "/who", "/maybe"] {
        let reply = Browser::new(&app).get(path).await;
        assert_eq!(reply.status, StatusCode::INTERNAL_SERVER_ERROR);
        assert!(reply.body.contains("SessionLayer"), "{}", reply.body);
    }
    let request = Request::new(());
    let session = Session::of(&request);
    assert_eq!(session.user(), None);
    assert!(session.set("a", &1).unwrap_err().to_string().contains("SessionLayer"));
    assert!(session.log_in("ada").await.unwrap_err().to_string().contains("SessionLayer"));
}

#[tokio::test]
async fn a_browser_is_sent_to_the_login_page_if_there_is_one() {
    let world = World::with(Backend::Memory, |config| config.login_url = Some("/login".to_owned())).await;
    let app = app(world.sessions.clone());
    let page = |accept: &str| Request::get("/me").header("accept", accept).body(axum::body::Body::empty()).unwrap();
    let form = Request::delete("/sessions").header("accept", "text/html").body(axum::body::Body::empty()).unwrap();
    let reply = Browser::new(&app).ask(form).await;
    assert_eq!((reply.status, reply.header(header::LOCATION)), (StatusCode::SEE_OTHER, Some("/login")));
    let reply = Browser::new(&app).ask(page("text/html,application/xhtml+xml")).await;
    assert_eq!((reply.status, reply.header(header::LOCATION)), (StatusCode::SEE_OTHER, Some("/login?return_to=%2Fme")));
    let reply = Browser::new(&app).ask(page("application/json")).await;
    assert_eq!(reply.status, StatusCode::UNAUTHORIZED);
}
