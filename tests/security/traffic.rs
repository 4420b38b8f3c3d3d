//! Which requests begin a session, move a limit, or are left alone.

use axum::body::Body;
use countersign::SessionInfo;
use http::{Method, Request, StatusCode, header};

use crate::support::{Backend, Browser, World, app, minutes, on_every_store};

/// ASVS 7.6.2: a session begins by what an application writes, or by log-in.
#[tokio::test]
async fn no_session_begins_by_a_mere_get() {
    on_every_store(|backend| async move {
        let world = World::new(backend).await;
        let app = app(world.sessions.clone());
        for path in ["/free", "/peek", "/me", "/attributes/count", "/nowhere", "/sessions"] {
            for method in [Method::GET, Method::HEAD, Method::OPTIONS] {
                let reply = Browser::new(&app).send(method, path).await;
                assert_eq!(reply.set_cookie(), None, "{path}");
            }
        }
        assert_eq!(world.calls.take(), (0, 0, 0));
        assert_eq!(world.sessions.counters().started, 0);
    })
    .await;
}

#[tokio::test]
async fn head_is_answered_as_get_is() {
    let world = World::new(Backend::Memory).await;
    let app = app(world.sessions.clone());
    let token = world.sessions.log_in("ada").await.unwrap().token().reveal().to_string();
    for token in [token.as_str(), "bad"] {
        let get = Browser::with_token(&app, token).get("/me").await;
        let head = Browser::with_token(&app, token).send(Method::HEAD, "/me").await;
        assert_eq!((get.status, get.headers), (head.status, head.headers));
        assert_eq!(head.body, "");
    }
}

/// A preflight carries no credential: the layer says nothing to it.
#[tokio::test]
async fn a_preflight_is_left_alone() {
    let world = World::new(Backend::Memory).await;
    let preflight = Request::options("/me")
        .header(header::ORIGIN, "https://elsewhere.example")
        .header(header::ACCESS_CONTROL_REQUEST_METHOD, "POST")
        .header(header::ACCESS_CONTROL_REQUEST_HEADERS, "authorization");
    let reply = Browser::new(&app(world.sessions.clone())).ask(preflight.body(Body::empty()).unwrap()).await;
    for name in [header::SET_COOKIE, header::VARY, header::CACHE_CONTROL, header::ACCESS_CONTROL_ALLOW_ORIGIN] {
        assert_eq!(reply.header(name), None);
    }
    assert_eq!(world.calls.take(), (0, 0, 0));
}

/// NIST SP 800-63B-4, section 5.2: to prove anew who one is starts both limits anew.
#[tokio::test]
async fn a_new_log_in_starts_both_limits_anew_and_nothing_else_does() {
    on_every_store(|backend| async move {
        let world = World::new(backend).await;
        let app = app(world.sessions.clone());
        let mut browser = Browser::new(&app);
        browser.post("/login/ada").await;
        let started = only(world.sessions.list("ada").await.unwrap());
        for _ in 0..31 {
            world.pass(minutes(15));
            browser.get("/me").await;
        }
        browser.post("/rotate").await;
        browser.get("/me").await;
        browser.post("/role/admin").await;
        let used = only(world.sessions.list("ada").await.unwrap());
        let wall = started.created_at().after(minutes(8 * 60));
        assert_eq!((used.authenticated_at(), used.expires_at()), (started.authenticated_at(), wall));

        browser.post("/login/ada").await;
        let now = world.clock.now();
        let again = only(world.sessions.list("ada").await.unwrap());
        assert_eq!((again.authenticated_at(), again.expires_at()), (now, now.after(minutes(30))));
        for _ in 0..3 {
            world.pass(minutes(15));
            assert_eq!(browser.get("/me").await.status, StatusCode::OK, "past the first wall");
        }
    })
    .await;
}

fn only(mut sessions: Vec<SessionInfo>) -> SessionInfo {
    assert_eq!(sessions.len(), 1);
    sessions.remove(0)
}
