//! How a session is followed by another of the same user: with other roles, or after another proof.

use std::sync::Arc;

use super::{
    Authenticated, Error, ErrorKind, Event, Honoured, Issued, Sessions,
    enter::{Entry, Origin, check_name},
    log_in::LONGEST_FACTOR,
};
use crate::{
    record::{Assurance, Authentication, Change, Keep, Record, SEEN, STEP_UP},
    token::Secret,
};

/// Another proof of who a user is.
pub(crate) struct Proven<'a> {
    /// The way in which he has proved it.
    pub(crate) method: &'a str,
    /// The level that the application says follows from it.
    pub(crate) assurance: Option<Assurance>,
    /// Where the proof came from.
    pub(crate) origin: Origin,
}

impl Sessions {
    /// Puts a session with other rights in the place of this one: new id, new secret, the same
    /// limits in time, all attributes kept.
    pub(crate) async fn renew(
        &self,
        session: &Authenticated,
        roles: Vec<Box<str>>,
        change: &Change,
    ) -> Result<Issued, Error> {
        let old = self.followable(session).await?;
        let shape = |id, secret: &Secret, now| old.renewed(id, secret.hash(), now).with_roles(roles.clone());
        let issued = self.follow_by(&old, change.clone(), shape).await?;
        self.emit(&Event::Renewed { session: issued.session_id(), instead_of: old.id(), user: old.user() });
        Ok(issued)
    }

    /// Puts a session in the place of this one whose user has proved again who he is: new id, new secret, both limits begin
    /// anew, all attributes kept. Nothing is demanded of it any more.
    pub(crate) async fn step_up(
        &self,
        session: &Authenticated,
        proven: Proven<'_>,
        mut change: Change,
    ) -> Result<Issued, Error> {
        check_name("a factor's name", proven.method, LONGEST_FACTOR)?;
        let old = self.followable(session).await?;
        self.still_holds(old.authenticated_at(), ErrorKind::Ended).await?;
        let authentication = authentication_after(&old, &proven);
        let lifetime = self.lifetime_of(old.remembered(), authentication.assurance);
        change.remove(STEP_UP);
        change.remove(SEEN);
        let shape = |id, secret: &Secret, now| {
            old.renewed(id, secret.hash(), now)
                .authenticated_again(lifetime, now)
                .with_origin(old.device(), proven.origin.address)
                .with_agent(proven.origin.agent)
                .with_authentication(authentication.clone())
        };
        let issued = self.follow_by(&old, change, shape).await?;
        let (session, user) = (issued.session_id(), old.user().unwrap_or_default());
        self.emit(&Event::SteppedUp { session, instead_of: old.id(), user });
        Ok(issued)
    }

    /// The session as the store has it, if its holder may put another in its place.
    async fn followable(&self, session: &Authenticated) -> Result<Arc<Record>, Error> {
        let session = self.looked_at_again(session).await?;
        match session.honoured {
            Honoured::Graced => Err(Error::new(ErrorKind::Superseded)),
            Honoured::Current | Honoured::Successor => Ok(session.record),
        }
    }

    async fn follow_by(
        &self,
        old: &Record,
        change: Change,
        shape: impl Fn(crate::record::SessionId, &Secret, crate::clock::Timestamp) -> Record,
    ) -> Result<Issued, Error> {
        let change = change.within(self.inner.config.attributes);
        let (user, replaces) = (old.user(), Some(old.id()));
        self.enter(Entry { user, replaces, keep: Keep::Everything, change: &change, terms: self.terms() }, shape).await
    }
}

/// Another factor than those before makes two; the same one again raises nothing.
fn authentication_after(old: &Record, proven: &Proven<'_>) -> Authentication {
    let before = old.authentication().cloned().unwrap_or_default();
    let mut methods = before.methods;
    let is_new = !methods.iter().any(|known| **known == *proven.method);
    let raised = if is_new && !methods.is_empty() { Assurance::Aal2 } else { Assurance::Aal1 };
    if is_new {
        methods.push(proven.method.into());
    }
    let assurance = proven.assurance.unwrap_or(raised.max(before.assurance));
    Authentication { assurance, methods, first_factor: None, binding: before.binding }
}
