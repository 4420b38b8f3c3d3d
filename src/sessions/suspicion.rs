//! A session that is used from elsewhere: what is known of it, and what follows.

use std::{fmt, net::IpAddr};

use serde::{Deserialize, Serialize};

use super::{
    Authenticated, Event, Sessions,
    enter::Origin,
    whereabouts::{Assessment, Note, Place, assess},
};
use crate::{
    config::{Binding, Reaction},
    record::{Device, Record, SessionId},
    token::RefusalKind,
};

/// A session is used from elsewhere than before: the facts, for an application that writes to its user or decides by itself.
#[derive(Clone, Copy)]
pub struct Suspicion<'a> {
    record: &'a Record,
    kind: SuspicionKind,
    here: &'a Origin,
    reaction: Reaction,
}

/// What is suspicious.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum SuspicionKind {
    /// Another network, in the sense of `binding.ipv4_prefix` and `binding.ipv6_prefix`.
    NewNetwork,
    /// Another user agent: not merely another version of the same.
    NewAgent,
    /// Back and forth between two places within ten minutes: perhaps two people use it.
    TwoPlaces,
}

impl Suspicion<'_> {
    /// What is suspicious.
    #[must_use]
    pub const fn kind(&self) -> SuspicionKind {
        self.kind
    }

    /// The session.
    #[must_use]
    pub const fn session(&self) -> SessionId {
        self.record.id()
    }

    /// Its user, if it has one.
    #[must_use]
    pub fn user(&self) -> Option<&str> {
        self.record.user()
    }

    /// The address that the session was begun from.
    #[must_use]
    pub fn address_before(&self) -> Option<IpAddr> {
        self.record.address()
    }

    /// The address of this request.
    #[must_use]
    pub const fn address(&self) -> Option<IpAddr> {
        self.here.address
    }

    /// The device that the session was begun from.
    #[must_use]
    pub fn device_before(&self) -> Device {
        self.record.device()
    }

    /// The device of this request, as far as its headers tell.
    #[must_use]
    pub const fn device(&self) -> &Device {
        &self.here.device
    }

    /// What follows: to a hook what the settings say, in an event what is done.
    #[must_use]
    pub const fn reaction(&self) -> Reaction {
        self.reaction
    }
}

/// Without addresses and devices, which are personal data.
impl fmt::Debug for Suspicion<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Suspicion")
            .field("session", &self.session())
            .field("kind", &self.kind)
            .field("reaction", &self.reaction)
            .finish_non_exhaustive()
    }
}

/// The application's answer to a suspicion.
pub(super) type SuspicionHook = Box<dyn Fn(&Suspicion<'_>) -> Reaction + Send + Sync>;

/// What follows from where a session is used.
pub(crate) enum Watched {
    /// Nothing.
    AtHome,
    /// It is noted in the session, under [`SEEN`](crate::record::SEEN).
    Noted(Note),
    /// Its user has to prove again who he is.
    StepUp,
    /// The request is nobody's.
    Refused(RefusalKind),
    /// The session ends.
    Ends,
}

impl Sessions {
    /// Looks at where a session is used. `here` is the network and the agent of the request, all of its origin is read only if
    /// something is wrong.
    pub(crate) fn watch(
        &self,
        session: &Authenticated,
        binding: &Binding,
        here: Place,
        origin: impl FnOnce() -> Origin,
    ) -> Watched {
        let (kind, by_settings, note) = match assess(&session.record, binding, here, self.now()) {
            Assessment::AtHome => return Watched::AtHome,
            Assessment::Back(note) => return Watched::Noted(note),
            Assessment::Elsewhere(kind, reaction, note) => (kind, reaction, note),
        };
        let origin = origin();
        let suspicion = Suspicion { record: &session.record, kind, here: &origin, reaction: by_settings };
        let reaction = self.inner.on_suspicion.as_ref().map_or(by_settings, |hook| hook(&suspicion));
        self.emit(&Event::Suspicious(&Suspicion { reaction, ..suspicion }));
        match (reaction, kind) {
            (Reaction::Off | Reaction::Report, _) => Watched::Noted(note),
            (Reaction::StepUp, _) => Watched::StepUp,
            (Reaction::Refuse, SuspicionKind::NewAgent) => Watched::Refused(RefusalKind::OtherAgent),
            (Reaction::Refuse, _) => Watched::Refused(RefusalKind::OtherNetwork),
            (Reaction::End, _) => Watched::Ends,
        }
    }

    /// What holds for a session: of what the settings and what its log-in say the more severe.
    pub(crate) fn binding_of(&self, record: &Record, settings: Binding) -> Binding {
        match record.binding() {
            None => settings,
            Some(own) => Binding {
                address: own.address.max(settings.address),
                user_agent: own.user_agent.max(settings.user_agent),
                ..own
            },
        }
    }
}
