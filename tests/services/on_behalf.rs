//! What a service does with a user's session.

use std::time::Duration;

use countersign::{Change, ErrorKind, Reaction, Reason, SessionId};
use http::{Method, StatusCode};
use tokio::task::JoinSet;

use crate::{
    help::{ALL, kind, service},
    support::{Browser, World, app, minutes, on_every_store, seconds},
};

#[tokio::test]
async fn it_reads_and_writes_what_the_user_sees_and_merges_with_what_he_writes() {
    on_every_store(|backend| async move {
        let world = World::new(backend).await;
        let orders = service(&world, "orders", &ALL).await;
        let app = app(world.node().await);
        let mut ada = Browser::new(&app);
        ada.post("/login/ada").await;
        ada.post("/attributes/colour/red").await;
        let id = id_of(&ada);

        let mut session = orders.session(id).await.unwrap();
        assert_eq!((session.id(), session.info().user()), (id, "ada"));
        assert_eq!(session.get::<String>("colour").unwrap().as_deref(), Some("red"));
        // In the meantime.
        ada.post("/attributes/size/7").await;
        ada.post("/mine/count").await;

        session.set("last_order", "4711").unwrap().increment("count", 2).unwrap().remove("colour").unwrap();
        assert_eq!(session.get::<i64>("count").unwrap(), Some(2), "as it was read, and what is buffered");
        assert_eq!(session.get::<String>("colour").unwrap(), None);
        world.calls.take();
        let stored = session.commit().await.unwrap();
        assert_eq!(world.calls.take().1, 1, "one change");
        assert_eq!(stored.get::<i64>("count").unwrap(), Some(3));
        assert_eq!(session.get::<String>("size").unwrap().as_deref(), Some("7"));

        world.heard().await;
        assert_eq!(ada.get("/attributes/last_order").await.body, "\"4711\"");
        assert_eq!(ada.get("/attributes/colour").await.body, "null");
        assert_eq!(ada.get("/mine/count").await.body, "3");
    })
    .await;
}

/// P6.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_services_and_the_user_write_at_once_all_counts() {
    on_every_store(|backend| async move {
        let world = World::new(backend).await;
        let app = app(world.sessions.clone());
        let mut ada = Browser::new(&app);
        ada.post("/login/ada").await;
        let id = id_of(&ada);
        let token = world.sessions.services().register("orders", ALL).await.unwrap();
        let nodes = [world.sessions.services(), world.node().await.services()];
        let mut writing = JoinSet::new();
        for number in 0..16 {
            let (services, token, mut ada) = (nodes[number % 2].clone(), token.clone(), ada.clone());
            writing.spawn(async move {
                let service = services.authenticate(&token).await.unwrap();
                let mut session = service.session(id).await.unwrap();
                session.increment("count", 1).unwrap().set(&format!("of {number}"), &number).unwrap();
                session.commit().await.unwrap();
            });
            writing.spawn(async move { assert_eq!(ada.post("/mine/count").await.status, StatusCode::OK) });
        }
        writing.join_all().await;
        let stored = world.live([id]).await;
        assert_eq!(stored[0].attributes().value("count"), Some(&b"32"[..]));
        assert_eq!(stored[0].attributes().len(), 17);
    })
    .await;
}

#[tokio::test]
async fn what_is_not_committed_is_not_stored_and_an_empty_commit_asks_no_store() {
    on_every_store(|backend| async move {
        let world = World::new(backend).await;
        let orders = service(&world, "orders", &ALL).await;
        let id = world.sessions.log_in("ada").await.unwrap().session_id();
        let mut session = orders.session(id).await.unwrap();
        session.set("last_order", "4711").unwrap();
        drop(session);
        let mut session = orders.session(id).await.unwrap();
        assert_eq!(session.get::<String>("last_order").unwrap(), None);
        world.calls.take();
        session.commit().await.unwrap();
        assert_eq!(world.calls.take(), (0, 0, 0));
    })
    .await;
}

