use std::{fmt, net::IpAddr};

use serde::{Deserialize, Serialize};

use crate::{
    client::{basics::instant, tokens::TokenSet},
    clock::Timestamp,
};

/// What is known about a session beside what it is for. `Debug` leaves the fingerprint out.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct SessionMetadata {
    /// When somebody logged in.
    #[serde(with = "instant", skip_serializing_if = "Option::is_none")]
    pub created_at: Option<Timestamp>,
    /// When its tokens were last renewed.
    #[serde(with = "instant", skip_serializing_if = "Option::is_none")]
    pub refreshed_at: Option<Timestamp>,
    /// When the last call was made with it.
    #[serde(with = "instant", skip_serializing_if = "Option::is_none")]
    pub last_call_at: Option<Timestamp>,
    /// To which server.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_server: Option<String>,
    /// How many calls were made with it.
    pub calls: u64,
    /// As which `User-Agent` this program calls.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_agent: Option<String>,
    /// From which address it logged in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<IpAddr>,
    /// By which features the server knows this client again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fingerprint: Option<String>,
}

impl SessionMetadata {
    /// With the last refresh as the tokens tell it: a session that gets tokens after it was created has had them
    /// renewed.
    pub(super) fn with_refresh_of(mut self, tokens: Option<&TokenSet>) -> Self {
        let received_at = tokens.and_then(TokenSet::received_at);
        if received_at > self.created_at && self.created_at.is_some() {
            self.refreshed_at = self.refreshed_at.max(received_at);
        }
        self
    }

    /// Counts add up, the later call and the later refresh are told, and of all else what has changed here.
    pub(super) fn merged(base: &Self, ours: &Self, theirs: &Self) -> Self {
        let last = if ours.last_call_at > theirs.last_call_at { ours } else { theirs };
        Self {
            created_at: changed(&base.created_at, &ours.created_at, &theirs.created_at),
            refreshed_at: ours.refreshed_at.max(theirs.refreshed_at),
            last_call_at: last.last_call_at,
            last_server: last.last_server.clone(),
            calls: theirs.calls.saturating_add(ours.calls.saturating_sub(base.calls)),
            user_agent: changed(&base.user_agent, &ours.user_agent, &theirs.user_agent),
            address: changed(&base.address, &ours.address, &theirs.address),
            fingerprint: changed(&base.fingerprint, &ours.fingerprint, &theirs.fingerprint),
        }
    }
}

impl fmt::Debug for SessionMetadata {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionMetadata")
            .field("created_at", &self.created_at)
            .field("refreshed_at", &self.refreshed_at)
            .field("last_call_at", &self.last_call_at)
            .field("last_server", &self.last_server)
            .field("calls", &self.calls)
            .field("user_agent", &self.user_agent)
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}

fn changed<T: Clone + PartialEq>(base: &T, ours: &T, theirs: &T) -> T {
    if ours == base { theirs.clone() } else { ours.clone() }
}
