//! Replay: somebody uses a secret that has been replaced.

use http::StatusCode;

use crate::{
    site::site,
    support::{Browser, World, minutes, on_every_store, seconds},
};

/// R-05, U-03: a thief has copied the cookie before it was rotated.
#[tokio::test]
async fn a_replaced_secret_after_its_grace_ends_the_session_whoever_uses_it_first() {
    on_every_store(|backend| async move {
        for thief_first in [true, false] {
            let world = World::new(backend).await;
            let site = site(world.sessions.clone());
            let mut user = Browser::new(&site);
            user.post("/login/ada").await;
            let mut thief = user.clone();
            world.pass(minutes(16));
            let (first, second) = if thief_first { (&mut thief, &mut user) } else { (&mut user, &mut thief) };
            // Whoever comes first is handed the successor, and uses it.
            assert_eq!(first.get("/me").await.status, StatusCode::OK);
            assert_eq!(first.get("/me").await.status, StatusCode::OK);
            world.pass(seconds(31));
            world.heard().await;
            assert_eq!(second.get("/me").await.status, StatusCode::UNAUTHORIZED);
            assert_eq!(world.sessions.counters().reused, 1);
            assert_eq!(
                first.get("/me").await.status,
                StatusCode::UNAUTHORIZED,
                "nobody knows who of them is the thief"
            );
        }
    })
    .await;
}

/// SM-19: within the grace the old secret reads, for requests in flight; it begins nothing.
#[tokio::test]
async fn within_its_grace_a_replaced_secret_neither_rotates_nor_steps_up() {
    on_every_store(|backend| async move {
        let world = World::new(backend).await;
        let site = site(world.sessions.clone());
        let mut user = Browser::new(&site);
        user.post("/login/ada").await;
        let mut old = user.clone();
        world.pass(minutes(16));
        user.get("/me").await;
        user.get("/me").await;
        world.heard().await;
        assert_eq!(old.get("/me").await.status, StatusCode::OK);
        for path in ["/rotate", "/step-up", "/role/admin"] {
            assert_eq!(old.post(path).await.status, StatusCode::CONFLICT, "{path}");
        }
        assert_eq!(user.post("/step-up").await.status, StatusCode::OK);
    })
    .await;
}