/// ASVS 8.3.3.
#[tokio::test]
async fn each_verb_needs_its_own_permission_and_the_error_names_it() {
    on_every_store(|backend| async move {
        let world = World::new(backend).await;
        let id = world.sessions.log_in("ada").await.unwrap().session_id();
        let reader = service(&world, "reader", &["session.read"]).await;
        let writer = service(&world, "writer", &["session.write"]).await;
        let revoker = service(&world, "revoker", &["session.revoke"]).await;
        let nobody = service(&world, "nobody", &[]).await;

        let mut session = reader.session(id).await.unwrap();
        session.set("last_order", "4711").unwrap();
        world.calls.take();
        let error = session.commit().await.unwrap_err();
        assert_eq!((error.kind(), error.kind().status()), (ErrorKind::NotPermitted, 403));
        assert!(error.to_string().contains("`session.write`") && error.to_string().contains("`reader`"), "{error}");
        for answer in [
            session.revoke(Reason::ByOperator).await.map(drop),
            reader.revoke(id, Reason::ByOperator).await.map(drop),
            writer.session(id).await.map(drop),
            revoker.session(id).await.map(drop),
            nobody.session(id).await.map(drop),
            nobody.revoke(id, Reason::ByOperator).await.map(drop),
            nobody.require("orders.read"),
        ] {
            assert_eq!(kind(answer), ErrorKind::NotPermitted);
        }
        assert_eq!(world.calls.take(), (0, 0, 0), "before any store was asked");
        assert_eq!(world.live([id]).await.len(), 1);
        assert!(revoker.revoke(id, Reason::ByOperator).await.unwrap(), "without a permission to read");
        assert_eq!(world.live([id]).await.len(), 0);
    })
    .await;
}

/// P5.
#[tokio::test]
async fn a_session_that_has_ended_is_not_there_and_takes_no_write() {
    on_every_store(|backend| async move {
        let world = World::new(backend).await;
        let orders = service(&world, "orders", &ALL).await;
        let id = world.sessions.log_in("ada").await.unwrap().session_id();
        let mut session = orders.session(id).await.unwrap();
        session.set("last_order", "4711").unwrap();
        world.sessions.revoke(id, Reason::LoggedOut).await.unwrap();
        assert_eq!(kind(session.commit().await), ErrorKind::Ended);
        assert_eq!(kind(orders.session(id).await), ErrorKind::NotFound);
        assert_eq!(world.live([id]).await.len(), 0);
        assert_eq!(kind(orders.session(SessionId::new(None).unwrap()).await), ErrorKind::NotFound);
        assert_eq!(kind(orders.session(SessionId::EVERYBODY).await), ErrorKind::NotFound);

        let id = world.sessions.log_in("ada").await.unwrap().session_id();
        world.pass(minutes(31));
        assert_eq!(kind(orders.session(id).await), ErrorKind::NotFound, "expired");
    })
    .await;
}

#[tokio::test]
async fn sessions_that_have_ended_with_everybodys_are_not_there() {
    on_every_store(|backend| async move {
        let world = World::new(backend).await;
        let node = world.node().await;
        let token = world.sessions.services().register("orders", ALL).await.unwrap();
        let orders = node.services().authenticate(&token).await.unwrap();
        let id = world.sessions.log_in("ada").await.unwrap().session_id();
        assert!(orders.session(id).await.is_ok());
        world.sessions.revoke_everyone(Reason::ByOperator).await.unwrap();
        world.pass(seconds(3));
        assert_eq!(kind(orders.session(id).await), ErrorKind::NotFound);
    })
    .await;
}

/// A service's reading and writing is not its user's use.
#[tokio::test]
async fn the_users_window_does_not_slide_by_it() {
    on_every_store(|backend| async move {
        let world = World::new(backend).await;
        let orders = service(&world, "orders", &ALL).await;
        let issued = world.sessions.log_in("ada").await.unwrap();
        world.pass(minutes(20));
        let mut session = orders.session(issued.session_id()).await.unwrap();
        session.set("last_order", "4711").unwrap();
        assert_eq!(session.commit().await.unwrap().expires_at(), issued.expires_at());
    })
    .await;
}

