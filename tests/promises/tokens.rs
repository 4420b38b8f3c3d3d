//! P1 to P3: what a token must be, and what it takes to make one.

use countersign::{KeyRing, RefusalKind};
use http::StatusCode;

use crate::support::{Browser, KEY, OTHER_KEY, World, app, on_every_store, seconds, sign};

#[tokio::test]
async fn p01_a_bad_token_is_refused_before_any_store_is_asked() {
    on_every_store(|backend| async move {
        let world = World::new(backend).await;
        let app = app(world.sessions.clone());
        let good = world.sessions.log_in("ada").await.unwrap().token().reveal().to_string();
        world.calls.take();

        let mut changed = good.clone().into_bytes();
        changed[60] = if changed[60] == b'A' { b'B' } else { b'A' };
        let stranger = world.node_with(KeyRing::new(OTHER_KEY).unwrap()).await;
        let forged = stranger.start().await.unwrap().token().reveal().to_string();
        world.calls.take();
        let cases = [
            (String::from_utf8(changed).unwrap(), RefusalKind::Forged),
            (forged, RefusalKind::Forged),
            (good[1..].to_owned(), RefusalKind::Malformed),
            (format!("{good}="), RefusalKind::Malformed),
            ("x".repeat(60_000), RefusalKind::Malformed),
            (String::new(), RefusalKind::Malformed),
        ];
        for (token, kind) in cases {
            let reply = Browser::with_token(&app, &token).get("/me").await;
            assert_eq!((reply.status, reply.refusal), (StatusCode::UNAUTHORIZED, Some(kind)));
            assert!(reply.clears_cookie());
            let reply = Browser::with_bearer(&app, &token).get("/me").await;
            assert_eq!((reply.status, reply.refusal), (StatusCode::UNAUTHORIZED, Some(kind)));
            assert_eq!(world.calls.take(), (0, 0, 0), "{kind}");
        }
        assert_eq!(Browser::with_token(&app, &good).get("/me").await.body, "ada");
    })
    .await;
}

#[tokio::test]
async fn p02_neither_the_store_nor_the_key_lets_anybody_in() {
    on_every_store(|backend| async move {
        let world = World::new(backend).await;
        let app = app(world.sessions.clone());
        let issued = world.sessions.log_in("ada").await.unwrap();
        let token = issued.token().reveal().to_string();
        let (secret, rest) = token.split_once('.').unwrap();
        let (id, signature) = rest.split_once('.').unwrap();

        // The store alone: it holds neither the secret nor a signature, in no encoding.
        let dump = world.dump();
        for part in [secret, signature] {
            assert!(!contains(&dump, part.as_bytes()), "{backend:?} holds a part of the token");
            let raw = decode(part);
            assert!(!contains(&dump, &raw[..raw.len().min(32)]), "{backend:?} holds a part of the token, raw");
        }

        // The key alone: whoever has it can sign for a session's id, but does not know its secret.
        let key_thief = world.node().await;
        let own = key_thief.start().await.unwrap().token().reveal().to_string();
        let (own_secret, _) = own.split_once('.').unwrap();
        let forged = sign(own_secret, id);
        key_thief.verify(&forged.parse().unwrap()).unwrap();
        let reply = Browser::with_token(&app, &forged).get("/me").await;
        assert_eq!((reply.status, reply.refusal), (StatusCode::UNAUTHORIZED, Some(RefusalKind::WrongSecret)));

        // And it has not cost the user his session.
        assert_eq!(Browser::with_token(&app, &token).get("/me").await.body, "ada");
    })
    .await;
}

#[tokio::test]
async fn p03_keys_rotate_without_logging_anybody_out() {
    on_every_store(|backend| async move {
        let world = World::new(backend).await;
        let old = world.sessions.log_in("ada").await.unwrap().token().reveal().to_string();
        let idle = world.sessions.log_in("grace").await.unwrap().token().reveal().to_string();

        // The new key signs, the old one still verifies: ada's next refresh signs her token anew.
        let both = KeyRing::new(OTHER_KEY).unwrap().with_previous(KEY).unwrap();
        let app_with_both = app(world.node_with(both).await);
        let mut ada = Browser::with_token(&app_with_both, &old);
        assert!(ada.get("/me").await.set_cookie().is_none(), "not before the refresh interval is over");
        world.pass(seconds(60));
        assert_eq!(ada.get("/me").await.body, "ada");
        let new = ada.token().unwrap().to_owned();
        assert_ne!(new, old);
        assert_eq!(new[..68], old[..68], "the same secret and id, under another signature");

        // Without the old key exactly what it signed is refused.
        let app_with_new = app(world.node_with(KeyRing::new(OTHER_KEY).unwrap()).await);
        assert_eq!(Browser::with_token(&app_with_new, &new).get("/me").await.body, "ada");
        for dropped in [&old, &idle] {
            let reply = Browser::with_token(&app_with_new, dropped).get("/me").await;
            assert_eq!((reply.status, reply.refusal), (StatusCode::UNAUTHORIZED, Some(RefusalKind::Forged)));
        }
    })
    .await;
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

fn decode(text: &str) -> Vec<u8> {
    use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
    BASE64_URL_SAFE_NO_PAD.decode(text).unwrap()
}
