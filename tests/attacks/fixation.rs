//! Session fixation: a victim is made to use a session that the attacker knows.

use http::StatusCode;

use crate::{
    site::site,
    support::{Browser, World, on_every_store},
};

/// C-05, SM-13: the attacker begins an anonymous session, plants its cookie, and waits for the victim to log in.
#[tokio::test]
async fn a_session_that_was_planted_before_log_in_is_worthless_after_it() {
    on_every_store(|backend| async move {
        let world = World::new(backend).await;
        let site = site(world.sessions.clone());
        let mut attacker = Browser::new(&site);
        attacker.post("/count").await;
        let planted = attacker.token().unwrap().to_owned();
        let mut victim = Browser::with_token(&site, &planted);
        assert_eq!(victim.post("/login/ada").await.status, StatusCode::OK);
        assert_eq!(victim.get("/me").await.body, "ada");
        world.heard().await;
        assert_eq!(attacker.get("/me").await.status, StatusCode::UNAUTHORIZED);
        assert_eq!(Browser::with_token(&site, &planted).get("/peek").await.body, "nobody");
        assert_ne!(victim.token().unwrap().split('.').nth(1), planted.split('.').nth(1), "not even the id is the same");
    })
    .await;
}

/// the attacker plants a genuine session of his own, so that the victim acts in his account.
#[tokio::test]
async fn an_attackers_own_session_planted_before_log_in_ends_at_log_in() {
    on_every_store(|backend| async move {
        let world = World::new(backend).await;
        let site = site(world.sessions.clone());
        let mut attacker = Browser::new(&site);
        attacker.post("/login/mallory").await;
        let mut victim = Browser::with_token(&site, attacker.token().unwrap());
        victim.post("/login/ada").await;
        assert_eq!(victim.get("/me").await.body, "ada", "he is who he says, and nobody else");
        world.heard().await;
        assert_eq!(attacker.get("/me").await.status, StatusCode::UNAUTHORIZED);
    })
    .await;
}

/// A-15, session puzzling: what the attacker has written counts for nothing in the victim's session, unless the log-in names it.
#[tokio::test]
async fn values_planted_before_log_in_do_not_survive_it() {
    on_every_store(|backend| async move {
        let world = World::new(backend).await;
        let site = site(world.sessions.clone());
        let mut attacker = Browser::new(&site);
        attacker.post("/attributes/is_admin/yes").await;
        attacker.post("/attributes/cart.1/2").await;
        let planted = attacker.token().unwrap().to_owned();
        let mut victim = Browser::with_token(&site, &planted);
        victim.post("/login/ada/keep/cart.").await;
        assert_eq!(victim.get("/attributes/is_admin").await.body, "null");
        assert_eq!(victim.get("/attributes/cart.1").await.body, "\"2\"", "the anonymous cart is such a name");
    })
    .await;
}
