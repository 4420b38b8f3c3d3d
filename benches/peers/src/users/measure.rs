//! A store under measurement.

use std::time::{Duration, Instant};

use countersign::{
    Config, KeyRing, Reason, Sessions,
    store::{self, AnyStore},
};
use countersign_peers::{median, servers::Engine};

use super::{FEW, SESSIONS_OF_ANOTHER, fill::Filler, rows};

/// What one user costs, in nanoseconds: medians.
pub struct Cost {
    /// All of his sessions, a page after the other.
    pub list: f64,
    /// Ending all of them.
    pub revoke: f64,
}

/// A store, the ways into it, and those sessions that are nobody's concern.
pub struct Subject {
    sessions: Sessions,
    filler: Filler,
}

impl Subject {
    /// Opens the store at this address; `None` is memory.
    pub async fn open(engine: Option<Engine>, url: &str) -> Self {
        let store: AnyStore = store::open(url).await.expect("the server runs");
        let filler = Filler::open(engine, url, store.clone()).await;
        let mut config = Config::production();
        // A list of thousands takes what it takes, on a busy machine too.
        config.store_deadline = Duration::from_mins(1);
        let keys = KeyRing::generate().expect("the system has random bytes");
        let sessions = Sessions::builder(keys, store).config(config).build().expect("the settings agree");
        Self { sessions, filler }
    }

    /// Keeps so many sessions of other users, a few of each.
    pub async fn fill_with_others(&self, count: usize) {
        for user in 0..count / SESSIONS_OF_ANOTHER / USERS_AT_ONCE {
            let users = (0..USERS_AT_ONCE).map(|index| format!("another-{:08}", user * USERS_AT_ONCE + index));
            let records = users.flat_map(|user| (0..SESSIONS_OF_ANOTHER).map(move |_| rows::record(&user)));
            self.filler.keep(records.collect()).await;
        }
        self.filler.settle().await;
    }

    /// What the user with few sessions costs, and the one with `many`.
    pub async fn costs(&self, many: usize) -> [Cost; 2] {
        let few = self.cost("few", FEW, 40).await;
        let many = self.cost("many", many, 5).await;
        [few, many]
    }

    async fn cost(&self, user: &str, count: usize, rounds: usize) -> Cost {
        let (mut list, mut revoke) = (Vec::new(), Vec::new());
        let begun = Instant::now();
        for round in 0..=rounds {
            if round > 1 && begun.elapsed() > ENOUGH {
                break;
            }
            self.filler.keep((0..count).map(|_| rows::record(user)).collect()).await;

            let started = Instant::now();
            let listed = self.sessions.list(user).await.expect("the server runs").len();
            let seen = started.elapsed();
            assert_eq!(listed, count, "all of the user's sessions, and nobody else's");

            let started = Instant::now();
            let ended = self.sessions.revoke_user(user, Reason::ByOperator).await.expect("the server runs").len();
            let gone = started.elapsed();
            assert_eq!(ended, count, "all of them end, and nobody else's");

            // The first round opens connections and prepares statements.
            if round > 0 {
                list.push(seen.as_nanos() as f64);
                revoke.push(gone.as_nanos() as f64);
            }
        }
        Cost { list: median(list), revoke: median(revoke) }
    }
}

const USERS_AT_ONCE: usize = 1_000;

/// After so long, a user is measured no more: the slowest store would otherwise take most of the run.
const ENOUGH: Duration = Duration::from_secs(15);
