//! What no verb shows from outside: two who do something at the same moment, one after the other.

use std::{sync::Arc, time::Duration};

use super::Services;
use crate::{
    record::{Record, SessionId},
    sessions::Sessions,
};

/// Somebody reads the record of a service, and writes it when the name has been revoked and registered anew, and has seen as many
/// changes as before.
#[tokio::test]
async fn what_was_read_of_a_service_is_not_written_over_another_of_its_name() {
    for changes in 0..4 {
        let services = Sessions::for_tests().services();
        services.register("orders", ["session.read"]).await.unwrap();
        let leaked = services.rotate("orders", Duration::from_secs(60)).await.unwrap();
        let seen = now(&services).await;
        services.revoke("orders").await.unwrap();
        let new = services.register("orders", ["session.revoke"]).await.unwrap();
        for _ in 0..changes {
            services.set_permissions("orders", ["session.revoke"]).await.unwrap();
        }
        let mut credential = services.credential_of(&seen).unwrap();
        credential.confirm(services.sessions.now());
        assert!(!services.put(seen, &credential, services.sessions.now()).await.unwrap(), "after {changes} changes");
        assert!(services.authenticate(&leaked).await.is_err());
        assert!(services.authenticate(&new).await.unwrap().permits("session.revoke"));
    }
}

#[tokio::test]
async fn what_was_read_of_a_service_is_written_if_it_is_there_still() {
    let services = Sessions::for_tests().services();
    services.register("orders", ["session.read"]).await.unwrap();
    let seen = now(&services).await;
    let credential = services.credential_of(&seen).unwrap();
    assert!(services.put(Arc::clone(&seen), &credential, services.sessions.now()).await.unwrap());
    assert!(!services.put(seen, &credential, services.sessions.now()).await.unwrap(), "once");
}

async fn now(services: &Services) -> Arc<Record> {
    let (id, now) = (SessionId::of_service("orders"), services.sessions.now());
    services.sessions.service_record_now(id, now).await.unwrap().unwrap()
}
