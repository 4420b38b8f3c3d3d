use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::{AuditError, AuditEvent, AuditKind, instant};
use crate::clock::Timestamp;

/// One line of the audit: what happened, when, and a name by which it is the same everywhere.
///
/// ```
/// use countersign::{Timestamp, audit::{AuditEntry, AuditEvent, EntryId}};
///
/// let id = EntryId::new(7, 1);
/// let entry = AuditEntry::new(id, Timestamp::from_millis(1_800_000_000_000), AuditEvent::AttemptFailed);
/// let json = serde_json::to_string(&entry)?;
/// assert_eq!(
///     json,
///     r#"{"id":"00000000000000070000000000000001","at":"2027-01-15T08:00:00.000Z","kind":"attempt_failed"}"#
/// );
/// assert_eq!(serde_json::from_str::<AuditEntry>(&json)?, entry);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct AuditEntry {
    /// Its name.
    pub id: EntryId,
    /// When it happened, by the clock of the node that tells it. Within one log it does not go back, but for some
    /// milliseconds between entries of two threads at once.
    #[serde(with = "instant")]
    pub at: Timestamp,
    /// What happened.
    #[serde(flatten)]
    pub event: AuditEvent,
}

impl AuditEntry {
    /// An entry.
    #[must_use]
    pub const fn new(id: EntryId, at: Timestamp, event: AuditEvent) -> Self {
        Self { id, at, event }
    }

    /// The kind of what happened.
    #[must_use]
    pub const fn kind(&self) -> AuditKind {
        self.event.kind()
    }

    /// As the text that sinks keep.
    pub(super) fn json(&self) -> Result<String, AuditError> {
        serde_json::to_string(self).map_err(AuditError::rejected)
    }
}

/// The name of an entry: which log has told it, and its number there. The numbers of one log follow each other without a gap, so
/// one that is missing was lost.
///
/// 16 bytes, written as 32 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EntryId([u8; Self::BYTES]);

impl EntryId {
    /// Length in bytes.
    pub const BYTES: usize = 16;

    /// The name of the entry with this number in this log.
    #[must_use]
    pub const fn new(log: u64, number: u64) -> Self {
        Self((((log as u128) << 64) | number as u128).to_be_bytes())
    }

    /// A name out of its bytes, as a sink reads it back.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; Self::BYTES]) -> Self {
        Self(bytes)
    }

    /// Its bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; Self::BYTES] {
        &self.0
    }

    /// The log: a random number, another for each start of a process.
    #[must_use]
    pub const fn log(&self) -> u64 {
        (u128::from_be_bytes(self.0) >> 64) as u64
    }

    /// The number in that log, from 1.
    #[must_use]
    pub const fn number(&self) -> u64 {
        u128::from_be_bytes(self.0) as u64
    }
}

impl fmt::Display for EntryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", u128::from_be_bytes(self.0))
    }
}

impl fmt::Debug for EntryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EntryId({self})")
    }
}

/// Text that is not the name of an entry: exactly 32 hexadecimal digits are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidEntryId(());

impl fmt::Display for InvalidEntryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not the name of an audit entry: write it as 32 hexadecimal digits")
    }
}

impl std::error::Error for InvalidEntryId {}

impl FromStr for EntryId {
    type Err = InvalidEntryId;

    fn from_str(text: &str) -> Result<Self, InvalidEntryId> {
        if text.len() != 2 * Self::BYTES || text.starts_with('+') {
            return Err(InvalidEntryId(()));
        }
        u128::from_str_radix(text, 16).map(|number| Self(number.to_be_bytes())).map_err(|_| InvalidEntryId(()))
    }
}

impl Serialize for EntryId {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for EntryId {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from)?.parse().map_err(de::Error::custom)
    }
}
