use std::time::Duration;

use countersign::{Record, SecretHash, SessionId, Standing, Timestamp};
use sha2::{Digest, Sha256};

/// All sessions of a scene, with nothing left out but what is different each time.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Picture(Vec<Face>);

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Face {
    whose: Whose,
    user: Option<String>,
    roles: Vec<String>,
    fields: Vec<(String, String)>,
    age: Duration,
    last_seen: Duration,
    lives_for: Duration,
    /// What it says to the client's secret.
    standing: String,
    has_successor: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Whose {
    /// The one that the client came with.
    Clients,
    /// One that the user had elsewhere.
    Others,
    /// One that the request made.
    New,
}

/// What a picture is seen from.
pub(crate) struct Frame {
    pub(crate) client: Option<SessionId>,
    pub(crate) secret: Option<SecretHash>,
    pub(crate) others: Vec<SessionId>,
    pub(crate) now: Timestamp,
}

impl Picture {
    pub(crate) fn of<'a>(records: impl IntoIterator<Item = &'a Record>, frame: &Frame) -> Self {
        let mut faces: Vec<Face> = records.into_iter().map(|record| Face::of(record, frame)).collect();
        faces.sort();
        Self(faces)
    }
}

impl Face {
    fn of(record: &Record, frame: &Frame) -> Self {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        let whose = match record.id() {
            id if Some(id) == frame.client => Whose::Clients,
            id if frame.others.contains(&id) => Whose::Others,
            _ => Whose::New,
        };
        let standing = frame.secret.map_or(Standing::Unknown, |secret| record.standing(&secret, frame.now));
        Self {
            whose,
            user: record.user().map(ToOwned::to_owned),
            roles: record.roles().map(ToOwned::to_owned).collect(),
            fields: record.attributes().iter().map(|(name, value)| (name.to_owned(), text(value))).collect(),
            age: frame.now.since(record.created_at()),
            last_seen: frame.now.since(record.last_seen_at()),
            lives_for: record.expires_at().since(frame.now),
            standing: format!("{standing:?}"),
            has_successor: record.succession().pending().is_some(),
        }
    }
}

/// What a store knows of a token's secret.
pub(crate) fn hash_of(token: &str) -> SecretHash {
    use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
    let secret = BASE64_URL_SAFE_NO_PAD.decode(token.split('.').next().unwrap()).unwrap();
    SecretHash::from_bytes(Sha256::digest(secret).into())
}

/// The session that a token names.
pub(crate) fn id_of(token: &str) -> SessionId {
    token.split('.').nth(1).unwrap().parse().unwrap()
}
