//! The least that a signed, revocable session can cost: written by hand, for nothing else.
//!
//! A token of `secret.id.signature`, parsed without allocation; a MAC by a keyed state that is
//! cloned; a SHA-256 of the secret; one look-up in a sharded table with a fast hash; the clock, for
//! the expiry; one `Arc` into the request's extensions. To write is to replace that `Arc` in the
//! table. No timeouts that slide, no rotation, no limits, no lists, no events: not a library.

mod layer;
mod token;

use std::{
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

use axum::{
    Extension, Router,
    extract::State,
    http::header::SET_COOKIE,
    response::IntoResponse,
    routing::{get, post},
};
use dashmap::DashMap;
use foldhash::fast::RandomState;

use self::{
    layer::FloorLayer,
    token::{Id, Signer},
};
use crate::contender::{ANONYMOUS, Contender, Kept};

/// What the others are divided by.
pub const FLOOR: Contender = Contender { name: "floor, hand-written", kept: Kept::ByTheServer, router };

/// The name of the cookie.
const COOKIE_NAME: &[u8] = b"sid=";

/// Into how many parts, each with its lock, the table is divided.
const SHARDS: usize = 64;

/// A session.
#[derive(Clone)]
struct Record {
    id: Id,
    secret_hash: [u8; 32],
    expires: u64,
    user: Box<str>,
    number: u64,
}

/// All sessions, and the key that signs their tokens.
struct Sessions {
    signer: Signer,
    table: DashMap<Id, Arc<Record>, RandomState>,
}

fn router() -> Router {
    let sessions = Arc::new(Sessions {
        signer: Signer::new(&[7; 32]),
        table: DashMap::with_hasher_and_shard_amount(RandomState::default(), SHARDS),
    });
    Router::new()
        .route("/read", get(read))
        .route("/write", post(write))
        .route("/login", post(log_in))
        .layer(FloorLayer::new(sessions.clone()))
        .with_state(sessions)
}

async fn read(record: Option<Extension<Arc<Record>>>) -> String {
    record.map_or_else(|| ANONYMOUS.to_owned(), |record| record.user.to_string())
}

async fn write(State(sessions): State<Arc<Sessions>>, Extension(record): Extension<Arc<Record>>) -> String {
    let number = record.number + 1;
    let changed = Arc::new(Record { number, ..Record::clone(&record) });
    if let Some(mut row) = sessions.table.get_mut(&record.id) {
        *row = changed;
    }
    number.to_string()
}

async fn log_in(State(sessions): State<Arc<Sessions>>, user: String) -> impl IntoResponse {
    let issued = sessions.signer.issue();
    let record = Record {
        id: issued.id,
        secret_hash: issued.secret_hash,
        expires: now() + 8 * 3600 * 1000,
        user: user.into(),
        number: 0,
    };
    sessions.table.insert(issued.id, Arc::new(record));
    [(SET_COOKIE, format!("sid={}; Secure; HttpOnly; SameSite=Lax; Path=/", issued.token))]
}

/// The milliseconds since 1970.
fn now() -> u64 {
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH);
    since_1970.expect("it is after 1970").as_millis() as u64
}
