//! One kind of token in the place of another, and records that are no sessions (A-02, A-04, 9.2.2, G3, G7).

use axum::{Router, extract::Path, routing::post};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use countersign::{Error, Reason, RefusalKind, Session, SessionId, SessionLayer, Sessions};
use http::{Method, StatusCode};

use crate::{
    site::{ask, site},
    support::{Backend, Browser, World, app, on_every_store, seconds, sign},
};

pub(crate) fn with_forms(sessions: Sessions) -> Router {
    Router::new()
        .route("/form", post(|session: Session| async move { session.form_token().await }))
        .route("/form/{token}", post(check))
        .layer(SessionLayer::new(sessions.clone()))
        .merge(site(sessions))
}

async fn check(session: Session, Path(token): Path<String>) -> Result<(), Error> {
    session.check_form_token(&token)
}

/// 9.2.2: everything that the server has signed for ada, in every place where something signed is read.
#[tokio::test]
async fn no_kind_of_token_is_taken_for_another() {
    let world = World::with(Backend::Memory, |config| {
        config.throttle.answer_after = std::time::Duration::ZERO;
        config.throttle.account.free = 1;
    })
    .await;
    let site = with_forms(world.sessions.clone());
    let mut ada = Browser::new(&site);
    let log_in = ada.post("/guess/ada/right").await;
    let device = log_in.device_cookie().unwrap().split([';', '=']).nth(1).unwrap().to_owned();
    let form = ada.post("/form").await.body;
    let session = ada.token().unwrap().to_owned();
    assert_eq!(device.len(), form.len(), "not even the length tells them apart");

    for other in [&device, &form, &format!("{session}{device}"), &session[44..].to_owned()] {
        let reply = Browser::with_token(&site, other).get("/peek").await;
        assert_eq!((reply.body.as_str(), reply.refusal), ("nobody", Some(RefusalKind::Malformed)));
        let reply = Browser::with_bearer(&site, other).get("/me").await;
        assert_eq!((reply.status, reply.refusal), (StatusCode::UNAUTHORIZED, Some(RefusalKind::Malformed)));
    }
    for (other, status) in [(&device, 403), (&session, 403), (&form, 200)] {
        assert_eq!(ada.post(&format!("/form/{other}")).await.status, status);
    }
    // A stranger has used up what is free. Who is known on this device gets in all the same, and nobody else does.
    ask(&Browser::new(&site), Method::POST, "/guess/ada/wrong", None, &[]).await;
    for (other, status) in [(&form, 429), (&session, 429), (&device, 200)] {
        let cookie = format!("__Host-did={other}");
        let reply = ask(&Browser::new(&site), Method::POST, "/guess/ada/right", None, &[("cookie", &cookie)]).await;
        assert_eq!(reply.status.as_u16(), status, "{}", reply.body);
    }
}

/// whoever has stolen the key signs for the ids of records that are no sessions: counts of attempts, and everybody's end.
#[tokio::test]
async fn a_stolen_key_opens_and_ends_nothing_that_is_no_session() {
    on_every_store(|backend| async move {
        let world = World::with(backend, |config| config.throttle.answer_after = std::time::Duration::ZERO).await;
        let site = site(world.sessions.clone());
        let old = world.sessions.log_in("ada").await.unwrap();
        world.sessions.revoke_everyone(Reason::ByOperator).await.unwrap();
        world.pass(seconds(3));
        for _ in 0..6 {
            Browser::new(&site).post("/guess/ada/wrong").await;
        }
        let seen = world.calls.seen();
        let records = serde_json::Deserializer::from_slice(&seen).into_iter::<serde_json::Value>();
        let ids = records.map(|record| record.unwrap()["id"].as_str().unwrap().parse::<SessionId>().unwrap());
        let mut ids: Vec<SessionId> = ids.filter(|id| *id != old.session_id()).collect();
        ids.push(SessionId::EVERYBODY);
        assert!(ids.len() >= 2, "a count, and the end of all");

        for secret in [[0; 32], [7; 32]] {
            for id in &ids {
                let forged = sign(&BASE64_URL_SAFE_NO_PAD.encode(secret), &id.to_string());
                world.sessions.verify(&forged.parse().unwrap()).unwrap();
                let reply = Browser::with_bearer(&site, &forged).get("/me").await;
                assert_eq!(reply.status, StatusCode::UNAUTHORIZED);
                assert!(matches!(reply.refusal, Some(RefusalKind::WrongSecret | RefusalKind::Gone)), "{id}");
                for (method, path) in [(Method::POST, "/logout"), (Method::POST, "/rotate"), (Method::POST, "/count")] {
                    Browser::with_bearer(&site, &forged).send(method, path).await;
                }
            }
        }
        let still = Browser::new(&site).post("/guess/ada/right").await;
        assert_eq!(still.status, StatusCode::TOO_MANY_REQUESTS, "the count goes on");
        assert!(world.node().await.authenticate(old.token()).await.is_err(), "and all is still at an end");
    })
    .await;
}

/// G3, R-07, C-04: no verb that ends something brings back what has ended, whatever id or name it is given. A node that is started
/// afterwards knows no more than the store.
#[tokio::test]
async fn nothing_that_can_be_ended_brings_everybodys_sessions_back() {
    on_every_store(|backend| async move {
        let world = World::new(backend).await;
        let stolen = world.sessions.log_in("ada").await.unwrap();
        assert!(world.node().await.authenticate(stolen.token()).await.is_ok());
        world.sessions.revoke_everyone(Reason::ByOperator).await.unwrap();
        world.pass(seconds(3));
        let sessions = &world.sessions;
        let reason = Reason::ByOperator;
        assert!(!sessions.revoke(SessionId::EVERYBODY, reason).await.unwrap(), "{backend:?}: that is no session");
        let _ = sessions.revoke_of("", SessionId::EVERYBODY, reason).await;
        let _ = sessions.revoke_user("", reason).await;
        let _ = sessions.revoke_device("", "", reason).await;
        let _ = sessions.revoke_older_than("", world.clock.now().into(), reason).await;
        sessions.sweep().await.unwrap();
        world.heard().await;
        let started = app(world.node().await);
        let thief = Browser::with_token(&started, &stolen.token().reveal()).get("/me").await;
        assert_eq!((thief.status, thief.refusal), (StatusCode::UNAUTHORIZED, Some(RefusalKind::Gone)), "{backend:?}");
        let mut user = Browser::new(&started);
        user.post("/login/ada").await;
        assert_eq!(user.get("/me").await.body, "ada", "who comes after it gets in");
    })
    .await;
}
