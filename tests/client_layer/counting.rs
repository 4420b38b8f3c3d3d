//! Calls are counted, each request that is sent once.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use countersign::client::{
    ClientLayer, ClientSession, Document, Lease, MemoryStorage, NoRefresh, Storage, StorageError, TokenManager, Update,
    WithoutTokens,
};
use http::Request;
use tower::{Layer, ServiceExt};

use crate::help::{Body, dead, fresh, get, hyper, manager, request, server, server_for, status, with};

fn calls(session: &ClientSession) -> u64 {
    session.metadata().calls
}

#[tokio::test]
async fn each_request_that_is_sent_is_counted_and_says_where_it_went() {
    let one = server_for(&["new"]).await;
    let two = server(|_| status(200)).await;
    let stranger = server(|_| status(200)).await;
    let session = ClientSession::from(manager(fresh("old"), "new").0);
    let layer = ClientLayer::new(one.origin(), session.clone()).unwrap().and_origin(two.origin()).unwrap();
    let client = layer.clone().layer(hyper());

    get(&client, one.url("/")).await;
    assert_eq!((calls(&session), one.seen().len()), (2, 2), "the old token, and the new one");
    get(&client, two.url("/")).await;
    assert_eq!((calls(&session), session.metadata().last_server), (3, Some(format!("127.0.0.1:{}", two.port()))));
    get(&client, stranger.url("/")).await;
    assert_eq!(calls(&session), 3, "a stranger is none of this session's business");
    let bare = Request::get(one.url("/")).extension(WithoutTokens).body(Body::default()).unwrap();
    client.clone().oneshot(bare).await.unwrap();
    assert_eq!((calls(&session), session.metadata().last_server), (4, Some(format!("127.0.0.1:{}", one.port()))));
    layer.authorize(&mut request(two.url("/"))).await.unwrap();
    assert_eq!((calls(&session), session.metadata().last_server), (5, Some(format!("127.0.0.1:{}", two.port()))));
}

#[tokio::test]
async fn what_is_not_sent_is_not_counted() {
    let server = server(|_| status(200)).await;
    let session = ClientSession::from(TokenManager::builder(NoRefresh).tokens(dead("old")).build().unwrap());
    let layer = ClientLayer::new(server.origin(), session.clone()).unwrap();
    layer.layer(hyper()).oneshot(request(server.url("/"))).await.unwrap_err();
    layer.authorize(&mut request(server.url("/"))).await.unwrap_err();
    assert_eq!((calls(&session), server.seen().len()), (0, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_call_of_many_tasks_is_lost_or_counted_twice() {
    const TASKS: u64 = 64;
    const EACH: u64 = 50;
    let session = ClientSession::from(TokenManager::in_memory(fresh("token")));
    let api = tower::service_fn(|_: Request<Body>| async { Ok::<_, std::convert::Infallible>(status(200)) });
    let client = ClientLayer::new("https://api.example.com", session.clone()).unwrap().layer(api);
    let tasks = (0..TASKS).map(|_| {
        let client = client.clone();
        tokio::spawn(async move {
            for _ in 0..EACH {
                get(&client, "https://api.example.com/").await;
            }
        })
    });
    for task in tasks.collect::<Vec<_>>() {
        task.await.unwrap();
    }
    assert_eq!(calls(&session), TASKS * EACH);
}

#[tokio::test]
async fn a_cookie_that_every_answer_repeats_is_written_once() {
    let server = server(|_| with(status(200), "set-cookie", "sid=1; Path=/")).await;
    let storage = Counted::default();
    let session = ClientSession::new(TokenManager::builder(NoRefresh).storage(storage.clone()).build().unwrap());
    session.log_in(fresh("token")).await.unwrap();
    let client = ClientLayer::new(server.origin(), session.clone()).unwrap().layer(hyper());
    get(&client, server.url("/")).await;
    let before = storage.changes();
    for _ in 0..10 {
        get(&client, server.url("/")).await;
    }
    assert_eq!((storage.changes(), calls(&session)), (before, 11));
    session.save().await.unwrap();
    assert_eq!(storage.changes(), before + 1, "the calls wait for a save");
}

/// A storage that counts its changes.
#[derive(Clone, Debug, Default)]
struct Counted {
    memory: MemoryStorage,
    changes: Arc<AtomicUsize>,
}

impl Counted {
    fn changes(&self) -> usize {
        self.changes.load(Ordering::SeqCst)
    }
}

impl Storage for Counted {
    fn load(&self) -> Result<Document, StorageError> {
        self.memory.load()
    }

    fn update(&self, step: &mut dyn FnMut(&mut Document) -> Update) -> Result<(), StorageError> {
        self.memory.update(&mut |document| {
            let update = step(document);
            self.changes.fetch_add((update == Update::Changed).into(), Ordering::SeqCst);
            update
        })
    }

    fn try_lease(&self) -> Result<Option<Lease>, StorageError> {
        self.memory.try_lease()
    }
}
