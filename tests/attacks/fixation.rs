//! Session fixation: a victim is made to use a session that the attacker knows.

use axum::Router;
use countersign::Reaction;
use http::{Method, StatusCode};

use crate::{
    site::{ask, site},
    support::{Backend, Browser, World, on_every_store},
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

/// the attacker has used what he plants from both places, so that no alarm is raised there again. Not even a log-in that keeps
/// everything keeps that.
#[tokio::test]
async fn an_alarm_that_was_worn_out_before_log_in_rings_after_it() {
    on_every_store(|backend| async move {
        let (there, here) = (Some("203.0.113.9"), Some("192.0.2.7"));
        let world = World::new(backend).await;
        let site = site(world.sessions.clone());
        let mut attacker = Browser::new(&site);
        let begun = ask(&attacker, Method::POST, "/attributes/colour/red", there, &[]).await;
        attacker.keep_all(&begun);
        for from in [here, there, here, there] {
            ask(&attacker, Method::POST, "/count", from, &[]).await;
            world.heard().await;
        }
        let worn_out = world.sessions.counters().suspicious;
        assert!(worn_out > 0);
        ask(&attacker, Method::POST, "/count", here, &[]).await;
        assert_eq!(world.sessions.counters().suspicious, worn_out, "it is told no more");

        let mut victim = Browser::with_token(&site, attacker.token().unwrap());
        let log_in = ask(&victim, Method::POST, "/keep-all/ada", here, &[]).await;
        victim.keep_all(&log_in);
        assert_eq!(victim.get("/attributes/colour").await.body, "\"red\"", "what is the application's, it keeps");
        assert_eq!(world.sessions.counters().suspicious, worn_out);
        ask(&victim, Method::GET, "/me", there, &[]).await;
        assert_eq!(world.sessions.counters().suspicious, worn_out + 1, "{backend:?}: a thief there is news");
    })
    .await;
}

/// Names of our own cannot be written, removed or asked for: neither before log-in nor after it.
#[tokio::test]
async fn no_reserved_name_can_be_planted() {
    let world = World::new(Backend::Memory).await;
    let site = site(world.sessions.clone());
    for log_in in [None, Some("/login/ada")] {
        let mut browser = Browser::new(&site);
        if let Some(path) = log_in {
            browser.post(path).await;
        }
        for name in ["%01step-up", "%01seen", "%01attempts", "%01", "a%00", "a%0Ab"] {
            let reply = browser.post(&format!("/attributes/{name}/x")).await;
            assert_eq!((reply.status, reply.set_cookie()), (StatusCode::INTERNAL_SERVER_ERROR, None), "{name}");
            let path = format!("/attributes/{name}");
            assert_eq!(browser.send(Method::DELETE, &path).await.status, StatusCode::INTERNAL_SERVER_ERROR, "{name}");
            assert_eq!(browser.get(&path).await.body, "null", "{name}");
        }
        assert_eq!(browser.post("/attributes/step-up/x").await.status, StatusCode::OK);
    }
}

/// what suspends a session is an attribute of ours. A log-in that keeps everything does not carry it into another session, and no
/// way but a proof rids the session itself of it.
#[tokio::test]
async fn a_suspension_is_neither_carried_nor_shaken_off() {
    on_every_store(|backend| async move {
        let (world, site) = suspending(backend).await;
        let mut thief = suspended(&world, &site).await;
        let stolen = thief.token().unwrap().to_owned();
        thief.post("/rotate").await;
        for (method, path, status) in [
            (Method::POST, "/role/admin", StatusCode::UNAUTHORIZED),
            (Method::POST, "/logout/everywhere", StatusCode::UNAUTHORIZED),
            (Method::POST, "/attributes/%01step-up/0", StatusCode::INTERNAL_SERVER_ERROR),
            (Method::DELETE, "/attributes/%01step-up", StatusCode::INTERNAL_SERVER_ERROR),
        ] {
            assert_eq!(ask(&thief, method, path, HOME, &[]).await.status, status, "{path}");
        }
        assert_eq!(ask(&thief, Method::GET, "/me", HOME, &[]).await.status, StatusCode::UNAUTHORIZED);

        // The user himself proves who he is, and his session is whole.
        let log_in = ask(&thief, Method::POST, "/keep-all/ada", HOME, &[]).await;
        thief.keep_all(&log_in);
        assert_eq!(ask(&thief, Method::GET, "/me", HOME, &[]).await.body, "ada");
        assert_eq!(ask(&thief, Method::GET, "/attributes/cart.1", HOME, &[]).await.body, "\"secret\"");
        world.heard().await;
        let old = Browser::with_token(&site, &stolen);
        assert_eq!(ask(&old, Method::GET, "/me", HOME, &[]).await.status, StatusCode::UNAUTHORIZED);
    })
    .await;
}

/// the thief of a session that is suspended logs in with an account of his own, at an application that keeps what was there.
#[tokio::test]
async fn what_a_suspended_session_hides_is_kept_for_nobody_else() {
    on_every_store(|backend| async move {
        for log_in in ["/login/mallory/keep/cart.", "/keep-all/mallory"] {
            let (world, site) = suspending(backend).await;
            let mut thief = suspended(&world, &site).await;
            let reply = ask(&thief, Method::POST, log_in, ELSEWHERE, &[]).await;
            thief.keep_all(&reply);
            assert_eq!(ask(&thief, Method::GET, "/me", ELSEWHERE, &[]).await.body, "mallory");
            let hidden = ask(&thief, Method::GET, "/attributes/cart.1", ELSEWHERE, &[]).await;
            assert_eq!(hidden.body, "null", "{backend:?}, {log_in}");
        }
    })
    .await;
}

/// An application that wants another proof from whoever comes from elsewhere.
async fn suspending(backend: Backend) -> (World, Router) {
    let world = World::with(backend, |config| config.binding.address = Reaction::StepUp).await;
    let site = site(world.sessions.clone());
    (world, site)
}

/// A thief with ada's session, which hides her cart since he has come from elsewhere.
async fn suspended(world: &World, site: &Router) -> Browser {
    let mut browser = Browser::new(site);
    for path in ["/login/ada", "/attributes/cart.1/secret"] {
        let reply = ask(&browser, Method::POST, path, HOME, &[]).await;
        assert_eq!(reply.status, StatusCode::OK);
        browser.keep_all(&reply);
    }
    assert_eq!(ask(&browser, Method::GET, "/attributes/cart.1", HOME, &[]).await.body, "\"secret\"");
    for from in [ELSEWHERE, HOME] {
        world.heard().await;
        assert_eq!(ask(&browser, Method::GET, "/me", from, &[]).await.status, StatusCode::UNAUTHORIZED);
        assert_eq!(ask(&browser, Method::GET, "/attributes/cart.1", from, &[]).await.body, "null");
    }
    browser
}

const HOME: Option<&str> = Some("192.0.2.7");
const ELSEWHERE: Option<&str> = Some("203.0.113.9");
