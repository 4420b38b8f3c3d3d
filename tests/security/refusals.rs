//! What a refused client learns: nothing. Gate G6, the kinds that need a rotation to arise.

use countersign::RefusalKind;
use http::{StatusCode, header};

use crate::support::{Browser, Reply, World, app, on_every_store, seconds};

#[tokio::test]
async fn a_wrong_and_a_stolen_secret_look_like_any_other_refusal() {
    on_every_store(|backend| async move {
        let world = World::new(backend).await;
        let app = app(world.sessions.clone());

        // Three secrets of one session: the first is forgotten, the second replaced, the third current.
        let first = world.sessions.log_in("ada").await.unwrap();
        let session = world.sessions.authenticate(first.token()).await.unwrap();
        let second = world.sessions.rotate(&session).await.unwrap();
        let session = world.sessions.authenticate(second.token()).await.unwrap();
        world.sessions.slide(&session).await.unwrap();
        world.pass(seconds(31));
        let session = world.sessions.authenticate(second.token()).await.unwrap();
        let third = world.sessions.rotate(&session).await.unwrap();
        let session = world.sessions.authenticate(third.token()).await.unwrap();
        world.sessions.slide(&session).await.unwrap();
        world.pass(seconds(31));

        let mut seen = Vec::new();
        let cases = [
            ("x".repeat(113), RefusalKind::Malformed),
            (first.token().reveal().to_string(), RefusalKind::WrongSecret),
            (second.token().reveal().to_string(), RefusalKind::Reused),
            (third.token().reveal().to_string(), RefusalKind::Gone),
        ];
        for (token, kind) in cases {
            if kind == RefusalKind::Reused {
                let reply = Browser::with_token(&app, &third.token().reveal()).get("/me").await;
                assert_eq!(reply.body, "ada", "a wrong secret has done the session no harm");
            }
            let reply = Browser::with_token(&app, &token).get("/me").await;
            assert_eq!(reply.refusal, Some(kind), "inside it is precise");
            assert_eq!(reply.status, StatusCode::UNAUTHORIZED);
            seen.push(outside(reply));
        }
        assert!(seen.windows(2).all(|pair| pair[0] == pair[1]), "{seen:#?}");
        let counted = RefusalKind::ALL.iter().zip(world.sessions.counters().refused);
        let counted: Vec<_> =
            counted.filter(|(_, count)| *count > 0).map(|(kind, count)| (kind.name(), count)).collect();
        let once = [("malformed", 1), ("gone", 1), ("wrong_secret", 1), ("reused", 1)];
        assert_eq!(counted, once, "each refusal is one event");
    })
    .await;
}

/// RFC 6750, section 3: every 401 has a challenge, and an error code only where a token was sent.
#[tokio::test]
async fn every_401_has_a_challenge() {
    on_every_store(|backend| async move {
        let world = World::new(backend).await;
        let app = app(world.sessions.clone());
        let none = r"Bearer";
        let bad = r#"Bearer error="invalid_token""#;
        for path in ["/me", "/sessions", "/roles"] {
            assert_eq!(challenge(&Browser::new(&app).get(path).await), none);
            assert_eq!(challenge(&Browser::with_token(&app, "x").get(path).await), bad);
            assert_eq!(challenge(&Browser::with_bearer(&app, "x").get(path).await), bad);
        }
        assert_eq!(challenge(&Browser::new(&app).post("/role/admin").await), none);
        assert_eq!(challenge(&Browser::new(&app).post("/rotate").await), none);
    })
    .await;
}

fn challenge(reply: &Reply) -> &str {
    assert_eq!(reply.status, StatusCode::UNAUTHORIZED);
    assert_eq!(reply.headers.get_all(header::WWW_AUTHENTICATE).iter().count(), 1);
    reply.header(header::WWW_AUTHENTICATE).unwrap()
}

fn outside(reply: Reply) -> (StatusCode, String, String) {
    (reply.status, format!("{:?}", reply.headers), reply.body)
}
