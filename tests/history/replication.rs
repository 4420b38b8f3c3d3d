//! What asynchronous replication can lose at a fail-over, shown by the checker; and that `WAIT`
//! turns the loss into an answer that says so.

use std::{collections::HashMap, time::Duration};

use countersign::{KeyRing, Reason, RedisStore, Sessions};
use http::StatusCode;

use crate::{
    check::{Bounds, violations},
    history::{Did, History, Told},
    support::{
        Browser, KEY, app,
        servers::{proxy::Proxy, redis::Standalone, wait_until},
    },
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn p04_a_revoke_that_no_replica_has_is_lost_at_a_fail_over() {
    let found = after_fail_over(None).await;
    assert_eq!(found.len(), 1, "the checker sees what was lost: {found:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn p04_with_wait_such_a_revoke_is_not_acknowledged() {
    let found = after_fail_over(Some(Duration::from_millis(300))).await;
    assert_eq!(found, Vec::<String>::new());
}

/// The way to the replica is frozen; a session is revoked; the master dies; the replica takes over.
async fn after_fail_over(wait: Option<Duration>) -> Vec<String> {
    let (master, replica) = (Standalone::start(), Standalone::start());
    let link = Proxy::to(master.node().port());
    replica.say(&["REPLICAOF", "127.0.0.1", &link.port().to_string()]).unwrap();
    wait_until("the replica to be linked", || {
        replica.say(&["INFO", "replication"]).is_ok_and(|info| info.text().contains("master_link_status:up"))
    });

    let before = node(&master, wait).await;
    // On a busy machine the replica may be too slow for the first.
    let issued = loop {
        if let Ok(issued) = before.log_in("ada").await {
            break issued;
        }
    };
    wait_until("the replica to have the session", || {
        replica.say(&["DBSIZE"]).is_ok_and(|size| size.text() == master.say(&["DBSIZE"]).unwrap().text())
    });

    let history = History::begin();
    link.freeze();
    let revoke = async {
        let told = match before.revoke(issued.session_id(), Reason::ByOperator).await {
            Ok(_) => Told::Yes,
            Err(_) => Told::Unknown,
        };
        (Did::Revoke, told, ())
    };
    history.note(Some(issued.session_id()), revoke).await;
    master.server().kill_9();
    replica.say(&["REPLICAOF", "NO", "ONE"]).unwrap();

    let after = app(node(&replica, None).await);
    let read = async {
        let reply = Browser::with_bearer(&after, &issued.token().reveal()).get("/me").await;
        (Did::Read, if reply.status == StatusCode::OK { Told::Yes } else { Told::No }, ())
    };
    history.note(Some(issued.session_id()), read).await;
    violations(&history.ops(), Bounds { staleness: Duration::ZERO, limit: 1 }, &HashMap::new())
}

async fn node(server: &Standalone, wait: Option<Duration>) -> Sessions {
    let url = server.url();
    let builder = RedisStore::builder();
    let store = match wait {
        Some(wait) => builder.wait_for_replicas(1, wait).open(&url).await,
        None => builder.open(&url).await,
    };
    Sessions::new(KeyRing::new(KEY).unwrap(), store.unwrap())
}
