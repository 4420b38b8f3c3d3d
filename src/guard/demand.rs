//! What a route demands, and whether a session meets it: the decision, apart from the plumbing.

use std::{fmt, sync::Arc, time::Duration};

use crate::{
    clock::Timestamp,
    record::Assurance,
    sessions::{Authenticated, DenialKind, Permissions, SessionInfo},
};

/// What a route demands of a session, beside that somebody is logged in to it.
#[derive(Debug)]
pub(super) enum Demand {
    /// Nothing.
    LoggedIn,
    /// One of these roles.
    AnyRole(Vec<Box<str>>),
    /// All of these roles, of which there is at least one.
    AllRoles(Vec<Box<str>>),
    /// A role to which this was granted.
    Permission(Box<str>),
    /// What the application says.
    That(Condition),
    /// That it is at least so sure who the user is.
    Assurance(Assurance),
    /// A proof of who he is that is not older than this.
    Fresh(Duration),
    Both(Arc<Self>, Arc<Self>),
    Either(Arc<Self>, Arc<Self>),
}

/// A condition of the application's own.
pub(super) struct Condition(pub(super) Box<dyn Fn(&SessionInfo) -> bool + Send + Sync>);

/// Why a demand is not met, and what would help.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Denial {
    pub(crate) kind: DenialKind,
    pub(super) remedy: Option<Remedy>,
}

/// The stronger proof that would help.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Remedy {
    /// One that is not older than this.
    MaxAge(Duration),
    /// One of at least this level.
    Level(Assurance),
}

impl Demand {
    /// Whether a session meets it: the one decision of all guards. Of several demands the first that is not met is told; of
    /// alternatives the one that is met most easily.
    pub(super) fn decide(
        &self,
        session: Option<&Authenticated>,
        permissions: &Permissions,
        now: &dyn Fn() -> Timestamp,
    ) -> Result<(), Denial> {
        let session = logged_in(session)?;
        self.is_met_by(session, permissions, now)
    }

    fn is_met_by(
        &self,
        session: &Authenticated,
        permissions: &Permissions,
        now: &dyn Fn() -> Timestamp,
    ) -> Result<(), Denial> {
        let record = &session.record;
        let has = |role: &str| record.roles().any(|present| present == role);
        match self {
            Self::Both(one, other) => {
                one.is_met_by(session, permissions, now)?;
                other.is_met_by(session, permissions, now)
            }
            Self::Either(one, other) => {
                let Err(first) = one.is_met_by(session, permissions, now) else { return Ok(()) };
                let Err(second) = other.is_met_by(session, permissions, now) else { return Ok(()) };
                Err(if second.effort() < first.effort() { second } else { first })
            }
            Self::LoggedIn => Ok(()),
            // What is merely remembered may be out of date: nobody passes on it, and nobody is denied.
            _ if session.stale => Err(DenialKind::Unchecked.into()),
            Self::AnyRole(roles) => met_if(roles.iter().any(|role| has(role)), DenialKind::MissingRole),
            Self::AllRoles(roles) => {
                let has_all = !roles.is_empty() && roles.iter().all(|role| has(role));
                met_if(has_all, DenialKind::MissingRole)
            }
            Self::Permission(name) => met_if(permissions.permit(record.roles(), name), DenialKind::MissingPermission),
            Self::That(Condition(holds)) => met_if(holds(&session.info()), DenialKind::ConditionFailed),
            Self::Assurance(level) => met_if(record.assurance() >= *level, Denial::too_low(*level)),
            Self::Fresh(age) => met_if(now().since(record.authenticated_at()) <= *age, Denial::not_fresh(*age)),
        }
    }
}

/// The session, if somebody is logged in to it.
pub(crate) fn logged_in(session: Option<&Authenticated>) -> Result<&Authenticated, Denial> {
    let kind = match session {
        Some(session) if session.record.user().is_some() && !session.suspended => return Ok(session),
        Some(session) if session.record.first_factor().is_some() => DenialKind::SecondFactorPending,
        Some(session) if session.record.user().is_some() => DenialKind::StepUpDemanded,
        Some(_) | None => DenialKind::NotLoggedIn,
    };
    Err(kind.into())
}

fn met_if(met: bool, denial: impl Into<Denial>) -> Result<(), Denial> {
    if met { Ok(()) } else { Err(denial.into()) }
}

impl Denial {
    const fn too_low(level: Assurance) -> Self {
        Self { kind: DenialKind::AssuranceTooLow, remedy: Some(Remedy::Level(level)) }
    }

    const fn not_fresh(age: Duration) -> Self {
        Self { kind: DenialKind::NotFresh, remedy: Some(Remedy::MaxAge(age)) }
    }

    /// How much it takes to get past it: to wait, to say again who one is, to become somebody else.
    const fn effort(self) -> u8 {
        match (self.kind, self.remedy) {
            (DenialKind::Unchecked, _) => 0,
            (_, Some(Remedy::MaxAge(_))) => 1,
            (_, Some(Remedy::Level(_))) => 2,
            (_, None) => 3,
        }
    }
}

impl From<DenialKind> for Denial {
    fn from(kind: DenialKind) -> Self {
        Self { kind, remedy: None }
    }
}

