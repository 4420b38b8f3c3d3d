//! What the operators' view shows.

use std::{io, sync::Arc};

use axum::{Router, routing::post};
use countersign::{
    Figure, KeyRing, MemoryStore, ServiceLine, Session, SessionLayer, SessionStore, Sessions, Timestamp, TrailLine,
};
use http::StatusCode;

use crate::{
    app::{app, app_with, logged_in, open, operator},
    support::{Backend, Browser, KEY, World, minutes},
};

#[tokio::test]
async fn figures_count_what_has_happened_in_the_last_hour() {
    let world = World::new(Backend::Memory).await;
    let app = app_with(&world.sessions, |dashboard| dashboard.figures(|| vec![Figure::level("Orders", [5.0, 7.0])]));
    for _ in 0..3 {
        logged_in(&world.sessions, &app, "ada", &[]).await;
    }
    Browser::with_token(&app, "forged").get("/account").await;
    let mut opal = operator(&world.sessions, &app).await;
    let of = |page: &str, title: &str| {
        let card = page.split("<article").find(|card| card.contains(&format!(">{title}</h3>"))).unwrap();
        card.split(r#"class="number">"#).nth(1).unwrap().split('<').next().unwrap().to_owned()
    };
    let page = open(&mut opal, "/operators").await.body;
    assert_eq!(
        (of(&page, "Log-ins"), of(&page, "Refusals"), of(&page, "Orders")),
        ("4".into(), "2".into(), "7".into())
    );
    assert!(page.contains("Log-ins: 4 in the last hour."), "in words, for whoever cannot see a plot");
    assert_eq!(page.matches("<rect").count(), 7 * 60);
    // The operator's own session is kept alive meanwhile.
    for _ in 0..4 {
        world.pass(minutes(14));
        open(&mut opal, "/operators").await;
    }
    assert_eq!(of(&open(&mut opal, "/operators").await.body, "Log-ins"), "4");
    world.pass(minutes(5));
    assert_eq!(of(&open(&mut opal, "/operators").await.body, "Log-ins"), "0");
}

#[tokio::test]
async fn a_search_finds_users_and_sessions_and_says_what_it_does_not_find() {
    let world = World::new(Backend::Memory).await;
    let app = app(&world.sessions);
    let issued = world.sessions.log_in("ada lovelace").await.unwrap();
    let mut opal = operator(&world.sessions, &app).await;
    let found = open(&mut opal, "/operators/search?q=+ada+lovelace+").await;
    assert!(found.body.contains(&format!("/operators/sessions/{}", issued.session_id())), "{}", found.body);
    let by_id = open(&mut opal, &format!("/operators/search?q={}", issued.session_id())).await;
    assert_eq!(by_id.status, StatusCode::SEE_OTHER);
    assert!(by_id.headers["location"].to_str().unwrap().ends_with(&issued.session_id().to_string()));
    for (asked, status, says) in [
        ("q=Ada+Lovelace", StatusCode::OK, "Nobody is logged in as Ada Lovelace"),
        ("q=AAAAAAAAAAAAAAAAAAAAAAAA", StatusCode::OK, "Nobody is logged in as AAAA"),
        ("", StatusCode::OK, "The exact id"),
        ("q=", StatusCode::OK, "The exact id"),
        ("ended=x", StatusCode::OK, "The exact id"),
        ("q=a%01b", StatusCode::UNPROCESSABLE_ENTITY, "No user can have this id"),
    ] {
        let reply = open(&mut opal, &format!("/operators/search?{asked}")).await;
        assert_eq!(reply.status, status, "{asked}");
        assert!(reply.body.contains(says), "{asked}: {}", reply.body);
    }
    assert_eq!(open(&mut opal, "/operators/sessions/nonsense").await.status, StatusCode::BAD_REQUEST);
}

/// Stores keep counts of attempts, too.
#[tokio::test]
async fn what_is_no_session_is_not_shown_as_one() {
    let store = Arc::new(MemoryStore::new());
    let sessions = Sessions::new(KeyRing::new(KEY).unwrap(), Arc::clone(&store));
    let guess = |session: Session| async move { drop(session.attempt("ada").await.unwrap().refuse().await) };
    let login = Router::new().route("/guess", post(guess)).layer(SessionLayer::new(sessions.clone()));
    Browser::new(&login).post("/guess").await;
    let scanned = store.scan(None, 100, sessions.clock().now()).await.unwrap().records;
    assert!(!scanned.is_empty(), "the count is there");
    let app = app(&sessions);
    let mut opal = operator(&sessions, &app).await;
    for record in scanned {
        let page = open(&mut opal, &format!("/operators/sessions/{}", record.id())).await;
        assert_eq!(page.status, StatusCode::NOT_FOUND);
    }
}

#[tokio::test]
async fn the_trail_of_a_session_is_shown_also_after_its_end() {
    let world = World::new(Backend::Memory).await;
    let at = Timestamp::from_millis(1_800_000_000_000);
    let app = app_with(&world.sessions, |dashboard| {
        dashboard.trail(move |id| async move {
            match id.to_string().as_str() {
                "AAAAAAAAAAAAAAAAAAAAAAAA" => Err(io::Error::other("the disk is full")),
                "BBBBBBBBBBBBBBBBBBBBBBBB" => {
                    let refused = TrailLine::new(at, "Token <refused>").alarming();
                    Ok(vec![TrailLine::new(at, "Ended").by("opal").note("by an operator"), refused])
                }
                _ => Ok(Vec::new()),
            }
        })
    });
    let mut opal = operator(&world.sessions, &app).await;
    let ended = open(&mut opal, "/operators/sessions/BBBBBBBBBBBBBBBBBBBBBBBB").await;
    assert_eq!(ended.status, StatusCode::OK);
    for says in [
        "A session that has ended",
        "Ended",
        "by opal",
        "by an operator",
        "2027-01-15 08:00:00 UTC",
        "Token &lt;refused&gt;",
        "Look at this",
    ] {
        assert!(ended.body.contains(says), "{says}: {}", ended.body);
    }
    let own = opal.token().unwrap().split('.').nth(1).unwrap().to_owned();
    let page = open(&mut opal, &format!("/operators/sessions/{own}")).await;
    assert!(page.body.contains("Nothing has been written down about it."));
    let broken = open(&mut opal, "/operators/sessions/AAAAAAAAAAAAAAAAAAAAAAAA").await;
    assert_eq!(broken.status, StatusCode::SERVICE_UNAVAILABLE, "whether there was one, only the trail could tell");
    assert!(!broken.body.contains("disk"), "what failed is for the log");
}

#[tokio::test]
async fn services_are_shown_where_the_application_lists_them() {
    let world = World::new(Backend::Memory).await;
    let plain = app(&world.sessions);
    let mut opal = operator(&world.sessions, &plain).await;
    assert_eq!(open(&mut opal, "/operators/services").await.status, StatusCode::NOT_FOUND);
    assert!(!open(&mut opal, "/operators").await.body.contains("/operators/services"));

    let at = world.clock.now();
    world.pass(minutes(3));
    let app = app_with(&world.sessions, |dashboard| {
        dashboard.services(move || async move {
            Ok::<_, io::Error>(vec![
                ServiceLine::new("orders", ["session.read"]).last_used(at),
                ServiceLine::new("old", [""; 0]).revoked(),
            ])
        })
    });
    let mut opal = operator(&world.sessions, &app).await;
    let page = open(&mut opal, "/operators/services").await.body;
    for says in
        ["orders", "session.read", "3 min ago", "2 services", "not used yet", "revoked", r#"aria-current="page""#]
    {
        assert!(page.contains(says), "{says}: {page}");
    }
    let failing = app_with(&world.sessions, |dashboard| {
        dashboard.services(|| async { Err(io::Error::other("no connection to db-7")) })
    });
    let page = open(&mut operator(&world.sessions, &failing).await, "/operators/services").await;
    assert!(page.body.contains("cannot be listed just now") && !page.body.contains("db-7"));
}

#[cfg(feature = "service")]
#[tokio::test]
async fn registered_services_are_shown_with_their_last_use() {
    let world = World::new(Backend::Memory).await;
    let services = world.sessions.services();
    let token = services.register("orders", ["session.read"]).await.unwrap();
    services.register("<reports>", ["session.read", "session.revoke"]).await.unwrap();
    world.pass(minutes(5));
    let called = Router::new()
        .route("/", axum::routing::get(|_: countersign::ServiceIdentity| async { "in" }))
        .layer(countersign::ServiceLayer::new(services.clone()));
    assert_eq!(Browser::with_bearer(&called, &token.reveal()).get("/").await.status, StatusCode::OK);
    // The use is noted behind the answer.
    while services.list().await.unwrap().iter().all(|info| info.last_used().is_none()) {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    world.pass(minutes(3));
    let app = app_with(&world.sessions, countersign::Dashboard::registered_services);
    let mut opal = operator(&world.sessions, &app).await;
    let page = open(&mut opal, "/operators/services").await.body;
    for says in ["orders", "last used ", "3 min ago", "&lt;reports&gt;", "not used yet", "session.revoke", "2 services"]
    {
        assert!(page.contains(says), "{says}: {page}");
    }
    assert!(!page.contains(&*token.reveal()));
    // Nor is a service a session, or a user.
    let found = open(&mut opal, "/operators/search?q=orders").await;
    assert!(found.body.contains("Nobody is logged in as orders"));
}

#[cfg(feature = "metrics")]
#[tokio::test]
async fn measured_sessions_are_shown_with_how_many_there_are() {
    let sessions = Sessions::builder(KeyRing::new(KEY).unwrap(), MemoryStore::new()).metrics().build().unwrap();
    let app = app(&sessions);
    for user in ["ada", "ada", "grace"] {
        logged_in(&sessions, &app, user, &[]).await;
    }
    let mut opal = operator(&sessions, &app).await;
    let unknown = open(&mut opal, "/operators").await.body;
    assert!(unknown.contains("Active sessions: – now."), "nobody has counted yet: {unknown}");
    sessions.metrics().unwrap().count().await.unwrap();
    let counted = open(&mut opal, "/operators").await.body;
    for says in ["Active sessions: 4 now.", "Active users: 3 now.", "Store latency", "ms now"] {
        assert!(counted.contains(says), "{says}");
    }
    assert!(!counted.contains("Cache hits"), "there is no cache");
}

#[cfg(feature = "audit")]
#[tokio::test]
async fn the_audit_log_tells_the_trail_of_a_session_by_whom_it_was_ended() {
    use countersign::audit::{AuditLog, MemoryAudit};

    let kept = MemoryAudit::new(1_000);
    let log = AuditLog::builder().sink(kept.clone()).build().unwrap();
    let builder = Sessions::builder(KeyRing::new(KEY).unwrap(), MemoryStore::new());
    let sessions = builder.on_event(log.listener()).build().unwrap();
    let app = app_with(&sessions, |dashboard| dashboard.audit(kept));
    let issued = sessions.log_in("ada").await.unwrap();
    let mut opal = operator(&sessions, &app).await;
    log.flush(std::time::Duration::from_secs(10)).await.unwrap();
    let page = format!("/operators/sessions/{}", issued.session_id());
    let alive = open(&mut opal, &page).await;
    assert!(alive.body.contains("Logged in</") || alive.body.contains("Logged in <"), "{}", alive.body);
    let form = format!("session={}&form_token={}", issued.session_id(), crate::app::form_token(&alive));
    crate::app::submit(&mut opal, "/operators/end", form).await;
    log.flush(std::time::Duration::from_secs(10)).await.unwrap();
    let ended = open(&mut opal, &page).await;
    for says in ["A session that has ended", "by opal", "by an operator", "ada"] {
        assert!(ended.body.contains(says), "{says}: {}", ended.body);
    }
    assert!(ended.body.find("Ended").unwrap() < ended.body.rfind("Logged in").unwrap(), "the newest in front");
}
