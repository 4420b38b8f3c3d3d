//! Clients on two nodes: they read, count, rotate, are logged out, and log in again.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

use axum::Router;
use countersign::{Reason, SessionId, Sessions};
use http::{Method, StatusCode};
use serde_json::Value;
use tokio::{task::JoinSet, time::sleep};

use crate::{
    LEAST_OPS, LEAST_REVOKES,
    check::revokes,
    history::{Did, History, Told},
    support::{Browser, app},
};

/// Two nodes over one store.
#[derive(Clone)]
pub struct Nodes {
    sessions: [Sessions; 2],
    routers: [Router; 2],
    turn: Arc<AtomicUsize>,
}

impl Nodes {
    pub fn new(a: Sessions, b: Sessions) -> Self {
        let routers = [app(a.clone()), app(b.clone())];
        Self { sessions: [a, b], routers, turn: Arc::default() }
    }

    /// One node after the other.
    fn next(&self) -> usize {
        self.turn.fetch_add(1, Relaxed) % 2
    }

    fn sessions(&self) -> &Sessions {
        &self.sessions[self.next()]
    }

    fn client(&self, token: &str) -> Browser {
        Browser::with_bearer(&self.routers[self.next()], token)
    }
}

/// A session as those who use it know it.
#[derive(Clone)]
struct Held {
    id: SessionId,
    token: String,
}

/// A run of clients.
pub struct Run {
    nodes: Nodes,
    history: History,
    over: AtomicBool,
}

impl Run {
    /// Lets clients work until `during` is done, and answers with what they did, and with the
    /// counters of those sessions that nobody ended.
    pub async fn with(
        nodes: Nodes,
        staleness: Duration,
        during: impl Future<Output = ()>,
    ) -> (History, HashMap<SessionId, i64>) {
        let run = Arc::new(Self { nodes, history: History::begin(), over: AtomicBool::new(false) });
        let mut counted = Vec::new();
        for number in 0..COUNTED {
            counted.push(run.log_in(&format!("counted-{number}")).await);
        }
        let mut clients = JoinSet::new();
        for (number, held) in counted.iter().enumerate() {
            for _ in 0..2 {
                clients.spawn(Arc::clone(&run).keep_counting(held.clone()));
            }
            clients.spawn(Arc::clone(&run).crowd(format!("crowd-{}", number % 2)));
        }
        for number in 0..CAREERS {
            let current = Arc::new(Mutex::new(run.log_in(&format!("career-{number}")).await));
            clients.spawn(Arc::clone(&run).career(format!("career-{number}"), Arc::clone(&current)));
            for _ in 0..2 {
                clients.spawn(Arc::clone(&run).ride(Arc::clone(&current)));
            }
        }
        during.await;
        // A busy machine gets more time, so that what was done proves something.
        for _ in 0..MOST_EXTRA {
            let ops = run.history.ops();
            if ops.len() > LEAST_OPS && revokes(&ops) > LEAST_REVOKES {
                break;
            }
            sleep(Duration::from_secs(1)).await;
        }
        run.over.store(true, Relaxed);
        while let Some(client) = clients.join_next().await {
            client.unwrap();
        }
        // Then every node knows what any of them has written.
        sleep(staleness).await;
        let mut counters = HashMap::new();
        for held in counted {
            counters.insert(held.id, run.count_of(&held).await);
        }
        let run = Arc::into_inner(run).expect("all clients have ended");
        (run.history, counters)
    }

    /// Reads and adds, over and over, with whatever token is the current one.
    async fn ride(self: Arc<Self>, current: Arc<Mutex<Held>>) {
        while !self.over.load(Relaxed) {
            let held = current.lock().unwrap().clone();
            self.request(&held, Did::Read).await;
            self.request(&held, Did::Increment).await;
            sleep(PAUSE).await;
        }
    }

    async fn keep_counting(self: Arc<Self>, held: Held) {
        while !self.over.load(Relaxed) {
            self.request(&held, Did::Increment).await;
            sleep(PAUSE).await;
        }
    }

