//! Which events of sessions become entries, through requests and verbs; and that none of them tells a secret.

use std::sync::Arc;

use countersign::{
    Config, ErrorKind, Event, KeyRing, MemoryStore, Reason, Sessions, StoreErrorKind,
    audit::{AuditEntry, AuditEvent, AuditKind, AuditLog, AuditQuery, MemoryAudit, TracingAudit},
};
use http::Method;

use crate::{
    LIMIT, all, clock, id,
    said::Said,
    support::{Browser, KEY, app, minutes, seconds},
};

fn kinds(entries: &[AuditEntry]) -> Vec<&'static str> {
    entries.iter().map(|entry| entry.kind().name()).collect()
}

#[tokio::test]
async fn a_story_is_found_again_by_its_user_and_by_each_session_of_it() {
    let (clock, kept) = (clock(), MemoryAudit::new(1_000));
    let log = AuditLog::builder().sink(kept.clone()).clock(clock.clone()).build().unwrap();
    let builder = Sessions::builder(KeyRing::new(KEY).unwrap(), Arc::new(MemoryStore::new())).clock(clock.clone());
    let sessions = builder.on_event(log.listener()).build().unwrap();
    let app = app(sessions.clone());

    let mut browser = Browser::new(&app);
    browser.post("/login/ada").await;
    clock.advance(minutes(2));
    browser.get("/me").await;
    clock.advance(minutes(14));
    browser.get("/me").await;
    clock.advance(seconds(1));
    browser.get("/me").await;
    browser.post("/role/admin").await;
    let own = sessions.list("ada").await.unwrap()[0].id();
    assert!(sessions.by("root").revoke(own, Reason::ByOperator).await.unwrap());
    browser.get("/me").await;
    Browser::new(&app).post("/login/grace").await;
    log.flush(LIMIT).await.unwrap();

    let his = all(&kept, AuditQuery::new().user("ada").oldest_first()).await;
    assert_eq!(
        kinds(&his),
        ["logged_in", "new_device", "refreshed", "refreshed", "refreshed", "rotated", "renewed", "ended"]
    );
    let AuditEvent::Ended { session, user: None, reason: Reason::ByOperator, by: Some(by) } = &his[7].event else {
        panic!("{:?}", his[7]);
    };
    assert_eq!((*session, &**by), (own, "root"));
    let first = his[0].event.session().unwrap();
    assert_ne!(first, own);
    let of_first = all(&kept, AuditQuery::new().session(first).oldest_first()).await;
    assert_eq!(kinds(&of_first).last(), Some(&"renewed"), "it says what took its place");
    let of_second = all(&kept, AuditQuery::new().session(own).oldest_first()).await;
    assert_eq!(kinds(&of_second)[0], "renewed");
    assert_eq!(kinds(&of_second).last(), Some(&"ended"));
    let rest = all(&kept, AuditQuery::new().kinds([AuditKind::Denied, AuditKind::Refused]).oldest_first()).await;
    assert_eq!(kinds(&rest), ["refused", "denied"], "the dead token, and the route that demanded a live one");
    assert!(rest.iter().all(|entry| entry.at >= his[7].at));
}

#[test]
fn events_about_the_machinery_alone_are_no_entries() {
    for event in [
        Event::StoreFailed { kind: StoreErrorKind::Timeout },
        Event::ServedStale { session: id(1) },
        Event::WriteLost { session: id(1) },
    ] {
        assert_eq!(AuditEvent::of(&event), None);
    }
    assert_eq!(AuditEvent::of(&Event::Swept { sessions: 3 }), Some(AuditEvent::Swept { sessions: 3 }));
}

#[test]
fn a_name_that_was_typed_in_is_not_kept() {
    for event in [
        Event::AttemptFailed { name: "hunter2" },
        Event::LockedOut { name: "hunter2", until: None },
        Event::LockedOut { name: "hunter2", until: Some(clock().now()) },
    ] {
        let kept = AuditEvent::of(&event).unwrap();
        let text = format!("{kept:?}{}", serde_json::to_string(&kept).unwrap());
        assert!(!text.contains("hunter2"), "{text}");
    }
}

