//! One key of Redis by the client that tower-sessions' store uses, in a pool as its documentation shows.

use std::sync::Arc;

use countersign_peers::servers::Engine;
use futures_util::future::BoxFuture;
use tower_sessions_redis_store::fred::prelude::{ClientLike, Config, KeysInterface, Pool};

use crate::entrant::{Entrant, Kind, PAYLOAD, Role, SESSIONS, Workload};

/// `GET`, and `SET` for a write.
pub const GET: Entrant = Entrant {
    name: "bare GET / SET (fred 10)",
    engine: Engine::Redis,
    role: Role::Floor,
    open: |url| Box::pin(open(url)),
};

/// A pool of the size that the documentation of tower-sessions-redis-store has.
pub async fn pool(url: &str) -> Pool {
    let config = Config::from_url(url).expect("a URL of ours");
    let pool = Pool::new(config, None, None, None, 6).expect("valid settings");
    drop(pool.connect());
    pool.wait_for_connect().await.expect("the server runs");
    pool
}

struct Keys(Pool);

async fn open(url: String) -> Arc<dyn Workload> {
    let keys = Keys(pool(&url).await);
    for session in 0..SESSIONS {
        keys.answer(Kind::Write, session).await;
    }
    Arc::new(keys)
}

impl Workload for Keys {
    fn answer(&self, kind: Kind, session: usize) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            let key = format!("fred:{session:024}");
            match kind {
                Kind::Read => {
                    let found: Vec<u8> = self.0.get(key).await.expect("the server runs");
                    assert_eq!(found.len(), PAYLOAD);
                }
                Kind::Write => {
                    let payload: &[u8] = &[b'x'; PAYLOAD];
                    let _: () = self.0.set(key, payload, None, None, false).await.expect("the server runs");
                }
            }
        })
    }
}
