//! Object-level authorisation (8.2.2, 7.5.2, H-03): one user asks for what is another's.

use countersign::SessionId;
use http::{Method, StatusCode};

use crate::{
    site::site,
    support::{Browser, World, on_every_store},
};

/// A public id is no secret: the attacker knows those of all the others.
#[tokio::test]
async fn what_is_not_ones_own_cannot_be_ended_and_does_not_seem_to_be_there() {
    on_every_store(|backend| async move {
        let world = World::new(backend).await;
        let site = site(world.sessions.clone());
        let (mut mallory, mut ada) = (Browser::new(&site), Browser::new(&site));
        mallory.post("/login/mallory").await;
        ada.post("/login/ada").await;
        let (mut anonymous, mut pending) = (Browser::new(&site), Browser::new(&site));
        anonymous.post("/count").await;
        pending.post("/first/ada").await;
        let id_in = |browser: &Browser| browser.token().unwrap().split('.').nth(1).unwrap().to_owned();
        let unknown = mallory.send(Method::DELETE, "/sessions/AAAAAAAAAAAAAAAAAAAAAAAA").await;
        assert_eq!(unknown.status, StatusCode::NOT_FOUND);
        for id in [id_in(&ada), id_in(&anonymous), id_in(&pending), SessionId::EVERYBODY.to_string()] {
            let reply = mallory.send(Method::DELETE, &format!("/sessions/{id}")).await;
            let shown = |reply: &crate::support::Reply| (reply.status, reply.body.clone(), reply.headers.clone());
            assert_eq!(shown(&reply), shown(&unknown), "the same bytes");
        }
        assert!(!mallory.get("/sessions").await.body.contains(&id_in(&ada)));
        assert_eq!(mallory.send(Method::DELETE, "/sessions").await.body, "0", "there are no others of his");
        assert_eq!(mallory.post("/logout/everywhere").await.body, "1");

        world.heard().await;
        assert_eq!(ada.get("/me").await.body, "ada");
        assert_eq!(anonymous.post("/count").await.body, "2");
        assert_eq!(pending.post("/second").await.status, StatusCode::OK);
        assert_eq!(pending.get("/me").await.body, "ada");
        let (mut other, id) = (Browser::new(&site), id_in(&ada));
        other.post("/login/ada").await;
        assert_eq!(
            other.send(Method::DELETE, &format!("/sessions/{id}")).await.status,
            StatusCode::OK,
            "his own he can"
        );
        world.heard().await;
        assert_eq!(ada.get("/me").await.status, StatusCode::UNAUTHORIZED);
    })
    .await;
}

/// Names that a store may take for another user, or for several: by case, spaces, accents, patterns, quotes, separators, or the end.
#[tokio::test]
async fn a_name_that_resembles_another_is_another_user() {
    on_every_store(|backend| async move {
        let world = World::new(backend).await;
        let ada = world.sessions.log_in("ada").await.unwrap();
        for name in [
            "Ada",
            "ADA",
            "ada ",
            " ada",
            "ada\u{a0}",
            "áda",
            "a\u{301}da",
            "ｑda",
            "a%",
            "%",
            "_da",
            "*",
            "a*",
            "[a]da",
            "ada'--",
            "ada' OR '1'='1",
            "ada\\",
            "ada:",
            "{ada}",
            "ada}",
            "ada,",
            "ada\u{ad}",
            "\u{202e}ada",
        ] {
            let own = world.sessions.log_in(name).await.unwrap();
            assert_eq!(world.sessions.list(name).await.unwrap().len(), 1, "{backend:?} {name:?} sees his own");
            let ended = world.sessions.revoke_user(name, countersign::Reason::LoggedOut).await.unwrap();
            assert_eq!(ended, [own.session_id()], "{backend:?} {name:?} ends his own");
        }
        assert!(world.sessions.authenticate(ada.token()).await.is_ok());
        assert_eq!(world.sessions.list("ada").await.unwrap().len(), 1);
    })
    .await;
}