#[tokio::test]
async fn p12_no_secret_reaches_an_audit_row_or_what_a_log_makes_of_it() {
    let said = Said::default();
    let _guard = tracing::subscriber::set_default(said.subscriber());
    let (clock, kept) = (clock(), MemoryAudit::new(1_000));
    let log = AuditLog::builder().sink(TracingAudit::new()).sink(kept.clone()).clock(clock.clone()).build().unwrap();
    let mut config = Config::production();
    config.throttle.account.free = 1;
    let builder = Sessions::builder(KeyRing::new(KEY).unwrap(), MemoryStore::new()).config(config).clock(clock.clone());
    let sessions = builder.on_event(log.listener()).build().unwrap();
    let app = app(sessions.clone());

    let mut secrets = vec!["correct horse battery staple".to_owned(), "iban-of-ada".to_owned()];
    let mut browser = Browser::new(&app);
    browser.post("/attributes/iban/iban-of-ada").await;
    secrets.push(browser.token().unwrap().to_owned());
    browser.post("/login/ada").await;
    secrets.push(browser.token().unwrap().to_owned());
    clock.advance(minutes(15));
    browser.get("/me").await;
    secrets.push(browser.token().unwrap().to_owned());
    browser.get("/me").await;
    browser.post("/role/admin").await;
    secrets.push(browser.token().unwrap().to_owned());
    Browser::with_token(&app, &secrets[3].replace('.', "x")).get("/me").await;
    Browser::with_token(&app, &format!("x{}", &secrets[3][1..])).get("/me").await;
    for _ in 0..4 {
        match sessions.attempt_from("correct horse battery staple", Default::default()).await {
            Ok(attempt) => drop(attempt.refuse().await),
            Err(error) => assert!(matches!(error.kind(), ErrorKind::TooManyAttempts), "{error:?}"),
        }
    }
    browser.send(Method::POST, "/logout").await;
    log.flush(LIMIT).await.unwrap();

    let entries = all(&kept, AuditQuery::new().oldest_first()).await;
    let told = kinds(&entries);
    for kind in ["started", "logged_in", "refused", "attempt_failed", "locked_out", "attempt_refused", "ended"] {
        assert!(told.contains(&kind), "{kind}: {told:?}");
    }
    for entry in &entries {
        said.debug(entry);
    }
    said.debug(&log);
    let text = said.text();
    assert!(text.contains("countersign::audit") && text.contains(r#"\"kind\":\"ended\""#), "it is logged: {text}");
    for secret in &secrets {
        assert!(!text.contains(secret.as_str()), "{secret}");
        // Nor any of its parts, but for the id, which is public.
        for (index, part) in secret.split('.').enumerate().filter(|(index, _)| *index != 1) {
            assert!(!text.contains(part), "part {index} of {secret}");
        }
    }
}

#[tokio::test]
async fn what_a_service_does_is_found_by_its_name_and_by_the_user_whose_session_it_was() {
    let (clock, kept) = (clock(), MemoryAudit::new(1_000));
    let log = AuditLog::builder().sink(kept.clone()).clock(clock.clone()).build().unwrap();
    let builder = Sessions::builder(KeyRing::new(KEY).unwrap(), MemoryStore::new()).clock(clock);
    let sessions = builder.on_event(log.listener()).build().unwrap();
    let services = sessions.by("root").services();
    let old = services.register("orders", ["session.read", "session.revoke"]).await.unwrap();
    let new = services.rotate("orders", minutes(0)).await.unwrap();
    let orders = services.authenticate(&new).await.unwrap();
    services.authenticate(&old).await.unwrap_err();
    services.set_permissions("orders", ["session.revoke"]).await.unwrap();
    let id = sessions.log_in("ada").await.unwrap().session_id();
    orders.revoke(id, Reason::ByOperator).await.unwrap();
    orders.require("orders.ship").unwrap_err();
    services.revoke("orders").await.unwrap();
    log.flush(LIMIT).await.unwrap();

    let of_service = all(&kept, AuditQuery::new().service("orders").oldest_first()).await;
    let expected = [
        "service_registered",
        "service_secret_made",
        "service_secret_used",
        "service_refused",
        "service_permissions_set",
        "service_access",
        "service_access",
        "service_revoked",
    ];
    assert_eq!(kinds(&of_service), expected);
    assert_eq!(of_service[0].event.by(), Some("root"));
    let AuditEvent::ServiceAccess { permission, allowed: false, session: None, .. } = &of_service[6].event else {
        panic!("{:?}", of_service[6]);
    };
    assert_eq!(&**permission, "orders.ship");
    let of_user = all(&kept, AuditQuery::new().user("ada").oldest_first()).await;
    assert_eq!(kinds(&of_user), ["logged_in", "service_access", "ended"]);
    assert_eq!(of_user[2].event.by(), Some("service:orders"));
}