/// Until its user has proved who he is, it is shown to no service, and takes no write of one; to end it is no risk.
#[tokio::test]
async fn a_session_whose_user_owes_a_proof_is_not_shown() {
    on_every_store(|backend| async move {
        let world = World::new(backend).await;
        let orders = service(&world, "orders", &ALL).await;
        let waiting = world.sessions.log_in("ada").pending_second_factor(["totp"]).await.unwrap().session_id();
        let suspended = world.sessions.log_in("ada").await.unwrap().session_id();
        let mut mark = Change::new();
        mark.set("\u{1}step-up", *b"1");
        world.change(suspended, mark).await;
        for id in [waiting, suspended] {
            assert_eq!(kind(orders.session(id).await), ErrorKind::StepUpRequired);
            assert!(orders.revoke(id, Reason::ByOperator).await.unwrap());
        }
    })
    .await;
}

#[tokio::test]
async fn what_is_ours_is_out_of_reach_and_bounds_are_kept() {
    on_every_store(|backend| async move {
        let world = World::with(backend, |config| config.attributes.bytes = 1_000).await;
        let orders = service(&world, "orders", &ALL).await;
        let id = world.sessions.log_in("ada").await.unwrap().session_id();
        let mut mark = Change::new();
        mark.set("\u{1}seen", *b"1");
        world.change(id, mark).await;
        let mut session = orders.session(id).await.unwrap();
        assert_eq!(session.get::<i64>("\u{1}seen").unwrap(), None);
        assert_eq!(session.info().get::<i64>("\u{1}seen").unwrap(), None);
        assert_eq!(kind(session.set("\u{1}step-up", &1).map(drop)), ErrorKind::InvalidName);
        assert_eq!(kind(session.remove("\u{1}seen").map(drop)), ErrorKind::InvalidName);
        assert_eq!(kind(session.increment("", 1).map(drop)), ErrorKind::InvalidName);
        session.set("much", &"x".repeat(2_000)).unwrap();
        assert_eq!(kind(session.commit().await), ErrorKind::ChangeRefused);
        session.set("text", "not a number").unwrap();
        session.commit().await.unwrap();
        assert_eq!(kind(session.increment("text", 1).unwrap().commit().await), ErrorKind::ChangeRefused);
        assert_eq!(session.get::<String>("text").unwrap().as_deref(), Some("not a number"));
    })
    .await;
}

/// A token of the user's is never needed, and his end is the service's as well.
#[tokio::test]
async fn what_a_service_ends_the_users_client_loses() {
    on_every_store(|backend| async move {
        let world = World::new(backend).await;
        let orders = service(&world, "orders", &ALL).await;
        let app = app(world.node().await);
        let mut ada = Browser::new(&app);
        ada.post("/login/ada").await;
        let session = orders.session(id_of(&ada)).await.unwrap();
        assert!(session.revoke(Reason::AccountClosed).await.unwrap());
        world.heard().await;
        tokio::time::sleep(Duration::from_millis(1)).await;
        assert_eq!(ada.get("/me").await.status, StatusCode::UNAUTHORIZED);
    })
    .await;
}

fn id_of(browser: &Browser) -> SessionId {
    browser.token().unwrap().split('.').nth(1).unwrap().parse().unwrap()
}

/// What a service has had shown before is not written to, and not shown as it is now.
#[tokio::test]
async fn a_session_that_is_suspended_meanwhile_takes_nothing_from_a_service() {
    on_every_store(|backend| async move {
        let world = World::with(backend, |config| config.binding.user_agent = Reaction::StepUp).await;
        let orders = service(&world, "orders", &ALL).await;
        let app = app(world.node().await);
        let mut ada = Browser::new(&app);
        let mut from = async |agent: &str, method: Method, path: &str| {
            let mut request = ada.request(method, path);
            request.headers_mut().insert("user-agent", agent.parse().unwrap());
            let reply = ada.ask(request).await;
            ada.keep_all(&reply);
            (reply.status, ada.token().unwrap().to_owned())
        };
        let (_, token) = from("Mozilla/5.0 Firefox/134.0", Method::POST, "/login/ada").await;
        let id = token.parse::<countersign::Token>().unwrap().id();
        let mut session = orders.session(id).await.unwrap();
        assert_eq!(from("curl", Method::GET, "/me").await.0, StatusCode::UNAUTHORIZED);
        world.heard().await;
        session.set("last_order", "4711").unwrap();
        assert_eq!(session.commit().await.unwrap_err().kind(), ErrorKind::StepUpRequired, "{backend:?}");
        let stored = world.live([id]).await;
        assert!(stored[0].attributes().value("last_order").is_none(), "{backend:?}");
    })
    .await;
}
