//! Each use on behalf of a service leaves its trace.

use std::time::Duration;

use countersign::Reason;

use crate::help::{ALL, with_events};

#[tokio::test]
async fn whatever_a_service_does_or_is_refused_is_told_and_counted() {
    let (sessions, events) = with_events();
    let services = sessions.by("root").services();
    let old = services.register("orders", ALL).await.unwrap();
    let new = services.rotate("orders", Duration::ZERO).await.unwrap();
    let orders = services.authenticate(&new).await.unwrap();
    services.authenticate(&old).await.unwrap_err();
    let id = sessions.log_in("ada").await.unwrap().session_id();
    events.lock().unwrap().retain(|event| !event.starts_with("LoggedIn"));

    let mut session = orders.session(id).await.unwrap();
    session.set("x", &1).unwrap().commit().await.unwrap();
    session.revoke(Reason::ByOperator).await.unwrap();
    services.set_permissions("orders", ["session.read"]).await.unwrap();
    let orders = services.authenticate(&new).await.unwrap();
    orders.revoke(id, Reason::ByOperator).await.unwrap_err();
    orders.require("orders.ship").unwrap_err();
    services.revoke("orders").await.unwrap();
    services.revoke("orders").await.unwrap();

    let access = |permission: &str, session: bool, allowed: bool| {
        let session = if session { format!("Some(SessionId({id}))") } else { "None".to_owned() };
        format!(
            "ServiceAccess {{ service: \"orders\", permission: \"{permission}\", session: {session}, allowed: {allowed} }}"
        )
    };
    let step = |step: &str| format!("Service {{ service: \"orders\", step: {step}, by: Some(\"root\") }}");
    let expected = [
        step("Registered"),
        step("SecretMade"),
        step("SecretUsed"),
        "ServiceRefused { service: Some(\"orders\"), kind: Reused }".to_owned(),
        access("session.read", true, true),
        access("session.write", true, true),
        access("session.revoke", true, true),
        format!("Ended {{ session: SessionId({id}), user: None, reason: ByOperator, by: Some(\"service:orders\") }}"),
        step("PermissionsSet"),
        access("session.revoke", true, false),
        access("orders.ship", false, false),
        step("Revoked"),
    ];
    assert_eq!(*events.lock().unwrap(), expected);
    let counters = sessions.counters();
    assert_eq!((counters.service_accesses, counters.services_denied, counters.services_refused), (3, 2, 1));
}
