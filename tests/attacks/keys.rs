//! Tokens that were made for something else, or with something else.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use countersign::{KeyRing, MemoryStore, Reason, RefusalKind, SessionId, Sessions};
use http::StatusCode;

use crate::{
    site::site,
    support::{Backend, Browser, KEY, OTHER_KEY, World, on_every_store},
};

/// 9.2.3, A-12: the same key signs for two services, or for two environments of one.
#[tokio::test]
async fn a_token_of_another_audience_is_nothing_here() {
    on_every_store(|backend| async move {
        let world = World::with(backend, |config| config.audience = "shop".to_owned()).await;
        let mut elsewhere = world.config.clone();
        elsewhere.audience = "shop-staging".to_owned();
        let staging =
            Sessions::builder(KeyRing::new(KEY).unwrap(), MemoryStore::new()).config(elsewhere).build().unwrap();
        let foreign = staging.log_in("ada").await.unwrap().token().reveal().to_string();
        let own = world.sessions.log_in("ada").await.unwrap().token().reveal().to_string();
        let site = site(world.sessions.clone());
        world.calls.take();
        let reply = Browser::with_token(&site, &foreign).get("/me").await;
        assert_eq!((reply.status, reply.refusal), (StatusCode::UNAUTHORIZED, Some(RefusalKind::Forged)));
        assert_eq!(world.calls.take(), (0, 0, 0), "no store is asked");
        assert_eq!(Browser::with_token(&site, &own).get("/me").await.body, "ada");
    })
    .await;
}

/// A-11, C-14, key-byte confusion: the byte that names a key is set to every value.
#[tokio::test]
async fn no_key_byte_makes_a_forged_token_genuine() {
    let world = World::new(Backend::Memory).await;
    let keys = KeyRing::new(KEY).unwrap().with_previous(OTHER_KEY).unwrap();
    let node = site(world.node_with(keys).await);
    let own = world.sessions.log_in("ada").await.unwrap().token().reveal().to_string();
    let retired = Sessions::new(KeyRing::new(b"a key that has left the ring: gone").unwrap(), MemoryStore::new());
    let retired = retired.log_in("ada").await.unwrap().token().reveal().to_string();
    for (token, genuine) in [(&own, 1), (&retired, 0)] {
        let (head, signature) = token.rsplit_once('.').unwrap();
        let mut accepted = 0;
        for byte in 0..=u8::MAX {
            let mut bytes = BASE64_URL_SAFE_NO_PAD.decode(signature).unwrap();
            bytes[0] = byte;
            let token = format!("{head}.{}", BASE64_URL_SAFE_NO_PAD.encode(&bytes));
            accepted += usize::from(Browser::with_token(&node, &token).get("/me").await.status == StatusCode::OK);
        }
        assert_eq!(accepted, genuine, "only the byte that it was signed with");
        for cut in [1, 16, 32] {
            let bytes = BASE64_URL_SAFE_NO_PAD.decode(signature).unwrap();
            let token = format!("{head}.{}", BASE64_URL_SAFE_NO_PAD.encode(&bytes[..bytes.len() - cut]));
            assert_eq!(Browser::with_token(&node, &token).get("/peek").await.refusal, Some(RefusalKind::Malformed));
        }
        for more in [1, 3, 33] {
            let mut bytes = BASE64_URL_SAFE_NO_PAD.decode(signature).unwrap();
            bytes.resize(bytes.len() + more, 0);
            let token = format!("{head}.{}", BASE64_URL_SAFE_NO_PAD.encode(&bytes));
            assert_eq!(Browser::with_token(&node, &token).get("/peek").await.refusal, Some(RefusalKind::Malformed));
        }
    }
}

/// Records that are no sessions lie in the same store: counts of attempts, and the end of everybody's sessions.
#[tokio::test]
async fn no_token_opens_what_is_no_session() {
    on_every_store(|backend| async move {
        let world = World::with(backend, |config| config.throttle.answer_after = std::time::Duration::ZERO).await;
        let site = site(world.sessions.clone());
        world.sessions.revoke_everyone(Reason::ByOperator).await.unwrap();
        world.pass(crate::support::seconds(3));
        let mut user = Browser::new(&site);
        user.post("/guess/ada/wrong").await;
        user.post("/guess/ada/right").await;
        let token = user.token().unwrap().to_owned();
        let [secret, _, signature] = token.split('.').collect::<Vec<_>>()[..] else { panic!() };
        let forged = format!("{secret}.{}.{signature}", SessionId::EVERYBODY);
        let reply = Browser::with_token(&site, &forged).get("/peek").await;
        assert_eq!((reply.body.as_str(), reply.refusal), ("nobody", Some(RefusalKind::Forged)));
        // It is nobody's, so nobody can end it; and a count is in nobody's list.
        let path = format!("/sessions/{}", SessionId::EVERYBODY);
        assert_eq!(user.send(http::Method::DELETE, &path).await.status, StatusCode::NOT_FOUND);
        assert_eq!(world.sessions.list("ada").await.unwrap().len(), 1);
        assert_eq!(user.get("/me").await.body, "ada");
    })
    .await;
}