    /// Is used for a while, rotates, is ended, is used all the same, and begins anew.
    async fn career(self: Arc<Self>, user: String, current: Arc<Mutex<Held>>) {
        while !self.over.load(Relaxed) {
            sleep(PAUSE * 10).await;
            let held = current.lock().unwrap().clone();
            if let Some(rotated) = self.rotate(&held).await {
                *current.lock().unwrap() = rotated;
            }
            sleep(PAUSE * 10).await;
            let held = current.lock().unwrap().clone();
            self.revoke(held.id).await;
            for _ in 0..3 {
                self.request(&held, Did::Read).await;
            }
            *current.lock().unwrap() = self.log_in(&user).await;
        }
    }

    /// Logs a user in again and again, and counts his sessions.
    async fn crowd(self: Arc<Self>, user: String) {
        while !self.over.load(Relaxed) {
            // Whether it succeeds is nothing to this client.
            let _ = self.nodes.sessions().log_in(&user).await;
            let list = async {
                match self.nodes.sessions().list(&user).await {
                    Ok(sessions) => (Did::List { live: sessions.len() }, Told::Yes, ()),
                    Err(_) => (Did::List { live: 0 }, Told::Unknown, ()),
                }
            };
            self.history.note(None, list).await;
            sleep(PAUSE * 4).await;
        }
    }

    /// Insists until he is in.
    async fn log_in(&self, user: &str) -> Held {
        loop {
            if let Ok(issued) = self.nodes.sessions().log_in(user).await {
                return Held { id: issued.session_id(), token: issued.token().reveal().to_string() };
            }
            sleep(PAUSE).await;
        }
    }

    async fn revoke(&self, id: SessionId) {
        let revoke = async {
            let told = match self.nodes.sessions().revoke(id, Reason::ByOperator).await {
                Ok(_) => Told::Yes,
                Err(_) => Told::Unknown,
            };
            (Did::Revoke, told, ())
        };
        self.history.note(Some(id), revoke).await;
    }

    async fn request(&self, held: &Held, did: Did) {
        let request = async {
            let mut client = self.nodes.client(&held.token);
            let reply = match did {
                Did::Increment => client.send(Method::POST, "/mine/count").await,
                _ => client.send(Method::GET, "/me").await,
            };
            let told = told(reply.status);
            (did, told, ())
        };
        self.history.note(Some(held.id), request).await;
    }

    async fn rotate(&self, held: &Held) -> Option<Held> {
        let rotate = async {
            let reply = self.nodes.client(&held.token).send(Method::POST, "/rotate").await;
            let token = serde_json::from_str::<Value>(&reply.body)
                .ok()
                .and_then(|json| Some(json.get("token")?.as_str()?.to_owned()));
            // 409: another rotation was quicker. The session was accepted.
            let told = if reply.status == StatusCode::CONFLICT { Told::Yes } else { told(reply.status) };
            (Did::Rotate, told, token)
        };
        let (_, token) = self.history.note(Some(held.id), rotate).await;
        Some(Held { id: held.id, token: token? })
    }

    /// What a session has counted, once the store answers again.
    async fn count_of(&self, held: &Held) -> i64 {
        loop {
            let reply = self.nodes.client(&held.token).send(Method::GET, "/mine/count").await;
            if reply.status == StatusCode::OK {
                return reply.body.parse().unwrap();
            }
            sleep(PAUSE).await;
        }
    }
}

fn told(status: StatusCode) -> Told {
    match status {
        StatusCode::OK => Told::Yes,
        StatusCode::UNAUTHORIZED => Told::No,
        StatusCode::SERVICE_UNAVAILABLE => Told::Unknown,
        other => panic!("no such answer is expected: {other}"),
    }
}

const COUNTED: usize = 4;
const CAREERS: usize = 6;
const PAUSE: Duration = Duration::from_millis(4);
/// Seconds.
const MOST_EXTRA: u32 = 30;
