//! Sessions as the stores keep them, for keeping many at once.
//!
//! By the store's own `create`, a million sessions would take an hour of round trips. So this knows
//! the tables' columns, and a list of the right length says whether it still does.

use countersign::{Clock, Lifetime, Record, SecretHash, SessionId, Timestamp};
use countersign_peers::servers::Engine;
use std::{fmt::Write, time::Duration};

/// A session of this user.
pub fn record(user: &str) -> Record {
    let mut id = [0; SessionId::BYTES];
    for byte in &mut id {
        *byte = fastrand::u8(..);
    }
    // The end of an id says where its user's sessions lie.
    id[16..].copy_from_slice(&SessionId::shard_tag_of(user).to_be_bytes());
    let lifetime = Lifetime::new(Duration::from_hours(8), Duration::from_hours(8));
    let secret = SecretHash::from_bytes([7; 32]);
    Record::new(SessionId::from_bytes(id), secret, lifetime, Clock::system().now()).with_user(user)
}

/// One statement that keeps them all.
pub fn insert(engine: Engine, records: &[Record]) -> String {
    let mut sql = "INSERT INTO countersign_sessions \
        (id, user_id, device_id, revision, created_at, last_seen_at, expires_at, record) VALUES "
        .to_owned();
    for (index, record) in records.iter().enumerate() {
        let comma = if index == 0 { "" } else { "," };
        let id: String = record.id().as_bytes().iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"));
        let id = if engine == Engine::Postgres { format!("'\\x{id}'") } else { format!("x'{id}'") };
        let (user, revision) = (record.user().unwrap_or_default(), record.revision());
        let [created, seen, ends] =
            [record.created_at(), record.last_seen_at(), record.expires_at()].map(Timestamp::as_millis);
        // Neither a quote nor a backslash is in it.
        let json = serde_json::to_string(record).expect("a record is JSON");
        write!(sql, "{comma}({id},'{user}',NULL,{revision},{created},{seen},{ends},'{json}')")
            .expect("a string takes everything");
    }
    sql
}
