//! The parts of a session beside its tokens: snapshots that share what has not changed.

use std::{collections::BTreeMap, fmt, net::IpAddr, sync::Arc};

use super::{linked::LinkedSession, metadata::SessionMetadata, user::UserInfo};
use crate::client::cookies::CookieJar;

/// What belongs to a session beside its tokens, as [`ClientSession::update`](super::ClientSession::update) changes
/// it.
#[derive(Clone, Default)]
pub struct SessionParts {
    pub(super) cookies: Arc<CookieJar>,
    pub(super) linked: Arc<Linked>,
    pub(super) metadata: Arc<SessionMetadata>,
    pub(super) user: Option<Arc<UserInfo>>,
}

pub(super) type Linked = BTreeMap<String, Arc<LinkedSession>>;

impl SessionParts {
    /// The cookies.
    #[must_use]
    pub fn cookies(&self) -> &CookieJar {
        &self.cookies
    }

    /// The cookies, to be changed.
    pub fn cookies_mut(&mut self) -> &mut CookieJar {
        Arc::make_mut(&mut self.cookies)
    }

    /// The linked session of this name.
    #[must_use]
    pub fn linked(&self, name: &str) -> Option<&LinkedSession> {
        self.linked.get(name).map(|linked| &**linked)
    }

    /// Links a third party's session under this name, in the place of the one that is there.
    pub fn link(&mut self, name: impl Into<String>, linked: LinkedSession) {
        Arc::make_mut(&mut self.linked).insert(name.into(), Arc::new(linked));
    }

    /// Forgets the linked session of this name. Whether there was one.
    pub fn unlink(&mut self, name: &str) -> bool {
        self.linked.contains_key(name) && Arc::make_mut(&mut self.linked).remove(name).is_some()
    }

    /// Who is logged in.
    #[must_use]
    pub fn user(&self) -> Option<&UserInfo> {
        self.user.as_deref()
    }

    /// Notes who is logged in.
    pub fn set_user(&mut self, user: impl Into<Option<UserInfo>>) {
        self.user = user.into().map(Arc::new);
    }

    /// Notes as which `User-Agent` this program calls.
    pub fn set_user_agent(&mut self, user_agent: impl Into<String>) {
        Arc::make_mut(&mut self.metadata).user_agent = Some(user_agent.into());
    }

    /// Notes from which address it logged in.
    pub fn set_address(&mut self, address: impl Into<IpAddr>) {
        Arc::make_mut(&mut self.metadata).address = Some(address.into());
    }

    /// Notes by which features the server knows this client again.
    pub fn set_fingerprint(&mut self, fingerprint: impl Into<String>) {
        Arc::make_mut(&mut self.metadata).fingerprint = Some(fingerprint.into());
    }

    /// Whether nothing has changed between the two, of which one was made from the other.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.cookies, &other.cookies)
            && Arc::ptr_eq(&self.linked, &other.linked)
            && Arc::ptr_eq(&self.metadata, &other.metadata)
            && is_same_user(&self.user, &other.user)
    }
}

impl fmt::Debug for SessionParts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionParts")
            .field("cookies", &self.cookies)
            .field("linked", &self.linked)
            .field("metadata", &self.metadata)
            .field("user", &self.user)
            .finish()
    }
}

#[allow(clippy::ref_option, reason = "two fields are compared as they are")]
pub(super) fn is_same_user(one: &Option<Arc<UserInfo>>, other: &Option<Arc<UserInfo>>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => Arc::ptr_eq(one, other),
        (one, other) => one.is_none() && other.is_none(),
    }
}
