//! How a session's user has proved who he is, and what he still owes.

use serde::{Deserialize, Serialize};

use super::{Record, reserved::STEP_UP};
use crate::{
    clock::{Timestamp, millis},
    config::{Assurances, Binding, Lifetime},
};

/// How sure it is that a session's user is who he says: the authenticator assurance levels of NIST SP 800-63B-4.
///
/// A level is never above that of the log-in that gave it; only another proof raises it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Assurance {
    /// One factor.
    #[default]
    Aal1,
    /// Two factors.
    Aal2,
    /// Two factors, of which one is a key in hardware. Only the application can tell.
    Aal3,
}

impl Assurance {
    /// Its name as an authentication context class, as in `aal2` (RFC 9470, `acr_values`).
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Aal1 => "aal1",
            Self::Aal2 => "aal2",
            Self::Aal3 => "aal3",
        }
    }

    /// What is left of a lifetime at this level.
    pub(crate) fn within(self, lifetime: Lifetime, most: &Assurances) -> Lifetime {
        let most = match self {
            Self::Aal1 => return lifetime,
            Self::Aal2 => most.aal2,
            Self::Aal3 => most.aal3,
        };
        Lifetime::new(lifetime.idle.min(most.idle), lifetime.absolute.min(most.absolute))
    }
}

/// What a session keeps of how it was begun. Few have any of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Authentication {
    #[serde(default)]
    pub(crate) assurance: Assurance,
    /// The ways in which the user has proved who he is, the first one first.
    #[serde(default)]
    pub(crate) methods: Vec<Box<str>>,
    /// What the session is bound to, if it is not what the settings say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) binding: Option<Binding>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) first_factor: Option<Box<FirstFactor>>,
}

/// A log-in that has passed its first factor, and waits for the second.
///
/// It is kept apart from the [user](Record::user), of which the session has none yet: whoever forgets to ask for the second
/// factor, an older version of this crate included, sees a session of nobody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FirstFactor {
    pub(crate) user: Box<str>,
    /// The user's epoch when the first factor was checked.
    pub(crate) epoch: u64,
    /// Each of them will do.
    pub(crate) factors: Vec<Box<str>>,
    pub(crate) roles: Vec<Box<str>>,
    pub(crate) remembered: bool,
    /// Prefixes of attributes that outlive the log-in.
    pub(crate) keep: Vec<Box<str>>,
}

impl FirstFactor {
    /// Who has passed it.
    #[must_use]
    pub fn user(&self) -> &str {
        &self.user
    }

    /// The second factors of which one is to be passed.
    pub fn factors(&self) -> impl Iterator<Item = &str> {
        self.factors.iter().map(|factor| &**factor)
    }

    /// Whether this factor is one of those that will do.
    #[must_use]
    pub fn accepts(&self, factor: &str) -> bool {
        self.factors().any(|accepted| accepted == factor)
    }
}

impl Record {
    /// How sure it is that its user is who he says.
    #[must_use]
    pub fn assurance(&self) -> Assurance {
        self.authentication().map(|known| known.assurance).unwrap_or_default()
    }

    /// The ways in which its user has proved who he is, as the application named them, the first one first.
    pub fn methods(&self) -> impl Iterator<Item = &str> {
        self.authentication().into_iter().flat_map(|known| known.methods.iter().map(|method| &**method))
    }

    /// The log-in that waits for its second factor, if there is one. Then the session has no user yet.
    #[must_use]
    pub fn first_factor(&self) -> Option<&FirstFactor> {
        self.authentication()?.first_factor.as_deref()
    }

    /// Whether its user has to prove again who he is, before it counts as his. Also where that can no longer be read.
    #[must_use]
    pub fn demands_step_up(&self) -> bool {
        self.attributes.value(STEP_UP).is_some() || self.withholds(STEP_UP)
    }

    /// Whether its values are out of reach for the session that takes its place.
    pub(crate) fn hides_from(&self, heir: &Self) -> bool {
        self.demands_step_up() && !heir.claimant().is_some_and(|user| self.can_be_proved_by(user))
    }

    /// Whether this user can show that it is his.
    pub(crate) fn can_be_proved_by(&self, user: &str) -> bool {
        self.claimant() == Some(user)
    }

    /// Its user, or who is about to be.
    fn claimant(&self) -> Option<&str> {
        self.user().or_else(|| self.first_factor().map(FirstFactor::user))
    }

    /// What it is bound to, if it is not what the settings say.
    pub(crate) fn binding(&self) -> Option<Binding> {
        self.authentication()?.binding
    }

    /// Whether anything is known of where it was begun.
    pub(crate) fn is_begun_somewhere(&self) -> bool {
        self.origin.as_ref().is_some_and(|origin| origin.address.is_some() || origin.agent.is_some())
    }

    /// The family of the user agent that began it, as a number.
    pub(crate) fn agent(&self) -> Option<u64> {
        self.origin.as_ref()?.agent
    }

    pub(crate) fn authentication(&self) -> Option<&Authentication> {
        self.origin.as_ref()?.authentication.as_deref()
    }

    /// The same, begun in this way.
    pub(crate) fn with_authentication(mut self, authentication: Authentication) -> Self {
        if authentication != Authentication::default() || self.origin.is_some() {
            self.origin.get_or_insert_default().authentication = Some(Box::new(authentication));
        }
        self
    }

    /// The same, begun by a user agent of this family.
    pub(crate) fn with_agent(mut self, agent: Option<u64>) -> Self {
        if agent.is_some() || self.origin.is_some() {
            self.origin.get_or_insert_default().agent = agent;
        }
        self
    }

    /// The same after its user has proved again who he is: both limits begin anew (NIST SP 800-63B-4, section 5.2).
    pub(crate) fn authenticated_again(self, lifetime: Lifetime, now: Timestamp) -> Self {
        Self {
            authenticated_at: now,
            last_seen_at: self.last_seen_at.max(now),
            absolute_at: now.after(lifetime.absolute),
            idle_millis: millis(lifetime.idle),
            ..self
        }
    }
}
