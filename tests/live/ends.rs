//! What ends a session ends what is open in its name.

use std::{future::Future, pin::Pin, time::Duration};

use countersign::{EndReason, Issued, Reaction, Reason, Session, Sessions};
use http::{Method, Request, header::USER_AGENT};
use tokio::time::{sleep, timeout};

use crate::{
    client::{A_WHILE, Node, PATIENCE},
    support::{Browser, Pause, World, app, minutes, on_every_store, seconds},
};

type Ending = for<'a> fn(&'a Sessions, &'a Issued) -> Pin<Box<dyn Future<Output = ()> + Send + 'a>>;

/// The ways to end a session from elsewhere.
const ENDINGS: [(&str, Ending); 6] = [
    ("revoke", |node, issued| {
        Box::pin(async { assert!(node.revoke(issued.session_id(), Reason::ByOperator).await.unwrap()) })
    }),
    ("revoke_of", |node, issued| {
        Box::pin(async { node.revoke_of("ada", issued.session_id(), Reason::ByUser).await.unwrap() })
    }),
    ("revoke_user", |node, _| {
        Box::pin(async { assert_eq!(node.revoke_user("ada", Reason::PasswordChanged).await.unwrap().len(), 1) })
    }),
    ("revoke_device", |node, _| {
        Box::pin(async { assert_eq!(node.revoke_device("ada", "phone", Reason::ByUser).await.unwrap().len(), 1) })
    }),
    ("revoke_others", |node, _| {
        Box::pin(async {
            let other = node.log_in("ada").await.unwrap().session_id();
            assert_eq!(node.revoke_others("ada", other, Reason::ByUser).await.unwrap().len(), 1);
            node.revoke(other, Reason::ByUser).await.unwrap();
        })
    }),
    ("a limit", |node, issued| {
        Box::pin(async {
            for _ in 0..2 {
                assert!(node.clock().advance(seconds(1)));
                node.log_in("ada").await.unwrap();
            }
            let left = node.list("ada").await.unwrap();
            assert!(left.len() == 2 && left.iter().all(|session| session.id() != issued.session_id()));
            node.revoke_user("ada", Reason::ByUser).await.unwrap();
        })
    }),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn p04_a_revocation_on_another_node_closes_a_socket_with_1008_and_ends_a_stream_of_events() {
    on_every_store(|backend| async move {
        let world = World::with(backend, |config| config.limit.max = 2).await;
        let elsewhere = world.node().await;
        let node = Node::start(world.sessions.clone()).await;
        let grace = elsewhere.log_in("grace").await.unwrap();
        let mut other = node.socket(&grace.token().reveal()).await;
        for (how, end) in ENDINGS {
            world.pass(seconds(1));
            let issued = elsewhere.log_in("ada").device_id("phone").await.unwrap();
            let token = issued.token().reveal().to_string();
            let (mut socket, mut events) = (node.socket(&token).await, node.events(&token).await);
            assert_eq!(socket.say("hello").await.as_deref(), Some("ada: hello"), "{how}");
            end(&elsewhere, &issued).await;
            let (code, reason, _) = socket.closed().await;
            assert_eq!((code, &*reason), (1008, "the session has ended"), "{backend:?}: {how}");
            events.ended().await;
        }
        assert_eq!(other.say("hello").await.as_deref(), Some("grace: hello"), "nobody has ended hers");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_out_by_another_request_closes_a_socket() {
    on_every_store(|backend| async move {
        let world = World::new(backend).await;
        let nodes = [Node::start(world.sessions.clone()).await, Node::start(world.node().await).await];
        for asked in &nodes {
            let token = world.sessions.log_in("ada").await.unwrap().token().reveal().to_string();
            let mut socket = nodes[0].socket(&token).await;
            assert_eq!(socket.say("hello").await.as_deref(), Some("ada: hello"));
            assert_eq!(asked.post("/logout", &token).await, 200);
            assert_eq!(socket.closed().await.0, 1008, "{backend:?}");
            assert_eq!(nodes[0].get("/events", &token).await.status(), 401, "it is not opened again");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn p11_a_session_that_expires_closes_its_socket_and_not_before() {
    on_every_store(|backend| async move {
        let world = World::new(backend).await;
        let elsewhere = world.node().await;
        let node = Node::start(world.sessions.clone()).await;
        let issued = world.sessions.log_in("ada").await.unwrap();
        let mut socket = node.socket(&issued.token().reveal()).await;
        world.pass(minutes(29));
        socket.stays_open().await;
        // Somebody uses it elsewhere, which nobody tells this node.
        let there = elsewhere.authenticate(issued.token()).await.unwrap();
        elsewhere.slide(&there).await.unwrap();
        world.pass(minutes(29));
        socket.stays_open().await;
        world.pass(minutes(2));
        let (code, reason, _) = socket.closed().await;
        assert_eq!((code, &*reason), (1008, "the session has expired"), "{backend:?}");
    })
    .await;
}

/// ASVS 7.4.5.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_end_of_everybodys_sessions_closes_all_sockets_and_none_of_later() {
    on_every_store(|backend| async move {
        let world = World::new(backend).await;
        let elsewhere = world.node().await;
        let node = Node::start(world.sessions.clone()).await;
        let mut sockets = Vec::new();
        for user in ["ada", "grace"] {
            let issued = world.sessions.log_in(user).await.unwrap();
            let mut socket = node.socket(&issued.token().reveal()).await;
            assert!(socket.say("hello").await.is_some());
            sockets.push(socket);
        }
        elsewhere.revoke_everyone(Reason::ByOperator).await.unwrap();
        for socket in &mut sockets {
            let (code, reason, _) = socket.closed().await;
            assert_eq!((code, &*reason), (1008, "the session has ended"), "{backend:?}");
        }
        world.pass(seconds(3));
        let issued = world.sessions.log_in("ada").await.unwrap();
        node.socket(&issued.token().reveal()).await.stays_open().await;
    })
    .await;
}

/// What was opened with less proof, or with other rights, is opened again.
#[tokio::test]
async fn a_session_that_another_takes_the_place_of_has_ended_and_one_with_another_secret_has_not() {
    on_every_store(|backend| async move {
        let world = World::new(backend).await;
        let issued = world.sessions.log_in("ada").await.unwrap();
        let mut ended = world.sessions.ended(issued.session_id());
        let authenticated = world.sessions.authenticate(issued.token()).await.unwrap();
        let rotated = world.sessions.rotate(&authenticated).await.unwrap();
        let authenticated = world.sessions.authenticate(rotated.token()).await.unwrap();
        world.sessions.slide(&authenticated).await.unwrap();
        assert!(timeout(A_WHILE, &mut ended).await.is_err(), "{backend:?}: another secret");
        let app = app(world.node().await);
        let mut browser = Browser::with_bearer(&app, &rotated.token().reveal());
        assert_eq!(browser.post("/role/editor").await.status, 200);
        let end = timeout(PATIENCE, ended).await.unwrap();
        assert_eq!(end.reason(), EndReason::Revoked, "{backend:?}: another session");
    })
    .await;
}

#[tokio::test]
async fn what_has_ended_before_anybody_waits_is_told_at_once() {
    on_every_store(|backend| async move {
        let world = World::new(backend).await;
        let issued = world.sessions.log_in("ada").await.unwrap();
        world.node().await.revoke(issued.session_id(), Reason::ByUser).await.unwrap();
        let end = timeout(PATIENCE, world.sessions.ended(issued.session_id())).await.unwrap();
        assert_eq!(end.reason(), EndReason::Revoked, "{backend:?}");
    })
    .await;
    let nobody = Session::of(&Request::new(()));
    assert_eq!(nobody.ended().await.reason(), EndReason::NoSession);
}

/// A node begins to listen when somebody first waits there: it may end just before, meanwhile, or just after.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_end_at_any_moment_of_the_beginning_is_not_missed() {
    on_every_store(|backend| async move {
        let world = World::new(backend).await;
        for moment in 0..16 {
            let node = world.sound_node().await;
            let issued = world.sessions.log_in("ada").await.unwrap();
            let ended = tokio::spawn(node.ended(issued.session_id()));
            sleep(Duration::from_micros(moment * moment * 100)).await;
            world.sessions.revoke(issued.session_id(), Reason::ByUser).await.unwrap();
            let end = timeout(PATIENCE, ended).await.unwrap_or_else(|_| panic!("{backend:?}: missed at {moment}"));
            assert_eq!(end.unwrap().reason(), EndReason::Revoked);
        }
    })
    .await;
}

/// The store has said that it is alive, and it ends while the answer is on its way.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_is_older_than_the_news_is_not_believed() {
    on_every_store(|backend| async move {
        let world = World::new(backend).await;
        let issued = world.sessions.log_in("ada").await.unwrap();
        let elsewhere = world.sound_node().await;
        // It listens already.
        let other = tokio::spawn(world.sessions.ended(elsewhere.log_in("grace").await.unwrap().session_id()));
        sleep(Duration::from_millis(200)).await;
        world.calls.pace.set(Pause::Sleep(Duration::from_millis(300)));
        let ended = tokio::spawn(world.sessions.ended(issued.session_id()));
        sleep(Duration::from_millis(400)).await;
        elsewhere.revoke(issued.session_id(), Reason::ByUser).await.unwrap();
        let end = timeout(PATIENCE, ended).await.unwrap_or_else(|_| panic!("{backend:?}: an old answer was believed"));
        assert_eq!(end.unwrap().reason(), EndReason::Revoked);
        assert!(!other.is_finished());
        other.abort();
    })
    .await;
}

/// Somebody who has to prove again who he is is nobody until then, also on his sockets: at the next look.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_suspended_session_closes_its_socket_when_it_is_next_looked_at() {
    on_every_store(|backend| async move {
        let world = World::with(backend, |config| config.binding.user_agent = Reaction::StepUp).await;
        let app = app(world.node().await);
        let node = Node::start(world.sessions.clone()).await;
        let mut browser = Browser::new(&app);
        let post_as = |agent: &str, path: &str, browser: &Browser| {
            let mut request = browser.request(Method::POST, path);
            request.headers_mut().insert(USER_AGENT, agent.parse().unwrap());
            request
        };
        let reply = browser.ask(post_as(FIREFOX, "/login/ada", &browser)).await;
        browser.keep_all(&reply);
        let mut socket = node.socket_as(browser.token().unwrap(), FIREFOX).await;
        assert_eq!(socket.say("hello").await.as_deref(), Some("ada: hello"));
        assert_eq!(browser.ask(post_as("curl/8.5.0", "/count", &browser)).await.status, 401, "used from elsewhere");
        world.pass(seconds(61));
        let (code, reason, _) = socket.say_last("hello").await;
        assert_eq!((code, &*reason), (1008, "prove again who you are"), "{backend:?}");
    })
    .await;
}

const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0";
