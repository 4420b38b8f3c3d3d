//! One key of Redis by the client that our store uses.

use std::sync::Arc;

use countersign_peers::servers::Engine;
use futures_util::future::BoxFuture;
use redis::{AsyncCommands, Client, aio::MultiplexedConnection};

use crate::entrant::{Entrant, Kind, PAYLOAD, Role, SESSIONS, Workload};

/// `GET`, and `SET` for a write.
pub const GET: Entrant = Entrant {
    name: "bare GET / SET (redis 1.8)",
    engine: Engine::Redis,
    role: Role::Floor,
    open: |url| Box::pin(open(url)),
};

struct Keys(MultiplexedConnection);

async fn open(url: String) -> Arc<dyn Workload> {
    let client = Client::open(url).expect("a URL of ours");
    let connection = client.get_multiplexed_async_connection().await.expect("the server runs");
    for session in 0..SESSIONS {
        let _: () = connection.clone().set(key(session), &PAYLOAD_BYTES[..]).await.expect("the server runs");
    }
    Arc::new(Keys(connection))
}

impl Workload for Keys {
    fn answer(&self, kind: Kind, session: usize) -> BoxFuture<'_, ()> {
        let mut connection = self.0.clone();
        Box::pin(async move {
            match kind {
                Kind::Read => {
                    let found: Vec<u8> = connection.get(key(session)).await.expect("the server runs");
                    assert_eq!(found.len(), PAYLOAD);
                }
                Kind::Write => {
                    let _: () = connection.set(key(session), &PAYLOAD_BYTES[..]).await.expect("the server runs");
                }
            }
        })
    }
}

fn key(session: usize) -> String {
    format!("bare:{session:024}")
}

const PAYLOAD_BYTES: [u8; PAYLOAD] = [b'x'; PAYLOAD];
