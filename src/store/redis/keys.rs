//! The names of keys. All keys of a user carry his shard tag in braces, so that they lie in one slot of a cluster, and
//! every script stays within it.

use crate::record::SessionId;

/// Names keys.
#[derive(Clone, Debug)]
pub(super) struct Keys {
    prefix: Box<str>,
}

impl Keys {
    /// # Errors
    /// If the prefix is empty or has braces: what stands in the first ones decides over the slot.
    pub(super) fn new(prefix: &str) -> Result<Self, String> {
        if prefix.is_empty() || prefix.contains(['{', '}']) {
            return Err(format!("the key prefix {prefix:?} is empty or has braces: take one like `countersign`"));
        }
        Ok(Self { prefix: prefix.into() })
    }

    /// A session: a hash.
    pub(super) fn session(&self, id: SessionId) -> String {
        format!("{}{id}", self.sessions(id.shard_tag()))
    }

    /// What the keys of sessions with this tag begin with.
    pub(super) fn sessions(&self, tag: u16) -> String {
        format!("{}:{{{tag:04x}}}:s:", self.prefix)
    }

    /// What the keys of indexes with this tag begin with; the user follows.
    pub(super) fn indexes(&self, tag: u16) -> String {
        format!("{}:{{{tag:04x}}}:u:", self.prefix)
    }

    /// The sessions of a user: a sorted set of ids by their ends.
    pub(super) fn index(&self, user: &str) -> String {
        self.of_user(user, 'u')
    }

    /// The epoch of a user: a number.
    pub(super) fn epoch(&self, user: &str) -> String {
        self.of_user(user, 'e')
    }

    /// The places that are reserved for sessions of a user: a sorted set of ids by the ends of the reservations.
    pub(super) fn reservations(&self, user: &str) -> String {
        self.of_user(user, 'r')
    }

    /// The same for a session of nobody.
    pub(super) fn reservation(&self, id: SessionId) -> String {
        format!("{}:{{{:04x}}}:r", self.prefix, id.shard_tag())
    }

    /// What is told of sessions: a stream.
    #[cfg(feature = "audit")]
    pub(super) fn audit(&self) -> String {
        format!("{}:{{{:04x}}}:audit", self.prefix, super::stream::TAG)
    }

    /// The last batch that a writer has put into that stream.
    #[cfg(feature = "audit")]
    pub(super) fn audit_writer(&self, writer: &str) -> String {
        format!("{}:w:{writer}", self.audit())
    }

    /// The sessions of a user of which that stream was told: a sorted set of ids by time.
    #[cfg(feature = "audit")]
    pub(super) fn audit_sessions(&self, user: &str) -> String {
        format!("{}:u:{user}", self.audit())
    }

    fn of_user(&self, user: &str, kind: char) -> String {
        format!("{}:{{{:04x}}}:{kind}:{user}", self.prefix, SessionId::shard_tag_of(user))
    }

    /// The channel on which ended sessions are announced.
    pub(super) fn ended(&self) -> String {
        format!("{}:ended", self.prefix)
    }

    /// The channel on which a listener hears that it hears.
    pub(super) fn beats(&self, listener: u64) -> String {
        format!("{}:beat:{listener:016x}", self.prefix)
    }

    /// A pattern that all sessions match.
    pub(super) fn all_sessions(&self) -> String {
        let mut pattern = String::new();
        for c in self.prefix.chars() {
            if matches!(c, '*' | '?' | '[' | ']' | '\\' | '^') {
                pattern.push('\\');
            }
            pattern.push(c);
        }
        pattern + ":{????}:s:*"
    }

    /// The id in the name of a session's key.
    pub(super) fn id_in(&self, key: &[u8]) -> Option<SessionId> {
        let id: SessionId = str::from_utf8(key).ok()?.rsplit(':').next()?.parse().ok()?;
        (self.session(id).as_bytes() == key).then_some(id)
    }
}

/// The slot of all keys with this tag: CRC-16 (XMODEM) of what stands in the braces.
pub(super) fn slot(tag: u16) -> u16 {
    crc16(format!("{tag:04x}").as_bytes()) % SLOTS
}

fn crc16(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0, |crc, byte| {
        (0..8).fold(
            crc ^ (u16::from(*byte) << 8),
            |crc, _| {
                if crc & 0x8000 == 0 { crc << 1 } else { (crc << 1) ^ 0x1021 }
            },
        )
    })
}

pub(super) const SLOTS: u16 = 16_384;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_are_those_of_the_cluster_specification() {
        assert_eq!(crc16(b"123456789"), 0x31c3);
        assert_eq!(slot(0x31c3), crc16(b"31c3") % SLOTS);
    }

    #[test]
    fn a_session_is_found_by_the_name_of_its_key() {
        let keys = Keys::new("my:app").unwrap();
        let id = SessionId::from_bytes([0xab; 18]);
        assert_eq!(keys.session(id), format!("my:app:{{abab}}:s:{id}"));
        assert_eq!(keys.id_in(keys.session(id).as_bytes()), Some(id));
        assert_eq!(keys.id_in(format!("other:{{abab}}:s:{id}").as_bytes()), None);
        assert!(Keys::new("a{b}").is_err() && Keys::new("").is_err());
        assert_eq!(Keys::new("a*").unwrap().all_sessions(), "a\\*:{????}:s:*");
    }
}
