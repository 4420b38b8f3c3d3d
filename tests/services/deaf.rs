//! A node with a cache that hears of nothing, though it believes to.

use std::{
    sync::Arc,
    time::{Duration, UNIX_EPOCH},
};

use countersign::{CachedStore, Clock, Config, KeyRing, MemoryStore, RefusalKind, Services, SessionStore, Sessions};
use tokio::time::{Instant, sleep};

use crate::{
    ears::{Ears, Listening},
    help::{kind, refusal},
    support::KEY,
};

/// P4: the bound of the cache holds, and so it does for a name that is registered anew, under the same id.
#[tokio::test(start_paused = true)]
async fn what_was_revoked_is_out_within_the_bound_where_no_announcement_comes_through() {
    for anew in [false, true] {
        let store = Arc::new(MemoryStore::new());
        let there = services(Arc::clone(&store));
        let here = services(CachedStore::new(Listening { store: Arc::clone(&store), ears: Ears::Deaf }));
        let old = there.register("orders", ["session.read"]).await.unwrap();
        // Its record has seen a few changes: the one that takes its place has not.
        for _ in 0..3 {
            there.set_permissions("orders", ["session.write"]).await.unwrap();
        }
        for _ in 0..100 {
            here.authenticate(&old).await.unwrap();
            sleep(Duration::from_millis(7)).await;
        }
        assert!(there.revoke("orders").await.unwrap());
        let new = if anew { Some(there.register("orders", ["session.revoke"]).await.unwrap()) } else { None };
        let (revoked, mut accepted) = (Instant::now(), None);
        while revoked.elapsed() < Duration::from_secs(10) {
            if here.authenticate(&old).await.is_ok() {
                accepted = Some(revoked.elapsed());
            }
            if let Some(new) = &new {
                assert!(here.authenticate(new).await.unwrap().permits("session.revoke"), "{:?}", revoked.elapsed());
            }
            sleep(Duration::from_millis(1)).await;
        }
        let accepted = accepted.expect("there was something to bound");
        assert!(accepted <= Duration::from_secs(2), "{accepted:?}");
        let now = if anew { RefusalKind::WrongSecret } else { RefusalKind::Gone };
        assert_eq!(refusal(here.authenticate(&old).await), now);
    }
}

/// The name is the same, and so is the number of changes: but what one node remembers is not written over what has taken its place.
#[tokio::test(start_paused = true)]
async fn a_secret_that_leaked_before_it_was_used_is_no_good_once_the_name_is_registered_anew() {
    for changes in 0..4 {
        let store = Arc::new(MemoryStore::new());
        let there = services(Arc::clone(&store));
        let here = services(CachedStore::new(Listening { store: Arc::clone(&store), ears: Ears::Deaf }));
        let old = there.register("orders", ["session.read"]).await.unwrap();
        let leaked = there.rotate("orders", Duration::from_secs(60)).await.unwrap();
        // Until it listens, it remembers nothing.
        for _ in 0..20 {
            here.authenticate(&old).await.unwrap();
            sleep(Duration::from_millis(7)).await;
        }
        assert!(there.revoke("orders").await.unwrap());
        let new = there.register("orders", ["session.revoke"]).await.unwrap();
        for _ in 0..changes {
            there.set_permissions("orders", ["session.write"]).await.unwrap();
        }
        assert_eq!(refusal(here.authenticate(&leaked).await), RefusalKind::WrongSecret, "after {changes} changes");
        assert_eq!(refusal(there.authenticate(&leaked).await), RefusalKind::WrongSecret);
        let permission = if changes > 0 { "session.write" } else { "session.revoke" };
        for services in [&there, &here] {
            assert!(services.authenticate(&new).await.unwrap().permits(permission));
        }
    }
}

/// What is merely remembered refuses nobody: a secret that has followed another, and a permission's error is no refusal of the token.
#[tokio::test(start_paused = true)]
async fn a_new_secret_is_good_at_once_on_a_node_that_has_not_heard_of_it() {
    let store = Arc::new(MemoryStore::new());
    let there = services(Arc::clone(&store));
    let here = services(CachedStore::new(Listening { store: Arc::clone(&store), ears: Ears::Deaf }));
    let old = there.register("orders", ["session.read"]).await.unwrap();
    here.authenticate(&old).await.unwrap();
    let new = there.rotate("orders", Duration::from_secs(60)).await.unwrap();
    there.authenticate(&new).await.unwrap();
    assert!(here.authenticate(&new).await.is_ok() && here.authenticate(&old).await.is_ok());
    assert_eq!(kind(here.register("orders", ["x"]).await), countersign::ErrorKind::ServiceExists);
}

fn services(store: impl SessionStore) -> Services {
    let sessions = Sessions::builder(KeyRing::new(KEY).unwrap(), store).config(Config::production());
    sessions.clock(Clock::manual(UNIX_EPOCH + Duration::from_secs(1_800_000_000))).build().unwrap().services()
}