impl fmt::Debug for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("..")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{key::KeyRing, sessions::Sessions, store::memory::MemoryStore};

    /// Ada, an editor of one factor, who logged in at the instant that comes with her.
    async fn ada() -> (Authenticated, Timestamp) {
        let sessions = Sessions::new(KeyRing::generate().unwrap(), MemoryStore::new());
        let issued = sessions.log_in("ada").roles(["editor", "author"]).await.unwrap();
        let session = sessions.authenticate(issued.token()).await.unwrap();
        let then = session.record.authenticated_at();
        (session, then)
    }

    fn told(demand: &Demand, session: &Authenticated, now: Timestamp) -> Option<DenialKind> {
        let mut permissions = Permissions::default();
        permissions.grant("editor".into(), ["posts.write".into()]);
        demand.decide(Some(session), &permissions, &|| now).err().map(|denial| denial.kind)
    }

    fn roles(names: &[&str]) -> Vec<Box<str>> {
        names.iter().map(|name| (*name).into()).collect()
    }

    fn never() -> Demand {
        Demand::That(Condition(Box::new(|_| false)))
    }

    fn both(one: Demand, other: Demand) -> Demand {
        Demand::Both(Arc::new(one), Arc::new(other))
    }

    fn either(one: Demand, other: Demand) -> Demand {
        Demand::Either(Arc::new(one), Arc::new(other))
    }

    const SECOND: Demand = Demand::Assurance(Assurance::Aal2);
    const MINUTE: Duration = Duration::from_secs(60);

    #[tokio::test]
    async fn each_demand_is_met_or_says_why_not() {
        let (session, now) = ada().await;
        let rows = [
            (Demand::LoggedIn, None),
            (Demand::AnyRole(roles(&["admin", "author"])), None),
            (Demand::AnyRole(roles(&["admin", "edit"])), Some(DenialKind::MissingRole)),
            (Demand::AnyRole(roles(&[])), Some(DenialKind::MissingRole)),
            (Demand::AllRoles(roles(&["author", "editor"])), None),
            (Demand::AllRoles(roles(&["author", "admin"])), Some(DenialKind::MissingRole)),
            (Demand::AllRoles(roles(&[])), Some(DenialKind::MissingRole)),
            (Demand::Permission("posts.write".into()), None),
            (Demand::Permission("posts.delete".into()), Some(DenialKind::MissingPermission)),
            (Demand::That(Condition(Box::new(|info| info.user() == "ada"))), None),
            (never(), Some(DenialKind::ConditionFailed)),
            (Demand::Assurance(Assurance::Aal1), None),
            (SECOND, Some(DenialKind::AssuranceTooLow)),
        ];
        for (demand, expected) in rows {
            assert_eq!(told(&demand, &session, now), expected, "{demand:?}");
        }
    }

    #[tokio::test]
    async fn a_proof_is_fresh_up_to_its_age_and_not_a_millisecond_longer() {
        let (session, then) = ada().await;
        let fresh = Demand::Fresh(MINUTE);
        let late = Timestamp::from_millis(then.after(MINUTE).as_millis() + 1);
        assert_eq!(told(&fresh, &session, then.after(MINUTE)), None);
        assert_eq!(told(&fresh, &session, late), Some(DenialKind::NotFresh));
        assert_eq!(told(&fresh, &session, Timestamp::from_millis(0)), None, "another node's clock may be ahead");
    }

    #[tokio::test]
    async fn of_several_the_first_is_told_and_of_alternatives_the_one_that_is_mended_most_easily() {
        let (session, then) = ada().await;
        let (now, stale_proof) = (then.after(2 * MINUTE), || Demand::Fresh(MINUTE));
        let rows = [
            (both(never(), SECOND), DenialKind::ConditionFailed),
            (both(SECOND, never()), DenialKind::AssuranceTooLow),
            (both(Demand::LoggedIn, stale_proof()), DenialKind::NotFresh),
            (either(never(), SECOND), DenialKind::AssuranceTooLow),
            (either(SECOND, never()), DenialKind::AssuranceTooLow),
            (either(SECOND, stale_proof()), DenialKind::NotFresh),
            (either(never(), Demand::Permission("x".into())), DenialKind::ConditionFailed),
            (both(Demand::LoggedIn, either(never(), both(SECOND, never()))), DenialKind::AssuranceTooLow),
        ];
        for (demand, expected) in rows {
            assert_eq!(told(&demand, &session, now), Some(expected), "{demand:?}");
        }
        assert_eq!(told(&either(never(), Demand::LoggedIn), &session, now), None);
        assert_eq!(told(&either(Demand::LoggedIn, never()), &session, now), None);
        assert_eq!(told(&both(Demand::LoggedIn, Demand::LoggedIn), &session, now), None);
    }

    #[tokio::test]
    async fn what_is_merely_remembered_meets_no_demand_and_fails_none() {
        let (session, now) = ada().await;
        let stale = Authenticated { stale: true, ..session };
        assert_eq!(told(&Demand::LoggedIn, &stale, now), None);
        let others = [
            Demand::AnyRole(roles(&["editor"])),
            Demand::AllRoles(roles(&["admin"])),
            Demand::Permission("posts.write".into()),
            never(),
            SECOND,
            Demand::Fresh(MINUTE),
            both(Demand::LoggedIn, never()),
            either(never(), SECOND),
        ];
        for demand in others {
            assert_eq!(told(&demand, &stale, now), Some(DenialKind::Unchecked), "{demand:?}");
        }
    }

    #[tokio::test]
    async fn whatever_is_demanded_somebody_has_to_be_logged_in() {
        let (session, now) = ada().await;
        let suspended = Authenticated { suspended: true, ..session };
        let yes = Demand::That(Condition(Box::new(|_| true)));
        assert_eq!(told(&yes, &suspended, now), Some(DenialKind::StepUpDemanded));
        let nobody = yes.decide(None, &Permissions::default(), &|| now);
        assert_eq!(nobody, Err(DenialKind::NotLoggedIn.into()));
    }
}
