use serde::{Serialize, Serializer, ser::SerializeStruct};

use super::Credential;
use crate::{clock::Timestamp, record::Record};

/// A service that is registered: everything about it but its secret.
#[derive(Clone, Debug)]
pub struct ServiceInfo {
    credential: Credential,
    created_at: Timestamp,
    last_used: Option<Timestamp>,
}

impl ServiceInfo {
    pub(super) fn new(credential: Credential, record: &Record) -> Self {
        let last_used = Some(record.last_seen_at()).filter(|seen| *seen > record.created_at());
        Self { credential, created_at: record.created_at(), last_used }
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.credential.name
    }

    /// What it may do.
    pub fn permissions(&self) -> impl Iterator<Item = &str> {
        self.credential.permissions.iter().map(|permission| &**permission)
    }

    /// Whether a new secret was made that it has not used yet.
    #[must_use]
    pub const fn is_rotating(&self) -> bool {
        self.credential.is_rotating()
    }

    /// When it was registered.
    #[must_use]
    pub const fn created_at(&self) -> Timestamp {
        self.created_at
    }

    /// When it was last used, give or take a minute; `None` if never.
    #[must_use]
    pub const fn last_used(&self) -> Option<Timestamp> {
        self.last_used
    }
}

impl Serialize for ServiceInfo {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut out = to.serialize_struct("ServiceInfo", 5)?;
        out.serialize_field("name", self.name())?;
        out.serialize_field("permissions", &self.credential.permissions)?;
        out.serialize_field("rotating", &self.is_rotating())?;
        out.serialize_field("created_at", &self.created_at.to_string())?;
        out.serialize_field("last_used", &self.last_used.map(|seen| seen.to_string()))?;
        out.end()
    }
}
