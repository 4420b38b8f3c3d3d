//! Who gets in. The guard is part of the router: there is no way to mount it without.

use axum::Router;
use countersign::{Dashboard, DenialKind, Require, SessionLayer};
use http::{Method, StatusCode, header};

use crate::{
    app::{app, app_with, form_token, logged_in, open, operator, submit},
    support::{Backend, Browser, World, minutes},
};

const ROUTES: [(Method, &str); 8] = [
    (Method::GET, "/operators"),
    (Method::GET, "/operators/search?q=ada"),
    (Method::GET, "/operators/sessions/AAAAAAAAAAAAAAAAAAAAAAAA"),
    (Method::GET, "/operators/services"),
    (Method::GET, "/operators/live"),
    (Method::POST, "/operators/end"),
    (Method::POST, "/operators/end-all"),
    (Method::GET, "/operators/nothing/there"),
];

#[tokio::test]
async fn only_operators_get_to_see_anything() {
    let world = World::new(Backend::Memory).await;
    let (sessions, app) = (&world.sessions, app(&world.sessions));
    let half = sessions.log_in("opal").roles(["operator"]).pending_second_factor(["totp"]).await.unwrap();
    let half = Browser::with_token(&app, &half.token().reveal());
    for (mut who, status, denial) in [
        (Browser::new(&app), StatusCode::UNAUTHORIZED, DenialKind::NotLoggedIn),
        (half, StatusCode::UNAUTHORIZED, DenialKind::SecondFactorPending),
        (logged_in(sessions, &app, "ada", &[]).await, StatusCode::FORBIDDEN, DenialKind::MissingRole),
        (
            logged_in(sessions, &app, "eve", &["operators", "Operator"]).await,
            StatusCode::FORBIDDEN,
            DenialKind::MissingRole,
        ),
    ] {
        for (method, path) in ROUTES {
            let reply = who.send(method, path).await;
            assert_eq!((reply.status, reply.denial), (status, Some(denial)), "{path}");
            assert!(!reply.body.contains("ada") && !reply.body.contains("figure"), "{path}: {}", reply.body);
        }
        let page = open(&mut who, "/operators").await;
        assert_eq!((page.status, page.denial.is_some()), (status, true));
        assert!(page.body.contains("<h1>") && !page.body.contains("Log-ins"), "{}", page.body);
        assert!(page.header(header::WWW_AUTHENTICATE).is_some());
    }
    let mut opal = operator(sessions, &app).await;
    for (method, path) in ROUTES {
        let reply = if path.ends_with("/live") { continue } else { opal.send(method, path).await };
        assert!(reply.denial.is_none(), "{path}: {:?}", reply.denial);
    }
    assert_eq!(open(&mut opal, "/operators").await.status, StatusCode::OK);
    assert_eq!(open(&mut opal, "/operators/nothing/there").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn another_role_and_more_than_a_role_can_be_demanded() {
    let world = World::new(Backend::Memory).await;
    let sessions = &world.sessions;
    let app = app_with(sessions, |dashboard| dashboard.require(Require::second_factor()).role("support"));
    let strong = sessions.log_in("grace").roles(["support"]).method("pwd").method("otp").await.unwrap();
    for (mut who, status) in [
        (operator(sessions, &app).await, StatusCode::FORBIDDEN),
        (logged_in(sessions, &app, "ada", &["support"]).await, StatusCode::UNAUTHORIZED),
        (Browser::with_token(&app, &strong.token().reveal()), StatusCode::OK),
    ] {
        assert_eq!(open(&mut who, "/operators").await.status, status);
    }
}

#[tokio::test]
async fn to_end_a_session_can_take_a_fresh_log_in_where_to_look_does_not() {
    let world = World::new(Backend::Memory).await;
    let sessions = &world.sessions;
    let app = app_with(sessions, |dashboard| dashboard.fresh_login(minutes(5)));
    let mut ada = logged_in(sessions, &app, "ada", &[]).await;
    let mut opal = operator(sessions, &app).await;
    world.pass(minutes(6));
    let page = open(&mut opal, "/operators/search?q=ada").await;
    assert_eq!(page.status, StatusCode::OK);
    let form = format!("user=ada&form_token={}", form_token(&page));
    let reply = submit(&mut opal, "/operators/end-all", form).await;
    assert_eq!((reply.status, reply.denial), (StatusCode::UNAUTHORIZED, Some(DenialKind::NotFresh)));
    assert!(reply.body.contains("Is it you?") && reply.header(header::WWW_AUTHENTICATE).unwrap().contains("max_age"));
    assert_eq!(open(&mut ada, "/account").await.status, StatusCode::OK);

    let mut opal = operator(sessions, &app).await;
    let page = open(&mut opal, "/operators/search?q=ada").await;
    let form = format!("user=ada&form_token={}", form_token(&page));
    assert_eq!(submit(&mut opal, "/operators/end-all", form).await.status, StatusCode::SEE_OTHER);
    assert_eq!(open(&mut ada, "/account").await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn without_the_layer_nobody_gets_in_and_the_answer_names_it() {
    let world = World::new(Backend::Memory).await;
    let bare: Router = Router::new().nest("/operators", Dashboard::new(world.sessions.clone()).router());
    let reply = Browser::new(&bare).get("/operators").await;
    assert_eq!(reply.status, StatusCode::INTERNAL_SERVER_ERROR);
    assert!(reply.body.contains("SessionLayer"), "{}", reply.body);
}

#[tokio::test]
async fn operators_may_have_sessions_of_their_own() {
    let (users, staff) = (World::new(Backend::Memory).await, World::new(Backend::Memory).await);
    let app: Router = Router::new()
        .nest("/operators", Dashboard::new(users.sessions.clone()).router())
        .layer(SessionLayer::new(staff.sessions.clone()));
    let ada = users.sessions.log_in("ada").roles(["operator"]).await.unwrap();
    assert_eq!(
        open(&mut Browser::with_token(&app, &ada.token().reveal()), "/operators").await.status,
        StatusCode::UNAUTHORIZED
    );
    let mut opal = operator(&staff.sessions, &app).await;
    let page = open(&mut opal, "/operators/search?q=ada").await;
    let form = format!("session={}&form_token={}", ada.session_id(), form_token(&page));
    assert_eq!(submit(&mut opal, "/operators/end", form).await.status, StatusCode::SEE_OTHER);
    assert!(users.sessions.list("ada").await.unwrap().is_empty());
}

#[tokio::test]
async fn every_response_keeps_others_away_from_it() {
    let world = World::new(Backend::Memory).await;
    let app = app(&world.sessions);
    let mut opal = operator(&world.sessions, &app).await;
    let routes = ROUTES.into_iter().filter(|(_, path)| !path.ends_with("/live"));
    let others = ["/operators/style.css", "/operators/live.js", "/account", "/account/style.css", "/account/nothing"];
    for (method, path) in routes.chain(others.map(|path| (Method::GET, path))) {
        for mut who in [opal.clone(), Browser::new(&app)] {
            let reply = who.send(method.clone(), path).await;
            let policy = reply.header(header::CONTENT_SECURITY_POLICY).unwrap();
            for part in [
                "default-src 'none'",
                "script-src 'self'",
                "style-src 'self'",
                "form-action 'self'",
                "frame-ancestors 'none'",
                "base-uri 'none'",
            ] {
                assert!(policy.contains(part), "{path}: {part}");
            }
            assert!(!policy.contains("unsafe"), "{path}");
            assert_eq!(reply.header(header::X_CONTENT_TYPE_OPTIONS), Some("nosniff"), "{path}");
            assert_eq!(reply.header(header::REFERRER_POLICY), Some("same-origin"), "{path}");
            let is_file = reply.status == StatusCode::OK && (path.ends_with(".css") || path.ends_with(".js"));
            let kept = reply.header(header::CACHE_CONTROL).unwrap();
            assert_eq!(kept, if is_file { "private, max-age=600" } else { "no-store" }, "{path}");
        }
    }
    // No style and no script stands within a page, and none is called by an attribute.
    for path in ["/operators", "/operators/search?q=opal", "/account"] {
        let body = open(&mut opal, path).await.body;
        for forbidden in ["<style", " style=", "<script>", " onclick=", "javascript:"] {
            assert!(!body.contains(forbidden), "{path}: {forbidden}");
        }
    }
}

#[tokio::test]
async fn at_the_root_links_work_as_well() {
    let world = World::new(Backend::Memory).await;
    let app: Router = Dashboard::new(world.sessions.clone()).router().layer(SessionLayer::new(world.sessions.clone()));
    let mut opal = operator(&world.sessions, &app).await;
    let page = open(&mut opal, "/").await.body;
    for link in
        [r#"href="/style.css?"#, r#"src="/live.js?"#, r#"action="/search""#, r#"data-live="/live""#, r#"href="/""#]
    {
        assert!(page.contains(link), "{link}");
    }
    assert_eq!(open(&mut opal, "/style.css").await.status, StatusCode::OK);
    assert_eq!(Browser::new(&app).get("/search?q=opal").await.status, StatusCode::UNAUTHORIZED);
}
